//! Deltas of scripted stores: applied to an older copy they give the newer store, also cut at an instant, and what is not whole or does
//! not follow is refused.

use std::collections::BTreeMap;
use std::path::Path;

use super::exports::{Served, exported, rebuilt, verified};
use super::script::{Line, Size, Step};
use super::{Dice, Judge, on_every_core, seed};
use crate::core::contact::{Contact, ContactKind};
use crate::core::event::{By, Entry, Event};
use crate::core::ids::ResidentNo;
use crate::core::time::{Day, Instant};
use crate::ledger::Beside;
use crate::ledger::codec::FORMAT;
use crate::ledger::delta::{Delta, read_delta_heads};
use crate::ledger::export::StoreHead;
use crate::ledger::export_error::ExportError;
use crate::ledger::replay::{Applied, Replay};
use crate::ledger::snapshot::Snapshot;

const SMALL: Size = Size { residents: 6, batches: 6, entries_max: 4 };
const LARGE: Size = Size { residents: 60, batches: 60, entries_max: 12 };

fn delta(snapshot: &Snapshot, after: u64) -> (Delta, Vec<u8>) {
    let mut bytes = Vec::new();
    let delta = snapshot.write_delta(after, &mut bytes).expect("it is written");
    assert_eq!((delta.bytes, read_delta_heads(&mut bytes.as_slice()).expect("whole")), (bytes.len() as u64, delta));
    (delta, bytes)
}

fn apply(folder: &Path, mut bytes: &[u8], until: Option<Instant>) -> Result<Applied, ExportError> {
    let mut replay = Replay::open(folder).expect("a store");
    let applied = replay.apply(&mut bytes, until)?;
    assert_eq!(replay.finish().expect("it closes"), applied.head);
    Ok(applied)
}

fn state(folder: &Path) -> (StoreHead, String) {
    let snapshot = Snapshot::open(folder).expect("a store");
    (snapshot.head().expect("a head"), verified(&snapshot).digest)
}

fn of(snapshot: &Snapshot) -> (StoreHead, String) {
    (snapshot.head().expect("a head"), verified(snapshot).digest)
}

#[test]
fn an_older_copy_and_the_deltas_since_are_the_newer_store() {
    let seeds: Vec<u64> = (0..8).map(|n| Dice::of_case(seed(), n).roll()).collect();
    let wrong = on_every_core(&seeds, |&seed| {
        let mut served = Served::new(seed, LARGE);
        let mut dice = Dice::new(seed);
        for _ in 0..=dice.below(served.script.steps.len() - 1) {
            served.step();
        }
        let copy = rebuilt(&exported(&served.snapshot()).1);
        let mut last = served.snapshot().head().expect("a head").seq;
        loop {
            let go_on = served.step();
            if go_on && dice.below(8) > 0 {
                continue;
            }
            let snapshot = served.snapshot();
            // What the copy has already is skipped, wherever the delta begins.
            let after = last.saturating_sub(dice.below(40) as u64);
            let (delta, bytes) = delta(&snapshot, after);
            assert!(delta.from.seq <= after && delta.to == snapshot.head().expect("a head"));
            let applied = apply(copy.path(), &bytes, None).expect("it follows");
            assert_eq!((applied.entries, applied.reached_until), (delta.to.seq - last, false));
            assert_eq!(state(copy.path()), of(&snapshot));
            assert_eq!(apply(copy.path(), &bytes, None).expect("nothing is new").entries, 0);
            last = delta.to.seq;
            if !go_on {
                return Ok(());
            }
        }
    });
    assert_eq!(wrong, Vec::<String>::new());
}

/// The whole journal as one delta over an empty copy, cut at each entry's instant and just before it.
#[test]
fn a_store_can_be_had_at_every_instant_or_the_nearest_two_are_named() {
    let seeds: Vec<u64> = (0..4).map(|n| Dice::of_case(seed(), n).roll()).collect();
    let wrong = on_every_core(&seeds, |&seed| {
        let mut served = Served::new(seed, SMALL);
        let empty = exported(&served.snapshot()).1;
        while served.step() {}
        let (_, bytes) = delta(&served.snapshot(), 0);
        let chains = Judge::new(&served.script).expected;
        let at: Vec<Instant> = served.script.lines.iter().map(|line| line.entry.at).collect();
        let mut cases: Vec<(usize, Instant)> = vec![(0, at[0].plus_ms(-1))];
        for (entries, at) in (1..).zip(&at) {
            cases.push((entries, *at));
        }
        let mut refusals = BTreeMap::new();
        let mut had = Vec::new();
        for &(entries, until) in &cases {
            let copy = rebuilt(&empty);
            match apply(copy.path(), &bytes, Some(until)) {
                Ok(applied) => {
                    assert_eq!((applied.entries, applied.head.seq), (entries as u64, entries as u64));
                    assert_eq!(applied.head.chain, chains[entries].0.0);
                    assert_eq!(applied.reached_until, entries < at.len());
                    assert_eq!(state(copy.path()).0, applied.head);
                    had.push(entries);
                }
                Err(ExportError::NotToBeHad { asked, before, after }) => {
                    assert!(asked == until && before < until && until < after, "{before:?} {until:?} {after:?}");
                    refusals.insert(entries, (before, after));
                }
                Err(other) => return Err(other.to_string()),
            }
        }
        for (entries, (before, after)) in refusals {
            let earlier = had.iter().rev().find(|had| **had < entries).expect("an earlier one");
            let later = had.iter().find(|had| **had > entries).expect("a later one");
            assert_eq!((before, after), (at[*earlier].plus_ms(-1), at[later - 1]), "after {entries} entries");
        }
        Ok(())
    });
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_flipped_bit_and_every_truncation_of_a_delta_is_refused() {
    let mut served = Served::new(seed(), SMALL);
    let copy = exported(&served.snapshot()).1;
    while served.step() {}
    let (_, bytes) = delta(&served.snapshot(), 0);
    let places: Vec<usize> = (0..bytes.len()).collect();
    let wrong = on_every_core(&places, |&at| {
        let mut flipped = bytes.clone();
        for bit in 0..8 {
            flipped[at] = bytes[at] ^ (1 << bit);
            if read_delta_heads(&mut flipped.as_slice()).is_ok() {
                return Err(format!("bit {bit} of byte {at}"));
            }
        }
        if read_delta_heads(&mut &bytes[..at]).is_ok() { Err(format!("the first {at} bytes")) } else { Ok(()) }
    });
    assert_eq!(wrong, Vec::<String>::new());
    // Whoever applies one without having read it first is told as well.
    let mut dice = Dice::new(seed());
    let cases: Vec<usize> = (0..60).map(|_| dice.below(bytes.len())).collect();
    let wrong = on_every_core(&cases, |&at| {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x10;
        let folder = rebuilt(&copy);
        let refused = Replay::open(folder.path()).expect("a store").apply(&mut flipped.as_slice(), None).is_err();
        if refused { Ok(()) } else { Err(format!("byte {at}")) }
    });
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_delta_of_another_store_another_history_or_a_later_part_is_refused_before_anything_is_written() {
    let mut served = Served::new(seed(), SMALL);
    let mut other = Served::new(seed() + 1, SMALL);
    for _ in 0..4 {
        served.step();
        other.step();
    }
    let copy = rebuilt(&exported(&served.snapshot()).1);
    let before = state(copy.path());
    let seq = before.0.seq;
    while served.step() {}
    while other.step() {}
    let (_, follows) = delta(&served.snapshot(), seq);
    let (gap, later) = delta(&served.snapshot(), served.snapshot().head().expect("a head").seq - 1);
    assert!(gap.from.seq > seq, "the script goes on");
    let (_, fork) = delta(&other.snapshot(), 1);
    let mut alien = follows.clone();
    alien[10] ^= 1;
    let mut newer = follows.clone();
    newer[9] = FORMAT + 1;
    let refusals =
        [later, fork, alien, newer].map(|bytes| apply(copy.path(), &bytes, None).expect_err("it is refused"));
    assert!(matches!(
        refusals,
        [
            ExportError::Gap { .. },
            ExportError::OtherHistory { .. },
            ExportError::OtherStore,
            ExportError::NewerFormat { .. }
        ]
    ));
    assert_eq!(state(copy.path()), before);
    assert!(apply(copy.path(), &follows, None).is_ok());
    assert!(matches!(
        served.snapshot().write_delta(1_000_000, &mut Vec::new()),
        Err(ExportError::Gap { begins: 1_000_000, .. })
    ));
}

#[test]
fn an_instant_before_the_copy_adds_nothing_and_says_that_it_is_reached() {
    let mut served = Served::new(seed(), SMALL);
    for _ in 0..3 {
        served.step();
    }
    let copy = rebuilt(&exported(&served.snapshot()).1);
    let head = state(copy.path()).0;
    while served.step() {}
    let (_, bytes) = delta(&served.snapshot(), head.seq);
    let applied = apply(copy.path(), &bytes, Some(head.at.plus_ms(-1))).expect("nothing to do");
    assert_eq!(applied, Applied { entries: 0, head, reached_until: true });
}

/// A store whose last entries give and delete a contact, one every ten seconds after the instant; gives also how many are before them.
fn contact_comes_and_goes(entries: usize) -> (Served, Instant, usize) {
    let mut served = Served::only_set_up();
    let set_up = served.script.lines.len();
    let at = served.script.lines[set_up - 1].entry.at;
    let resident = ResidentNo(1);
    let (given, signed) = (Event::ContactGiven { resident }, Event::SignedIn { login: "sato".into() });
    let phone = |value: &str| Some(Some(Contact::new(ContactKind::Phone, value)));
    let events = [
        (signed.clone(), None),
        (given.clone(), phone("09011111111")),
        (signed, None),
        (Event::ContactDeleted { resident }, Some(None)),
        (given.clone(), phone("09022222222")),
        (given, phone("09033333333")),
    ];
    for (n, (event, contact)) in (1..).zip(events).take(entries) {
        let entry = Entry { at: at.plus_ms(n * 10_000), by: By::System, key: None, events: vec![event] };
        let beside = contact.map(|contact| Beside { contacts: vec![(resident, contact)], ..Beside::default() });
        served.script.lines.push(Line { entry, beside });
    }
    served.script.steps.push(Step::Batch(set_up..served.script.lines.len()));
    (served, at, set_up)
}

#[test]
fn a_contact_that_was_changed_since_is_used_as_it_is() {
    let (mut served, at, set_up) = contact_comes_and_goes(6);
    let empty = exported(&served.snapshot()).1;
    while served.step() {}
    let (_, bytes) = delta(&served.snapshot(), 0);
    for (seconds, entries) in [(9, 0), (10, 1), (20, 2), (39, 3), (40, 4), (50, 5), (60, 6), (600, 6)] {
        let copy = rebuilt(&empty);
        let applied = apply(copy.path(), &bytes, Some(at.plus_ms(seconds * 1_000))).expect("it can be had");
        assert_eq!(applied.head.seq as usize, set_up + entries, "{seconds} s");
        state(copy.path());
    }
}

#[test]
fn what_was_deleted_since_is_not_had_and_the_nearest_instants_are_named() {
    let (mut served, at, _) = contact_comes_and_goes(4);
    let empty = exported(&served.snapshot()).1;
    while served.step() {}
    let (_, bytes) = delta(&served.snapshot(), 0);
    for seconds in [20, 25, 30, 39] {
        let until = at.plus_ms(seconds * 1_000);
        let refused = apply(rebuilt(&empty).path(), &bytes, Some(until)).expect_err("it is not kept");
        let ExportError::NotToBeHad { asked, before, after } = refused else { panic!("{refused}") };
        assert_eq!((asked, before, after), (until, at.plus_ms(19_999), at.plus_ms(40_000)), "{seconds} s");
        for until in [before, after] {
            let copy = rebuilt(&empty);
            apply(copy.path(), &bytes, Some(until)).expect("it can be had");
            state(copy.path());
        }
    }
}

#[test]
fn nothing_is_left_in_the_file_of_those_whom_a_delta_erased() {
    let mut served = Served::only_set_up();
    let line = served.script.lines.last().expect("a roll").entry.clone();
    let everybody = || (0..6).map(ResidentNo);
    let erased = Event::PeopleErased { residents: everybody().collect() };
    let beside = Beside { erased: everybody().collect(), ..Beside::default() };
    for (event, beside) in [(erased, Some(beside)), (Event::CampaignErased { on: Day(20_700) }, None)] {
        let at = served.script.lines.len();
        let entry = Entry { events: vec![event], ..line.clone() };
        served.script.lines.push(Line { entry, beside });
        served.script.steps.push(Step::Batch(at..at + 1));
    }
    served.step();
    served.step();
    let copy = rebuilt(&exported(&served.snapshot()).1);
    let is_named = || {
        let (image, name) = (std::fs::read(copy.path().join("sesshu.redb")).expect("a store"), "ジュウミン");
        image.windows(name.len()).any(|window| window == name.as_bytes())
    };
    assert!(is_named());
    while served.step() {}
    apply(copy.path(), &delta(&served.snapshot(), 0).1, None).expect("it follows");
    assert_eq!(state(copy.path()), of(&served.snapshot()));
    assert!(!is_named());
}

/// The stream must not change without a new version that reads the old one.
#[test]
fn the_form_of_a_delta_is_fixed() {
    let (_, bytes) = delta(&Served::only_set_up().all_steps().snapshot(), 3);
    assert_eq!(&bytes[..10], b"sesshu-D\x01\x01");
    let digest = blake3::hash(&bytes).to_hex().to_string();
    assert_eq!((bytes.len(), &digest[..16]), (2_174, "7b3387f72c1778df"));
}
