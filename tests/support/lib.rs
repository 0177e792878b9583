//! What a black-box test needs: a city served by the real binary, residents who talk to it over HTTP, and commands.
//! Everything goes through the outside contract: nothing here knows the crates of the product.
#![allow(clippy::missing_panics_doc, reason = "support fails the test that uses it by a panic that says what is wrong")]

pub mod browser;
mod city;
mod client;
pub mod clock;
mod command;
mod http_sink;
mod listening;
pub mod memory;
mod operator;
mod page;
mod port;
mod resident;
mod server;
mod session;
mod small_disk;
mod smtp_sink;
pub mod staff;
pub mod switches;
mod taken_mail;
mod tracer;
mod wait;

pub use city::{City, CityBuilder};
pub use client::{Answer, Client, Request};
pub use command::{Outcome, Sesshu, binary};
pub use http_sink::{HttpMode, HttpSink};
pub use operator::Operator;
pub use page::PageForm;
pub use port::Port;
pub use resident::Resident;
pub use session::{Place, PlannedSession, PublishedSession};
pub use small_disk::{SmallDisk, free_bytes};
pub use smtp_sink::{SmtpMode, SmtpSecurity, SmtpSink, TakenMail};
pub use staff::StaffMember;
pub use tracer::Tracer;
pub use wait::{wait_until, wait_until_async};

use std::io::Write as _;

/// Says `text` on the terminal even when the test passes: a table of results, a seed to repeat a run.
pub fn report(text: &str) {
    // A closed terminal is no reason to fail a test.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Says on stdout that something was not tested, and why. `tests/run` repeats it at its end.
pub fn not_run(text: &str) {
    // A line of its own, whatever stands on the one before.
    let _ = writeln!(std::io::stdout().lock(), "\nnot run: {text}");
}
