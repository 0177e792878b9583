//! Hold, book, move, cancel: the gate, the rules about the person, then the actors.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::oneshot;

use super::{EngineHandle, wait_for};
use crate::actors::{Grant, GrantLeg, Purpose, SessionMessage, Takes, Ticket};
use crate::core::campaign::Setup;
use crate::core::decide::{Applicant, Cancellation, Offer, may_book, may_cancel, may_change};
use crate::core::event::{By, Entry, Event};
use crate::core::ids::{BookingNumber, Channel, HoldId, RequestKey, ResidentNo, SessionId, SlotNo};
use crate::core::leg::{Leg, Legs};
use crate::core::places::PlaceWanted;
use crate::core::refusal::{Refusal, RefusalCode};
use crate::core::resident::{Booking, BookingState, Granted, KeyRecord, Request, ResidentRecord};
use crate::core::session::Session;
use crate::core::time::Instant;
use crate::gate::GatePass;
use crate::ledger::ResidentEntry;
use crate::planted::{Bug, Spot, free_early, planted, startle};
use crate::view::{BookingView, Done, HoldView};

/// How long a grant may wait to be decided, in its clerk's queue or for undecided takes, in milliseconds.
const UNDECIDED_WAIT_MS: i64 = 5_000;

/// The sessions that a request names, in the order of its legs; none for one that does not exist.
type Named = Vec<Option<Arc<Session>>>;

/// What the rules about the person say to a request with a key.
enum Decided {
    /// The key has booked before.
    Repeated(Vec<Granted>),
    /// The place may be asked for; this is the booking that it replaces, if any.
    Go(Option<Booking>),
}

impl EngineHandle {
    /// Books one dose, or two consecutive ones as one atomic pair, durably. A repeated key gives the first answer. The booking
    /// goes on if this future is dropped.
    pub async fn book(
        &self,
        resident: ResidentNo,
        legs: Legs,
        key: RequestKey,
        by: By,
        channel: Channel,
    ) -> Result<Done, Refusal> {
        let answer = self.try_book(resident, legs, key, by, channel).await;
        self.count_refusal(answer)
    }

    async fn try_book(
        &self,
        resident: ResidentNo,
        legs: Legs,
        key: RequestKey,
        by: By,
        channel: Channel,
    ) -> Result<Done, Refusal> {
        let pass = self.pass(resident).await?;
        let now = self.now();
        let named = self.named(&legs);
        let request = Request::Book(legs.clone());
        let decided = self.person(resident, |entry, setup| {
            if let Some(first) = remembered(&entry.record, &key, &request, now)? {
                return Ok(Decided::Repeated(first));
            }
            check(entry, setup, &legs, &named, None, channel, now)?;
            few_changes(&entry.record, now)?;
            Ok(Decided::Go(None))
        })?;
        if let Decided::Repeated(first) = decided {
            return self.first_answer(&first);
        }
        self.refuse_plainly_full(resident, &legs, channel, now)?;
        self.may_come_in(resident, &legs, channel, now)?;
        let bookings = legs.iter().zip(named.iter().flatten()).map(|(leg, session)| Booking {
            number: BookingNumber::PENDING,
            session: leg.session,
            slot: leg.slot,
            dose: leg.dose,
            date: session.date,
            vaccine: session.vaccine,
            channel,
            state: BookingState::Booked,
        });
        let legs_booked = if planted(Bug::LostLeg) { 1 } else { legs.len() };
        let events = bookings.take(legs_booked).map(|booking| Event::Booked { resident, booking }).collect();
        let entry = Entry { at: now, by, key: Some(key), events };
        let granted = self.grant(resident, &legs, false, Purpose::Entry(entry), pass, channel).await?;
        Ok(Done { bookings: self.bookings_of(granted.as_ref()), repeated: false })
    }

    /// Moves a booking to another place, durably and as a whole: the old place is kept until the new one is won. The number
    /// stays.
    #[allow(clippy::too_many_arguments, reason = "each is one word of the contract's request")]
    pub async fn move_booking(
        &self,
        resident: ResidentNo,
        number: BookingNumber,
        session: SessionId,
        slot: SlotNo,
        key: RequestKey,
        by: By,
        channel: Channel,
    ) -> Result<Done, Refusal> {
        let answer = self.try_move((resident, number), (session, slot), key, by, channel).await;
        self.count_refusal(answer)
    }

    async fn try_move(
        &self,
        (resident, number): (ResidentNo, BookingNumber),
        (session, slot): (SessionId, SlotNo),
        key: RequestKey,
        by: By,
        channel: Channel,
    ) -> Result<Done, Refusal> {
        let pass = self.pass(resident).await?;
        let now = self.now();
        let request = Request::Move { number, session, slot };
        let target = self.named_session(session);
        let decided = self.person(resident, |entry, setup| {
            if let Some(first) = remembered(&entry.record, &key, &request, now)? {
                return Ok(Decided::Repeated(first));
            }
            let from = may_change(&entry.record, number, &self.0.shared.rules, now)?;
            let leg = Leg { session, slot, dose: from.dose };
            check(entry, setup, &[leg], std::slice::from_ref(&target), Some(number), channel, now)?;
            few_changes(&entry.record, now)?;
            Ok(Decided::Go(Some(from)))
        })?;
        let from = match decided {
            Decided::Repeated(first) => return self.first_answer(&first),
            Decided::Go(from) => from.ok_or(RefusalCode::NoSuchBooking)?,
        };
        let target = target.ok_or(RefusalCode::NoSuchSlot)?;
        let to = Booking { session, slot, date: target.date, vaccine: target.vaccine, channel, ..from };
        let stays = from.leg() == to.leg();
        // A booking that stays where it is needs no other place, and keeps the lane that took it. Its session's clerk is asked all
        // the same: the entry must not follow the session's close.
        let to = if stays { from } else { to };
        if planted(Bug::MoveFreesFirst) {
            free_early(&self.0.shared, &[from]);
        }
        let entry = Entry { at: now, by, key: Some(key), events: vec![Event::Moved { resident, from, to }] };
        if stays && planted(Bug::StayUnasked) {
            let granted = self.append_with_pass(entry, pass, channel).await?;
            return Ok(Done { bookings: self.bookings_of(granted.as_ref()), repeated: false });
        }
        if !stays {
            self.refuse_plainly_full(resident, &[to.leg()], channel, now)?;
        }
        let granted = self.grant(resident, &Legs::one(to.leg()), stays, Purpose::Entry(entry), pass, channel).await?;
        Ok(Done { bookings: self.bookings_of(granted.as_ref()), repeated: false })
    }

    /// Cancels a booking, durably, and the live bookings of later doses with it. Cancelling again gives the same answer.
    pub async fn cancel(
        &self,
        resident: ResidentNo,
        number: BookingNumber,
        by: By,
        channel: Channel,
    ) -> Result<Vec<BookingView>, Refusal> {
        let pass = self.pass(resident).await?;
        let now = self.now();
        let decided = self.person(resident, |entry, _| may_cancel(&entry.record, number, &self.0.shared.rules, now))?;
        let ends = match decided {
            Cancellation::Already(bookings) => return Ok(self.views(bookings)),
            Cancellation::Ends(ends) => ends,
        };
        if planted(Bug::FreeBeforeDurable) {
            free_early(&self.0.shared, &ends);
        }
        let state = BookingState::Cancelled;
        let events = ends.iter().map(|&booking| Event::Cancelled { resident, booking, state }).collect();
        self.append_with_pass(Entry { at: now, by, key: None, events }, pass, channel).await?;
        Ok(self.views(ends.into_iter().map(|booking| Booking { state, ..booking })))
    }

    /// Keeps one place, or a pair, for minutes, in exchange for the hold before. `changes` is the booking that it is to replace.
    pub async fn hold(
        &self,
        resident: ResidentNo,
        legs: Legs,
        changes: Option<BookingNumber>,
        channel: Channel,
    ) -> Result<HoldView, Refusal> {
        let answer = self.try_hold(resident, legs, changes, channel).await;
        self.count_refusal(answer)
    }

    async fn try_hold(
        &self,
        resident: ResidentNo,
        legs: Legs,
        changes: Option<BookingNumber>,
        channel: Channel,
    ) -> Result<HoldView, Refusal> {
        let pass = self.pass(resident).await?;
        let now = self.now();
        self.sweep_holds(now);
        let named = self.named(&legs);
        let rules = &self.0.shared.rules;
        self.person(resident, |entry, setup| {
            if let Some(number) = changes {
                may_change(&entry.record, number, rules, now)?;
            }
            check(entry, setup, &legs, &named, changes, channel, now)
        })?;
        self.refuse_plainly_full(resident, &legs, channel, now)?;
        if changes.is_none() {
            self.may_come_in(resident, &legs, channel, now)?;
        }
        let replaces = self.0.gate.hold(resident, now);
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|_| RefusalCode::Busy)?;
        let first_held_at = replaces.as_ref().map_or(now, |old| old.first_held_at);
        let hold = HoldView {
            id: HoldId(u64::from_le_bytes(random)),
            legs: legs.to_vec(),
            changes,
            first_held_at,
            expires_at: rules.hold_expiry(first_held_at, now),
        };
        let purpose = Purpose::Hold { hold: hold.clone(), replaces };
        self.grant(resident, &legs, false, purpose, pass, channel).await?;
        Ok(hold)
    }

    /// The resident's hold, if they have one.
    #[must_use]
    pub fn current_hold(&self, resident: ResidentNo) -> Option<HoldView> {
        self.0.gate.hold(resident, self.now())
    }

    /// Ends one's hold.
    pub async fn release(&self, resident: ResidentNo, hold: HoldId) -> Result<(), Refusal> {
        let pass = self.pass(resident).await?;
        let own = self.0.gate.hold(resident, self.now()).filter(|own| own.id == hold);
        let own = own.ok_or(RefusalCode::NoSuchHold)?;
        pass.set_hold(None);
        for leg in &own.legs {
            self.0.shared.registry.tell(leg.session, SessionMessage::Release(own.id));
        }
        Ok(())
    }

    pub(super) async fn pass(&self, resident: ResidentNo) -> Result<GatePass, Refusal> {
        // While the ledger is suspended, whoever is inside stays there until it goes on: waiting for them ends in a late "busy".
        if self.0.shared.figures.suspended.load(Ordering::Acquire) && self.0.gate.is_taken(resident) {
            return Err(RefusalCode::Busy.into());
        }
        self.0.gate.pass(resident).await.map_err(|_| RefusalCode::Busy.into())
    }

    /// Runs the rules about a person on their durable state.
    pub(super) fn person<R>(
        &self,
        resident: ResidentNo,
        rules: impl FnOnce(&ResidentEntry, &Setup) -> Result<R, Refusal>,
    ) -> Result<R, Refusal> {
        startle(Spot::Gate);
        let setup = self.index().setup();
        let decided = self.index().resident(resident, |entry| (!entry.record.erased).then(|| rules(entry, &setup)));
        // Whoever was erased is as unknown as somebody who was never on file.
        decided.flatten().unwrap_or_else(|| Err(RefusalCode::NotEligible.into()))
    }

    fn named(&self, legs: &[Leg]) -> Named {
        legs.iter().map(|leg| self.named_session(leg.session)).collect()
    }

    fn named_session(&self, id: SessionId) -> Option<Arc<Session>> {
        self.index().session(id).map(|entry| entry.definition())
    }

    /// Sends a request for places on its way and waits for the answer. With `stays` the place is the person's already.
    async fn grant(
        &self,
        resident: ResidentNo,
        legs: &Legs,
        stays: bool,
        purpose: Purpose,
        pass: GatePass,
        channel: Channel,
    ) -> Result<Option<Entry>, Refusal> {
        let permit = if stays { self.permit(channel)? } else { self.place_permit(channel)? };
        let now = self.now();
        let hold = self.0.gate.hold(resident, now).map(|hold| hold.id);
        let mut grant_legs: Vec<GrantLeg> = legs
            .iter()
            .enumerate()
            .map(|(index, leg)| {
                let wanted = PlaceWanted { slot: leg.slot, dose: leg.dose, channel, hold };
                GrantLeg { session: leg.session, index: index as u8, wanted, stays }
            })
            .collect();
        grant_legs.sort_unstable_by_key(|leg| leg.session);
        let (reply, outcome) = oneshot::channel();
        let first = grant_legs[0].session;
        let grant = Grant {
            legs: grant_legs,
            takes: Takes::none(Arc::clone(&self.0.shared)),
            purpose,
            reply,
            pass,
            permit,
            deadline: now.plus_ms(UNDECIDED_WAIT_MS),
        };
        if self.0.shared.registry.decide(first, Box::new(grant)).is_err() {
            return Err(RefusalCode::Unavailable.into());
        }
        wait_for(outcome).await
    }

    /// Appends an entry that needs no place, with the gate pass of its resident.
    pub(super) async fn append_with_pass(
        &self,
        entry: Entry,
        pass: GatePass,
        channel: Channel,
    ) -> Result<Option<Entry>, Refusal> {
        let permit = self.permit(channel)?;
        let (reply, outcome) = oneshot::channel();
        let ticket = Ticket { reply: Some(reply), pass: Some(pass), permit: Some(permit), ..Ticket::default() };
        self.submit(entry, None, ticket)?;
        wait_for(outcome).await
    }

    pub(super) fn first_answer(&self, first: &[Granted]) -> Result<Done, Refusal> {
        let bookings: Option<Vec<BookingView>> = first.iter().map(|granted| self.granted_view(granted)).collect();
        let bookings = bookings.ok_or(RefusalCode::Unavailable)?;
        Ok(Done { bookings, repeated: true })
    }

    fn bookings_of(&self, entry: Option<&Entry>) -> Vec<BookingView> {
        let events = entry.map(|entry| entry.events.as_slice()).unwrap_or_default();
        self.views(events.iter().filter_map(|event| match event {
            Event::Booked { booking, .. } => Some(*booking),
            Event::Moved { to, .. } => Some(*to),
            _ => None,
        }))
    }

    fn sweep_holds(&self, now: Instant) {
        const SWEEP_EVERY_MS: i64 = 10_000;
        if let Ok(mut last) = self.0.last_sweep.try_lock()
            && now.ms_since(*last) >= SWEEP_EVERY_MS
        {
            *last = now;
            self.0.gate.sweep(now);
        }
    }
}

/// The first answer of a key that has booked; a refusal if it stands for something else.
pub(super) fn remembered(
    record: &ResidentRecord,
    key: &RequestKey,
    request: &Request,
    now: Instant,
) -> Result<Option<Vec<Granted>>, Refusal> {
    match record.key(key, now) {
        None => Ok(None),
        Some(first) if first.is_for(request) => Ok(Some(first.answer.clone())),
        Some(KeyRecord { .. }) => Err(RefusalCode::KeyReused.into()),
    }
}

fn few_changes(record: &ResidentRecord, now: Instant) -> Result<(), Refusal> {
    if record.keys_kept(now) < ResidentRecord::KEYS_MAX { Ok(()) } else { Err(RefusalCode::TooManyChanges.into()) }
}

fn check(
    entry: &ResidentEntry,
    setup: &Setup,
    legs: &[Leg],
    named: &[Option<Arc<Session>>],
    moving: Option<BookingNumber>,
    channel: Channel,
    now: Instant,
) -> Result<(), Refusal> {
    let offers: Vec<(Leg, Option<Offer<'_>>)> = legs
        .iter()
        .zip(named)
        .map(|(leg, session)| {
            let offer = session.as_deref().and_then(|session| {
                let vaccine = setup.vaccine(session.vaccine)?;
                Some(Offer { session, vaccine })
            });
            (*leg, offer)
        })
        .collect();
    may_book(Applicant { person: &entry.person, record: &entry.record, channel }, &offers, moving, &setup.waves, now)
}
