//! How a command ends: the exit codes of the contract, each with a message for a person.

use std::fmt;

use serde::{Deserialize, Serialize};
use sesshu_backup::error::{BackupError, Family};
use sesshu_engine::{CampaignError, LoadError, RecoverError, StartError};

/// The exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ExitStatus {
    /// Refused, or a check failed.
    Refused,
    /// Wrong use or wrong configuration.
    Usage,
    /// An internal error.
    Internal,
    /// The store is not available: try again.
    Unavailable,
}

impl ExitStatus {
    /// The process's exit code.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Refused => 1,
            Self::Usage => 2,
            Self::Internal => 70,
            Self::Unavailable => 75,
        }
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) status: ExitStatus,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(status: ExitStatus, message: impl fmt::Display) -> Self {
        Self { status, message: message.to_string() }
    }

    pub(crate) fn refused(message: impl fmt::Display) -> Self {
        Self::new(ExitStatus::Refused, message)
    }

    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self::new(ExitStatus::Usage, message)
    }

    pub(crate) fn internal(message: impl fmt::Display) -> Self {
        Self::new(ExitStatus::Internal, message)
    }

    /// An IO error while `what`.
    pub(crate) fn io(what: impl fmt::Display) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.to_string();
        move |error| Self::refused(format!("{what}: {error}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        let status = match &error {
            LoadError::Store(failed) if failed.is_damage() => ExitStatus::Refused,
            LoadError::Missing(_) => ExitStatus::Usage,
            LoadError::NewerFormat { .. } | LoadError::Damaged { .. } | LoadError::Contradiction { .. } => {
                ExitStatus::Refused
            }
            LoadError::InUse | LoadError::Store(_) => ExitStatus::Unavailable,
        };
        Self::new(status, error)
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Recover(RecoverError::Load(error)) => error.into(),
            StartError::Recover(RecoverError::HighWater(_)) | StartError::BadKey(_) | StartError::NoKey(_) => {
                Self::refused(error)
            }
            StartError::Hashing(_) => Self::usage(error),
            StartError::Io { .. } | StartError::Random(_) | StartError::Vaccines => {
                Self::new(ExitStatus::Unavailable, error)
            }
        }
    }
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        let status = match error.family() {
            Family::Later | Family::Stopped => ExitStatus::Unavailable,
            Family::Place | Family::Damage | Family::Key | Family::Choice => ExitStatus::Refused,
        };
        Self::new(status, error)
    }
}

impl Failure {
    /// A change of the campaign that was not made.
    pub(crate) fn of_campaign(error: &CampaignError) -> Self {
        let status = match error {
            CampaignError::Refused(_) | CampaignError::Load(_) => ExitStatus::Unavailable,
            CampaignError::Interrupted => ExitStatus::Internal,
            _ => ExitStatus::Refused,
        };
        Self::new(status, error)
    }
}

impl From<CampaignError> for Failure {
    fn from(error: CampaignError) -> Self {
        Self::of_campaign(&error)
    }
}
