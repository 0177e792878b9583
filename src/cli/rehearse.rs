//! `rehearse`: the city, the rush and the attacks that are played.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Clone, Args)]
pub(crate) struct RehearseArgs {
    /// Rehearse the city of this data folder: its number of residents, sessions, places and waves. It is only read, and no person in it
    /// is looked at; no server may have it open (a restored backup will do).
    #[arg(long, value_name = "DIR", help_heading = "The city")]
    pub(crate) from: Option<PathBuf>,
    /// How many residents are on the roll (default: 20000, or as in DIR).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=200_000), help_heading = "The city")]
    pub(crate) residents: Option<u32>,
    /// How many sessions take bookings (default: by the places, up to 56).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=2_000), help_heading = "The city")]
    pub(crate) sessions: Option<u32>,
    /// Places in each slot; a session has 12 slots (default: places for 60 % of the people who come).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000), help_heading = "The city")]
    pub(crate) slot_places: Option<u32>,
    /// In how many groups the residents are let in, one opening after the other, spread over the minutes (default: 1, or as in DIR).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=12), help_heading = "The city")]
    pub(crate) waves: Option<u32>,
    /// How they come.
    #[arg(long, value_enum, default_value_t = Shape::Opening, help_heading = "The rush")]
    pub(crate) shape: Shape,
    /// Over how many minutes they come; fractions are fine (default: 3; 34 for `neighbour`, 25 for `osaka`).
    #[arg(long, value_name = "M", value_parser = minutes, help_heading = "The rush")]
    pub(crate) minutes: Option<f64>,
    /// The share of residents who logged in before the opening and have a token, from 0 to 1; all others log in during the rush.
    #[arg(long, value_name = "F", default_value_t = 0.8, value_parser = share, help_heading = "The rush")]
    pub(crate) early_share: f64,
    /// The share of residents who call the call centre instead, whose operators book for them at the console.
    #[arg(long, value_name = "F", default_value_t = 0.0, value_parser = share, help_heading = "The rush")]
    pub(crate) phone_share: f64,
    /// How many operators take calls.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=200), help_heading = "The rush")]
    pub(crate) operators: u32,
    /// How long an operator talks with a caller, in seconds, beside what the console takes.
    #[arg(long, value_name = "S", default_value_t = 50.0, value_parser = call_seconds, help_heading = "The rush")]
    pub(crate) call_seconds: f64,
    /// The share of people who do not wait as they are told, but ask again by themselves, from 0 to 1 (`worst`: everybody).
    #[arg(long, value_name = "F", default_value_t = 0.1, value_parser = share, help_heading = "Devices")]
    pub(crate) reload_share: f64,
    /// How often those ask again in a minute (default: 6; `worst`: the recorded 5.9).
    #[arg(long, value_name = "R", value_parser = retries, help_heading = "Devices")]
    pub(crate) retries_per_minute: Option<f64>,
    /// The share of people who try on two devices at once, from 0 to 1.
    #[arg(long, value_name = "F", default_value_t = 0.05, value_parser = share, help_heading = "Devices")]
    pub(crate) two_devices_share: f64,
    /// After so many minutes of waiting people give up.
    #[arg(long, value_name = "M", default_value_t = 10.0, value_parser = minutes, help_heading = "Devices")]
    pub(crate) patience: f64,
    /// Attack the throw-away server meanwhile, from loopback addresses alone: one or more, separated by commas.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "LIST", help_heading = "Attacks")]
    pub(crate) attack: Vec<Attack>,
    /// Repeats the random choices of an earlier rehearsal (default: a new one, which is printed).
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// Where the report is written.
    #[arg(long, value_name = "FILE.html", default_value = "./sesshu-rehearsal.html")]
    pub(crate) report: PathBuf,
}

/// How residents come to a rehearsal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shape {
    /// As at an opening: a steep peak in the first seconds that decays over the minutes.
    Opening,
    /// Evenly.
    Flat,
    /// Everything is booked; then many cancel within minutes, and others hope for their places.
    CancelWave,
    /// As recorded in a neighbouring city: 10,000 bookings in 34 minutes, scaled from 105,000 residents to the roll.
    Neighbour,
    /// As recorded at the state's site in Osaka: 25,000 bookings in 25 minutes, scaled from 105,000 residents to the roll.
    Osaka,
    /// The worst rush on record: everybody at once, each asking 5.9 times a minute to the end (10,300 requests/s for 105,000 residents).
    Worst,
}

/// What attackers do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
pub(crate) enum Attack {
    /// Stolen passwords are tried on one ID after the other, from many networks.
    Stuffing,
    /// One common password is tried on real IDs, from many networks.
    Spraying,
    /// A thousand addresses of one network try logins.
    OneNetwork,
    /// Connections that send a byte now and then and never finish a request.
    Slowloris,
    /// Bodies far larger than any form.
    Bodies,
    /// Connections that are opened and closed at once.
    Churn,
    /// A program with a login of its own that takes, moves and cancels places as fast as it can.
    Bot,
}

impl Shape {
    /// Its name in options and JSON.
    pub(crate) fn name(self) -> String {
        name_of(&self)
    }
}

impl Attack {
    /// Its name in options and JSON.
    pub(crate) fn name(self) -> String {
        name_of(&self)
    }
}

fn name_of(value: &impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

fn minutes(text: &str) -> Result<f64, String> {
    number_within(text, 0.05, 60.0)
}

fn share(text: &str) -> Result<f64, String> {
    number_within(text, 0.0, 1.0)
}

fn call_seconds(text: &str) -> Result<f64, String> {
    number_within(text, 0.0, 600.0)
}

fn retries(text: &str) -> Result<f64, String> {
    number_within(text, 0.1, 60.0)
}

fn number_within(text: &str, least: f64, most: f64) -> Result<f64, String> {
    let number = text.parse::<f64>().map_err(|error| error.to_string())?;
    if (least..=most).contains(&number) { Ok(number) } else { Err(format!("{number} is not in {least}..={most}")) }
}

/// What these options say, for tests.
#[cfg(test)]
pub(crate) fn parsed(options: &[&str]) -> RehearseArgs {
    #[derive(clap::Parser)]
    struct Of {
        #[command(flatten)]
        args: RehearseArgs,
    }
    let options = std::iter::once("rehearse").chain(options.iter().copied());
    <Of as clap::Parser>::try_parse_from(options).expect("options").args
}
