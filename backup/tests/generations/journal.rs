//! The journal after a generation: replayed to its end, to an instant, past what belongs elsewhere, and no further than it is whole.

use std::io::{Cursor, Read};

use sesshu_backup::core::manifest::Manifest;
use sesshu_backup::error::BackupError;
use sesshu_backup::keys::Identity;
use sesshu_backup::progress::Progress;
use sesshu_backup::restore::{Deltas, JournalSource, Plan, Restore, Restored, plan, restore};
use sesshu_backup::throttle::Throttle;
use sesshu_engine::core::time::Instant;
use sesshu_engine::ledger::{Snapshot, StoreHead};

use crate::city::{City, verified};

/// Deltas in memory; none stands for one that cannot be read.
struct Kept(Vec<Option<Vec<u8>>>);

impl JournalSource for Kept {
    fn deltas(&self, _: &StoreHead, _: Option<&Identity>) -> Result<Box<dyn Deltas + '_>, BackupError> {
        Ok(Box::new(Walk(self.0.iter())))
    }
}

struct Walk<'a>(std::slice::Iter<'a, Option<Vec<u8>>>);

impl Deltas for Walk<'_> {
    fn next_delta(&mut self) -> Result<Option<Box<dyn Read + '_>>, BackupError> {
        match self.0.next() {
            None => Ok(None),
            Some(Some(delta)) => Ok(Some(Box::new(Cursor::new(delta)))),
            Some(None) => Err(BackupError::Damaged { file: "a-frame".into(), what: "flipped".into() }),
        }
    }
}

/// A city that grew by one person three times after its generation, with the delta of each time.
struct Grown {
    city: City,
    manifest: Manifest,
    heads: Vec<StoreHead>,
    digests: Vec<String>,
    deltas: Vec<Option<Vec<u8>>>,
}

impl Grown {
    fn new() -> Self {
        let city = City::of(3);
        let manifest = city.take();
        let head = |city: &City| Snapshot::open(&city.data()).and_then(|view| view.head()).expect("a head");
        let mut grown = Self {
            heads: vec![head(&city)],
            digests: vec![verified(&city.data()).digest],
            deltas: Vec::new(),
            manifest,
            city,
        };
        for people in 4..7 {
            // Each import at an instant of its own: an instant is to the millisecond.
            grown.city.has_on_its_roll(people);
            let mut delta = Vec::new();
            let view = Snapshot::open(&grown.city.data()).expect("a view");
            view.write_delta(grown.heads.last().expect("a head").seq, &mut delta).expect("a delta");
            drop(view);
            grown.deltas.push(Some(delta));
            grown.heads.push(head(&grown.city));
            grown.digests.push(verified(&grown.city.data()).digest);
        }
        grown
    }

    fn with<T>(&self, to: &str, journal: &Kept, at: Option<Instant>, act: impl FnOnce(&Restore<'_>) -> T) -> T {
        let (folder, throttle) = (self.city.backups(), Throttle::unlimited());
        act(&Restore {
            folder: &folder,
            generation: &self.manifest.name,
            to: &self.city.path(to),
            identity: None,
            journal: Some(journal),
            at,
            throttle: &throttle,
        })
    }

    fn restore(&self, to: &str, journal: &Kept, at: Option<Instant>) -> Result<Restored, BackupError> {
        self.with(to, journal, at, |asked| restore(asked, &Progress::silent()))
    }

    fn plan(&self, journal: &Kept, at: Option<Instant>) -> Result<Plan, BackupError> {
        self.with("planned", journal, at, |asked| plan(asked, &Progress::silent()))
    }
}

#[test]
fn the_journal_leads_to_the_last_entry_that_was_shipped() {
    let grown = Grown::new();
    let kept = Kept(grown.deltas.clone());
    let planned = grown.plan(&kept, None).expect("a plan");
    assert!(!grown.city.path("planned").exists(), "a plan changes nothing");
    let restored = grown.restore("whole", &kept, None).expect("it is restored");
    assert_eq!((&restored.digest, restored.head), (&grown.digests[3], grown.heads[3]));
    assert_eq!((planned.head, &planned.journal), (restored.head, &restored.journal));
    let reached = restored.journal.expect("a journal");
    assert_eq!((reached.entries, reached.trouble), (grown.heads[3].seq - grown.heads[0].seq, None));
    assert_eq!(verified(&grown.city.path("whole")).digest, grown.digests[3]);
}

#[test]
fn an_instant_is_restored_as_it_was_then() {
    let grown = Grown::new();
    let kept = Kept(grown.deltas.clone());
    for (n, head) in grown.heads.iter().enumerate() {
        let restored = grown.restore(&format!("at-{n}"), &kept, Some(head.at)).expect("it is restored");
        assert_eq!((&restored.digest, restored.head), (&grown.digests[n], *head), "{n}");
        assert_eq!(restored.journal.expect("a journal").complete_at, head.at);
        grown.plan(&kept, Some(head.at)).expect("a plan");
    }
    let before = grown.heads[0].at.plus_ms(-1);
    assert!(matches!(grown.restore("before", &kept, Some(before)), Err(BackupError::BeforeGeneration { .. })));
    let beyond = grown.manifest.taken_at.max(grown.heads[3].at).plus_ms(1);
    for result in [grown.restore("beyond", &kept, Some(beyond)).err(), grown.plan(&kept, Some(beyond)).err()] {
        assert!(matches!(result, Some(BackupError::NotReached { .. })), "{result:?}");
    }
    assert!(!grown.city.path("before").exists() && !grown.city.path("beyond").exists());
}

#[test]
fn what_cannot_be_read_ends_the_way_and_is_told() {
    let grown = Grown::new();
    let deltas = &grown.deltas;
    let gap = vec![deltas[0].clone(), deltas[2].clone()];
    let damaged = vec![deltas[0].clone(), None, deltas[2].clone()];
    for (n, (deltas, why)) in [(gap, "missing"), (damaged, "a-frame is damaged")].into_iter().enumerate() {
        let kept = Kept(deltas);
        let planned = grown.plan(&kept, None).expect("a plan");
        let restored = grown.restore(&format!("part-{n}"), &kept, None).expect("it is restored");
        assert_eq!((&restored.digest, restored.head), (&grown.digests[1], grown.heads[1]));
        assert_eq!(planned.head, restored.head);
        for reached in [planned.journal, restored.journal] {
            let trouble = reached.expect("a journal").trouble.expect("a trouble");
            assert!(trouble.contains(why), "{trouble}");
        }
    }
}

#[test]
fn deltas_of_another_city_or_seen_before_are_passed_over() {
    let grown = Grown::new();
    let other = Grown::new();
    let mut deltas = other.deltas.clone();
    deltas.extend(grown.deltas[..2].to_vec());
    deltas.extend(grown.deltas.clone());
    let restored = grown.restore("whole", &Kept(deltas), None).expect("it is restored");
    assert_eq!((&restored.digest, restored.head), (&grown.digests[3], grown.heads[3]));
}
