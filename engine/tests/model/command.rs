//! The commands of the model test, as proptest draws them: few people, few places, few keys, so that they meet.

use proptest::prelude::*;

/// A place by index into the world's sessions (beyond the last there is none), slot and dose.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Where {
    pub(crate) session: u32,
    pub(crate) slot: u16,
    pub(crate) dose: u8,
}

#[derive(Debug, Clone)]
pub(crate) enum Command {
    Hold { who: usize, places: Vec<Where>, for_move: bool, phone: bool },
    Release { who: usize },
    Book { who: usize, places: Vec<Where>, phone: bool, key: u8 },
    Move { who: usize, which: usize, to: Where, phone: bool, key: u8 },
    Cancel { who: usize, which: usize, foreign: bool },
    Advance(Step),
    Capacity { session: u32, slot: u16, capacity: u32 },
    Close { session: u32 },
    CancelSession { session: u32 },
    DoseElsewhere { who: usize, dose: u8, days_ago: i64 },
    Waves { choice: usize },
    LeaveRoll { who: usize },
    WholeRoll,
    Restart,
}

/// How far the clock moves.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    Minutes(i64),
    /// To just before the next 17:00, so that the next command comes at that very instant.
    ToDeadline,
}

pub(crate) const PEOPLE: usize = 6;
pub(crate) const SESSIONS: u32 = 7;
/// Keys below this are shared by the requests of a person; others are new.
pub(crate) const SHARED_KEYS: u8 = 3;

fn place() -> impl Strategy<Value = Where> {
    let slot = prop_oneof![12 => Just(0_u16), 6 => Just(1), 1 => Just(9)];
    let dose = prop_oneof![6 => Just(1_u8), 3 => Just(2), 1 => Just(3)];
    let session = prop_oneof![30 => 1..=SESSIONS, 1 => Just(SESSIONS + 1)];
    (session, slot, dose).prop_map(|(session, slot, dose)| Where { session, slot, dose })
}

/// A pair of consecutive doses; often one that fits.
fn pair() -> impl Strategy<Value = Vec<Where>> {
    let sessions = prop_oneof![
        4 => prop_oneof![Just((2, 1)), Just((2, 4)), Just((3, 1)), Just((3, 4)), Just((5, 6))],
        1 => (1..=SESSIONS, 1..=SESSIONS).prop_filter("a pair names two sessions", |(one, two)| one != two),
    ];
    (sessions, 0..2_u16, 0..2_u16).prop_map(|((one, two), first, second)| {
        vec![Where { session: one, slot: first, dose: 1 }, Where { session: two, slot: second, dose: 2 }]
    })
}

fn places() -> impl Strategy<Value = Vec<Where>> {
    prop_oneof![3 => place().prop_map(|place| vec![place]), 2 => pair()]
}

fn step() -> impl Strategy<Value = Step> {
    let minutes = prop_oneof![8 => 1..6_i64, 4 => Just(10), 2 => Just(120), 1 => Just(24 * 60), 1 => Just(7 * 24 * 60)];
    prop_oneof![9 => minutes.prop_map(Step::Minutes), 1 => Just(Step::ToDeadline)]
}

/// One command.
pub(crate) fn command() -> impl Strategy<Value = Command> {
    let who = 0..PEOPLE;
    let phone = prop::bool::weighted(0.3);
    let key = 0..9_u8;
    let slot = 0..2_u16;
    prop_oneof![
        24 => (who.clone(), places(), prop::bool::weighted(0.2), phone)
            .prop_map(|(who, places, for_move, phone)| Command::Hold { who, places, for_move, phone }),
        4 => who.clone().prop_map(|who| Command::Release { who }),
        48 => (who.clone(), places(), phone, key.clone())
            .prop_map(|(who, places, phone, key)| Command::Book { who, places, phone, key }),
        24 => (who.clone(), 0..4_usize, place(), phone, key)
            .prop_map(|(who, which, to, phone, key)| Command::Move { who, which, to, phone, key }),
        16 => (who.clone(), 0..4_usize, prop::bool::weighted(0.1))
            .prop_map(|(who, which, foreign)| Command::Cancel { who, which, foreign }),
        12 => step().prop_map(Command::Advance),
        6 => (1..=SESSIONS, slot, 0..4_u32)
            .prop_map(|(session, slot, capacity)| Command::Capacity { session, slot, capacity }),
        1 => (1..=SESSIONS).prop_map(|session| Command::Close { session }),
        1 => (1..=SESSIONS).prop_map(|session| Command::CancelSession { session }),
        2 => (who.clone(), 1..3_u8, 0..40_i64)
            .prop_map(|(who, dose, days_ago)| Command::DoseElsewhere { who, dose, days_ago }),
        2 => (0..4_usize).prop_map(|choice| Command::Waves { choice }),
        1 => who.prop_map(|who| Command::LeaveRoll { who }),
        1 => Just(Command::WholeRoll),
        1 => Just(Command::Restart),
    ]
}
