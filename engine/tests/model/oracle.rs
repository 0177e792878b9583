//! The small independent model: the contract's sentences on plain maps. It shares no decision with the engine: every rule here
//! is written a second time, slowly, and everything is counted anew for each question.

use sesshu_engine::core::refusal::RefusalCode;
use sesshu_engine::core::resident::BookingState;

use crate::state::{Asked, Booking, DAY, HOUR, Hold, LIVE, MINUTE, Model, No, Phase, Place, Seen, ZONE};

impl Model {
    fn holds(&self) -> impl Iterator<Item = (usize, &Hold, &Place)> {
        (0..self.people.len()).flat_map(|who| {
            let hold = self.holds_now(who);
            hold.into_iter().flat_map(move |hold| hold.places.iter().map(move |place| (who, hold, place)))
        })
    }

    /// Booked by web and by phone.
    fn booked(&self, session: u32, slot: u16) -> (u32, u32) {
        let mut count = (0, 0);
        for booking in self.people.iter().flat_map(|person| &person.bookings) {
            let here = (booking.place.0, booking.place.1) == (session, slot);
            if here && (LIVE.contains(&booking.state) || booking.state == BookingState::NoShow) {
                if booking.phone { count.1 += 1 } else { count.0 += 1 }
            }
        }
        count
    }

    /// Booked and held by web and by phone.
    fn taken(&self, session: u32, slot: u16) -> (u32, u32) {
        let mut count = self.booked(session, slot);
        for (_, hold, place) in self.holds() {
            if (place.0, place.1) == (session, slot) {
                if hold.phone { count.1 += 1 } else { count.0 += 1 }
            }
        }
        count
    }

    pub(crate) fn taken_in_all(&self, session: u32, slot: u16) -> u32 {
        let (web, phone) = self.taken(session, slot);
        web + phone
    }

    /// `web_free = max(0, capacity − taken − max(0, share − taken by phone))`, `phone_free = capacity − taken`; the share lapses
    /// 48 hours before the session.
    fn free(&self, session: u32, slot: u16, phone: bool, taken: (u32, u32)) -> i64 {
        let it = &self.sessions[&session];
        let (capacity, share) = it.slots[usize::from(slot)];
        let lapsed = self.now >= it.slot_starts(0) - 48 * HOUR;
        let kept = if phone || lapsed { 0 } else { (i64::from(share) - i64::from(taken.1)).max(0) };
        (i64::from(capacity) - i64::from(taken.0 + taken.1) - kept).max(0)
    }

    pub(crate) fn web_free(&self, session: u32, slot: u16) -> i64 {
        self.free(session, slot, false, self.taken(session, slot))
    }

    /// The state that lists show, and the free places.
    pub(crate) fn listed(&self, session: u32, slot: u16) -> (&'static str, i64) {
        let it = &self.sessions[&session];
        let free = self.web_free(session, slot);
        match it.phase {
            Phase::Cancelled => ("cancelled", 0),
            Phase::Closed => ("closed", 0),
            Phase::Published if self.now >= it.slot_starts(slot) => ("closed", 0),
            Phase::Published if self.now < it.opens_at => ("before_open", free),
            Phase::Published if free == 0 => ("full", 0),
            Phase::Published => ("open", free),
        }
    }

    /// A person reaches an age on the day before the birthday: born on the 2nd is as good as born on the 1st.
    fn age_on(born: (i32, u32, u32), date: i64) -> i32 {
        let (year, month, day) = sesshu_engine::core::time::Day(date as i32 + 1).ymd();
        year - born.0 - i32::from((month, day) < (born.1, born.2))
    }

    /// The date and vaccine of a dose: wished for, booked, or given elsewhere.
    fn dose_of(&self, who: usize, dose: u8, wished: &[Place]) -> Option<(i64, usize)> {
        let when = |session: &u32| self.sessions.get(session).map(|it| (it.date, it.vaccine));
        if let Some((session, ..)) = wished.iter().find(|place| place.2 == dose) {
            return when(session);
        }
        let person = &self.people[who];
        let booked = person.live(dose).and_then(|booking| when(&booking.place.0));
        booked.or_else(|| person.elsewhere.get(&dose).copied())
    }

    fn fits(&self, vaccine: usize, days: i64) -> bool {
        let vaccine = &self.vaccines[vaccine];
        days >= vaccine.days_min && vaccine.days_max.is_none_or(|max| days <= max)
    }

    /// The contract's order: slot, opening, closing, eligibility, booked already, interval.
    fn personal(
        &self,
        who: usize,
        place: Place,
        wished: &[Place],
        moving: Option<u64>,
    ) -> Result<(), (RefusalCode, bool)> {
        let (session, slot, dose) = place;
        let it = self.sessions.get(&session).ok_or((RefusalCode::NoSuchSlot, false))?;
        if usize::from(slot) >= it.slots.len() || !it.doses.contains(&dose) {
            return Err((RefusalCode::NoSuchSlot, false));
        }
        if it.phase != Phase::Published || self.now >= it.slot_starts(slot) {
            return Err((RefusalCode::Closed, false));
        }
        if self.now < it.opens_at {
            return Err((RefusalCode::NotOpen, true));
        }
        let person = &self.people[who];
        let vaccine = &self.vaccines[it.vaccine];
        let before = if dose > 1 { self.dose_of(who, dose - 1, wished) } else { None };
        let after = self.dose_of(who, dose + 1, wished);
        let other_vaccine = [before, after].iter().flatten().any(|(_, other)| *other != it.vaccine);
        let too_young = Self::age_on(person.born, it.date) < vaccine.age_min;
        if person.left_roll || dose > vaccine.doses || too_young {
            return Err((RefusalCode::NotEligible, false));
        }
        if !self.waves.is_empty() {
            let mine = self.waves.iter().filter(|(group, _)| *group == person.group).map(|(_, opens_at)| *opens_at);
            match mine.min() {
                None => return Err((RefusalCode::NotEligible, false)),
                Some(opens_at) if self.now < opens_at => return Err((RefusalCode::NotEligible, true)),
                Some(_) => {}
            }
        }
        if dose > 1 && before.is_none() || other_vaccine {
            return Err((RefusalCode::NotEligible, false));
        }
        let booked = person.live(dose).is_some_and(|booking| Some(booking.number) != moving);
        if booked || person.elsewhere.contains_key(&dose) {
            return Err((RefusalCode::AlreadyBooked, false));
        }
        let fits_before = before.is_none_or(|(date, _)| self.fits(it.vaccine, it.date - date));
        let fits_after = after.is_none_or(|(date, _)| self.fits(it.vaccine, date - it.date));
        if fits_before && fits_after { Ok(()) } else { Err((RefusalCode::Interval, false)) }
    }

    fn all_personal(&self, who: usize, places: &[Place], moving: Option<u64>) -> Result<(), No> {
        let mut worst: Option<No> = None;
        for (index, place) in places.iter().enumerate() {
            if let Err((code, retry)) = self.personal(who, *place, places, moving) {
                let index = (places.len() > 1).then_some(index as u8);
                if worst.is_none_or(|(first, ..)| code < first) {
                    worst = Some((code, index, retry));
                }
            }
        }
        worst.map_or(Ok(()), Err)
    }

    /// Whether there is room for each place, in the order of session ids; one's own hold of the very slot is room.
    fn room(&self, who: usize, places: &[Place], phone: bool) -> Result<(), No> {
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.sort_by_key(|&index| places[index].0);
        for index in order {
            let (session, slot, _) = places[index];
            let own = self.holds().any(|(holder, _, held)| holder == who && (held.0, held.1) == (session, slot));
            if own || self.free(session, slot, phone, self.taken(session, slot)) > 0 {
                continue;
            }
            let without_holds = self.free(session, slot, phone, self.booked(session, slot)) > 0;
            return Err((RefusalCode::Full, (places.len() > 1).then_some(index as u8), without_holds));
        }
        Ok(())
    }

    fn may_change(&self, who: usize, number: u64) -> Result<Booking, No> {
        let booking = self.people[who].bookings.iter().find(|booking| booking.number == number);
        let booking = booking.ok_or((RefusalCode::NoSuchBooking, None, false))?;
        match booking.state {
            BookingState::Cancelled | BookingState::CancelledByCity => Err((RefusalCode::NoSuchBooking, None, false)),
            BookingState::Booked if self.now <= self.deadline(booking.place.0) => Ok(booking.clone()),
            _ => Err((RefusalCode::TooLate, None, false)),
        }
    }

    /// 17:00 of the day before.
    fn deadline(&self, session: u32) -> i64 {
        (self.sessions[&session].date - 1) * DAY - ZONE + 17 * HOUR
    }

    fn remembered(&self, who: usize, key: &str, asked: &Asked) -> Result<Option<Vec<Seen>>, No> {
        match self.people[who].keys.get(key).filter(|(at, ..)| self.now - at < 7 * DAY) {
            None => Ok(None),
            Some((_, first, answer)) if first == asked => Ok(Some(answer.clone())),
            Some(_) => Err((RefusalCode::KeyReused, None, false)),
        }
    }

    /// Books; the numbers are the engine's, given when it granted.
    pub(crate) fn book(
        &mut self,
        who: usize,
        places: &[Place],
        phone: bool,
        key: &str,
        numbers: &[u64],
    ) -> Result<Vec<Seen>, No> {
        let asked = Asked::Book(places.to_vec());
        if let Some(first) = self.remembered(who, key, &asked)? {
            return Ok(first);
        }
        self.all_personal(who, places, None)?;
        self.room(who, places, phone)?;
        let now = self.now;
        let person = &mut self.people[who];
        let mut answer = Vec::new();
        for (index, &place) in places.iter().enumerate() {
            let number = numbers.get(index).copied().unwrap_or_default();
            person.bookings.push(Booking { number, place, phone, state: BookingState::Booked });
            answer.push((number, place, BookingState::Booked));
        }
        person.hold = None;
        person.keys.insert(key.to_owned(), (now, asked, answer.clone()));
        Ok(answer)
    }

    pub(crate) fn move_to(
        &mut self,
        who: usize,
        number: u64,
        to: (u32, u16),
        phone: bool,
        key: &str,
    ) -> Result<Vec<Seen>, No> {
        let asked = Asked::Move(number, to.0, to.1);
        if let Some(first) = self.remembered(who, key, &asked)? {
            return Ok(first);
        }
        let from = self.may_change(who, number)?;
        let place = (to.0, to.1, from.place.2);
        self.all_personal(who, &[place], Some(number))?;
        let now = self.now;
        if place != from.place {
            self.room(who, &[place], phone)?;
            let person = &mut self.people[who];
            person.hold = None;
            let booking = person.bookings.iter_mut().find(|booking| booking.number == number).expect("found before");
            (booking.place, booking.phone) = (place, phone);
        }
        let answer = vec![(number, place, BookingState::Booked)];
        self.people[who].keys.insert(key.to_owned(), (now, asked, answer.clone()));
        Ok(answer)
    }

    /// Cancels a booking and the later doses with it; again it answers the same.
    pub(crate) fn cancel(&mut self, who: usize, number: u64) -> Result<Vec<Seen>, No> {
        if let Some(first) = self.people[who].cancelled.get(&number) {
            return Ok(first.clone());
        }
        let booking = self.people[who].bookings.iter().find(|booking| booking.number == number).cloned();
        if let Some(ended) =
            booking.filter(|b| matches!(b.state, BookingState::Cancelled | BookingState::CancelledByCity))
        {
            return Ok(vec![(number, ended.place, ended.state)]);
        }
        let first = self.may_change(who, number)?;
        let mut answer = Vec::new();
        for booking in &mut self.people[who].bookings {
            let later = booking.place.2 > first.place.2 && booking.state == BookingState::Booked;
            if booking.number == number || later {
                booking.state = BookingState::Cancelled;
                answer.push((booking.number, booking.place, booking.state));
            }
        }
        answer.sort_by_key(|(_, place, _)| place.2);
        for (ended, ..) in &answer {
            self.people[who].cancelled.insert(*ended, answer.clone());
        }
        Ok(answer)
    }

    pub(crate) fn hold(&mut self, who: usize, places: &[Place], changes: Option<u64>, phone: bool) -> Result<i64, No> {
        if let Some(number) = changes {
            self.may_change(who, number)?;
        }
        self.all_personal(who, places, changes)?;
        self.room(who, places, phone)?;
        let old = self.people[who].hold.as_ref().filter(|hold| hold.ends_at > self.now);
        let first_at = old.map_or(self.now, |old| old.first_at);
        let ends_at = (self.now + 5 * MINUTE).min(first_at + 10 * MINUTE);
        self.people[who].hold = Some(Hold { places: places.to_vec(), phone, first_at, ends_at });
        Ok(ends_at)
    }

    pub(crate) fn holds_now(&self, who: usize) -> Option<&Hold> {
        self.people[who].hold.as_ref().filter(|hold| hold.ends_at > self.now)
    }

    pub(crate) fn release(&mut self, who: usize) -> Result<(), No> {
        let held = self.holds_now(who).is_some();
        self.people[who].hold = None;
        if held { Ok(()) } else { Err((RefusalCode::NoSuchHold, None, false)) }
    }

    /// Never below what is booked and held.
    pub(crate) fn change_capacity(&mut self, session: u32, slot: u16, capacity: u32) -> Result<(), u32> {
        let taken = self.taken_in_all(session, slot);
        if capacity < taken {
            return Err(taken);
        }
        self.sessions.get_mut(&session).expect("a session").slots[usize::from(slot)].0 = capacity;
        Ok(())
    }

    /// Each of its bookings becomes cancelled by the city; nothing else of anybody changes.
    pub(crate) fn cancel_session(&mut self, session: u32) -> usize {
        self.sessions.get_mut(&session).expect("a session").phase = Phase::Cancelled;
        let all = self.people.iter_mut().flat_map(|person| &mut person.bookings);
        let here = all.filter(|booking| booking.place.0 == session && booking.state == BookingState::Booked);
        here.map(|booking| booking.state = BookingState::CancelledByCity).count()
    }

    /// Whether recording a dose at `date` leaves every booking of this person within its interval.
    pub(crate) fn would_fit(&self, who: usize, dose: u8, date: i64, vaccine: usize) -> bool {
        let near = [dose.checked_sub(1), dose.checked_add(1)].into_iter().flatten();
        near.filter_map(|other| self.dose_of(who, other, &[]).map(|(at, _)| (other, at)))
            .all(|(other, at)| self.fits(vaccine, if other < dose { date - at } else { at - date }))
    }
}
