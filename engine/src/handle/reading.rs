//! Reads: they never enter a mailbox, never wait for the disk, and see only what is durable (and, in lists, what is held).

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use super::EngineHandle;
use crate::core::count::{Count, web_free};
use crate::core::decide::next_dose;
use crate::core::ids::{Channel, ResidentNo, SlotNo};
use crate::core::leg::Leg;
use crate::core::resident::{Booking, BookingState, Granted};
use crate::core::session::{PublicState, Session};
use crate::core::setup::{Venue, WaveOpening, wave_opening};
use crate::core::time::{Day, Instant};
use crate::ledger::SessionEntry;
use crate::view::{Availability, BookingView, EngineFigures, Me, PlaceView, Readiness, SessionView, SlotView};

/// Lists are made anew at most this often, in milliseconds.
const AVAILABILITY_MS: i64 = 250;

impl EngineHandle {
    /// Everything that a resident sees about themself; none if they are not on file.
    #[must_use]
    pub fn me(&self, resident: ResidentNo) -> Option<Me> {
        let setup = self.index().setup();
        let today = self.now().city_day();
        let (name_kana, mut bookings, next, opening, left_roll) = self.index().resident(resident, |entry| {
            if entry.record.erased {
                return None;
            }
            let next = next_dose(&entry.record, &setup.vaccines, today);
            let opening = wave_opening(&setup.waves, &entry.person);
            let record = &entry.record;
            Some((entry.person.name_kana.to_string(), record.bookings.clone(), next, opening, record.left_roll))
        })??;
        bookings.sort_by_key(|booking| booking.dose);
        let opens_at = match opening {
            WaveOpening::At(opens_at) if opens_at > self.now() => Some(opens_at),
            WaveOpening::NoWaves | WaveOpening::Never | WaveOpening::At(_) => None,
        };
        let in_no_wave = opening == WaveOpening::Never;
        Some(Me { name_kana, bookings: self.views(bookings), next, opens_at, in_no_wave, left_roll })
    }

    /// All published sessions with their free places, at most 250 ms old.
    #[must_use]
    pub fn availability(&self) -> Arc<Availability> {
        let now = self.now();
        let fresh = |seen: &Arc<Availability>| now.ms_since(seen.at) < AVAILABILITY_MS;
        if let Some(seen) = self.0.availability.load_full().filter(fresh) {
            return seen;
        }
        let _rendering = match self.0.rendering.try_lock() {
            Ok(guard) => guard,
            // Somebody else is making it: the one before is good enough, if there is one.
            Err(_) => match self.0.availability.load_full() {
                Some(seen) => return seen,
                None => self.0.rendering.lock().unwrap_or_else(PoisonError::into_inner),
            },
        };
        let before = self.0.availability.load_full();
        if let Some(seen) = before.clone().filter(fresh) {
            return seen;
        }
        let sessions = self.session_views(Channel::Web, now);
        let revision = match &before {
            Some(before) if before.sessions == sessions => before.revision,
            Some(before) => before.revision + 1,
            None => 1,
        };
        let made = Arc::new(Availability { at: now, revision, sessions });
        self.0.availability.store(Some(Arc::clone(&made)));
        made
    }

    /// All published sessions by date, start and venue, with what could be taken by `channel` now.
    pub(super) fn session_views(&self, channel: Channel, now: Instant) -> Vec<SessionView> {
        let setup = self.index().setup();
        let mut views: Vec<SessionView> = self
            .index()
            .sessions()
            .iter()
            .filter_map(|entry| {
                let session = entry.definition();
                let venue = setup.venue(session.venue)?;
                let vaccine = setup.vaccine(session.vaccine)?;
                self.session_view(entry, &session, venue, &vaccine.name, channel, now)
            })
            .collect();
        views.sort_by_key(|view| (view.date, view.slots.first().map(|slot| slot.start), view.venue.id, view.id));
        views
    }

    fn session_view(
        &self,
        entry: &SessionEntry,
        session: &Session,
        venue: &Arc<Venue>,
        vaccine: &Arc<str>,
        channel: Channel,
        now: Instant,
    ) -> Option<SessionView> {
        let opens_at = session.opens_at()?;
        let booked = entry.booked();
        let share_in_force = !channel.uses_phone_share() && session.phone_share_in_force(&self.0.shared.rules, now);
        let taken: Vec<Count> = booked
            .0
            .iter()
            .enumerate()
            .map(|(index, booked)| {
                let held = entry.held(index);
                Count { web: booked.web + held.web, phone: booked.phone + held.phone }
            })
            .collect();
        let left_in_all = session.doses_total.map(|total| {
            let taken: u32 = taken.iter().map(|count| count.total()).sum();
            total.saturating_sub(taken)
        });
        let slots: Vec<SlotView> = session
            .slots
            .iter()
            .zip(&taken)
            .enumerate()
            .filter_map(|(index, (slot, taken))| {
                let share = if share_in_force { slot.phone_share } else { 0 };
                let places = web_free(slot.capacity, *taken, share).min(left_in_all.unwrap_or(u32::MAX));
                let id = SlotNo(index as u16);
                let state = session.slot_state(id, places, now)?;
                let bookable = matches!(state, PublicState::Open | PublicState::BeforeOpen);
                let free = if bookable { places } else { 0 };
                Some(SlotView { id, start: slot.start, end: slot.end, free, state })
            })
            .collect();
        Some(SessionView {
            id: session.id,
            venue: Arc::clone(venue),
            date: session.date,
            vaccine_id: session.vaccine,
            vaccine: Arc::clone(vaccine),
            doses: session.doses.clone(),
            state: PublicState::of_all(slots.iter().map(|slot| slot.state))?,
            opens_at,
            slots,
        })
    }

    /// The words of a place in a published session; none if there is no such slot.
    #[must_use]
    pub fn place(&self, leg: Leg) -> Option<PlaceView> {
        let session = self.index().session(leg.session)?.definition();
        if session.phase.is_hidden() {
            return None;
        }
        let slot = session.slot(leg.slot)?;
        let setup = self.index().setup();
        Some(PlaceView {
            session: leg.session,
            slot: leg.slot,
            venue: Arc::clone(setup.venue(session.venue)?),
            date: session.date,
            start: slot.start,
            end: slot.end,
            dose: leg.dose,
            vaccine: Arc::clone(&setup.vaccine(session.vaccine)?.name),
        })
    }

    /// Until when a booking for `date` may be changed or cancelled.
    #[must_use]
    pub fn change_deadline(&self, date: Day) -> Instant {
        self.0.shared.rules.change_deadline(date)
    }

    /// Whether the engine can serve, and if not, why.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let shared = &self.0.shared;
        let mut reasons = Vec::new();
        if shared.figures.suspended.load(Ordering::Acquire) {
            reasons.push(("store_suspended", "a commit failed; the store is being opened again".to_owned()));
        }
        if self.0.closing.load(Ordering::Acquire) {
            reasons.push(("stopping", "the server is stopping".to_owned()));
        }
        if self.ledger_has_failed() {
            reasons.push(("ledger_failed", "the ledger has stopped; restart the server".to_owned()));
        }
        if self.disk_is_low() {
            let free_mb = shared.figures.disk_free_bytes.load(Ordering::Acquire) / (1024 * 1024);
            let floor_mb = self.0.free_disk_floor_bytes / (1024 * 1024);
            let reason =
                format!("{free_mb} MiB of disk are free, the floor is {floor_mb} MiB: no new bookings are taken");
            reasons.push(("disk_low", reason));
        }
        let broken = shared.broken_sessions.load(Ordering::Acquire);
        if broken > 0 {
            reasons.push(("session_failed", format!("{broken} sessions grant nothing after an internal error")));
        }
        Readiness { reasons }
    }

    /// Counters and gauges for metrics.
    #[must_use]
    pub fn figures(&self) -> EngineFigures {
        let shared = &self.0.shared;
        let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        EngineFigures {
            journal_seq: self.index().head().seq,
            batches: count(&shared.figures.batches),
            entries: count(&shared.figures.entries),
            commit_us: count(&shared.figures.commit_us),
            commits_unknown: count(&shared.figures.unknown),
            in_flight: self.in_flight(),
            queue_age_ms: self.queue_age_ms(),
            fold_lag: self.index().fold_lag() as u64,
            logins_waiting: {
                use crate::roll::Lane::{Resident, Staff, Viewing};
                [Resident, Viewing, Staff].map(|lane| self.0.pool.queued(lane) as u64).iter().sum()
            },
            login_wait_ms: self.0.pool.longest_wait().as_millis() as u64,
            suspended: shared.figures.suspended.load(Ordering::Acquire),
            residents: u64::from(self.index().residents_next()),
            bookings_live: self.index().bookings_live(),
            disk_free_bytes: count(&shared.figures.disk_free_bytes),
            clock_drift_ms: shared.clock.drift_ms(),
            waiting: self.waiting_figures(),
        }
    }

    /// Bookings with venue and times in words.
    pub(super) fn views(&self, bookings: impl IntoIterator<Item = Booking>) -> Vec<BookingView> {
        bookings
            .into_iter()
            .filter_map(|booking| {
                let place = self.place(booking.leg())?;
                Some(BookingView {
                    number: booking.number,
                    session: booking.session,
                    slot: booking.slot,
                    venue: place.venue,
                    date: place.date,
                    start: place.start,
                    end: place.end,
                    dose: booking.dose,
                    vaccine: place.vaccine,
                    state: booking.state,
                })
            })
            .collect()
    }

    /// A booking as it was at its grant.
    pub(super) fn granted_view(&self, granted: &Granted) -> Option<BookingView> {
        let place = self.place(granted.leg)?;
        Some(BookingView {
            number: granted.number,
            session: place.session,
            slot: place.slot,
            venue: place.venue,
            date: place.date,
            start: place.start,
            end: place.end,
            dose: place.dose,
            vaccine: place.vaccine,
            state: BookingState::Booked,
        })
    }
}
