//! How far each wave has come: one walk over all residents.

use super::WaveForecast;
use crate::core::forecast::{SPEED_MINUTES, WaveProgress};
use crate::core::ids::DoseNo;
use crate::core::resident::ResidentRecord;
use crate::core::session::SessionPhase;
use crate::core::setup::{Vaccine, Wave};
use crate::core::time::{Day, Instant};
use crate::ledger::{Index, ResidentEntry};

/// Places for a first dose on one date.
struct FirstDoses {
    date: Day,
    age_years_min: u8,
    places: u64,
}

/// A wave while it is counted.
struct Counting<'a> {
    /// None stands for everybody, when there are no waves.
    wave: Option<&'a Wave>,
    progress: WaveProgress,
    /// The birth date of the oldest person who has not booked.
    oldest_waiting: Option<Day>,
}

/// The waves in the city's order. Somebody who is in several is counted in each of them.
pub(super) fn forecasts(index: &Index, now: Instant) -> Vec<WaveForecast> {
    let setup = index.setup();
    let none = |wave| Counting { wave, progress: WaveProgress::default(), oldest_waiting: None };
    let mut waves: Vec<Counting<'_>> = setup.waves.iter().map(|wave| none(Some(wave))).collect();
    if waves.is_empty() {
        waves.push(none(None));
    }
    index.for_each_resident(|_, resident| {
        if resident.record.left_roll || resident.record.erased {
            return;
        }
        for counting in &mut waves {
            if counting.wave.is_none_or(|wave| wave.includes(&resident.person)) {
                counting.count(resident, now);
            }
        }
    });
    let offered = first_doses(index, &setup.vaccines, now);
    waves.into_iter().map(|counting| counting.finish(&offered, now)).collect()
}

impl Counting<'_> {
    fn count(&mut self, resident: &ResidentEntry, now: Instant) {
        self.progress.people += 1;
        if resident.record.dose_given(DoseNo::FIRST).is_some() {
            self.progress.booked += 1;
            self.progress.booked_lately += u64::from(booked_lately(&resident.record, now));
        } else {
            let born = resident.person.birth_date;
            self.oldest_waiting = Some(self.oldest_waiting.map_or(born, |oldest| oldest.min(born)));
        }
    }

    fn finish(mut self, offered: &[FirstDoses], now: Instant) -> WaveForecast {
        self.progress.opens_at = self.wave.map(|wave| wave.opens_at);
        if let Some(born) = self.oldest_waiting {
            // Where even the oldest of them is too young, nobody of them may go.
            let takes = |it: &&FirstDoses| it.places > 0 && it.date.age_of(born) >= i32::from(it.age_years_min);
            self.progress.places_left = offered.iter().filter(takes).map(|it| it.places).sum();
            self.progress.places_until = offered.iter().filter(takes).map(|it| it.date).max();
        }
        let name = self.wave.map(|wave| wave.name.clone()).unwrap_or_default();
        WaveForecast { name, forecast: self.progress.forecast(now), progress: self.progress }
    }
}

/// Whether the booking for dose 1 was made within the time over which speed is measured. Keys tell: each booking has one.
fn booked_lately(record: &ResidentRecord, now: Instant) -> bool {
    let since = now.plus_minutes(-SPEED_MINUTES);
    let is_first = |key: &crate::core::resident::KeyRecord| {
        key.answer.iter().any(|granted| granted.leg.dose == DoseNo::FIRST && record.live(DoseNo::FIRST).is_some())
    };
    record.keys.iter().rev().take_while(|key| key.at > since).any(|key| !key.moved && is_first(key))
}

/// The free places for first doses in slots that have not begun, also in sessions that open later.
fn first_doses(index: &Index, vaccines: &[Vaccine], now: Instant) -> Vec<FirstDoses> {
    let mut offered = Vec::new();
    for entry in index.sessions() {
        let session = entry.definition();
        let published = matches!(session.phase, SessionPhase::Published { .. });
        let vaccine = vaccines.iter().find(|vaccine| vaccine.id == session.vaccine);
        let Some(vaccine) = vaccine.filter(|_| published && session.doses.contains(&DoseNo::FIRST)) else { continue };
        let booked = entry.booked();
        let taken = |slot: usize| booked.0[slot].total() + entry.held(slot).total();
        let ahead = session.slots.iter().enumerate().filter(|(_, slot)| now < session.date.at(slot.start));
        let free: u32 = ahead.map(|(no, slot)| slot.capacity.saturating_sub(taken(no))).sum();
        let stock = session.doses_total.map_or(u32::MAX, |total| {
            let taken_in_all: u32 = (0..session.slots.len()).map(taken).sum();
            total.saturating_sub(taken_in_all)
        });
        let places = u64::from(free.min(stock));
        offered.push(FirstDoses { date: session.date, age_years_min: vaccine.age_years_min, places });
    }
    offered
}
