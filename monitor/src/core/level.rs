//! How bad it is.

use serde::{Deserialize, Serialize};

/// How bad it is; the worse one is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Somebody should look at it in working hours.
    Warning,
    /// Somebody must act now, also at night.
    Critical,
}

impl Level {
    /// Both, from the milder one.
    pub const ALL: [Self; 2] = [Self::Warning, Self::Critical];

    /// The stable name in files, labels and JSON.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}
