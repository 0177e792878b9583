//! The pulse of the campaign: what those who watch over it see at a glance. Counts come from what became durable since the start of
//! the server, fill and forecasts from the index. It names nobody.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use super::{AuditQuery, EngineHandle};
use crate::core::event::Event;
use crate::core::event_kind::EventKind;
use crate::core::forecast::{Forecast, WaveProgress};
use crate::core::ids::SessionId;
use crate::core::recent::{ALERTS_KEPT, MinuteBookings, RecentEvents, RefusalCount, UnusualLookups};
use crate::core::refusal::Refusal;
use crate::core::setup::Venue;
use crate::core::time::{ClockTime, Day, Instant};
use crate::view::EngineFigures;

mod fill;
mod waves;

/// The pulse is taken at most this often, in milliseconds.
const PULSE_MS: i64 = 2_000;
/// Forecasts look at every resident: they are made at most this often, in milliseconds.
const FORECASTS_MS: i64 = 10_000;
/// How many sessions are listed as busy.
const BUSY_MAX: usize = 10;
/// For how many days before the start alerts are looked up in the journal.
const ALERT_DAYS: i64 = 7;

const _: () = assert!(PULSE_MS < FORECASTS_MS);

/// The campaign at one instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Pulse {
    /// The instant.
    pub at: Instant,
    /// Since when bookings and refusals are counted: the start of the server.
    pub counted_since: Instant,
    /// Bookings granted in each of the last minutes, oldest first, the one that runs among them.
    pub minutes: Vec<MinuteBookings>,
    /// Refusals of bookings, changes and holds by reason.
    pub refusals: Vec<RefusalCount>,
    /// What is booked of each venue and date from today on, by venue, then by date.
    pub fill: Vec<VenueDay>,
    /// The sessions that take bookings now and of which most was booked lately; of equal ones, those with the fewest places left.
    pub busy: Vec<BusySession>,
    /// Queues, disk, and how many bookings there are.
    pub figures: EngineFigures,
    /// Stable codes of what keeps the engine from serving, if anything does.
    pub troubles: Vec<&'static str>,
    /// When each wave will be full.
    pub forecasts: Arc<Vec<WaveForecast>>,
    /// Accounts that looked up unusually many people, newest first.
    pub alerts: Vec<UnusualLookups>,
}

/// What is booked in a venue on a date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VenueDay {
    /// Where.
    pub venue: Arc<Venue>,
    /// When.
    pub date: Day,
    /// How many places there are, as far as the vaccine reaches.
    pub capacity: u32,
    /// How many of them are booked.
    pub booked: u32,
    /// How many are held for somebody who is about to book.
    pub held: u32,
}

/// A session to which many people come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusySession {
    /// Which.
    pub session: SessionId,
    /// Where.
    pub venue: Arc<Venue>,
    /// When.
    pub date: Day,
    /// When its first slot starts.
    pub start: ClockTime,
    /// Of which vaccine.
    pub vaccine: Arc<str>,
    /// How many people booked it or moved there lately.
    pub lately: u32,
    /// How many places it has, as far as the vaccine reaches.
    pub capacity: u32,
    /// How many places are left, without those that are held.
    pub left: u32,
}

/// How far a wave has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaveForecast {
    /// Its name; empty if there are no waves, and this is about everybody.
    pub name: String,
    /// The numbers.
    pub progress: WaveProgress,
    /// What follows from them.
    pub forecast: Forecast,
}

/// What is kept between two looks at the pulse.
#[derive(Default)]
pub(crate) struct PulseTaken {
    last: Option<Arc<Pulse>>,
    forecasts: Option<(Instant, Arc<Vec<WaveForecast>>)>,
    /// Alerts of the days before the start; none before they were looked up.
    earlier_alerts: Option<Vec<UnusualLookups>>,
}

impl EngineHandle {
    /// The pulse, at most some two seconds old; its forecasts at most some ten.
    pub async fn pulse(&self) -> Arc<Pulse> {
        // Whoever comes meanwhile waits for this one instead of taking another.
        let mut taken = self.0.pulse.lock().await;
        let now = self.now();
        if let Some(last) = taken.last.as_ref().filter(|last| now.ms_since(last.at) < PULSE_MS) {
            return Arc::clone(last);
        }
        let forecasts = match taken.forecasts.as_ref().filter(|(made_at, _)| now.ms_since(*made_at) < FORECASTS_MS) {
            Some((_, forecasts)) => Arc::clone(forecasts),
            None => self.forecasts(now).await,
        };
        if taken.forecasts.as_ref().is_none_or(|(_, before)| !Arc::ptr_eq(before, &forecasts)) {
            taken.forecasts = Some((now, Arc::clone(&forecasts)));
        }
        if taken.earlier_alerts.is_none() {
            taken.earlier_alerts = self.earlier_alerts().await;
        }
        let mut alerts = self.index().recent(RecentEvents::alerts);
        alerts.extend(taken.earlier_alerts.iter().flatten().cloned());
        alerts.truncate(ALERTS_KEPT);
        let pulse = Arc::new(Pulse {
            at: now,
            counted_since: self.0.counted_since,
            minutes: self.index().recent(|recent| recent.minutes(now)),
            refusals: self.0.refusals.lock().unwrap_or_else(PoisonError::into_inner).counts(now),
            fill: self.fill(now.city_day()),
            busy: self.busy(now),
            figures: self.figures(),
            troubles: self.readiness().reasons.into_iter().map(|(code, _)| code).collect(),
            forecasts,
            alerts,
        });
        taken.last = Some(Arc::clone(&pulse));
        pulse
    }

    /// Counts the refusal that an answer is, if it is one.
    pub(super) fn count_refusal<T>(&self, answer: Result<T, Refusal>) -> Result<T, Refusal> {
        if let Err(refusal) = &answer {
            self.0.refusals.lock().unwrap_or_else(PoisonError::into_inner).count(self.now(), refusal.code);
        }
        answer
    }

    async fn forecasts(&self, now: Instant) -> Arc<Vec<WaveForecast>> {
        let index = Arc::clone(self.index());
        let made = tokio::task::spawn_blocking(move || waves::forecasts(&index, now));
        Arc::new(made.await.unwrap_or_default())
    }

    /// The alerts in the journal from before the start; none if it cannot be read now.
    async fn earlier_alerts(&self) -> Option<Vec<UnusualLookups>> {
        let query = AuditQuery {
            kind: Some(EventKind::Alert),
            from: Some(self.0.counted_since.plus_days(-ALERT_DAYS)),
            to: Some(self.0.counted_since),
            rows_max: ALERTS_KEPT,
            ..AuditQuery::default()
        };
        let page = self.audit(query).await.ok()?;
        let entries =
            page.entries.into_iter().flat_map(|(_, entry)| entry.events.into_iter().map(move |it| (entry.at, it)));
        let alerts = entries.filter_map(|(at, event)| match event {
            Event::LookupsUnusual { login, lookups } => Some(UnusualLookups { at, login, lookups }),
            _ => None,
        });
        Some(alerts.collect())
    }

    fn fill(&self, today: Day) -> Vec<VenueDay> {
        let setup = self.index().setup();
        let mut days: BTreeMap<_, VenueDay> = BTreeMap::new();
        for entry in self.index().sessions() {
            let session = entry.definition();
            if session.date < today || !fill::is_offered(&session) {
                continue;
            }
            let Some(venue) = setup.venue(session.venue) else { continue };
            let day = days.entry((session.venue, session.date)).or_insert_with(|| VenueDay {
                venue: Arc::clone(venue),
                date: session.date,
                capacity: 0,
                booked: 0,
                held: 0,
            });
            let places = fill::Places::of(&entry, &session);
            day.capacity += places.capacity;
            day.booked += places.booked;
            day.held += places.held;
        }
        days.into_values().collect()
    }

    fn busy(&self, now: Instant) -> Vec<BusySession> {
        let setup = self.index().setup();
        let lately = self.index().recent(|recent| recent.by_session(now));
        let sessions = self.index().sessions();
        let mut busy: Vec<BusySession> = sessions
            .iter()
            .filter_map(|entry| {
                let session = entry.definition();
                let places = fill::Places::of(entry, &session);
                let first = session.slots.first().filter(|_| fill::takes_bookings(&session, now))?;
                Some(BusySession {
                    session: session.id,
                    venue: Arc::clone(setup.venue(session.venue)?),
                    date: session.date,
                    start: first.start,
                    vaccine: Arc::clone(&setup.vaccine(session.vaccine)?.name),
                    lately: lately.get(&session.id).copied().unwrap_or_default(),
                    capacity: places.capacity,
                    left: places.left(),
                })
            })
            .collect();
        busy.sort_by_key(|it| (std::cmp::Reverse(it.lately), it.left, it.date, it.session));
        busy.truncate(BUSY_MAX);
        busy
    }
}
