//! Every page of the console for everybody: each row of its table of routes × {nobody, each role, somebody whose account was disabled,
//! somebody who has signed out} × {one's own, a foreign, a missing and a malformed object}, asked of the real server over HTTP.
//!
//! Nobody may hear of a person what is not theirs to know: not on the page that they were looking for, and not on the one that sends
//! them away. A route that is not described here fails the test, so that a new one cannot be forgotten.

mod actor;
mod described;
mod facts;
mod judge;
mod town;

use std::collections::BTreeSet;

use sesshu_http::{Method, staff_routes};
use sesshu_tests::{clock, not_run, report};

use actor::Actor;
use described::variations;
use judge::Judge;
use town::Town;

/// The last slot of the day begins at 23:00.
const LAST_HOUR: i64 = 23;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_reaches_or_hears_what_is_not_theirs() {
    if clock::hour() >= LAST_HOUR {
        not_run("the matrix of the console: today's last slot has begun, so nobody can be booked for today");
        return;
    }
    let mut town = Town::build().await;
    let rows = staff_routes();
    let mut judge = Judge::default();
    // Whoever is not let in changes nothing, so they come first; then those who ask for what is not theirs; then those who may.
    for row in &rows {
        for actor in Actor::ALL {
            if !actor.is_let_in(row.access) {
                judge.is_turned_away(&mut town, *row, actor).await;
            }
        }
    }
    for row in &rows {
        for variation in variations(&town, *row) {
            for actor in Actor::ALL.into_iter().filter(|actor| actor.is_let_in(row.access)) {
                judge.finds_nothing(&mut town, *row, actor, &variation).await;
            }
        }
    }
    // To sign out is the last that anybody does.
    for (method, out) in [(Method::Get, false), (Method::Post, false), (Method::Post, true)] {
        for row in rows.iter().filter(|row| row.method == method && (row.path == "/logout") == out) {
            for actor in Actor::ALL.into_iter().filter(|actor| actor.is_let_in(row.access)) {
                judge.sees_its_own(&mut town, *row, actor).await;
            }
        }
    }
    let paths: BTreeSet<&str> = rows.iter().map(|row| row.path).collect();
    report(&judge.finish(rows.len(), paths.len()));
}
