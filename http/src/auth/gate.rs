//! The gate in front of the login: while the hash pool has more to do than it gets done, people go in by turns, in the order in which
//! they came, on a ticket of their own. Otherwise it is open and nobody notices it.
//!
//! Rules only: time, load and random numbers are arguments, and it knows neither passwords nor who is on the roll.

use sesshu_engine::core::time::Instant;
use sesshu_engine::view::LoginLoad;

pub(crate) use super::line::LineFigures;
use super::line::{Line, LineLoad, QUEUE_FULL_S};
pub(crate) use super::said::{Act, Said, Waits};
use super::said::{waits, waits_again, waits_at_the_door, waits_first};
use super::sets::{Remembered, Sets};
use super::shares::{Allowed, Charged, Shares, Source};
use super::ticket::{Purpose, Ticket, Turn};

/// How long a ticket counts, in minutes: longer than any line that people should stand in.
pub(crate) const TICKET_MINUTES: i64 = 180;
const TICKET_US: i64 = TICKET_MINUTES * 60_000_000;
/// How much later than everybody else the turn of a busy network may be; whoever would come after that gets no ticket yet.
const LATER_US_MAX: i64 = 15 * 60 * 1_000_000;
/// How many passwords may be tried on one ticket: people mistype.
const TRIES_MAX: u8 = 5;
/// Tickets on which a password was tried.
const TRIED_ENTRIES: usize = 1 << 16;
/// Tickets that were counted.
const COUNTED_ENTRIES: usize = 1 << 16;
/// The part of the pool that is kept for those who see, change or cancel, and for those who book.
const VIEWING_PART: f64 = 0.2;
/// So long after a start, tickets of the process before show that people stood in line.
const RESTART_US: i64 = 10 * 60 * 1_000_000;
/// So many seconds' worth of people may come to the open gate at once, before they are taken for a rush.
const RUSH_S: f64 = 3.0;
/// Whoever got a ticket at the open gate goes in on it if a rush begins within this time.
const TYPING_US: i64 = 60 * 1_000_000;
/// The process of a ticket that is not counted yet. Only who comes back is: most of those who attack, and many who changed their
/// mind, do not, and nobody waits for them.
const NOT_COUNTED: u32 = 0;
/// Whoever is not counted comes back within a piece of time, in microseconds, or the one after it.
const PIECE_US: i64 = 2_000_000;
/// So many seconds' worth of people may be uncounted for somebody to be taken to be alone.
const ALONE_S: f64 = 0.5;
/// The gate opens once nobody has waited for so long.
const CALM_US: i64 = 10 * 1_000_000;
/// Once the pool's queue is longer than this, in seconds, each network may have its share of it and no more.
const WAIT_S_FOR_ALL: f64 = 3.0;

/// The settings of the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginQueue {
    /// From which wait in the hash pool on people go in by turns, in milliseconds.
    pub engage_after_ms: u32,
    /// How long somebody may take to log in once it is their turn, in minutes.
    pub admitted_minutes: u32,
    /// How many people behind one address come at once without standing behind one another.
    pub address_burst: u32,
}

impl Default for LoginQueue {
    fn default() -> Self {
        Self { engage_after_ms: 800, admitted_minutes: 10, address_burst: 300 }
    }
}

/// What was done with a ticket whose turn had come.
#[derive(Debug, Clone, Copy, Default)]
struct Tried {
    /// How often a password was tried.
    tries: u8,
    /// Whether its owner was told that it is their turn, and may be typing.
    told: bool,
    at: i64,
}

impl Remembered for Tried {
    type Worth = i64;

    fn worth(&self) -> i64 {
        self.at
    }
}

/// The gate. Its memory is fixed, whoever comes.
#[derive(Debug)]
pub(crate) struct LoginGate {
    settings: LoginQueue,
    /// Which process this is, so that tickets of the one before are counted once more.
    process: u32,
    started_at: Option<i64>,
    /// Whether people go in by turns, and since when.
    engaged: bool,
    engaged_at: i64,
    /// When somebody last waited.
    waited_at: i64,
    /// How many tickets of each line were given out uncounted in this piece of time and in the one before, and when this one began.
    uncounted: [[u32; 2]; 2],
    piece_at: i64,
    /// How many came to the open gate beyond what the pool can do, and when that was.
    rush: f64,
    rush_at: i64,
    lines: [Line; 2],
    figures: [LineFigures; 2],
    shares: Shares,
    tried: Sets<Tried>,
    /// When somebody who is counted last showed a ticket on which they are not.
    counted: Sets<i64>,
    newest: i64,
}

impl LoginGate {
    pub(crate) fn new(settings: LoginQueue, process: u32) -> Self {
        Self {
            settings,
            process: process.max(NOT_COUNTED + 1),
            started_at: None,
            engaged: false,
            engaged_at: 0,
            waited_at: 0,
            uncounted: [[0; 2]; 2],
            piece_at: 0,
            rush: 0.0,
            rush_at: 0,
            lines: [Line::new(), Line::new()],
            figures: [LineFigures::default(); 2],
            shares: Shares::new(),
            tried: Sets::new(TRIED_ENTRIES),
            counted: Sets::new(COUNTED_ENTRIES),
            newest: i64::MIN,
        }
    }

    /// Where somebody stands who comes from `source` with `ticket`; `random` is the number of a new one.
    pub(crate) fn ask(
        &mut self,
        (act, purpose): (Act, Purpose),
        ticket: Option<Ticket>,
        source: Source,
        random: u64,
        now: Instant,
        load: LoginLoad,
    ) -> Said {
        let now = micros(now);
        let started_at = *self.started_at.get_or_insert(now);
        let earlier = ticket.is_some_and(|ticket| ticket.process != self.process && ticket.turn.0 < started_at);
        if earlier && !self.engaged && now - started_at < RESTART_US {
            // People stood in line when the process before ended: the oldest go first again.
            self.engage(now, now - TICKET_US, i64::MIN);
        }
        self.go_on(now, load);
        if !self.engaged {
            // One that would not let them in if a rush began now is replaced.
            let kept = ticket.filter(|ticket| ticket.turn.0 > now - TYPING_US / 2 && self.counts(ticket, now));
            return Said::Open(match (kept, act) {
                (None, Act::Look) => self.at_the_open(source, random, now, load),
                _ => kept,
            });
        }
        let lines_load = self.loads(load)[purpose as usize];
        // Whoever looked while the gate was open types already.
        let types = ticket.is_some_and(|ticket| ticket.process == NOT_COUNTED && ticket.turn.0 < self.engaged_at);
        let Some(ticket) = self.own_ticket(ticket, purpose, source, random, now, load) else {
            return Said::Crowded(waits(random, LATER_US_MAX as f64 / 1e6, lines_load.queued));
        };
        self.go_on(now, load);
        if !self.lines[purpose as usize].is_admitted(ticket.turn) {
            let (ahead, seconds) = self.lines[purpose as usize].ahead(ticket.turn, lines_load);
            let has_just_come = ticket.process == NOT_COUNTED;
            let waits = if has_just_come { waits_first(seconds, ahead) } else { waits(random, seconds, ahead) };
            return Said::Waits(ticket, waits);
        }
        let (is_new, was_told) = self.tried.with(&ticket.no, |tried| {
            let (is_new, was_told) = (tried.at == 0, tried.told || types);
            *tried = Tried { told: was_told || act == Act::Look, at: now, ..*tried };
            (is_new, was_told)
        });
        // Whoever typed before the line began was counted when it did.
        if is_new && !types {
            self.lines[purpose as usize].told(act == Act::Look);
        }
        if act == Act::Look {
            return Said::Admitted(ticket);
        }
        // They have typed nothing in vain, and nobody waits for much longer than a second with an open request. Whoever was sent back once
        // comes at a moment of their own, and is told at once.
        if !was_told && lines_load.wait_s() > QUEUE_FULL_S {
            self.lines[purpose as usize].sent_back();
            let waits = if is_new { waits_at_the_door } else { waits_again };
            return Said::Waits(ticket, waits(random, lines_load.queued));
        }
        // Turns that were kept and all used at once would leave no room for others' turns.
        let within_share = self.shares.charge(Charged::Try, source, now, now, self.allowed(load)).is_some();
        if !within_share && lines_load.wait_s() > WAIT_S_FOR_ALL {
            return Said::Waits(ticket, waits_again(random, lines_load.queued));
        }
        let first = self.tried.with(&ticket.no, |tried| {
            tried.tries += 1;
            tried.tries == 1
        });
        if first && was_told {
            self.lines[purpose as usize].typed();
        }
        self.figures[purpose as usize].came += u64::from(first);
        Said::Admitted(ticket)
    }

    /// Whoever logged in as one who only sees, changes or cancels may take a new place when their turn among those who book has
    /// come. None means that it has.
    pub(crate) fn new_place(&mut self, turn: Turn, now: Instant, load: LoginLoad) -> Option<Waits> {
        self.go_on(micros(now), load);
        let line = &self.lines[Purpose::Book as usize];
        if !self.engaged || line.is_admitted(turn) || line.is_over(turn) {
            return None;
        }
        let (ahead, seconds) = line.ahead(turn, self.loads(load)[Purpose::Book as usize]);
        Some(waits(turn.0 as u64, seconds, ahead))
    }

    /// Somebody got in on `ticket`: it counts no more.
    pub(crate) fn used(&mut self, ticket: &Ticket) {
        self.tried.with(&ticket.no, |tried| tried.tries = TRIES_MAX);
    }

    /// The password was not looked at.
    pub(crate) fn undone(&mut self, ticket: &Ticket) {
        self.tried.with(&ticket.no, |tried| tried.tries = tried.tries.saturating_sub(1));
    }

    /// Time passes, whether or not somebody comes.
    pub(crate) fn pass(&mut self, now: Instant, load: LoginLoad) {
        self.go_on(micros(now), load);
    }

    /// Whether people go in by turns.
    pub(crate) const fn is_engaged(&self) -> bool {
        self.engaged
    }

    /// The figures of the line for `purpose`.
    pub(crate) fn figures(&self, purpose: Purpose) -> LineFigures {
        let waiting = if self.engaged { self.lines[purpose as usize].waiting() } else { 0 };
        LineFigures { waiting, ..self.figures[purpose as usize] }
    }

    /// Moves both lines on, and opens or closes the gate.
    fn go_on(&mut self, now: i64, load: LoginLoad) {
        let loads = self.loads(load);
        let engage_after_s = f64::from(self.settings.engage_after_ms) / 1_000.0;
        let wait_s = loads.map(LineLoad::wait_s).into_iter().fold(0.0, f64::max);
        if !self.engaged {
            let can = load.per_thousand_seconds as f64 / 1_000.0;
            self.rush = (self.rush - can * (now - self.rush_at).max(0) as f64 / 1e6).max(0.0);
            self.rush_at = now;
            if wait_s < engage_after_s && self.rush < can * RUSH_S {
                return;
            }
            self.engage(now, now - 1, now - TYPING_US);
        }
        if now - self.piece_at >= PIECE_US {
            let long_ago = now - self.piece_at >= 2 * PIECE_US;
            for uncounted in &mut self.uncounted {
                *uncounted = [0, if long_ago { 0 } else { uncounted[0] }];
            }
            self.piece_at = now;
        }
        let good_us = i64::from(self.settings.admitted_minutes) * 60_000_000;
        for ((line, figures), load) in self.lines.iter_mut().zip(&mut self.figures).zip(loads) {
            line.go_on(now, load, good_us);
            figures.per_second = load.per_second;
        }
        if self.lines.iter().any(|line| line.waiting() > 0) || wait_s > engage_after_s / 2.0 {
            self.waited_at = now;
        } else if now - self.waited_at >= CALM_US {
            self.engaged = false;
        }
    }

    fn engage(&mut self, now: i64, cursor: i64, over: i64) {
        self.engaged = true;
        (self.engaged_at, self.waited_at) = (now, now);
        // Tickets of the last time that count still are counted again.
        self.process = self.process.wrapping_add(1).max(NOT_COUNTED + 1);
        self.uncounted = [[0; 2]; 2];
        let on_their_way = [std::mem::take(&mut self.rush), 0.0];
        for (line, on_their_way) in self.lines.iter_mut().zip(on_their_way) {
            line.begin(now, cursor, over, on_their_way);
        }
    }

    /// A ticket for somebody who comes to the open gate; none for a network that has had its share.
    fn at_the_open(&mut self, source: Source, random: u64, now: i64, load: LoginLoad) -> Option<Ticket> {
        let base = now.max(self.lines[Purpose::Book as usize].next().saturating_sub(1));
        let turn = self.shares.charge(Charged::Book, source, base, base, self.allowed(load))?;
        self.rush += 1.0;
        Some(Ticket { no: random, process: NOT_COUNTED, purpose: Purpose::Book, turn: Turn(turn) })
    }

    /// The ticket that counts for somebody who shows `ticket`: itself, one for the same turn in the other line, or a new one.
    fn own_ticket(
        &mut self,
        ticket: Option<Ticket>,
        purpose: Purpose,
        source: Source,
        random: u64,
        now: i64,
        load: LoginLoad,
    ) -> Option<Ticket> {
        let allowed = self.allowed(load);
        let what = if purpose == Purpose::Book { Charged::Book } else { Charged::View };
        let next = self.lines[purpose as usize].next();
        let kept = ticket.filter(|ticket| self.counts(ticket, now));
        if let Some(shown) = kept.filter(|ticket| ticket.process != self.process) {
            // Whoever shows one ticket again and again is one.
            let is_new = !self.counted.with(&(shown.no, self.process), |counted| std::mem::replace(counted, now) > 0);
            let line = &mut self.lines[shown.purpose as usize];
            if is_new {
                line.count(shown.turn);
                if shown.process == NOT_COUNTED {
                    line.came_back();
                }
            }
        }
        if let Some(own) = kept.filter(|ticket| ticket.purpose == purpose) {
            return Some(Ticket { process: self.process, ..own });
        }
        // Somebody who came long ago stands in the other line as if they had come to it then, but not among those admitted: then as
        // many as like could go over at once.
        let base = match kept {
            Some(other) => other.turn.0.max(next),
            None => now.max(next).max(self.newest.saturating_add(1)),
        };
        let turn = Turn(self.shares.charge(what, source, base, base.saturating_add(LATER_US_MAX), allowed)?);
        if kept.is_none() {
            self.newest = base;
        }
        self.figures[purpose as usize].issued += 1;
        // Where nobody waits and few have just come, they may go in at once. Whoever is admitted admits all who came before.
        let uncounted = &mut self.uncounted[purpose as usize];
        let alone = self.lines[purpose as usize].waiting() == 0
            && f64::from(uncounted[0] + uncounted[1]) <= allowed.per_second * ALONE_S;
        let counted = alone || kept.is_some();
        if counted {
            self.lines[purpose as usize].count(turn);
        } else {
            uncounted[0] = uncounted[0].saturating_add(1);
            self.lines[purpose as usize].given(turn);
        }
        let process = if counted { self.process } else { NOT_COUNTED };
        Some(Ticket { no: random, process, purpose, turn })
    }

    /// Whether a genuine ticket still counts.
    fn counts(&self, ticket: &Ticket, now: i64) -> bool {
        let line = &self.lines[ticket.purpose as usize];
        let early_enough = ticket.turn.0 <= now.max(line.next()).saturating_add(2 * LATER_US_MAX);
        let fresh = early_enough && now.saturating_sub(ticket.turn.0) < TICKET_US;
        fresh && !line.is_over(ticket.turn) && self.tried.with(&ticket.no, |tried| tried.tries) < TRIES_MAX
    }

    /// What the pool has to do for each line. Who sees, changes or cancels has a fifth and who books four, and all of it while the
    /// others want nothing.
    fn loads(&self, load: LoginLoad) -> [LineLoad; 2] {
        let per_second = load.per_thousand_seconds as f64 / 1_000.0;
        let wanted =
            |purpose: Purpose, queued: u64| queued > 0 || self.engaged && self.lines[purpose as usize].waiting() > 0;
        let (booking, viewing) = (wanted(Purpose::Book, load.booking), wanted(Purpose::View, load.viewing));
        [
            LineLoad {
                per_second: per_second * if viewing { 1.0 - VIEWING_PART } else { 1.0 },
                queued: load.booking as f64,
            },
            LineLoad { per_second: per_second * if booking { VIEWING_PART } else { 1.0 }, queued: load.viewing as f64 },
        ]
    }

    fn allowed(&self, load: LoginLoad) -> Allowed {
        Allowed {
            burst: f64::from(self.settings.address_burst),
            per_second: load.per_thousand_seconds as f64 / 1_000.0,
        }
    }
}

fn micros(now: Instant) -> i64 {
    now.0.saturating_mul(1_000)
}

#[cfg(test)]
mod tests {
    use super::super::network::Network;
    use super::super::ticket::TicketKey;
    use super::*;

    const NOW: Instant = Instant(1_800_000_000_000);
    /// Eighty hashes a second.
    const RATE: u64 = 80_000;

    fn load(booking: u64, viewing: u64) -> LoginLoad {
        LoginLoad { per_thousand_seconds: RATE, booking, viewing }
    }

    fn home(n: u32) -> Source {
        Source::From(Network::V4(n << 8))
    }

    fn gate() -> LoginGate {
        LoginGate::new(LoginQueue::default(), 1)
    }

    /// A gate at which people stand since a moment before [`NOW`].
    fn engaged() -> LoginGate {
        let mut gate = gate();
        gate.go_on(micros(NOW.plus_ms(-500)), load(1_000, 0));
        assert!(gate.is_engaged());
        gate
    }

    fn ticket(said: Said) -> Ticket {
        match said {
            Said::Admitted(ticket) | Said::Waits(ticket, _) => ticket,
            other => panic!("no ticket: {other:?}"),
        }
    }

    /// The ticket of somebody who came at `now` and came back.
    fn stand(gate: &mut LoginGate, n: u32, now: Instant, load: LoginLoad) -> Ticket {
        let first = ticket(look(gate, None, n, now, load));
        ticket(look(gate, Some(first), n, now, load))
    }

    fn look(gate: &mut LoginGate, ticket: Option<Ticket>, n: u32, now: Instant, load: LoginLoad) -> Said {
        gate.ask((Act::Look, Purpose::Book), ticket, home(n), u64::from(n) + 1, now, load)
    }

    fn is_admitted(said: Said) -> bool {
        matches!(said, Said::Admitted(_))
    }

    #[test]
    fn nobody_notices_the_gate_while_the_pool_keeps_up() {
        let mut gate = gate();
        for n in 0..1_000 {
            let now = NOW.plus_ms(i64::from(n) * 20);
            assert!(matches!(look(&mut gate, None, n, now, load(60, 0)), Said::Open(Some(_))));
        }
        let now = NOW.plus_ms(20_000);
        assert!(matches!(look(&mut gate, None, 1, now, load(65, 0)), Said::Waits(..)), "0.8 s of work wait");
    }

    #[test]
    fn people_go_in_by_the_order_in_which_they_came_and_at_the_pace_of_the_pool() {
        let mut gate = engaged();
        let tickets: Vec<Ticket> =
            (0..3_000).map(|n| stand(&mut gate, n, NOW.plus_ms(i64::from(n)), load(1_000, 0))).collect();
        assert!(tickets.is_sorted_by_key(|ticket| ticket.turn));
        let mut admitted = 0;
        for second in 5..60 {
            let before = admitted;
            for tenth in 0..10 {
                let now = NOW.plus_ms(second * 1_000 + tenth * 100);
                let mut goes_in = |n: usize| is_admitted(look(&mut gate, Some(tickets[n]), n as u32, now, load(16, 0)));
                while admitted < tickets.len() && goes_in(admitted) {
                    admitted += 1;
                }
                let later = admitted + 30;
                assert!(later >= tickets.len() || !goes_in(later), "whoever came first goes first");
            }
            if admitted == tickets.len() {
                return;
            }
            // As many as are hashed.
            let more = admitted - before;
            assert!(second < 10 || (60..=100).contains(&more), "{more} in second {second}");
        }
        panic!("{admitted} after a minute");
    }

    #[test]
    fn an_estimate_is_what_comes_true() {
        let mut gate = engaged();
        let last = (0..2_400).map(|n| stand(&mut gate, n, NOW, load(40, 0))).last().expect("many");
        let back = NOW.plus_ms(2_000);
        let Said::Waits(_, waits) = look(&mut gate, Some(last), 9, back, load(40, 0)) else { panic!("admitted") };
        assert!((26..=30).contains(&waits.estimate_seconds) && waits.ahead > 2_100, "{waits:?}");
        assert!((4..=11).contains(&waits.again_seconds), "{waits:?}");
    }

    #[test]
    fn forged_old_missed_used_and_foreign_tickets_are_none() {
        let mut gate = engaged();
        let own = ticket(look(&mut gate, None, 1, NOW, load(0, 0)));
        assert!(is_admitted(look(&mut gate, Some(own), 1, NOW, load(0, 0))), "nobody else is there");
        let foreign = TicketKey::derive(&[2; 32]).seal(&own);
        assert_eq!(TicketKey::derive(&[1; 32]).open(&foreign), None);
        let busy = load(1_000, 0);
        let at_the_end = |gate: &mut LoginGate, shown: Ticket, now: Instant| {
            // Others keep the gate from opening.
            for n in 0..50 {
                let _ = stand(gate, 1_000 + n, now, busy);
            }
            let said = look(gate, Some(shown), 1, now, busy);
            matches!(said, Said::Waits(new, _) if new.no == 2 && new.turn.0 >= micros(now))
        };
        let old = Ticket { no: 9, turn: Turn(micros(NOW) - TICKET_US), ..own };
        let early = Ticket { no: 9, turn: Turn(micros(NOW) - 70_000_000), ..own };
        let far = Ticket { no: 9, turn: Turn(micros(NOW) + 3 * LATER_US_MAX), ..own };
        for shown in [old, early, far] {
            assert!(at_the_end(&mut gate, shown, NOW), "{shown:?}");
        }
        gate.used(&own);
        assert!(at_the_end(&mut gate, own, NOW), "it was good for one login");
        let missed = ticket(look(&mut gate, None, 5, NOW.plus_ms(1), load(0, 0)));
        for minute in 0..=10 {
            let _ = look(&mut gate, None, 100 + minute, NOW.plus_minutes(i64::from(minute)).plus_ms(5), load(0, 0));
        }
        assert!(at_the_end(&mut gate, missed, NOW.plus_minutes(11)), "ten minutes were enough");
    }

    #[test]
    fn a_ticket_is_good_for_some_tries_and_not_for_many() {
        let mut gate = engaged();
        let own = ticket(look(&mut gate, None, 1, NOW, load(0, 0)));
        let tries = (0..8).map(|_| gate.ask((Act::Try, Purpose::Book), Some(own), home(1), 99, NOW, load(900, 0)));
        let admitted: Vec<bool> = tries.map(|said| matches!(said, Said::Admitted(it) if it == own)).collect();
        assert_eq!(admitted, [true, true, true, true, true, false, false, false]);
    }

    #[test]
    fn after_a_restart_the_oldest_go_first_again() {
        let mut before = engaged();
        let came = |n: u32| NOW.plus_ms(i64::from(n) * 10);
        let tickets: Vec<Ticket> = (0..6_000).map(|n| stand(&mut before, n, came(n), load(1_000, 0))).collect();
        let mut gate = LoginGate::new(LoginQueue::default(), 500);
        let start = NOW.plus_minutes(2);
        // They come back in any order, and so do new ones.
        let mut inside = Vec::new();
        for step in 0..6_000_u32 {
            let now = start.plus_ms(i64::from(step));
            let n = step.wrapping_mul(2_654_435_761) % 6_000;
            if is_admitted(look(&mut gate, Some(tickets[n as usize]), n, now, load(40, 0))) {
                inside.push(n);
            }
            if step.is_multiple_of(10) {
                let new = look(&mut gate, None, 10_000 + step, now, load(40, 0));
                assert!(matches!(new, Said::Waits(..)), "{step}: before those who stood in line: {new:?}");
            }
        }
        let old = inside.iter().filter(|n| **n < 3_000).count();
        assert!(!inside.is_empty() && old * 10 >= inside.len() * 9, "{old} of {} came in the first half", inside.len());
    }

    #[test]
    fn the_lines_do_not_hold_up_one_another() {
        for (flood, quiet) in [(Purpose::Book, Purpose::View), (Purpose::View, Purpose::Book)] {
            let mut gate = engaged();
            let mut ask = |purpose, ticket, n: u32, now| {
                let said = gate.ask((Act::Look, purpose), ticket, home(n), u64::from(n), now, load(20, 3));
                (is_admitted(said), self::ticket(said))
            };
            for n in 0..5_000 {
                let (_, ticket) = ask(flood, None, n, NOW);
                let _ = ask(flood, Some(ticket), n, NOW);
            }
            let mut inside = 0;
            for n in 0..100_u32 {
                let came = NOW.plus_ms(1_000 + i64::from(n) * 100);
                let (_, ticket) = ask(quiet, None, 50_000 + n, came);
                inside += u32::from(ask(quiet, Some(ticket), 50_000 + n, came.plus_ms(1_000)).0);
            }
            assert!(inside >= 95, "{inside} of 100 who {quiet:?} go in within a second");
        }
    }

    #[test]
    fn going_over_to_the_other_line_keeps_the_place_and_gains_nothing() {
        let mut gate = engaged();
        let earlier = NOW.plus_ms(-400);
        let mut view = |ticket, n: u32| {
            let said = gate.ask((Act::Look, Purpose::View), ticket, home(n), u64::from(n), earlier, load(1_000, 500));
            self::ticket(said)
        };
        for n in 2..200 {
            let first = view(None, n);
            view(Some(first), n);
        }
        (200..400).for_each(|n| _ = stand(&mut gate, n, earlier, load(1_000, 500)));
        let book = ticket(look(&mut gate, None, 1, NOW, load(1_000, 500)));
        let view = gate.ask((Act::Look, Purpose::View), Some(book), home(1), 7, NOW.plus_ms(100), load(1_000, 500));
        let view = ticket(view);
        assert_eq!((view.purpose, view.turn), (Purpose::View, book.turn));
        let new_place = gate.new_place(view.turn, NOW.plus_ms(100), load(1_000, 500));
        assert!(new_place.is_some(), "a new place waits for the turn among those who book");
        (0..50).for_each(|tenth| gate.go_on(micros(NOW.plus_ms(tenth * 100)), load(0, 0)));
        assert_eq!(gate.new_place(view.turn, NOW.plus_ms(5_000), load(0, 0)), None);
    }

    #[test]
    fn a_network_with_thousands_of_tickets_stands_behind_itself_and_before_nobody() {
        let mut gate = engaged();
        let attacker = Source::From(Network::V4(9 << 8));
        let mut crowded = 0;
        for n in 0..20_000 {
            let said = gate.ask((Act::Look, Purpose::Book), None, attacker, n, NOW, load(1_000, 0));
            crowded += u32::from(matches!(said, Said::Crowded(_)));
            if let Said::Waits(shown, _) = said {
                let _ = gate.ask((Act::Look, Purpose::Book), Some(shown), attacker, n, NOW, load(1_000, 0));
            }
        }
        assert!(crowded > 1_000, "{crowded}: the rest gets no ticket");
        let (mut waited, mut shown) = (0, ticket(look(&mut gate, None, 77, NOW.plus_ms(1_000), load(20, 0))));
        loop {
            let said = look(&mut gate, Some(shown), 77, NOW.plus_ms(1_000 + waited), load(20, 0));
            shown = ticket(said);
            if is_admitted(said) {
                break;
            }
            waited += 100;
        }
        assert!(waited < 5_000, "{waited} ms: behind one burst at most");
    }

    #[test]
    fn whoever_types_when_a_rush_begins_goes_in_and_the_rush_is_seen_before_it_fills_the_pool() {
        let mut gate = gate();
        let mut opened = Vec::new();
        for n in 0..1_000_u32 {
            match look(&mut gate, None, n, NOW.plus_ms(i64::from(n) * 4), load(0, 0)) {
                Said::Open(shown) => opened.push((n, shown.expect("a ticket"))),
                _ => break,
            }
        }
        assert!((240..500).contains(&opened.len()), "{} before the rush is seen", opened.len());
        for (n, shown) in opened {
            let said = gate.ask((Act::Try, Purpose::Book), Some(shown), home(n), 1, NOW.plus_ms(9_000), load(100, 0));
            assert_eq!(said, Said::Admitted(Ticket { process: gate.process, ..shown }));
        }
    }

    #[test]
    fn nobody_waits_for_those_who_do_not_come_back() {
        let mut gate = engaged();
        let _ = stand(&mut gate, 0, NOW, load(1_000, 0));
        for n in 1..5_000 {
            let _ = look(&mut gate, None, n, NOW, load(1_000, 0));
        }
        assert_eq!(gate.figures(Purpose::Book), LineFigures { issued: 5_000, came: 0, waiting: 1, per_second: 80.0 });
    }

    #[test]
    fn the_gate_opens_by_itself_once_nobody_waits() {
        let mut gate = engaged();
        let _ = look(&mut gate, None, 1, NOW, load(1_000, 0));
        for second in 0..40 {
            gate.go_on(micros(NOW.plus_ms(second * 1_000)), load(0, 0));
        }
        assert!(!gate.is_engaged());
        assert_eq!(gate.figures(Purpose::Book).waiting, 0);
    }
}
