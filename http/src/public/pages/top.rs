//! `GET /`: what this is, who may book and when, where there are places, how to log in. Nothing on it is about the person, so that
//! it is rendered once for all who ask.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::Uri;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use sesshu_engine::core::ids::DoseNo;
use sesshu_engine::core::session::PublicState;
use sesshu_engine::core::setup::Wave;
use sesshu_engine::core::site::AnnouncementKind;
use sesshu_engine::core::time::Instant;
use sesshu_engine::view::Availability;

use super::frame::{Frame, Notice};
use super::place::{FoundText, day_text, dose_markup};
use super::visitor::{Visitor, parameter};
use crate::lang::Text;
use crate::notices;
use crate::problem::Problem;
use crate::public::api::days::{days_of, read_dose};
use crate::public::api::lists::{ListKey, Moment};
use crate::public::desk::{App, Desk};
use crate::ready::Kind;

/// How many days are shown at once; the others unfold.
const DAYS_AT_ONCE: usize = 10;
/// How many days are shown in all: the page stays within 14 KB.
const DAYS_MAX: usize = 40;
/// How the page is sent: it differs by how it is read, and a little by login.
const TOP: Kind = Kind {
    content_type: "text/html; charset=utf-8",
    cache_control: "private, no-cache",
    vary: "Accept-Encoding, Accept-Language, Cookie",
};

#[derive(Template)]
#[template(path = "top.html")]
struct TopPage<'a> {
    f: Frame<'a>,
    announcements: Vec<Notice>,
    now: Text,
    waves: Vec<WaveText>,
    /// When booking opens, if there are no waves to say it.
    opens: Option<Text>,
    any_open: bool,
    in_turn: InTurn,
    days_title: Text,
    days: Vec<DayText>,
    more_days: Vec<DayText>,
    other_doses: Vec<(u8, Text)>,
    venues: Vec<(Text, Option<FoundText>)>,
}

/// Whether new bookings are taken in turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InTurn {
    /// Nobody waits, and nobody will.
    No,
    /// At the next opening, in an order that is drawn.
    AtOpening,
    /// Now: people wait.
    Now,
}

impl InTurn {
    fn of(desk: &Desk, now: Instant) -> Self {
        if desk.engine.figures().waiting.waiting > 0 {
            Self::Now
        } else if desk.engine.draw().is_some_and(|draw| draw.opens_at > now) {
            Self::AtOpening
        } else {
            Self::No
        }
    }
}

/// A priority group.
struct WaveText {
    name: Text,
    open: bool,
    state: Text,
}

struct DayText {
    /// The date in addresses, if it can be chosen.
    href: Option<String>,
    date: Text,
    free: Text,
    state: &'static str,
}

pub(crate) async fn get_top(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let (visitor, _) = Visitor::of(&desk, request);
    let dose = parameter(visitor.uri(), "dose").map_or(Ok(DoseNo::FIRST), read_dose)?;
    let key = ListKey::Top { dose, reading: visitor.reading, logged_in: visitor.is_logged_in() };
    let now = desk.availability();
    let moment = Moment::of_page(&now, &desk.engine.site());
    let moment = moment.with_notices(notices::revision(desk.config.monitor.as_ref()) + desk.config.switches.revision());
    let ready = desk.lists.get(key, moment, || {
        let uri = Uri::try_from(format!("/?dose={dose}")).unwrap_or_default();
        let f = Frame::new(&desk, visitor.reading, &uri, visitor.is_logged_in());
        render(f, dose, &now, &desk.engine.waves(), InTurn::of(&desk, now.at))
    });
    let mut answer = ready.answer(visitor.headers(), TOP);
    answer.headers_mut().extend(visitor.cookies().map(|cookie| (SET_COOKIE, cookie)));
    Ok(answer)
}

fn render(f: Frame<'_>, dose: DoseNo, now: &Availability, waves: &[Wave], in_turn: InTurn) -> Vec<u8> {
    let over = |state| matches!(state, PublicState::Closed | PublicState::Cancelled);
    let days = days_of(now, dose).filter(|(_, _, state)| !over(*state)).take(DAYS_MAX);
    let days = days.map(|(date, free, state)| DayText {
        href: (state == PublicState::Open).then(|| format!("/choose?dose={dose}&date={date}")),
        date: f.text(f.lang.short_date(date)),
        free: day_text(&f, state, free),
        state: state.code(),
    });
    let mut days: Vec<DayText> = days.collect();
    let more_days = days.split_off(days.len().min(DAYS_AT_ONCE));
    let mut doses: Vec<DoseNo> = now.sessions.iter().flat_map(|session| session.doses.iter().copied()).collect();
    doses.sort_unstable();
    doses.dedup();
    let other_doses = doses.into_iter().filter(|other| *other != dose);
    let other_doses = other_doses.map(|other| (other.get(), f.say1("top.other_dose", "dose", &dose_markup(&f, other))));
    let to_come = || now.sessions.iter().filter(|session| !over(session.state));
    let first_opening = to_come().map(|session| session.opens_at).min();
    let opens = first_opening.filter(|at| waves.is_empty() && *at > now.at).map(|at| opening(&f, at, now.at));
    let any_open = to_come().any(|session| session.state == PublicState::Open);
    let waves = waves.iter().map(|wave| wave_text(&f, wave, first_opening, now.at)).collect();
    let venues: BTreeMap<_, _> = to_come().map(|session| (session.venue.id, &session.venue)).collect();
    let venues = venues.values().map(|venue| (f.japanese(&venue.name), FoundText::of(&f, &venue.name))).collect();
    let information = f.site.announcements_at(now.at).filter(|one| one.kind == AnnouncementKind::Information);
    let page = TopPage {
        announcements: information.map(|one| f.notice(one)).collect(),
        now: f.say1("top.now", "at", &f.lang.instant(now.at)),
        waves,
        opens,
        any_open,
        in_turn,
        days_title: f.say1("top.days", "dose", &dose_markup(&f, dose)),
        days,
        more_days,
        other_doses: other_doses.collect(),
        venues,
        f,
    };
    // The template only writes texts into memory, which cannot fail.
    page.render().unwrap_or_default().into_bytes()
}

/// A wave with its state. Its people book when it *and* a session are open: the later of both counts.
fn wave_text(f: &Frame<'_>, wave: &Wave, first_opening: Option<Instant>, now: Instant) -> WaveText {
    let opens_at = first_opening.map_or(wave.opens_at, |first| first.max(wave.opens_at));
    let open = opens_at <= now;
    let state = if open { f.say("top.wave_open") } else { opening(f, opens_at, now) };
    WaveText { name: f.japanese(&wave.name), open, state }
}

/// When something opens, and how long that still takes.
fn opening(f: &Frame<'_>, at: Instant, now: Instant) -> Text {
    f.say_with("top.opens", &[("at", &f.lang.starting(at)), ("left", &f.lang.remaining(at.ms_since(now)))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::PublicConfig;
    use crate::lang::Lang;
    use crate::public::pages::assets::gzip_bytes;
    use crate::public::pages::reading::Reading;
    use crate::ready::Ready;
    use flate2::Compression;
    use sesshu_engine::core::ids::{SessionId, SlotNo, VaccineId, VenueId};
    use sesshu_engine::core::setup::Venue;
    use sesshu_engine::core::site::{Announcement, LangCode, Site, VenueDetails, Worded};
    use sesshu_engine::core::time::{ClockTime, Day};
    use sesshu_engine::view::{SessionView, SlotView};
    use std::sync::Arc;

    const BYTES_MAX: usize = 14 * 1024;
    const VENUES: [&str; 4] = ["中央保健センター　大会議室", "市民体育館", "駅前ホール", "北部公民館"];

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
            venue: Arc::new(Venue { id: VenueId(venue as u16), name: VENUES[venue as usize].into() }),
            date: first.plus_days(day as i32),
            vaccine_id: VaccineId(0),
            vaccine: "コミナティ筋注".into(),
            doses: vec![DoseNo::FIRST, DoseNo::new(2).expect("a dose")],
            state: if day == 0 { PublicState::BeforeOpen } else { PublicState::Open },
            opens_at: Instant(1_800_000_000_001),
            slots: (0..12).map(|number| slot(day, number)).collect(),
        };
        let sessions = (0..days).flat_map(|day| (0..4).map(move |venue| session(day, venue))).collect();
        Availability { at: Instant(1_800_000_000_000), revision: 1, sessions }
    }

    fn site() -> Site {
        let worded = |ja: &str, en: &str| Worded {
            ja: Box::from(ja),
            others: BTreeMap::from([(LangCode::new("en").expect("a code"), Box::from(en))]),
        };
        let details = || VenueDetails {
            address: worded("かすみがうら市上土田461番地", "461 Kamitsuchida, Kasumigaura"),
            map_url: Some("https://maps.example.lg.jp/venue".into()),
            access: None,
        };
        let announcement = |id: &str, kind| Announcement {
            id: id.into(),
            kind,
            shown_from: None,
            shown_until: None,
            title: worded("12月の接種について", "About December"),
            body: worded("市民体育館の駐車場は午前中たいへん混み合います。バスをご利用ください。", "Take the bus."),
        };
        Site {
            announcements: vec![
                announcement("parking", AnnouncementKind::Information),
                announcement("maintenance", AnnouncementKind::Maintenance),
            ],
            venues: VENUES.into_iter().map(|name| (name.into(), details())).collect(),
            ..Site::default()
        }
    }

    fn waves() -> Vec<Wave> {
        let wave = |name: &str, opens_at| Wave {
            name: name.into(),
            born_from: None,
            born_to: None,
            group: None,
            opens_at: Instant(opens_at),
        };
        vec![
            wave("65歳以上の方", 0),
            wave("基礎疾患のある方", 1_800_000_900_000),
            wave("16歳以上の方", 1_801_000_000_000),
        ]
    }

    fn html(reading: Reading, logged_in: bool) -> Vec<u8> {
        let config = PublicConfig { city_name: "かすみがうら市".into(), ..PublicConfig::default() };
        let uri = Uri::from_static("/?dose=1");
        let frame = Frame::with(&config, &site().into(), None, Instant(1_800_000_000_000), reading, &uri, logged_in);
        render(frame, DoseNo::FIRST, &availability(40), &waves(), InTurn::AtOpening)
    }

    fn readings() -> impl Iterator<Item = Reading> {
        let all = Lang::all().flat_map(|lang| [false, true].map(|large| Reading { lang, furigana: false, large }));
        all.chain(Lang::all().map(|lang| Reading { lang, furigana: lang.furigana().is_some(), large: false }))
    }

    #[test]
    fn the_first_page_of_a_long_campaign_fits_into_14_kilobytes() {
        let (css, script) = gzip_bytes();
        for (reading, logged_in) in readings().flat_map(|reading| [(reading, false), (reading, true)]) {
            let html = html(reading, logged_in);
            let rows = String::from_utf8_lossy(&html).matches("<tr data-day").count();
            let (_, gzip) = Ready::new(html, Compression::new(4)).bytes();
            let on_the_wire = gzip.expect("a page that shrinks").len() + css + script;
            assert_eq!(rows, 40);
            assert!(on_the_wire <= BYTES_MAX * 3 / 4, "{on_the_wire} bytes with style and script: {reading:?}");
        }
    }

    #[test]
    fn the_first_page_says_who_may_book_and_when_the_others_may() {
        let html = String::from_utf8(html(Reading::default(), false)).expect("text");
        for said in ["65歳以上の方", "受付中", "受付前", "あと15分", "あと11日と13時間", "2027年（令和9年）", "/draw"]
        {
            assert!(html.contains(said), "{said}: {html}");
        }
    }
}
