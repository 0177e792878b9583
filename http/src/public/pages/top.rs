//! `GET /`: what this is, when there are places, how to log in. Nothing on it is about the person, so that it is rendered once
//! for all who ask.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::Uri;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use sesshu_engine::core::ids::DoseNo;
use sesshu_engine::core::session::PublicState;
use sesshu_engine::view::Availability;

use super::frame::Frame;
use super::place::{DAY_FEW, dose_text, free_text};
use super::visitor::{Visitor, parameter};
use crate::problem::Problem;
use crate::public::api::days::{days_of, read_dose};
use crate::public::api::lists::ListKey;
use crate::public::desk::App;
use crate::ready::Kind;

/// How many days are shown: the page stays within 14 KB.
const DAYS_MAX: usize = 40;
/// How the page is sent: it differs by language, and a little by login.
const TOP: Kind = Kind {
    content_type: "text/html; charset=utf-8",
    cache_control: "private, no-cache",
    vary: "Accept-Encoding, Accept-Language, Cookie",
};

#[derive(Template)]
#[template(path = "top.html")]
struct TopPage<'a> {
    f: Frame<'a>,
    dose: String,
    days: Vec<DayText>,
    other_doses: Vec<(u8, String)>,
    opens: Option<String>,
}

struct DayText {
    date: String,
    free: String,
    open: bool,
}

pub(crate) async fn get_top(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let visitor = Visitor::of(&desk.config, &request);
    let dose = parameter(visitor.uri(), "dose").map_or(Ok(DoseNo::FIRST), read_dose)?;
    let (lang, logged_in) = (visitor.lang, visitor.login(&desk).is_ok());
    let key = ListKey::Top { dose, lang, logged_in };
    let ready = desk.lists.get(key, &desk.engine.availability(), |now| {
        let uri = Uri::try_from(format!("/?dose={dose}")).unwrap_or_default();
        render(Frame::new(&desk.config, lang, &uri, logged_in), dose, now)
    });
    let mut answer = ready.answer(visitor.headers(), TOP);
    if let Some(cookie) = visitor.language_cookie() {
        answer.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(answer)
}

fn render(f: Frame<'_>, dose: DoseNo, now: &Availability) -> Vec<u8> {
    let over = |state| matches!(state, PublicState::Closed | PublicState::Cancelled);
    let days = days_of(now, dose).filter(|(_, _, state)| !over(*state)).take(DAYS_MAX);
    let days = days.map(|(date, free, state)| DayText {
        date: f.lang.date(date),
        free: free_text(&f, state, free, DAY_FEW),
        open: state == PublicState::Open,
    });
    let days: Vec<DayText> = days.collect();
    let mut doses: Vec<DoseNo> = now.sessions.iter().flat_map(|session| session.doses.iter().copied()).collect();
    doses.sort_unstable();
    doses.dedup();
    let before = now.sessions.iter().filter(|session| session.state == PublicState::BeforeOpen);
    let opens = before.map(|session| session.opens_at).min();
    let other_doses = doses.into_iter().filter(|other| *other != dose);
    let other_doses = other_doses.map(|other| (other.get(), dose_text(&f, other))).collect();
    let opens = opens.map(|at| f.say1("top.opens", "at", &f.lang.starting(at)));
    let dose = dose_text(&f, dose);
    // The template only writes texts into memory, which cannot fail.
    TopPage { f, dose, days, other_doses, opens }.render().unwrap_or_default().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::PublicConfig;
    use crate::lang::Lang;
    use crate::public::pages::assets::css_gzip_bytes;
    use crate::ready::Ready;
    use flate2::Compression;
    use sesshu_engine::core::ids::{SessionId, SlotNo, VaccineId, VenueId};
    use sesshu_engine::core::setup::Venue;
    use sesshu_engine::core::time::{ClockTime, Day, Instant};
    use sesshu_engine::view::{SessionView, SlotView};
    use std::sync::Arc;

    const BYTES_MAX: usize = 14 * 1024;

    /// `days` days with four venues each; how many places are free differs from day to day.
    fn availability(days: u32) -> Availability {
        let first: Day = "2026-12-01".parse().expect("a date");
        let slot = |day: u32, slot: u16| SlotView {
            id: SlotNo(slot),
            start: ClockTime(540 + slot * 30),
            end: ClockTime(570 + slot * 30),
            free: day * 7 % 11,
            state: if (day * 7).is_multiple_of(11) { PublicState::Full } else { PublicState::Open },
        };
        let session = |day: u32, venue: u32| SessionView {
            id: SessionId(day * 4 + venue),
            venue: Arc::new(Venue {
                id: VenueId(venue as u16), name: "中央保健センター　大会議室".into()
            }),
            date: first.plus_days(day as i32),
            vaccine_id: VaccineId(0),
            vaccine: "コミナティ筋注".into(),
            doses: vec![DoseNo::FIRST, DoseNo::new(2).expect("a dose")],
            state: if day == 0 { PublicState::BeforeOpen } else { PublicState::Open },
            opens_at: Instant(1_800_000_000_001),
            slots: (0..12).map(|number| slot(day, number)).collect(),
        };
        let sessions = (0..days).flat_map(|day| (0..4).map(move |venue| session(day, venue))).collect();
        Availability { at: Instant(0), revision: 1, sessions }
    }

    #[test]
    fn the_first_page_of_a_long_campaign_fits_into_14_kilobytes() {
        let config = PublicConfig { city_name: "かすみがうら市".into(), ..PublicConfig::default() };
        for (lang, logged_in) in Lang::ALL.into_iter().flat_map(|lang| [(lang, false), (lang, true)]) {
            let frame = Frame::new(&config, lang, &Uri::from_static("/?dose=1"), logged_in);
            let html = render(frame, DoseNo::FIRST, &availability(40));
            let rows = String::from_utf8_lossy(&html).matches("<th scope=\"row\">").count();
            let (plain, gzip) = Ready::new(html, Compression::new(4)).bytes();
            let on_the_wire = gzip.expect("a page that shrinks").len() + css_gzip_bytes();
            assert_eq!(rows, 40);
            assert!(plain.len() <= BYTES_MAX, "{} bytes in {}", plain.len(), lang.code());
            assert!(on_the_wire <= BYTES_MAX / 2, "{on_the_wire} bytes with its style sheet in {}", lang.code());
        }
    }
}
