//! What is told apart when a rush is measured: the steps of a journey, the ways an answer can be meant, the gates people wait at.

use hyper::StatusCode;

/// A step of a journey, with every wait that the server imposed on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Login,
    List,
    Hold,
    Book,
    Me,
    Cancel,
    /// Looking again, by people who do not rest.
    Reload,
    /// A call, from the moment an operator takes it.
    Call,
    /// From arrival until one may take a place (whether or not it is still there), without the time that the person thought.
    Wait,
    /// From arrival to the outcome, without the time that the person thought.
    Journey,
}

impl Step {
    pub(super) const ALL: [Self; 10] = [
        Self::Login,
        Self::List,
        Self::Hold,
        Self::Book,
        Self::Me,
        Self::Cancel,
        Self::Reload,
        Self::Call,
        Self::Wait,
        Self::Journey,
    ];

    /// Its name in JSON.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::List => "list",
            Self::Hold => "hold",
            Self::Book => "booking",
            Self::Me => "me",
            Self::Cancel => "cancel",
            Self::Reload => "reload",
            Self::Call => "call",
            Self::Wait => "wait",
            Self::Journey => "journey",
        }
    }

    /// At which gate somebody stands who is told at this step that others come first.
    pub(super) const fn gate(self) -> Gate {
        match self {
            Self::Login => Gate::Login,
            _ => Gate::Booking,
        }
    }
}

/// Where people wait for their turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    Login,
    Booking,
    /// For an operator.
    Calls,
}

impl Gate {
    pub(super) const ALL: [Self; 3] = [Self::Login, Self::Booking, Self::Calls];
}

/// Every way an answer can be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    Good,
    Full,
    OtherRefusal,
    /// Others come first.
    InLine,
    Busy,
    /// Too often.
    TooMany,
    Error,
}

impl Heard {
    pub(super) const ALL: [Self; 7] =
        [Self::Good, Self::Full, Self::OtherRefusal, Self::InLine, Self::Busy, Self::TooMany, Self::Error];

    /// What an answer with this status and code means; `in_line` if it says how many come first.
    pub(super) fn of(status: StatusCode, code: Option<&str>, in_line: bool) -> Self {
        match status.as_u16() {
            200..400 => Self::Good,
            409 if code == Some("full") => Self::Full,
            429 => Self::TooMany,
            503 if in_line || code == Some("queued") => Self::InLine,
            503 if code != Some("unavailable") => Self::Busy,
            400..500 => Self::OtherRefusal,
            _ => Self::Error,
        }
    }

    /// Its name in JSON.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Full => "full",
            Self::OtherRefusal => "other_refusal",
            Self::InLine => "in_line",
            Self::Busy => "busy",
            Self::TooMany => "too_many",
            Self::Error => "error",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_means_what_its_status_and_code_say() {
        let cases = [
            (201, None, false, Heard::Good),
            (409, Some("full"), false, Heard::Full),
            (409, Some("interval"), false, Heard::OtherRefusal),
            (401, Some("invalid_credentials"), false, Heard::OtherRefusal),
            (429, Some("too_many_attempts"), false, Heard::TooMany),
            (503, Some("queued"), false, Heard::InLine),
            (503, Some("busy"), true, Heard::InLine),
            (503, Some("busy"), false, Heard::Busy),
            (503, Some("unavailable"), false, Heard::Error),
            (500, Some("internal"), false, Heard::Error),
        ];
        for (status, code, in_line, heard) in cases {
            let status = StatusCode::from_u16(status).expect("a status");
            assert_eq!(Heard::of(status, code, in_line), heard, "{status} {code:?}");
        }
    }
}
