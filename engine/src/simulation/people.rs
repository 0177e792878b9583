//! What people think of next: whom the dice let do what. They see what residents and clerks of the city see, and know nothing of
//! the engine's inside.

use super::auditor::Auditor;
use super::city::{VACCINE, session_row};
use super::clients::{Ask, Call};
use super::schedule::Dice;
use super::world::World;
use crate::core::ids::{BookingNumber, Channel, DoseNo, RequestKey, ResidentNo, SessionId, SlotNo};
use crate::core::leg::{Leg, Legs};
use crate::core::resident::BookingState;
use crate::core::session::SessionPhase;
use crate::roll::DoseRow;
use crate::view::{BookingView, HoldView};

/// How many sessions a city has at most.
const SESSIONS_MAX: usize = 8;

/// What somebody is about to do.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mind {
    Book,
    BookPair,
    Move,
    Cancel,
    Hold,
    HoldAgain,
    HoldToMove,
    BookMyHold,
    Release,
    Retry,
    ReuseKey,
    Capacity,
    Close,
    Reopen,
    CancelSession,
    Draft,
    Publish,
    Dose,
    Roll,
    GiveContact,
    DeleteContact,
    Site,
}

/// How often people think of it, by and large.
pub(super) const MINDS: [(usize, Mind); 22] = [
    (300, Mind::Book),
    (180, Mind::BookPair),
    (110, Mind::Move),
    (110, Mind::Cancel),
    (180, Mind::Hold),
    (130, Mind::HoldAgain),
    (15, Mind::HoldToMove),
    (60, Mind::BookMyHold),
    (25, Mind::Release),
    (120, Mind::Retry),
    (15, Mind::ReuseKey),
    (25, Mind::Capacity),
    (14, Mind::Close),
    (12, Mind::Reopen),
    (4, Mind::CancelSession),
    (12, Mind::Draft),
    (12, Mind::Publish),
    (3, Mind::Dose),
    (3, Mind::Roll),
    (6, Mind::GiveContact),
    (5, Mind::DeleteContact),
    (2, Mind::Site),
];

/// The next request, if the one who was chosen finds anything to ask.
pub(super) fn next_call(dice: &mut Dice, minds: &[(usize, Mind)], auditor: &Auditor, world: &World) -> Option<Call> {
    let mind = dice.choose(minds);
    let resident = ResidentNo(dice.below(auditor.city.active as usize) as u32);
    let channel = if dice.chance(1, 4) { Channel::Phone } else { Channel::Web };
    let here = Chooser { auditor, world, resident };
    let fresh = || RequestKey::new(&format!("k{}", auditor.calls.len())).expect("a key");
    let ask = match mind {
        Mind::Book => Ask::Book { legs: here.one(dice)?, key: fresh() },
        Mind::BookPair => Ask::Book { legs: here.pair(dice)?, key: fresh() },
        Mind::Move => {
            let number = here.booking(dice)?;
            let stays = auditor.journal.bookings.get(&number).filter(|standing| {
                let busy = Some(standing.booking.session) == here.busy_session();
                dice.chance(if busy { 3 } else { 1 }, 6)
            });
            let to = stays.map(|standing| standing.booking.leg()).or_else(|| here.any_leg(dice))?;
            Ask::Move { number, session: to.session, slot: to.slot, key: fresh() }
        }
        Mind::Cancel => Ask::Cancel { number: here.booking(dice)? },
        Mind::HoldAgain => {
            let legs = here.one(dice)?;
            return Some(Call { resident: here.holder(dice)?.0, channel, ask: Ask::Hold { legs, changes: None } });
        }
        Mind::Hold if dice.chance(1, 4) => Ask::Hold { legs: here.pair(dice)?, changes: None },
        Mind::Hold => Ask::Hold { legs: here.one(dice)?, changes: None },
        Mind::HoldToMove => {
            let number = here.booking(dice)?;
            let dose = auditor.journal.bookings.get(&number)?.booking.dose;
            let to = here.any_leg(dice)?;
            Ask::Hold { legs: Legs::one(Leg { dose, ..to }), changes: Some(number) }
        }
        Mind::BookMyHold => return here.my_hold(dice, channel, fresh()),
        Mind::Release => Ask::Release { hold: world.engine.current_hold(resident)?.id },
        // Some give the one that they gave before.
        Mind::GiveContact => Ask::GiveContact { digit: dice.below(3) as u8 },
        Mind::DeleteContact => Ask::DeleteContact,
        Mind::Retry => return retry(dice, auditor),
        Mind::ReuseKey => {
            let before = retry(dice, auditor)?;
            let ask = Ask::Book { legs: here.one(dice)?, key: before.key()?.clone() };
            return Some(Call { ask, ..before });
        }
        _ => city_ask(mind, dice, auditor, world, resident)?,
    };
    Some(Call { resident, channel, ask })
}

/// The same request again, with the same key: after a success, a refusal, a lost reply or a crash.
fn retry(dice: &mut Dice, auditor: &Auditor) -> Option<Call> {
    let calls = &auditor.calls;
    let from = calls.len().saturating_sub(if dice.chance(1, 5) { 300 } else { 25 });
    let with_key: Vec<&Call> = calls[from..].iter().filter(|call| call.key().is_some()).collect();
    if with_key.is_empty() { None } else { Some((*dice.pick(&with_key)).clone()) }
}

fn city_ask(mind: Mind, dice: &mut Dice, auditor: &Auditor, world: &World, resident: ResidentNo) -> Option<Ask> {
    let sessions: Vec<SessionId> = auditor.journal.sessions.keys().copied().collect();
    // Whoever closes a session likes to do it while somebody books a pair there.
    let pair = auditor.calls.iter().rev().take(8).find_map(|call| match &call.ask {
        Ask::Book { legs, .. } if legs.len() > 1 => legs.iter().map(|leg| leg.session).min(),
        _ => None,
    });
    let session = pair.filter(|id| sessions.contains(id) && dice.chance(1, 2)).unwrap_or_else(|| *dice.pick(&sessions));
    let open =
        auditor.journal.sessions.values().filter(|one| matches!(one.phase, SessionPhase::Published { .. })).count();
    let today = world.engine.now().city_day();
    Some(match mind {
        Mind::Capacity => {
            let slots = auditor.journal.sessions[&session].slots.len();
            Ask::Capacity { session, slot: SlotNo(dice.below(slots) as u16), capacity: dice.within(0..=4) }
        }
        Mind::Close if open > 1 => Ask::Close(session),
        Mind::Reopen => {
            let closed = auditor.journal.sessions.values();
            let closed: Vec<SessionId> =
                closed.filter(|one| matches!(one.phase, SessionPhase::Closed { .. })).map(|one| one.id).collect();
            if closed.is_empty() {
                return None;
            }
            Ask::Reopen(*dice.pick(&closed))
        }
        Mind::CancelSession if open > 2 => Ask::CancelSession(session),
        Mind::Draft if sessions.len() < SESSIONS_MAX => {
            let date = today.plus_days(dice.within(1..=30) as i32);
            Ask::Draft(Box::new(session_row(auditor.calls.len() as u64 + 100, date, dice)))
        }
        Mind::Publish => Ask::Publish { opens_at: world.engine.now().plus_minutes(i64::from(dice.within(0..=3))) },
        Mind::Dose => {
            let date = today.plus_days(-(dice.within(5..=40) as i32));
            let row = DoseRow {
                line: 2,
                id: auditor.city.row(resident).id,
                dose: DoseNo::FIRST,
                date,
                vaccine: VACCINE.into(),
            };
            Ask::Dose(Box::new(row))
        }
        Mind::Site => Ask::Site { title: format!("お知らせ{}", dice.below(3)) },
        Mind::Roll => {
            let mut roll = auditor.city.roll.clone();
            if dice.chance(1, 2) {
                roll.remove(resident.0 as usize);
            }
            Ask::Roll(roll)
        }
        _ => return None,
    })
}

/// Somebody who looks at what is offered.
struct Chooser<'a> {
    auditor: &'a Auditor,
    world: &'a World,
    resident: ResidentNo,
}

impl Chooser<'_> {
    /// A place for the dose that one has not booked yet, mostly; sometimes any.
    fn one(&self, dice: &mut Dice) -> Option<Legs> {
        if dice.chance(1, 8) {
            return self.any_leg(dice).map(Legs::one);
        }
        let dose = if self.auditor.journal.date_of(self.resident, DoseNo::FIRST).is_none() { 1 } else { 2 };
        self.leg_for(dose, dice).map(Legs::one)
    }

    fn pair(&self, dice: &mut Dice) -> Option<Legs> {
        Legs::pair(self.leg_for(1, dice)?, self.leg_for(2, dice)?)
    }

    fn leg_for(&self, dose: u8, dice: &mut Dice) -> Option<Leg> {
        let dose = DoseNo::new(dose)?;
        let giving = self.auditor.journal.sessions.values().filter(|one| one.doses.contains(&dose));
        let giving: Vec<_> = giving.filter(|one| one.phase != SessionPhase::Draft || dice.chance(1, 20)).collect();
        if giving.is_empty() {
            return None;
        }
        let busy = giving.iter().find(|one| Some(one.id) == self.busy_session() && dice.chance(1, 2));
        let session = busy.unwrap_or_else(|| dice.pick(&giving));
        Some(Leg { session: session.id, slot: SlotNo(dice.below(session.slots.len()) as u16), dose })
    }

    /// Any place, now and then one that does not exist.
    fn any_leg(&self, dice: &mut Dice) -> Option<Leg> {
        let dose = dice.within(1..=2) as u8;
        let leg = self.leg_for(dose, dice)?;
        Some(match dice.below(30) {
            0 => Leg { session: SessionId(99), ..leg },
            1 => Leg { slot: SlotNo(9), ..leg },
            2 => Leg { dose: DoseNo::new(3 - dose)?, ..leg },
            _ => leg,
        })
    }

    /// One of one's bookings, mostly a live one; now and then somebody else's.
    fn booking(&self, dice: &mut Dice) -> Option<BookingNumber> {
        let me = self.world.engine.me(self.resident)?;
        let all: Vec<BookingNumber> = self.auditor.journal.bookings.keys().copied().collect();
        if dice.chance(1, 25) && !all.is_empty() {
            return Some(*dice.pick(&all));
        }
        let any = dice.chance(1, 6);
        let own = me.bookings.iter().filter(|view| any || view.state == BookingState::Booked);
        let busy = self.busy_session().filter(|_| dice.chance(1, 2));
        let mut own: Vec<&BookingView> = own.collect();
        if own.iter().any(|view| Some(view.session) == busy) {
            own.retain(|view| Some(view.session) == busy);
        }
        let own: Vec<BookingNumber> = own.iter().map(|view| view.number).collect();
        if own.is_empty() { None } else { Some(*dice.pick(&own)) }
    }

    /// A session that the city changes at this moment: people run there.
    fn busy_session(&self) -> Option<SessionId> {
        self.auditor.calls.iter().rev().take(8).find_map(|call| match call.ask {
            Ask::Capacity { session, .. }
            | Ask::Close(session)
            | Ask::Reopen(session)
            | Ask::CancelSession(session) => Some(session),
            _ => None,
        })
    }

    /// What a page does with one's hold: it books, or moves the booking that the hold is to replace.
    fn my_hold(&self, dice: &mut Dice, channel: Channel, key: RequestKey) -> Option<Call> {
        let (resident, hold) = self.holder(dice)?;
        let ask = match (hold.changes, hold.legs.as_slice()) {
            (Some(number), [to]) => Ask::Move { number, session: to.session, slot: to.slot, key },
            _ => Ask::Book { legs: Legs::of(&hold.legs)?, key },
        };
        Some(Call { resident, channel, ask })
    }

    /// Somebody who holds a place.
    fn holder(&self, dice: &mut Dice) -> Option<(ResidentNo, HoldView)> {
        let active = self.auditor.city.active;
        let holding: Vec<_> = (0..active)
            .map(ResidentNo)
            .filter_map(|no| self.world.engine.current_hold(no).map(|hold| (no, hold)))
            .collect();
        if holding.is_empty() { None } else { Some(dice.pick(&holding).clone()) }
    }
}
