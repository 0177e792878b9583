//! Crashes: power cuts and killed processes, between two steps or amid a commit, and what must be there afterwards.

use std::sync::Arc;

use super::auditor::{Judged, Violation, wrong};
use super::journal::Journal;
use super::life::Life;
use super::trace::Trace;
use crate::ledger::sim_disk::{Faults, Operation, SimDisk, apply, image_after_cut};
use crate::ledger::{RedbLedger, digest};

/// What a crash leaves: what is durable for certain, and what was done since.
type Left = (Vec<u8>, Vec<Operation>);

impl Life {
    /// Everything in memory is gone: clerks, holds, requests. What was acknowledged is there afterwards.
    pub(super) fn crash(&mut self) -> Judged {
        let amid = self.dice.below(5);
        self.world.disk.set_faults(Faults::None, 0);
        let killed = self.dice.chance(1, 2);
        let mut disk = match amid {
            _ if self.world.suspended => self.stopped_now(killed),
            0 => self.stopped_now(killed),
            1 => {
                let left = self.cut_amid(|life| life.world.fold(3));
                self.after(left, killed)
            }
            _ => {
                let queued = self.world.queued();
                let left = self.cut_amid(|life| life.world.take(queued));
                self.after(left, killed)
            }
        };
        self.clients.clear();
        self.note_crash(killed);
        // Some starts are cut short, too.
        while self.dice.chance(1, 5) {
            let before = disk.record();
            self.restart_on(disk.clone())?;
            let left = self.some_of(before, disk.recorded());
            disk = self.after(left, killed);
            self.note_crash(killed);
        }
        self.restart_on(disk)?;
        self.survived()?;
        // What is served after a start is as durable as ever.
        if self.dice.chance(1, 3) {
            let disk = self.stopped_now(false);
            self.note_crash(false);
            self.restart_on(disk)?;
            self.survived()?;
        }
        Ok(())
    }

    fn note_crash(&mut self, killed: bool) {
        self.tally.crashes += 1;
        self.log.add(format!("{}, and a start", if killed { "the process is killed" } else { "the power is cut" }));
    }

    fn stopped_now(&mut self, killed: bool) -> SimDisk {
        if killed {
            return self.world.disk.left_by_a_kill();
        }
        let left = self.world.disk.cut();
        self.after(left, killed)
    }

    /// What the disk holds after `left`: all that was written, or any part of what was not synced.
    fn after(&mut self, (durable, unsynced): Left, killed: bool) -> SimDisk {
        if killed {
            return SimDisk::left(durable, unsynced);
        }
        let dice = &mut self.dice;
        SimDisk::holding(image_after_cut(&durable, &unsynced, &mut |below| dice.below(below)))
    }

    /// Stops amid a step: whatever it told in memory, nobody has heard.
    fn cut_amid(&mut self, step: impl FnOnce(&mut Self)) -> Left {
        let before = self.world.disk.record();
        step(self);
        let done = self.world.disk.recorded();
        self.some_of(before, done)
    }

    fn some_of(&mut self, mut durable: Vec<u8>, mut done: Vec<Operation>) -> Left {
        done.truncate(self.dice.below(done.len() + 1));
        let synced = done.iter().rposition(|operation| *operation == Operation::Sync).map_or(0, |last| last + 1);
        let unsynced = done.split_off(synced);
        for operation in &done {
            apply(&mut durable, operation);
        }
        (durable, unsynced)
    }

    fn restart_on(&mut self, disk: SimDisk) -> Judged {
        let restarted = self.world.restart_on(disk);
        let served = restarted.map_err(|error| error.to_string());
        served.map_err(|detail| Violation { check: "a crash leaves a store that is served", detail })?;
        self.traces.push(Trace::of(&self.world));
        self.reads_are_durable()
    }

    /// Whoever opened a store reads nothing from it that a power cut would take away.
    pub(super) fn reads_are_durable(&self) -> Judged {
        if self.world.suspended || self.world.disk.shows_the_truth() {
            return Ok(());
        }
        wrong("what is read of an opened store is durable", "a failed sync lost what is still read".into())
    }

    /// What the auditor had read is what the new journal begins with.
    fn survived(&mut self) -> Judged {
        let before = std::mem::take(&mut self.auditor.journal);
        self.follow()?;
        continues(&before, &self.auditor.journal)
    }

    /// What a power cut at this moment would leave for certain: at least all that was published.
    pub(super) fn probe(&mut self) -> Judged {
        if self.world.suspended {
            return Ok(());
        }
        let disk = SimDisk::holding(self.world.disk.cut().0);
        let mut found = Journal::default();
        let unreadable =
            |error: crate::LoadError| Violation { check: "what is published is durable", detail: error.to_string() };
        let ledger = RedbLedger::open_on(Arc::new(disk)).map_err(unreadable)?;
        found.follow(&ledger.reader(), &self.auditor.city, &self.auditor.calls)?;
        let lost = continues(&self.auditor.journal, &found);
        lost.map_err(|lost| Violation { check: "what is published is durable", ..lost })
    }

    /// When nothing is on its way, a restart finds exactly what was served.
    pub(super) fn same_after_restart(&mut self) -> Judged {
        let served = digest(self.world.engine.index());
        let disk = self.world.disk.left_by_a_kill();
        self.tally.crashes += 1;
        self.log.add("a restart at rest");
        self.restart_on(disk)?;
        let found = digest(self.world.engine.index());
        if found != served {
            return wrong("recovery gives what was served", format!("{served} was served, {found} is recovered"));
        }
        self.survived()
    }
}

fn continues(before: &Journal, after: &Journal) -> Judged {
    if after.chains.starts_with(&before.chains) {
        return Ok(());
    }
    let detail = format!("{} entries were published, {} are there", before.seq(), after.seq());
    wrong("what was acknowledged survives a crash", detail)
}
