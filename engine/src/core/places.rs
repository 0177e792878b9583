//! The live occupancy of one session: which places are booked, being decided, or held. Capacity is decided here.
//!
//! A *take* counts at once, before it is durable; a *free* counts only when it is durable. So at every instant
//! booked + undecided + held ≤ capacity, whatever the ledger says in the end.

use std::collections::{BTreeSet, HashMap};

use super::count::Count;
use super::event::PlaceChange;
use super::free::free_in_slot;
use super::ids::{Channel, DoseNo, HoldId, SlotNo};
use super::limit::{Limit, LimitTooSmall};
use super::refusal::{Refusal, RefusalCode};
use super::resident::Contradiction;
use super::session::Session;
use super::setup::Rules;
use super::time::Instant;
use crate::planted::{Bug, planted};

/// The durable bookings of a session, slot by slot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Booked(pub Vec<Count>);

impl Booked {
    /// No bookings in `slots` slots.
    #[must_use]
    pub fn none(slots: usize) -> Self {
        Self(vec![Count::default(); slots])
    }

    /// Applies a change that is durable.
    pub fn apply(&mut self, change: &PlaceChange) -> Result<(), Contradiction> {
        let slot = self.0.get_mut(usize::from(change.slot.0)).ok_or(Contradiction::NoSuchSlot)?;
        slot.change(change.phone, change.taken)
    }

    /// All bookings of the session.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.0.iter().map(|count| count.total()).sum()
    }
}

/// A place kept while a person confirms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldPlace {
    /// In which slot.
    pub slot: SlotNo,
    /// By which lane.
    pub phone: bool,
    /// Until when.
    pub expires_at: Instant,
}

/// An undecided take. It travels with the entry and is settled, or given back, exactly once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Take {
    slot: SlotNo,
    phone: bool,
    /// The hold that it used; giving the take back restores it.
    hold: Option<(HoldId, HeldPlace)>,
}

/// What is asked of a session's places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceWanted {
    /// In which slot.
    pub slot: SlotNo,
    /// For which dose.
    pub dose: DoseNo,
    /// By which way.
    pub channel: Channel,
    /// The person's hold, if they have one.
    pub hold: Option<HoldId>,
}

/// How a wish for a place is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceDecision {
    /// There is a place.
    Granted,
    /// No place is left, but some are only being decided: ask again when they are.
    Undecided,
    /// No.
    Refused(Refusal),
}

#[derive(Debug, Clone, Copy, Default)]
struct SlotPlaces {
    undecided: Count,
    held: Count,
    /// A smaller capacity that is on its way to the disk counts at once.
    capacity_undecided: Option<u32>,
}

/// The occupancy of one session.
#[derive(Debug)]
pub struct Places {
    booked: Booked,
    slots: Vec<SlotPlaces>,
    holds: HashMap<HoldId, HeldPlace>,
    expiries: BTreeSet<(Instant, HoldId)>,
    /// A smaller stock of vaccine that is on its way to the disk counts at once.
    stock_undecided: Option<u32>,
    closing: bool,
    holds_changed: bool,
}

impl Places {
    /// The occupancy of a session with the durable bookings `booked`, and nobody else.
    #[must_use]
    pub fn new(booked: Booked) -> Self {
        let slots = vec![SlotPlaces::default(); booked.0.len()];
        Self {
            booked,
            slots,
            holds: HashMap::new(),
            expiries: BTreeSet::new(),
            stock_undecided: None,
            closing: false,
            holds_changed: true,
        }
    }

    /// Decides whether a booking may stay where it is: whoever has the place needs no other, but the session must be open.
    #[must_use]
    pub fn decide_stay(&self, session: &Session, wanted: &PlaceWanted, now: Instant) -> PlaceDecision {
        match session.takes_bookings(wanted.slot, wanted.dose, wanted.channel, now) {
            Err(code) => PlaceDecision::Refused(code.into()),
            // The close is on its way to the disk; until it is there, "closed" would rest on nothing.
            Ok(()) if self.closing => PlaceDecision::Undecided,
            Ok(()) => PlaceDecision::Granted,
        }
    }

    /// Decides whether there is a place, without taking it.
    #[must_use]
    pub fn decide(&self, session: &Session, rules: &Rules, wanted: &PlaceWanted, now: Instant) -> PlaceDecision {
        let open = self.decide_stay(session, wanted, now);
        if open != PlaceDecision::Granted {
            return open;
        }
        if self.own_hold(wanted, now).is_some() {
            return PlaceDecision::Granted;
        }
        let phone = wanted.channel.uses_phone_share();
        let free = |undecided, held| self.free(session, rules, wanted.slot, phone, now, undecided, held);
        if free(true, true) > 0 {
            PlaceDecision::Granted
        } else if free(false, true) > 0 && !planted(Bug::FullFromUndecided) {
            PlaceDecision::Undecided
        } else {
            let only_holds = free(false, false) > 0;
            let retry_at =
                if only_holds && !planted(Bug::HoldsToldAsBookings) { self.first_expiry(wanted.slot) } else { None };
            PlaceDecision::Refused(Refusal { code: RefusalCode::Full, retry_at, index: None })
        }
    }

    /// The place that the person already holds in the wanted slot.
    fn own_hold(&self, wanted: &PlaceWanted, now: Instant) -> Option<(HoldId, HeldPlace)> {
        let id = wanted.hold?;
        let held = *self.holds.get(&id)?;
        (held.slot == wanted.slot && held.expires_at > now).then_some((id, held))
    }

    fn first_expiry(&self, slot: SlotNo) -> Option<Instant> {
        // A hold anywhere in the session can stand in the way when the session's vaccine is short.
        let of_slot = self.expiries.iter().find(|(_, id)| self.holds[id].slot == slot);
        of_slot.or_else(|| self.expiries.first()).map(|(at, _)| *at)
    }

    /// How many places somebody of this lane could take in `slot`: `capacity − taken` by phone; on the web less what remains of
    /// the phone's share: `max(0, share − taken by phone)`, until it lapses. Never more than the session's vaccine allows.
    #[allow(clippy::too_many_arguments, reason = "the two switches answer what a refusal rests on")]
    fn free(
        &self,
        session: &Session,
        rules: &Rules,
        no: SlotNo,
        phone: bool,
        now: Instant,
        count_undecided: bool,
        count_held: bool,
    ) -> u32 {
        let taken_in = |index: usize| {
            let (booked, places) = (self.booked.0[index], &self.slots[index]);
            let mut taken = booked;
            if count_undecided {
                taken.web += places.undecided.web;
                taken.phone += places.undecided.phone;
            }
            if count_held && !planted(Bug::HoldsUncounted) {
                taken.web += places.held.web;
                taken.phone += places.held.phone;
            }
            taken
        };
        let index = usize::from(no.0);
        let slot = &session.slots[index];
        let undecided =
            self.slots[index].capacity_undecided.filter(|_| count_undecided && !planted(Bug::CapacityTooLate));
        let capacity = undecided.map_or(slot.capacity, |less| less.min(slot.capacity));
        let free = free_in_slot(session, rules, no, phone, now, capacity, taken_in(index));
        let stock_undecided = self.stock_undecided.filter(|_| count_undecided);
        // Whichever of the two is smaller.
        let stock = session.doses_total.into_iter().chain(stock_undecided).min();
        stock.map_or(free, |total| {
            let taken_in_all: u32 = (0..self.slots.len()).map(|index| taken_in(index).total()).sum();
            free.min(total.saturating_sub(taken_in_all))
        })
    }

    /// Takes the place that [`Places::decide`] granted.
    ///
    /// # Panics
    /// If the slot does not exist.
    pub fn take(&mut self, wanted: &PlaceWanted, now: Instant) -> Take {
        let hold = self.own_hold(wanted, now);
        if let Some((id, _)) = hold {
            self.release(id);
        }
        // A held place counts for the lane that confirms it.
        let phone = wanted.channel.uses_phone_share();
        self.slots[usize::from(wanted.slot.0)].undecided.count(phone, true);
        Take { slot: wanted.slot, phone, hold }
    }

    /// The take will not be: its place is free again, or held again if it was a hold that has not ended.
    pub fn give_back(&mut self, take: Take, now: Instant) {
        self.slots[usize::from(take.slot.0)].undecided.count(take.phone, false);
        if let Some((id, held)) = take.hold
            && held.expires_at > now
        {
            self.insert_hold(id, held);
        }
    }

    /// The take is durable; the change that it stands for follows by [`Places::apply`].
    pub fn settle(&mut self, take: Take) {
        self.slots[usize::from(take.slot.0)].undecided.count(take.phone, false);
    }

    /// Applies a change that is durable.
    ///
    /// # Panics
    /// If it contradicts what was applied before: a bug.
    pub fn apply(&mut self, change: &PlaceChange) {
        self.booked.apply(change).expect("the ledger's changes do not contradict one another");
    }

    /// Turns a take into a hold until `expires_at`, which ends the hold `replaces` here.
    pub fn keep(&mut self, take: Take, id: HoldId, expires_at: Instant, replaces: Option<HoldId>) {
        self.slots[usize::from(take.slot.0)].undecided.count(take.phone, false);
        if let Some(old) = replaces {
            self.release(old);
        }
        self.insert_hold(id, HeldPlace { slot: take.slot, phone: take.phone, expires_at });
    }

    fn insert_hold(&mut self, id: HoldId, held: HeldPlace) {
        self.slots[usize::from(held.slot.0)].held.count(held.phone, true);
        self.expiries.insert((held.expires_at, id));
        let replaced = self.holds.insert(id, held);
        assert!(replaced.is_none(), "a hold is made once");
        self.holds_changed = true;
    }

    /// Ends a hold, if it is still there.
    pub fn release(&mut self, id: HoldId) {
        if let Some(held) = self.holds.remove(&id) {
            self.slots[usize::from(held.slot.0)].held.count(held.phone, false);
            self.expiries.remove(&(held.expires_at, id));
            self.holds_changed = true;
        }
    }

    /// Whether holds began or ended since this was asked last.
    pub const fn holds_changed(&mut self) -> bool {
        std::mem::replace(&mut self.holds_changed, false)
    }

    /// Ends every hold whose time has come; tells how many.
    pub fn expire(&mut self, now: Instant) -> usize {
        let mut ended = 0;
        if planted(Bug::HoldNeverExpires) {
            return 0;
        }
        while let Some(&(at, id)) = self.expiries.first()
            && at <= now
        {
            self.release(id);
            ended += 1;
        }
        ended
    }

    /// Decides a new limit: never below what is booked, being decided and held. A smaller one counts at once.
    pub fn change_limit(&mut self, limit: Limit) -> Result<(), LimitTooSmall> {
        match limit {
            Limit::Slot { slot, capacity } => {
                let index = usize::from(slot.0);
                let taken = self.taken(index);
                if capacity < taken {
                    return Err(LimitTooSmall { taken });
                }
                self.slots[index].capacity_undecided = Some(capacity);
            }
            Limit::Stock { doses_total } => {
                let taken = self.taken_in_all();
                if doses_total.is_some_and(|total| total < taken) {
                    return Err(LimitTooSmall { taken });
                }
                self.stock_undecided = doses_total;
            }
        }
        Ok(())
    }

    /// The new limit is durable, or will not be.
    pub fn settle_limit(&mut self, limit: Limit) {
        match limit {
            Limit::Slot { slot, .. } => self.slots[usize::from(slot.0)].capacity_undecided = None,
            Limit::Stock { .. } => self.stock_undecided = None,
        }
    }

    /// From now on nothing is granted here: a close is on its way to the disk (or, with false, will not be, or was taken back).
    pub const fn set_closing(&mut self, closing: bool) {
        self.closing = closing;
    }

    /// Booked, being decided and held in slot `index`.
    #[must_use]
    pub fn taken(&self, index: usize) -> u32 {
        let places = &self.slots[index];
        self.booked.0[index].total() + places.undecided.total() + places.held.total()
    }

    /// The same in the whole session.
    #[must_use]
    pub fn taken_in_all(&self) -> u32 {
        (0..self.slots.len()).map(|index| self.taken(index)).sum()
    }

    /// Starts anew from the durable bookings, after takes were decided by a fault: nothing is undecided, holds live on as long
    /// as they fit.
    pub fn restart(&mut self, booked: Booked) {
        if !planted(Bug::BookingsForgotten) {
            self.booked = booked;
        }
        self.closing = false;
        self.stock_undecided = None;
        for places in &mut self.slots {
            if !planted(Bug::TakesSurviveRestart) {
                places.undecided = Count::default();
            }
            places.capacity_undecided = None;
        }
    }

    /// How many takes are being decided.
    #[must_use]
    pub fn undecided(&self) -> u32 {
        self.slots.iter().map(|places| places.undecided.total()).sum()
    }

    /// The places held in slot `index`.
    #[must_use]
    pub fn held(&self, index: usize) -> Count {
        self.slots[index].held
    }

    /// All holds, ended ones too until they are looked at.
    #[cfg(test)]
    pub(crate) fn holds(&self) -> impl Iterator<Item = (HoldId, HeldPlace)> + '_ {
        self.holds.iter().map(|(id, held)| (*id, *held))
    }

    /// The durable bookings.
    #[must_use]
    pub const fn booked(&self) -> &Booked {
        &self.booked
    }

    /// Whether every slot keeps booked + undecided + held ≤ capacity, and the session as much as there is vaccine.
    #[must_use]
    pub fn within_capacity(&self, session: &Session) -> bool {
        session.slots.iter().enumerate().all(|(index, slot)| self.taken(index) <= slot.capacity)
            && session.doses_total.is_none_or(|total| self.taken_in_all() <= total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::count::web_free;
    use crate::core::free::full_of_bookings;
    use crate::core::ids::{SessionId, VaccineId, VenueId};
    use crate::core::session::{SessionPhase, Slot};
    use crate::core::time::{ClockTime, Day};

    const DATE: Day = Day(20_000);

    fn session(capacities: &[(u32, u32)], doses_total: Option<u32>) -> Session {
        let slot = |(n, &(capacity, phone_share)): (usize, &(u32, u32))| Slot {
            start: ClockTime(540 + 30 * n as u16),
            end: ClockTime(570 + 30 * n as u16),
            capacity,
            phone_share,
        };
        Session {
            id: SessionId(1),
            venue: VenueId(1),
            date: DATE,
            vaccine: VaccineId(1),
            doses: vec![DoseNo::FIRST],
            phase: SessionPhase::Published { opens_at: Instant::default() },
            slots: capacities.iter().enumerate().map(slot).collect(),
            doses_total,
        }
    }

    fn wanted(slot: u16, phone: bool, hold: Option<HoldId>) -> PlaceWanted {
        let channel = if phone { Channel::Phone } else { Channel::Web };
        PlaceWanted { slot: SlotNo(slot), dose: DoseNo::FIRST, channel, hold }
    }

    fn booked(slot: u16, phone: bool, taken: bool) -> PlaceChange {
        PlaceChange { session: SessionId(1), slot: SlotNo(slot), phone, taken }
    }

    fn slot_of(capacity: u32) -> Limit {
        Limit::Slot { slot: SlotNo(0), capacity }
    }

    fn long_before() -> Instant {
        DATE.at(ClockTime(540)).plus_days(-9)
    }

    fn decide(places: &Places, session: &Session, wanted: PlaceWanted, now: Instant) -> PlaceDecision {
        places.decide(session, &Rules::default(), &wanted, now)
    }

    /// A person without a hold takes a place and holds it.
    fn hold(places: &mut Places, slot: u16, phone: bool, id: HoldId, expires_at: Instant) {
        let take = places.take(&wanted(slot, phone, None), long_before());
        places.keep(take, id, expires_at, None);
    }

    fn full(retry_at: Option<Instant>) -> PlaceDecision {
        PlaceDecision::Refused(Refusal { code: RefusalCode::Full, retry_at, index: None })
    }

    #[test]
    fn web_and_phone_places_follow_the_citys_formula() {
        // capacity, taken by web, taken by phone, share → free on the web
        let cases = [
            (10, 0, 0, 3, 7),
            (10, 7, 0, 3, 0),
            (10, 7, 3, 3, 0),
            (10, 5, 2, 3, 2),
            (10, 0, 5, 3, 5),
            (2, 3, 0, 0, 0),
            (2, 0, 0, 9, 0),
        ];
        for (capacity, web, phone, share, free) in cases {
            let taken = Count { web, phone };
            assert_eq!(web_free(capacity, taken, share), free, "{capacity} {taken:?} {share}");
        }
    }

    #[test]
    fn full_is_said_only_of_what_is_durable_or_held() {
        let (session, now) = (session(&[(1, 0)], None), long_before());
        let mut places = Places::new(Booked::none(1));
        let take = places.take(&wanted(0, false, None), now);
        assert_eq!(decide(&places, &session, wanted(0, false, None), now), PlaceDecision::Undecided);
        places.settle(take);
        places.apply(&booked(0, false, true));
        assert_eq!(decide(&places, &session, wanted(0, false, None), now), full(None));
        places.apply(&booked(0, false, false));
        assert_eq!(decide(&places, &session, wanted(0, false, None), now), PlaceDecision::Granted);
    }

    #[test]
    fn what_is_full_of_bookings_is_refused_by_the_clerk_in_the_same_words() {
        let now = long_before();
        // Capacity, share, stock, booked by web and by phone; whether the web, and the phone, finds it full.
        let cases = [
            (2, 0, None, 1, 0, [false, false]),
            (2, 0, None, 2, 0, [true, true]),
            (3, 1, None, 2, 0, [true, false]),
            (3, 1, None, 2, 1, [true, true]),
            (3, 0, Some(2), 2, 0, [true, true]),
            (3, 0, Some(2), 1, 0, [false, false]),
        ];
        for (capacity, share, stock, web, by_phone, expected) in cases {
            let session = session(&[(capacity, share)], stock);
            let booked = Count { web, phone: by_phone };
            let places = Places::new(Booked(vec![booked]));
            for (phone, expected) in [false, true].into_iter().zip(expected) {
                let wanted = wanted(0, phone, None);
                let plain = full_of_bookings(&session, &Rules::default(), &wanted, now, booked, || booked.total());
                assert_eq!(plain, expected, "{capacity} {share} {stock:?} {booked:?} {phone}");
                assert_eq!(decide(&places, &session, wanted, now) == full(None), expected);
            }
        }
    }

    #[test]
    fn a_take_that_is_given_back_restores_its_hold_while_it_lasts() {
        let (session, now) = (session(&[(1, 0)], None), long_before());
        let (mine, until) = (HoldId(7), now.plus_minutes(5));
        for (back_at, restored) in [(now, true), (until, false)] {
            let mut places = Places::new(Booked::none(1));
            hold(&mut places, 0, false, mine, until);
            assert_eq!(decide(&places, &session, wanted(0, false, None), now), full(Some(until)));
            assert_eq!(decide(&places, &session, wanted(0, false, Some(mine)), now), PlaceDecision::Granted);
            let take = places.take(&wanted(0, false, Some(mine)), now);
            assert_eq!((places.undecided(), places.held(0).total()), (1, 0));
            places.give_back(take, back_at);
            assert_eq!((places.undecided(), places.held(0).total()), (0, u32::from(restored)));
        }
    }

    #[test]
    fn a_hold_ends_at_its_time_and_not_before() {
        let now = long_before();
        let mut places = Places::new(Booked::none(2));
        hold(&mut places, 0, false, HoldId(1), now.plus_ms(10));
        hold(&mut places, 1, true, HoldId(2), now.plus_ms(20));
        assert_eq!(places.expire(now.plus_ms(9)), 0);
        assert_eq!(places.expire(now.plus_ms(10)), 1);
        assert_eq!(places.held(1), Count { web: 0, phone: 1 });
        assert_eq!(places.expire(now.plus_ms(99)), 1);
        assert_eq!(places.expire(now.plus_ms(99)), 0);
    }

    #[test]
    fn the_vaccine_of_the_whole_session_bounds_every_slot() {
        let (session, now) = (session(&[(5, 0), (5, 0)], Some(1)), long_before());
        let mut places = Places::new(Booked::none(2));
        hold(&mut places, 1, false, HoldId(1), now.plus_minutes(5));
        // The hold in the other slot stands in the way.
        assert_eq!(decide(&places, &session, wanted(0, true, None), now), full(Some(now.plus_minutes(5))));
        places.release(HoldId(1));
        assert_eq!(decide(&places, &session, wanted(0, true, None), now), PlaceDecision::Granted);
    }

    #[test]
    fn a_smaller_capacity_counts_at_once_and_never_below_what_is_taken() {
        let (session, now) = (session(&[(3, 0)], None), long_before());
        let mut places = Places::new(Booked::none(1));
        places.apply(&booked(0, false, true));
        hold(&mut places, 0, false, HoldId(1), now.plus_minutes(5));
        assert_eq!(places.change_limit(slot_of(1)), Err(LimitTooSmall { taken: 2 }));
        assert_eq!(decide(&places, &session, wanted(0, false, None), now), PlaceDecision::Granted);
        assert_eq!(places.change_limit(slot_of(2)), Ok(()));
        assert_ne!(decide(&places, &session, wanted(0, false, None), now), PlaceDecision::Granted);
        // A larger one counts when it is durable.
        assert_eq!(places.change_limit(slot_of(9)), Ok(()));
        assert_eq!(decide(&places, &session, wanted(0, false, None), now), PlaceDecision::Granted);
        places.settle_limit(slot_of(0));
        assert!(places.within_capacity(&session));
    }

    #[test]
    fn a_smaller_stock_counts_at_once_in_every_slot_and_never_below_what_is_taken() {
        let now = long_before();
        let with = |doses_total| session(&[(5, 0), (5, 0)], doses_total);
        let stock = |doses_total| Limit::Stock { doses_total };
        let mut places = Places::new(Booked::none(2));
        places.apply(&booked(0, false, true));
        hold(&mut places, 1, true, HoldId(1), now.plus_minutes(5));
        assert_eq!(places.change_limit(stock(Some(1))), Err(LimitTooSmall { taken: 2 }));
        assert_eq!(decide(&places, &with(None), wanted(0, false, None), now), PlaceDecision::Granted);
        assert_eq!(places.change_limit(stock(Some(2))), Ok(()));
        // It may still not be: nobody hears "full" from it before it is durable.
        assert_eq!(decide(&places, &with(None), wanted(0, false, None), now), PlaceDecision::Undecided);
        places.settle_limit(stock(Some(2)));
        assert_eq!(decide(&places, &with(Some(2)), wanted(0, false, None), now), full(Some(now.plus_minutes(5))));
        // A larger one counts when it is durable.
        assert_eq!(places.change_limit(stock(None)), Ok(()));
        assert_eq!(decide(&places, &with(Some(2)), wanted(0, false, None), now), full(Some(now.plus_minutes(5))));
        places.settle_limit(stock(None));
        assert_eq!(decide(&places, &with(None), wanted(0, false, None), now), PlaceDecision::Granted);
        assert!(places.within_capacity(&with(Some(2))) && !places.within_capacity(&with(Some(1))));
        // A fault forgets what was on its way.
        assert_eq!(places.change_limit(stock(Some(2))), Ok(()));
        places.restart(places.booked().clone());
        assert_eq!(decide(&places, &with(None), wanted(0, false, None), now), PlaceDecision::Granted);
    }

    #[test]
    fn a_smaller_capacity_that_is_settled_does_not_stand_in_the_way_of_a_larger_one() {
        let (small, large, now) = (session(&[(1, 0)], None), session(&[(4, 0)], None), long_before());
        let mut places = Places::new(Booked::none(1));
        places.apply(&booked(0, false, true));
        assert_eq!(places.change_limit(slot_of(1)), Ok(()));
        places.settle_limit(slot_of(0));
        let full = decide(&places, &small, wanted(0, false, None), now);
        assert!(matches!(full, PlaceDecision::Refused(refusal) if refusal.code == RefusalCode::Full));
        assert_eq!(decide(&places, &large, wanted(0, false, None), now), PlaceDecision::Granted);
    }

    #[test]
    fn the_total_counts_both_lanes_of_all_slots_and_a_change_of_holds_is_told_once() {
        let now = long_before();
        let mut places = Places::new(Booked::none(2));
        for (slot, phone) in [(0, false), (0, true), (1, true)] {
            places.apply(&booked(slot, phone, true));
        }
        assert_eq!(places.booked().total(), 3);
        assert!(places.holds_changed(), "lists hear of a new start");
        assert!(!places.holds_changed());
        hold(&mut places, 0, false, HoldId(1), now.plus_minutes(5));
        assert!(places.holds_changed());
        assert!(!places.holds_changed());
    }

    #[test]
    fn a_closing_session_grants_nothing_even_to_a_hold() {
        let (session, now) = (session(&[(3, 0)], None), long_before());
        let mut places = Places::new(Booked::none(1));
        hold(&mut places, 0, false, HoldId(1), now.plus_minutes(5));
        places.set_closing(true);
        assert_eq!(decide(&places, &session, wanted(0, false, Some(HoldId(1))), now), PlaceDecision::Undecided);
        // A restart from the ledger forgets what was on its way and keeps the holds.
        places.restart(Booked::none(1));
        assert_eq!(places.held(0).total(), 1);
        assert_eq!(decide(&places, &session, wanted(0, false, Some(HoldId(1))), now), PlaceDecision::Granted);
    }

    #[test]
    fn a_place_that_was_not_taken_is_not_freed() {
        let mut none = Booked::none(1);
        assert_eq!(none.apply(&booked(0, false, false)), Err(Contradiction::NotTaken));
        assert_eq!(none.apply(&booked(1, false, true)), Err(Contradiction::NoSuchSlot));
    }

    #[test]
    fn a_new_hold_takes_the_place_of_the_old_one_only_once_it_is_kept() {
        let (session, now) = (session(&[(1, 0), (1, 0)], None), long_before());
        let (old, new, until) = (HoldId(1), HoldId(2), now.plus_minutes(5));
        let mut places = Places::new(Booked::none(2));
        hold(&mut places, 0, false, old, until);
        // Refused later on: the old hold is as before.
        let take = places.take(&wanted(0, false, Some(old)), now);
        places.give_back(take, now);
        assert_eq!(decide(&places, &session, wanted(0, false, Some(old)), now), PlaceDecision::Granted);
        assert_eq!(decide(&places, &session, wanted(0, false, None), now), full(Some(until)));
        // Kept elsewhere: the old place is free.
        let take = places.take(&wanted(1, false, Some(old)), now);
        places.keep(take, new, until, Some(old));
        assert_eq!((places.held(0).total(), places.held(1).total(), places.undecided()), (0, 1, 0));
        assert_eq!(decide(&places, &session, wanted(0, false, None), now), PlaceDecision::Granted);
    }
}
