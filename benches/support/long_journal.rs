//! The journal of a long campaign, written below a city that is stopped: people who booked and cancelled again and again. It writes as
//! the ledger does, since through the door it would take minutes.

use std::path::Path;

use sesshu_engine::core::event::{By, Entry, Event};
use sesshu_engine::core::ids::{BookingNumber, Channel, DoseNo, RequestKey, ResidentNo, SlotNo};
use sesshu_engine::core::resident::{Booking, BookingState};
use sesshu_engine::core::session::{Session, SessionPhase};
use sesshu_engine::core::time::Instant;
use sesshu_engine::ledger::{Append, BlockWriter, HighWaterFile, Ledger, RedbLedger, recover};

/// Entries of a block: what one commit has at most.
const BLOCK_ENTRIES: u64 = 1_024;

/// Books `bookings` times for the residents from `first` to before `end`, in turn. Each booking but the last of each of them is
/// cancelled.
pub fn fill(data: &Path, first: u32, end: u32, bookings: u64) {
    let mut ledger = RedbLedger::open(data).expect("the store opens");
    let number_key = ledger.identity().number_key;
    let index = recover(&ledger, &HighWaterFile::new(data.join("high-water"))).expect("the store is sound").index;
    let sessions: Vec<Session> = index.sessions().iter().map(|entry| Session::clone(&entry.definition())).collect();
    let head = index.head();
    let opens_at = |session: &Session| match session.phase {
        SessionPhase::Published { opens_at } => Some(opens_at),
        _ => None,
    };
    let at = sessions.iter().filter_map(opens_at).fold(head.at, Instant::max);
    let open: Vec<&Session> = sessions.iter().filter(|session| takes_many(session)).collect();
    let residents = u64::from(end - first);
    let last_turn = bookings.saturating_sub(residents);
    let entries = (0..bookings).flat_map(|n| {
        let resident = ResidentNo(first + (n % residents) as u32);
        let booking = booking(open[n as usize % open.len()]);
        let booked = (RequestKey::new(&format!("key-{n}")), Event::Booked { resident, booking });
        let cancelled = (None, Event::Cancelled { resident, booking, state: BookingState::Cancelled });
        std::iter::once(booked).chain((n < last_turn).then_some(cancelled)).map(move |made| (resident, made))
    });
    let (mut seq, mut chain) = (head.seq, head.chain);
    let mut block = BlockWriter::after(seq, chain);
    let mut numbered = BookingNumber::PENDING;
    for (resident, (key, mut event)) in entries {
        if let Event::Cancelled { booking, .. } = &mut event {
            booking.number = numbered;
        }
        let mut entry = Entry { at, by: By::Resident(resident), key, events: vec![event] };
        entry.number_bookings(block.next_seq(), &number_key);
        if let Some(Event::Booked { booking, .. }) = entry.events.first() {
            numbered = booking.number;
        }
        (seq, chain) = block.push(&entry);
        if (seq - head.seq).is_multiple_of(BLOCK_ENTRIES) {
            let full = std::mem::replace(&mut block, BlockWriter::after(seq, chain));
            assert!(matches!(ledger.append(Some(&full.finish()), &[], None), Append::Durable), "the disk takes it");
        }
    }
    if block.next_seq() > seq + 1 || !(seq - head.seq).is_multiple_of(BLOCK_ENTRIES) {
        assert!(matches!(ledger.append(Some(&block.finish()), &[], None), Append::Durable), "the disk takes it");
    }
}

/// Sessions that everybody fits in.
fn takes_many(session: &Session) -> bool {
    let is_open = matches!(session.phase, SessionPhase::Published { .. });
    is_open
        && session.doses.contains(&DoseNo::FIRST)
        && session.slots.first().is_some_and(|slot| slot.capacity >= 10_000)
}

fn booking(session: &Session) -> Booking {
    Booking {
        number: BookingNumber::PENDING,
        session: session.id,
        slot: SlotNo(0),
        dose: DoseNo::FIRST,
        date: session.date,
        vaccine: session.vaccine,
        channel: Channel::Web,
        state: BookingState::Booked,
    }
}
