//! The parts of the overview. Each is a picture or numbers with their table, and is sent again when it has changed.

use askama::Template;
use sesshu_engine::core::ids::Channel;
use sesshu_engine::core::recent::{LATELY_MINUTES, MinuteBookings, UnusualLookups};
use sesshu_engine::{BusySession, Pulse, WaveForecast};

use super::bars::{Bars, MINUTES_SHOWN};
use super::heat::{DAYS_SHOWN_MAX, Heat};
use super::words::{channel_class, channel_words, forecast_words, reason_words, trouble_words};
use crate::staff::dates::instant_words;

/// A part of the page, as HTML.
pub(super) struct Fragment {
    /// The `id` of its section.
    pub(super) id: &'static str,
    pub(super) html: String,
}

/// All parts, in their order.
pub(super) fn fragments(pulse: &Pulse) -> Result<Vec<Fragment>, askama::Error> {
    let fragment = |id, html: Result<String, askama::Error>| Ok(Fragment { id, html: html? });
    let minutes = last(&pulse.minutes, MINUTES_SHOWN);
    [
        fragment("figures", Figures::of(pulse).render()),
        fragment("alerts", Alerts { alerts: &pulse.alerts }.render()),
        fragment("minutes", Minutes::of(minutes).render()),
        fragment("forecasts", Forecasts { waves: pulse.forecasts.iter().map(Wave::of).collect() }.render()),
        fragment("fill", Fill { heat: Heat::of(&pulse.fill), days_shown: DAYS_SHOWN_MAX }.render()),
        fragment("busy", Busy { sessions: &pulse.busy, lately_minutes: LATELY_MINUTES }.render()),
        fragment("refusals", Refusals::of(pulse).render()),
    ]
    .into_iter()
    .collect()
}

fn last(minutes: &[MinuteBookings], count: usize) -> &[MinuteBookings] {
    &minutes[minutes.len().saturating_sub(count)..]
}

fn sum(minutes: &[MinuteBookings]) -> u64 {
    minutes.iter().map(|minute| u64::from(minute.total())).sum()
}

/// How much `part` is of `whole`, in hundredths, for a bar.
fn percent(part: u64, whole: u64) -> u64 {
    (part * 100).checked_div(whole).unwrap_or_default().min(100)
}

#[derive(Template)]
#[template(path = "staff/overview/figures.html")]
struct Figures<'a> {
    pulse: &'a Pulse,
    troubles: Vec<String>,
    counted_since: String,
    lately_minutes: usize,
    minute: u64,
    lately: u64,
    hour: u64,
    refused_lately: u64,
    disk_free_gib: u64,
}

impl<'a> Figures<'a> {
    fn of(pulse: &'a Pulse) -> Self {
        // The minute that runs says little yet: the one before it is whole.
        let whole = pulse.minutes.len().saturating_sub(1);
        Self {
            pulse,
            troubles: pulse.troubles.iter().map(|code| trouble_words(code)).collect(),
            counted_since: instant_words(pulse.counted_since),
            lately_minutes: LATELY_MINUTES,
            minute: sum(last(&pulse.minutes[..whole], 1)),
            lately: sum(last(&pulse.minutes, LATELY_MINUTES)),
            hour: sum(last(&pulse.minutes, MINUTES_SHOWN)),
            refused_lately: pulse.refusals.iter().map(|count| count.lately).sum(),
            disk_free_gib: pulse.figures.disk_free_bytes / (1 << 30),
        }
    }
}

#[derive(Template)]
#[template(path = "staff/overview/alerts.html")]
struct Alerts<'a> {
    alerts: &'a [UnusualLookups],
}

#[derive(Template)]
#[template(path = "staff/overview/minutes.html")]
struct Minutes<'a> {
    bars: Bars,
    newest_first: Vec<&'a MinuteBookings>,
    busiest: Option<&'a MinuteBookings>,
    total: u64,
    shown: usize,
}

impl<'a> Minutes<'a> {
    fn of(minutes: &'a [MinuteBookings]) -> Self {
        let busiest = minutes.iter().max_by_key(|minute| minute.total()).filter(|minute| minute.total() > 0);
        let newest_first = minutes.iter().rev().collect();
        Self { bars: Bars::of(minutes), newest_first, busiest, total: sum(minutes), shown: MINUTES_SHOWN }
    }

    /// Each way with its class and name.
    fn channels() -> [(&'static str, &'static str); Channel::ALL.len()] {
        Channel::ALL.map(|channel| (channel_class(channel), channel_words(channel)))
    }
}

#[derive(Template)]
#[template(path = "staff/overview/forecasts.html")]
struct Forecasts<'a> {
    waves: Vec<Wave<'a>>,
}

struct Wave<'a> {
    of: &'a WaveForecast,
    percent: u64,
    words: String,
}

impl<'a> Wave<'a> {
    fn of(wave: &'a WaveForecast) -> Self {
        let percent = percent(wave.progress.booked, wave.progress.people);
        Self { of: wave, percent, words: forecast_words(wave.forecast) }
    }
}

#[derive(Template)]
#[template(path = "staff/overview/fill.html")]
struct Fill {
    heat: Heat,
    days_shown: usize,
}

#[derive(Template)]
#[template(path = "staff/overview/busy.html")]
struct Busy<'a> {
    sessions: &'a [BusySession],
    lately_minutes: usize,
}

#[derive(Template)]
#[template(path = "staff/overview/refusals.html")]
struct Refusals {
    /// Reason, lately, in all, and the bar's length.
    reasons: Vec<(&'static str, u64, u64, u64)>,
    lately_minutes: usize,
}

impl Refusals {
    fn of(pulse: &Pulse) -> Self {
        let most = pulse.refusals.iter().map(|count| count.in_all).max().unwrap_or_default();
        let mut reasons: Vec<_> = pulse
            .refusals
            .iter()
            .map(|count| (reason_words(count.code), count.lately, count.in_all, percent(count.in_all, most)))
            .collect();
        reasons.sort_by_key(|(_, lately, in_all, _)| std::cmp::Reverse((*lately, *in_all)));
        Self { reasons, lately_minutes: LATELY_MINUTES }
    }
}
