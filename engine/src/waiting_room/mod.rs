//! The waiting room for new places. It belongs to residents, not to browsers: whoever logs in again, or elsewhere, has the same place.
//!
//! While nobody waits it costs a booking one atomic read. Who is admitted is decided in `core/line.rs`, by the usher (`usher.rs`); here
//! is what everybody reads at once, without a lock. It knows neither ledger nor HTTP: what must be durable is handed out and promised.

mod cells;
#[cfg(test)]
mod crowd;
mod round;
mod usher;

pub(crate) use round::ToWrite;
pub(crate) use usher::{Signs, Usher};

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use arc_swap::ArcSwap;

use self::round::{Round, Rounds};
use crate::core::decide::{NextDose, comes_for};
use crate::core::draw::Place;
use crate::core::ids::{CityId, ResidentNo, VaccineId};
use crate::core::line::{ahead, estimate_seconds, look_again_seconds};
use crate::core::opening::Openings;
use crate::core::pace::WaitingRules;
use crate::core::time::Instant;
use crate::ledger::Index;
use crate::view::{Draw, Standing, Waiting};

/// How long after an opening everybody of its draw counts as there, in milliseconds: their pages need a moment to ask.
const DRAW_THERE_MS: i64 = 20_000;
/// How much later than they were told somebody may ask and still count as there, in milliseconds.
const GRACE_MS: i64 = 15_000;

/// What everybody who comes reads and writes.
pub(crate) struct WaitingRoom {
    pub(crate) rules: WaitingRules,
    key: [u8; 32],
    index: Arc<Index>,
    rounds: ArcSwap<Rounds>,
    /// From this instant on newcomers are asked where they stand.
    closed_from: AtomicI64,
    /// From this instant on arrivals are noted.
    noted_from: AtomicI64,
    /// How many people found the way to the disk full.
    busy_answers: AtomicU64,
    /// How late the threads are that serve residents, in milliseconds: the latest since the usher looked.
    serving_late_ms: AtomicU64,
    /// How many people have been admitted out of the line since the start.
    admitted: AtomicU64,
    /// How many came back after they had been passed over, since the usher looked.
    came_back: AtomicU64,
}

/// A person who came, as the rules see them.
struct Comer {
    id: CityId,
    next: NextDose,
    /// The vaccine of the dose before, which the next one must be of.
    vaccine: Option<VaccineId>,
}

impl WaitingRoom {
    /// A waiting room in which nobody is. `key` is the city's secret for its draws.
    pub(crate) fn new(rules: WaitingRules, key: [u8; 32], index: Arc<Index>) -> Self {
        Self {
            rules,
            key,
            index,
            rounds: ArcSwap::default(),
            closed_from: AtomicI64::new(i64::MAX),
            noted_from: AtomicI64::new(i64::MAX),
            busy_answers: AtomicU64::new(0),
            serving_late_ms: AtomicU64::new(0),
            admitted: AtomicU64::new(0),
            came_back: AtomicU64::new(0),
        }
    }

    /// Whether nobody has to wait for a new place.
    pub(crate) fn is_open(&self, now: Instant) -> bool {
        now.0 < self.closed_from.load(Ordering::Acquire)
    }

    /// Notes that somebody found the way to the disk full.
    pub(crate) fn count_busy(&self) {
        self.busy_answers.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes how late the threads are that serve residents.
    pub(crate) fn serving_is_late(&self, ms: u64) {
        self.serving_late_ms.fetch_max(ms, Ordering::Relaxed);
    }

    /// Notes that a person is there, with a login from `since`. While no opening is near and nobody waits, this is two atomic reads.
    pub(crate) fn note(&self, resident: ResidentNo, since: Instant, now: Instant) {
        let is_near = now.0 >= self.noted_from.load(Ordering::Acquire);
        if self.is_open(now) && !is_near {
            return;
        }
        let rounds = self.rounds.load();
        if !self.is_open(now)
            && let Some(round) = rounds.at(now)
        {
            self.arrive(round, resident, since, now, now.plus_ms(GRACE_MS));
        }
        if let Some(round) = rounds.ahead(now).filter(|_| is_near) {
            self.arrive(round, resident, since, now, round.opening.plus_ms(DRAW_THERE_MS));
        }
    }

    /// Notes a login, also while nobody waits: if newcomers have to wait later, this person is no newcomer, by whichever device they come.
    pub(crate) fn note_login(&self, resident: ResidentNo, now: Instant) {
        if let Some(round) = self.rounds.load().at(now) {
            self.arrive(round, resident, now, now, now.plus_ms(GRACE_MS));
        }
        self.note(resident, now, now);
    }

    /// The person's place in `round`, given now if they have none or logged in earlier than was known. `until` is how long they count as
    /// there. None for whoever does not come for this opening.
    fn arrive(
        &self,
        round: &Round,
        resident: ResidentNo,
        since: Instant,
        now: Instant,
        until: Instant,
    ) -> Option<Place> {
        let cell = round.cell(resident)?;
        let known = cell.place();
        let since = since.min(now);
        let is_late = since >= round.opening && Place::last_at(round.opening, since) >= known;
        let is_no_news = known.is_drawn() || is_late;
        if known != Place::NOWHERE && is_no_news {
            let was_away = cell.is_there(now, until);
            if was_away && !round.is_open() && known <= round.cursor() {
                self.came_back.fetch_add(1, Ordering::Relaxed);
            }
            return Some(known);
        }
        let Comer { id, .. } = self.comer(resident, round.opening.max(now))?;
        let window = i64::from(self.rules.draw_minutes);
        let since = since.max(round.opening.plus_minutes(-window));
        cell.is_there(now, until);
        let keep = round.opening > now || !round.is_open();
        let place = round.arrives(cell, resident, id, since, keep);
        if round.opening > now && round.in_draw() > self.rules.pace.first_people as usize {
            // The burst is not enough for all: from the opening on people are asked, even if the usher is a moment late.
            self.closed_from.fetch_min(round.opening.0, Ordering::AcqRel);
        }
        Some(place)
    }

    /// The person, if by `opening` they may book something. Whoever's wave was opened while others waited comes after them.
    fn comer(&self, resident: ResidentNo, opening: Instant) -> Option<Comer> {
        let setup = self.index.setup();
        self.index.resident(resident, |entry| {
            let next = comes_for(&entry.person, &entry.record, &setup.vaccines, &setup.waves, opening)?;
            let before = next.dose.previous().and_then(|dose| entry.record.dose_given(dose));
            Some(Comer { id: entry.person.id, next, vaccine: before.map(|(_, vaccine)| vaccine) })
        })?
    }

    /// Whether the person may take a new place now. Only whoever has passed the rules about the person is asked for here, so
    /// somebody without a place in the line is a newcomer.
    pub(crate) fn admits(&self, resident: ResidentNo, now: Instant) -> bool {
        if self.is_open(now) {
            return true;
        }
        let rounds = self.rounds.load();
        let Some(round) = rounds.at(now) else { return true };
        let place = self.arrive(round, resident, now, now, now.plus_ms(GRACE_MS));
        // A round that the usher has not begun yet is open to nobody.
        place.is_none_or(|place| rounds.has_begun(round) && round.admits(place))
    }

    /// Where a person stands who logged in at `since`; whoever asks is there.
    pub(crate) fn standing(&self, resident: ResidentNo, since: Instant, now: Instant) -> Standing {
        let is_near = now.0 >= self.noted_from.load(Ordering::Acquire);
        if self.is_open(now) && !is_near {
            return Standing::Open;
        }
        let rounds = self.rounds.load();
        if !self.is_open(now)
            && let Some(round) = rounds.at(now)
            && let Some(waiting) = self.waiting(&rounds, round, resident, since, now)
        {
            return Standing::Waiting(waiting);
        }
        let next = rounds.ahead(now).filter(|_| is_near);
        let takes_part = next
            .filter(|round| self.arrive(round, resident, since, now, round.opening.plus_ms(DRAW_THERE_MS)).is_some());
        takes_part.map_or(Standing::Open, |round| Standing::Before { opens_at: round.opening })
    }

    fn waiting(
        &self,
        rounds: &Rounds,
        round: &Round,
        resident: ResidentNo,
        since: Instant,
        now: Instant,
    ) -> Option<Waiting> {
        let place = self.arrive(round, resident, since, now, now.plus_ms(GRACE_MS))?;
        if rounds.has_begun(round) && round.admits(place) {
            return None;
        }
        let picture = round.picture.load();
        let ahead = ahead(&picture.places, round.cursor(), place);
        let estimate_seconds = estimate_seconds(ahead, picture.per_second);
        let look_again_seconds = look_again_seconds(estimate_seconds, place.0 ^ (now.0 as u64));
        if let Some(cell) = round.cell(resident) {
            cell.is_there(now, now.plus_ms(i64::from(look_again_seconds) * 1_500 + GRACE_MS));
        }
        let comer = self.comer(resident, round.opening.max(now));
        let could_take = comer.map_or(0, |comer| {
            let fits = |vaccine: VaccineId| comer.vaccine.is_none_or(|own| own == vaccine);
            let free = picture.free.iter().filter(|(vaccine, dose, _)| *dose == comer.next.dose && fits(*vaccine));
            free.map(|(.., places)| places).sum()
        });
        Some(Waiting {
            opening: round.opening,
            ahead: u32::try_from(ahead).unwrap_or(u32::MAX),
            estimate_seconds,
            places_left: could_take,
            look_again_seconds,
            in_draw: place.is_drawn(),
        })
    }

    /// The draw of the opening that is ahead, or else of the last one.
    pub(crate) fn draw(&self, now: Instant) -> Option<Draw> {
        let rounds = self.rounds.load();
        let ahead = rounds.ahead(now).map(|round| draw_of(round, now));
        ahead.or_else(|| self.last_draw(now))
    }

    /// The draw of the last opening, whose seed is published.
    pub(crate) fn last_draw(&self, now: Instant) -> Option<Draw> {
        self.rounds.load().at(now).map(|round| draw_of(round, now))
    }

    /// The number that the seed of the last opening gives a person; none for whoever is not on file.
    pub(crate) fn draw_number(&self, resident: ResidentNo, now: Instant) -> Option<u64> {
        let rounds = self.rounds.load();
        let round = rounds.at(now)?;
        let id = self.index.resident(resident, |entry| (!entry.record.erased).then_some(entry.person.id))??;
        Some(round.seed.number(id))
    }

    /// The openings around `now`.
    fn openings(&self, now: Instant) -> Openings {
        let sessions: Vec<_> = self.index.sessions().iter().map(|entry| entry.definition()).collect();
        Openings::around(sessions.iter().map(|session| &**session), &self.index.setup().waves, now)
    }
}

/// The draw of `round` as it may be told at `now`.
fn draw_of(round: &Round, now: Instant) -> Draw {
    let is_over = round.opening <= now;
    Draw {
        opens_at: round.opening,
        commitment: round.seed.commitment(),
        seed: is_over.then(|| round.seed.bytes()),
        people_by_first_byte: if is_over { round.people_by_first_byte(now) } else { Vec::new() },
    }
}
