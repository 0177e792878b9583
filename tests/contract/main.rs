//! The JSON contract, route by route, as a program outside meets it: every success, every refusal that can be reached from
//! outside, with its status, code and headers. The files mirror the routes. All share one city; each test has residents and
//! sessions of its own in it.

mod bookings;
mod cancels;
mod holds;
mod logins;
mod metrics;
mod moves;
mod ops;
mod ownership;
mod reads;

use std::sync::Arc;

use serde_json::Value;
use sesshu_tests::{Answer, City};

/// The city that all tests of this file share.
fn city() -> Arc<City> {
    City::shared(300)
}

/// The one booking of a successful answer.
#[track_caller]
fn only_booking(answer: &Answer) -> Value {
    let body = answer.json();
    match body["bookings"].as_array().map(Vec::as_slice) {
        Some([booking]) => booking.clone(),
        _ => panic!("one booking is expected: {body}"),
    }
}

/// A booking's number.
#[track_caller]
fn number(booking: &Value) -> String {
    booking["number"].as_str().unwrap_or_else(|| panic!("a booking has a number: {booking}")).to_owned()
}

/// The names of a JSON object's members, sorted.
#[track_caller]
fn members(object: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = object.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}
