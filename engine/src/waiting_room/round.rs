//! One opening: its seed, who has arrived for it, and how far admission has got, for everybody who asks.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use super::cells::{Cell, Cells};
use crate::core::draw::{Place, Seed};
use crate::core::ids::{CityId, DoseNo, ResidentNo, VaccineId};
use crate::core::line::{Arrival, LineState};
use crate::core::time::Instant;

/// How often the people of the draw are counted for those who check it, in milliseconds.
const COUNTED_EVERY_MS: i64 = 2_000;

/// Who waits, as of a moment ago: made anew by the usher, read by everybody without a lock.
#[derive(Debug, Default)]
pub(super) struct Picture {
    /// The places of those who are there and wait, ascending.
    pub(super) places: Vec<Place>,
    /// People admitted a second.
    pub(super) per_second: u32,
    /// Free places by vaccine and dose.
    pub(super) free: Vec<(VaccineId, DoseNo, u32)>,
}

/// An opening and its people.
pub(super) struct Round {
    pub(super) opening: Instant,
    pub(super) seed: Seed,
    cells: Cells,
    /// How many people take part in the draw.
    in_draw: AtomicU32,
    /// Whether nobody waits. Before the opening it says whether nobody will.
    open: AtomicBool,
    cursor: AtomicU64,
    pub(super) picture: ArcSwap<Picture>,
    /// Arrivals that are not durable yet: at most one of each person's.
    unwritten: Mutex<Vec<(ResidentNo, Instant)>>,
    /// The people of the draw by the first byte of their numbers, and when they were counted.
    counted: Mutex<Option<(Instant, Vec<u32>)>>,
}

impl Round {
    /// An opening for which nobody has arrived.
    pub(super) fn new(opening: Instant, key: &[u8; 32]) -> Self {
        Self {
            opening,
            seed: Seed::of(key, opening),
            cells: Cells::new(),
            in_draw: AtomicU32::new(0),
            open: AtomicBool::new(true),
            cursor: AtomicU64::new(Place::NOBODY.0),
            picture: ArcSwap::default(),
            unwritten: Mutex::default(),
            counted: Mutex::default(),
        }
    }

    /// The person's cell.
    pub(super) fn cell(&self, resident: ResidentNo) -> Option<&Cell> {
        self.cells.cell(resident)
    }

    /// Notes that a person was there from `since` on, and with `keep` that this is to become durable. Tells their place.
    pub(super) fn arrives(&self, cell: &Cell, resident: ResidentNo, id: CityId, since: Instant, keep: bool) -> Place {
        let place = Place::of(self.opening, since, self.seed.number(id));
        let before = cell.improve(place);
        if place < before {
            if place.is_drawn() {
                self.in_draw.fetch_add(1, Ordering::AcqRel);
            }
            if keep {
                self.keep_unwritten([(resident, since)]);
            }
        }
        place.min(before)
    }

    /// Puts an arrival that is durable. `until` is how long the person counts as there unless they ask again.
    pub(super) fn restore(&self, resident: ResidentNo, id: CityId, arrival: Arrival, until: Instant) {
        let Some(cell) = self.cell(resident) else { return };
        let place = Place::of(self.opening, arrival.at, self.seed.number(id));
        if place < cell.improve(place) && place.is_drawn() {
            self.in_draw.fetch_add(1, Ordering::AcqRel);
        }
        cell.is_there(until, until);
    }

    /// How many people take part in the draw.
    pub(super) fn in_draw(&self) -> usize {
        self.in_draw.load(Ordering::Acquire) as usize
    }

    /// Whether nobody waits.
    pub(super) fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    /// How far admission has got.
    pub(super) fn cursor(&self) -> Place {
        Place(self.cursor.load(Ordering::Acquire))
    }

    /// Whether somebody at `place` may take a place now.
    pub(super) fn admits(&self, place: Place) -> bool {
        self.is_open() || place <= self.cursor()
    }

    /// Publishes how far admission has got. The cursor comes first: whoever finds the line closed must find those admitted who were.
    pub(super) fn publish(&self, open: bool, cursor: Place) {
        self.cursor.store(cursor.0, Ordering::Release);
        self.open.store(open, Ordering::Release);
    }

    /// The places, ascending, of those who wait beyond `cursor` and are there at `now`.
    pub(super) fn waiting(&self, cursor: Place, now: Instant) -> Vec<Place> {
        let there = self.cells.arrived().filter(|(_, place, until)| *place > cursor && *until >= now);
        let mut places: Vec<Place> = there.map(|(_, place, _)| place).collect();
        places.sort_unstable();
        places
    }

    /// Everybody who has arrived.
    pub(super) fn people(&self) -> impl Iterator<Item = (ResidentNo, Place, Instant)> + '_ {
        self.cells.arrived()
    }

    /// How many people took part in the draw, by the first byte of their numbers; counted at most every two seconds, however many ask.
    pub(super) fn people_by_first_byte(&self, now: Instant) -> Vec<u32> {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.as_ref().is_none_or(|(at, _)| now.ms_since(*at) >= COUNTED_EVERY_MS) {
            let mut people = vec![0; 256];
            for byte in self.cells.arrived().filter_map(|(_, place, _)| place.first_byte()) {
                people[usize::from(byte)] += 1;
            }
            *counted = Some((now, people));
        }
        counted.as_ref().map(|(_, people)| people.clone()).unwrap_or_default()
    }

    /// Takes up to `people_max` arrivals that are not durable yet.
    pub(super) fn take_unwritten(&self, people_max: usize) -> Vec<(ResidentNo, Instant)> {
        let mut unwritten = self.unwritten.lock().unwrap_or_else(PoisonError::into_inner);
        let left = unwritten.len().saturating_sub(people_max);
        unwritten.split_off(left)
    }

    /// Keeps arrivals until they are durable.
    pub(super) fn keep_unwritten(&self, people: impl IntoIterator<Item = (ResidentNo, Instant)>) {
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner).extend(people);
    }
}

/// The opening that counts, and the one that is ahead.
#[derive(Default)]
pub(super) struct Rounds {
    pub(super) current: Option<Arc<Round>>,
    pub(super) next: Option<Arc<Round>>,
}

impl Rounds {
    /// The opening that counts at `now`. The usher may be a moment late.
    pub(super) fn at(&self, now: Instant) -> Option<&Arc<Round>> {
        self.next.as_ref().filter(|next| next.opening <= now).or(self.current.as_ref())
    }

    /// Whether the usher has begun with `round`.
    pub(super) fn has_begun(&self, round: &Round) -> bool {
        self.current.as_ref().is_some_and(|current| current.opening == round.opening)
    }

    /// The opening ahead of `now`.
    pub(super) fn ahead(&self, now: Instant) -> Option<&Arc<Round>> {
        self.next.as_ref().filter(|next| next.opening > now)
    }

    /// The round of `opening`.
    pub(super) fn of(&self, opening: Instant) -> Option<&Arc<Round>> {
        [&self.next, &self.current].into_iter().flatten().find(|round| round.opening == opening)
    }
}

/// What is to become durable.
#[derive(Debug, Default)]
pub(crate) struct ToWrite {
    /// How far the line may go.
    pub(crate) line: Option<LineState>,
    /// People who arrived, by opening.
    pub(crate) arrived: Option<(Instant, Vec<(ResidentNo, Instant)>)>,
}
