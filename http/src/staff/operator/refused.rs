//! A "no" to a wish for places: why, the next three places if the place is gone, and how the call goes on.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use sesshu_engine::core::ids::BookingNumber;
use sesshu_engine::core::leg::Legs;
use sesshu_engine::core::refusal::{Refusal, RefusalCode};

use super::call::{CallBar, OnLine};
use super::nearest::nearest;
use super::place::Wish;
use super::spoken::PlaceWords;
use crate::public::pages::place::write_legs;
use crate::staff::desk::StaffDesk;
use crate::staff::frame::Frame;
use crate::staff::page::page;
use crate::staff::problem::StaffProblem;
use crate::staff::words::refusal_words;

#[derive(Template)]
#[template(path = "staff/operator/refused.html")]
struct RefusedPage<'a> {
    f: Frame<'a>,
    bar: CallBar,
    base: String,
    title: &'static str,
    says: String,
    nearest: Vec<Offered>,
    /// Whether the second place of a pair is still to be chosen.
    pair: bool,
    changes: String,
    /// Where to choose anew.
    choose: Option<String>,
    /// The same form once more: its key makes that safe.
    again: Option<Again>,
}

/// Places that are offered instead.
struct Offered {
    key: usize,
    places: Vec<PlaceWords>,
    legs: String,
}

/// A form that can be sent once more.
pub(super) struct Again {
    pub(super) action: String,
    pub(super) fields: Vec<(&'static str, String)>,
}

/// What was asked for, when it was refused.
pub(super) struct Asked<'a> {
    pub(super) legs: &'a Legs,
    pub(super) changes: Option<BookingNumber>,
    /// Whether the second place of a pair was still to be chosen.
    pub(super) pair: bool,
    pub(super) again: Again,
}

/// The page of a refusal.
pub(super) fn refused_page(
    desk: &StaffDesk,
    line: &OnLine,
    refusal: &Refusal,
    asked: Asked<'_>,
) -> Result<Response, StaffProblem> {
    use RefusalCode::{Busy, Closed, Full, NoSuchBooking, NoSuchSlot, Unavailable};
    let wish = match (asked.pair, &**asked.legs) {
        (true, [first, ..]) => Some(Wish::PairFirst(first.dose)),
        (_, legs) => Wish::of(legs, asked.changes),
    };
    let is_gone = matches!(refusal.code, Full | Closed | NoSuchSlot);
    let places = match &wish {
        Some(wish) if is_gone => nearest(desk, line, wish, asked.legs, usize::from(refusal.index.unwrap_or(0))),
        _ => Vec::new(),
    };
    let words = |legs: &Legs| {
        let places = legs.iter().filter_map(|leg| desk.engine.place(*leg));
        places.map(|place| PlaceWords::of_place(&place)).collect()
    };
    let offered = (1..).zip(&places);
    let offered = offered.map(|(key, legs)| Offered { key, places: words(legs), legs: write_legs(legs) }).collect();
    let base = line.base();
    let (status, title) = match refusal.code {
        NoSuchBooking => return Err(StaffProblem::NotFound),
        Busy => (StatusCode::SERVICE_UNAVAILABLE, "ただいま混み合っています"),
        Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "結果を確認できませんでした"),
        _ if is_gone => (StatusCode::CONFLICT, "その枠は取れませんでした"),
        _ => (StatusCode::CONFLICT, "この内容では予約できません"),
    };
    let shown = RefusedPage {
        f: desk.frame(Some(&line.staff)),
        bar: line.bar(),
        title,
        says: refusal_words(refusal),
        nearest: offered,
        pair: asked.pair,
        changes: asked.changes.map_or_else(String::new, |number| number.to_string()),
        choose: wish.map(|wish| wish.href(&base)),
        again: matches!(refusal.code, Busy | Unavailable).then_some(asked.again),
        base,
    };
    page(status, &shown)
}
