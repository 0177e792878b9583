//! The command line of the switches.

use clap::{Subcommand, ValueEnum};
use sesshu_engine::core::switch::Switch;
use sesshu_http::SWITCH_MINUTES_MAX;

/// `switch …`
#[derive(Debug, Subcommand)]
pub(crate) enum SwitchCommand {
    /// How the switches stand: what is off, since when, until when, who turned it and why; and what was turned lately.
    List,
    /// Close a part of the service. Looking at, changing and cancelling bookings, the phone and the venues always go on.
    Off {
        /// Which part.
        switch: SwitchName,
        /// Why; the console shows it to staff. Name no people.
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
        /// Open it again by itself after so many minutes (default: when somebody does).
        #[arg(long = "for", value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..=i64::from(SWITCH_MINUTES_MAX)))]
        minutes: Option<u32>,
    },
    /// Open it again.
    On {
        /// Which part.
        switch: SwitchName,
        /// Why.
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
}

/// A part of the service that can be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SwitchName {
    /// New holds and bookings on the web: pages say so and name the phone number.
    #[value(name = "new_bookings")]
    NewBookings,
    /// The console's exports, checks of the journal, and backups and drills begun there.
    #[value(name = "exports")]
    Exports,
    /// Free places as they are this moment: off, they are renewed every 30 seconds.
    #[value(name = "lists")]
    Lists,
    /// QR codes, and the page that describes the API.
    #[value(name = "rich_pages")]
    RichPages,
}

impl From<SwitchName> for Switch {
    fn from(name: SwitchName) -> Self {
        match name {
            SwitchName::NewBookings => Self::NewBookings,
            SwitchName::Exports => Self::Exports,
            SwitchName::Lists => Self::Lists,
            SwitchName::RichPages => Self::RichPages,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_switch_is_named_on_the_command_line_as_everywhere() {
        let named: Vec<&str> = SwitchName::value_variants().iter().map(|name| Switch::from(*name).code()).collect();
        assert_eq!(named, Switch::ALL.iter().map(|switch| switch.code()).collect::<Vec<_>>());
        for name in SwitchName::value_variants() {
            let value = name.to_possible_value().expect("none is hidden");
            assert_eq!(value.get_name(), Switch::from(*name).code());
        }
    }
}
