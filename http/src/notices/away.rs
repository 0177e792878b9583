//! The page that a front server shows when Sesshu does not answer: one file with everything in it, in all languages at once.

use std::borrow::Cow;

use askama::Template;
use sesshu_monitor::core::notice::Notice;
use sesshu_monitor::core::notice_rules::NoticePhase;
use sesshu_monitor::core::time::WallMs;

use super::{title_key, when};
use crate::config::PublicConfig;
use crate::lang::{Lang, strip};

#[derive(Template)]
#[template(path = "away.html")]
struct AwayPage<'a> {
    city: &'a str,
    title: Cow<'static, str>,
    phone: &'a str,
    tel: String,
    parts: Vec<Part<'a>>,
}

/// The page in one language.
struct Part<'a> {
    code: &'static str,
    html: &'static str,
    title: Cow<'static, str>,
    text: Cow<'static, str>,
    notices: Vec<Told>,
    call: Cow<'static, str>,
    hours: &'a str,
    /// Whether the hours are in Japanese, and this is not.
    hours_foreign: bool,
}

struct Told {
    title: Cow<'static, str>,
    body: String,
    foreign: bool,
    when: String,
}

/// The page as it is at `now_ms`, for a city with these `notices`. Equal notices in an equal phase give an equal page.
#[must_use]
pub fn away_page(config: &PublicConfig, notices: &[Notice], now_ms: i64) -> String {
    let now = WallMs(now_ms);
    let told: Vec<(&Notice, NoticePhase)> =
        notices.iter().filter(|one| one.is_shown(now)).map(|one| (one, one.phase(now))).collect();
    let working = told.iter().any(|(_, phase)| matches!(phase, NoticePhase::Running | NoticePhase::Extended));
    let (title, text) = if working { ("away.working", "away.working_text") } else { ("away.title", "away.text") };
    let part = |lang: Lang| {
        let (hours, in_language) = config.call_centre.hours(lang.code());
        Part {
            code: lang.code(),
            html: lang.html(),
            title: lang.say(title),
            text: lang.say(text),
            notices: told.iter().map(|(notice, phase)| tell(notice, *phase, lang)).collect(),
            call: lang.say("frame.call_centre"),
            hours,
            hours_foreign: !in_language && lang.html() != Lang::JA.html(),
        }
    };
    let page = AwayPage {
        city: &config.city_name,
        title: Lang::JA.say(title),
        phone: &config.call_centre.phone,
        tel: config.call_centre.phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect(),
        parts: Lang::all().map(part).collect(),
    };
    // The template only writes texts into memory, which cannot fail.
    page.render().unwrap_or_default()
}

fn tell(notice: &Notice, phase: NoticePhase, lang: Lang) -> Told {
    let (body, in_language) = notice.latest().map_or(("", true), |saying| saying.text.for_readers_of(lang.code()));
    Told {
        title: lang.say(title_key(notice, phase)),
        body: strip(body.to_owned().into()).into_owned(),
        foreign: !in_language && lang.html() != Lang::JA.html(),
        when: strip(when(notice, phase, lang).into()).into_owned(),
    }
}
