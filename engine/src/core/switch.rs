//! The switches of the service: parts of it that a person can close for a while, so that the rest goes on. Here are their names, and what
//! the journal keeps of each turn. They themselves work without a store.

use serde::{Deserialize, Serialize};

use super::time::Instant;

macro_rules! switches {
    ($($(#[$doc:meta])* $switch:ident = $code:literal,)+) => {
        /// A part of the service that can be closed. None of them ever closes viewing, changing and cancelling, the phone or the counter.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Switch {
            $($(#[$doc])* #[serde(rename = $code)] $switch,)+
        }

        impl Switch {
            /// All of them, in the order in which they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$switch,)+];

            /// The stable name in commands, files and labels.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$switch => $code,)+
                }
            }
        }
    };
}

switches! {
    /// New bookings over the web.
    NewBookings = "new_bookings",
    /// Files that leave the console, and other work there that can wait.
    Exports = "exports",
    /// Free places as they are this moment; closed, they are renewed seldom.
    Lists = "lists",
    /// What is dear on the pages and can be missed.
    RichPages = "rich_pages",
}

impl Switch {
    /// The switch with this stable name.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|switch| switch.code() == code)
    }
}

/// One turn of a switch, as the journal keeps it. Why it was turned is a person's own words: they stay beside the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchTurned {
    /// The turn's own number: later ones have greater numbers, so that the journal knows which it has.
    pub number: u64,
    /// Which switch.
    pub switch: Switch,
    /// Which way.
    pub to: SwitchPosition,
    /// When, by the wall clock: the store may not have been there to note it.
    pub at: Instant,
}

/// How a switch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SwitchPosition {
    /// The part is closed.
    Off {
        /// Until when, if it opens by itself.
        until: Option<Instant>,
    },
    /// The part is open.
    On,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::event::Event;

    /// The stored form must not change without a new format and a migration.
    #[test]
    fn the_stored_form_of_a_turn_is_fixed() {
        let turned = |switch, to| SwitchTurned { number: 300, switch, to, at: Instant(64) };
        let bytes = |turned| postcard::to_allocvec(&Event::SwitchTurned(turned)).expect("it encodes");
        let off = SwitchPosition::Off { until: Some(Instant(-1)) };
        assert_eq!(bytes(turned(Switch::NewBookings, off)), [44, 0xac, 2, 0, 0, 1, 1, 0x80, 1]);
        let without_end = SwitchPosition::Off { until: None };
        assert_eq!(bytes(turned(Switch::Lists, without_end)), [44, 0xac, 2, 2, 0, 0, 0x80, 1]);
        assert_eq!(bytes(turned(Switch::RichPages, SwitchPosition::On)), [44, 0xac, 2, 3, 1, 0x80, 1]);
    }

    #[test]
    fn a_code_names_one_switch() {
        for switch in Switch::ALL {
            assert_eq!(Switch::of_code(switch.code()), Some(*switch));
        }
        assert_eq!(Switch::of_code("everything"), None);
    }
}
