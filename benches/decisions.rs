//! What one decision costs, in nanoseconds: a place (decide, take, settle, apply, and back), a person, and the stored form of
//! an entry. No IO, no threads: the price of the rules themselves.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use sesshu_engine::core::decide::{Applicant, Offer, may_book};
use sesshu_engine::core::event::{By, Entry, Event};
use sesshu_engine::core::ids::{
    BookingNumber, Channel, CityId, DoseNo, RequestKey, ResidentNo, SessionId, SlotNo, VaccineId, VenueId,
};
use sesshu_engine::core::leg::Leg;
use sesshu_engine::core::places::{Booked, PlaceDecision, PlaceWanted, Places};
use sesshu_engine::core::resident::{Booking, BookingState, Person, ResidentRecord};
use sesshu_engine::core::session::{Session, SessionPhase, Slot};
use sesshu_engine::core::setup::{Rules, Vaccine, Wave};
use sesshu_engine::core::time::{ClockTime, Day, Instant};
use sesshu_engine::ledger::{BlockWriter, CHAIN_START};

const SLOTS: u16 = 12;
const BATCH: u32 = 64;
const DATE: Day = Day(20_790);
const NOW: Instant = Instant(20_780 * 86_400_000);

fn session(id: u32, date: Day) -> Session {
    let slot = |n: u16| Slot {
        start: ClockTime(540 + 30 * n),
        end: ClockTime(570 + 30 * n),
        capacity: 10_000,
        phone_share: 100,
    };
    Session {
        id: SessionId(id),
        venue: VenueId(1),
        date,
        vaccine: VaccineId(1),
        doses: vec![DoseNo::FIRST],
        phase: SessionPhase::Published { opens_at: NOW },
        slots: (0..SLOTS).map(slot).collect(),
        doses_total: None,
    }
}

fn booking(n: u32) -> Booking {
    Booking {
        number: BookingNumber::from_ordinal(u64::from(n), &[7; 32]),
        session: SessionId(1),
        slot: SlotNo(3),
        dose: DoseNo::FIRST,
        date: DATE,
        vaccine: VaccineId(1),
        channel: Channel::Web,
        state: BookingState::Booked,
    }
}

fn entry(n: u32) -> Entry {
    let resident = ResidentNo(n);
    Entry {
        at: NOW,
        by: By::Resident(resident),
        key: RequestKey::new("b1f0c6a0-6a58-4b7e-9d63-0f6f6a3f2c11"),
        events: vec![Event::Booked { resident, booking: booking(n) }],
    }
}

/// A place is taken and settled, then the booking is cancelled, so that the state stays the same.
fn places(criterion: &mut Criterion) {
    let (session, rules) = (session(1, DATE), Rules::default());
    let wanted = PlaceWanted { slot: SlotNo(3), dose: DoseNo::FIRST, channel: Channel::Web, hold: None };
    let booked = Event::Booked { resident: ResidentNo(1), booking: booking(1) };
    let cancelled = Event::Cancelled { resident: ResidentNo(1), booking: booking(1), state: BookingState::Cancelled };
    let mut places = Places::new(Booked::none(usize::from(SLOTS)));
    let mut group = criterion.benchmark_group("decisions");
    group.throughput(Throughput::Elements(1));
    group.bench_function("a place: decide", |bencher| {
        bencher.iter(|| places.decide(black_box(&session), &rules, black_box(&wanted), NOW));
    });
    group.bench_function("a place: decide, take, settle, apply, cancel", |bencher| {
        bencher.iter(|| {
            assert_eq!(places.decide(&session, &rules, black_box(&wanted), NOW), PlaceDecision::Granted);
            let take = places.take(&wanted, NOW);
            places.settle(take);
            booked.place_changes().chain(cancelled.place_changes()).for_each(|change| places.apply(&change));
        });
    });
    group.finish();
}

/// A pair of doses for somebody in one of five waves.
fn person(criterion: &mut Criterion) {
    let person = Person {
        id: CityId::from_digits("0012345678").expect("ten digits"),
        name_kana: "インザイ　タロウ".into(),
        birth_date: Day(-7_000),
        groups: Box::new([]),
    };
    let record = ResidentRecord::default();
    let vaccine = Vaccine {
        id: VaccineId(1),
        name: "コミナティ".into(),
        doses: DoseNo::new(2).expect("a dose"),
        interval_days_min: 21,
        interval_days_max: None,
        age_years_min: 12,
        doses_per_vial: 6,
    };
    let wave = |n: i32| Wave {
        name: format!("{n}"),
        born_from: Some(Day(-3_000 - 1_000 * n)),
        born_to: Some(Day(-2_000 - 1_000 * n)),
        group: None,
        opens_at: NOW,
    };
    let waves: Vec<Wave> = (0..5).map(wave).collect();
    let second = DoseNo::new(2).expect("a dose");
    let (early, late) = (session(1, DATE), Session { doses: vec![second], ..session(2, DATE.plus_days(21)) });
    let leg = |session: &Session, dose| Leg { session: session.id, slot: SlotNo(3), dose };
    let offer = |session| Some(Offer { session, vaccine: &vaccine });
    let pair = [(leg(&early, DoseNo::FIRST), offer(&early)), (leg(&late, second), offer(&late))];
    let applicant = Applicant { person: &person, record: &record, channel: Channel::Web };
    let mut group = criterion.benchmark_group("decisions");
    for (name, legs) in [("a person: one dose", &pair[..1]), ("a person: a pair", &pair[..])] {
        group.throughput(Throughput::Elements(1));
        group.bench_function(name, |bencher| {
            bencher.iter(|| may_book(black_box(applicant), black_box(legs), None, &waves, NOW).expect("eligible"));
        });
    }
    group.finish();
}

/// Entries into the stored form, with numbers and hash chain, per entry.
fn encode(criterion: &mut Criterion) {
    let entries: Vec<Entry> = (0..BATCH).map(entry).collect();
    let mut group = criterion.benchmark_group("decisions");
    group.throughput(Throughput::Elements(u64::from(BATCH)));
    group.bench_function(format!("the stored form of {BATCH} entries"), |bencher| {
        bencher.iter(|| {
            let mut block = BlockWriter::after(0, CHAIN_START);
            for entry in &entries {
                let mut entry = entry.clone();
                entry.number_bookings(block.next_seq(), &[7; 32]);
                block.push(&entry);
            }
            black_box(block.finish())
        });
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    places(&mut criterion);
    person(&mut criterion);
    encode(&mut criterion);
    criterion.final_summary();
}
