//! Who made a change or saw a person.

use serde::{Deserialize, Serialize};

use super::ids::ResidentNo;
use super::staff::CallId;

/// Who made a change or saw a person, by pseudonym.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum By {
    /// The resident.
    Resident(ResidentNo),
    /// A member of staff, by login name.
    Staff(Box<str>),
    /// Somebody at the command line, by the operating system's user id.
    CommandLine {
        /// The user id.
        uid: u32,
    },
    /// Sesshu itself.
    System,
    /// An operator in a call, for the person on the line.
    Call {
        /// The operator's login name.
        login: Box<str>,
        /// The call.
        call: CallId,
    },
}

impl By {
    /// The member of staff, if it was one.
    #[must_use]
    pub fn staff(&self) -> Option<&str> {
        match self {
            Self::Staff(login) | Self::Call { login, .. } => Some(login),
            Self::Resident(_) | Self::CommandLine { .. } | Self::System => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_of_staff_is_named_with_and_without_a_call() {
        let call = By::Call { login: "sato".into(), call: CallId(7) };
        let staff = [By::Staff("sato".into()), call].map(|by| by.staff().map(str::to_owned));
        assert_eq!(staff, [Some("sato".to_owned()), Some("sato".to_owned())]);
        for by in [By::Resident(ResidentNo(1)), By::CommandLine { uid: 0 }, By::System] {
            assert_eq!(by.staff(), None, "{by:?}");
        }
    }
}
