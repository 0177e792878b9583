//! Measuring how late the serving threads are: a task on them that wants to be woken at fixed times, and sees how late it is. It waits
//! where requests wait, in the threads' own queues, so its lateness is theirs.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Load;
use super::rule::{Measured, Rule};

/// How often it is measured.
const EVERY: Duration = Duration::from_millis(20);
/// How often the ledger is asked for its age, in measurements.
const LEDGER_EVERY: u32 = 5;

/// Measures and gives orders, for ever. `answers` tells how many requests were answered so far; `ledger` hears how late what is served
/// makes us, and tells how long the oldest entry has waited for the disk, both in milliseconds.
pub(super) async fn watch(load: Load, answers: impl Fn() -> u64 + Send, mut ledger: impl FnMut(u32) -> u64 + Send) {
    let began = Instant::now();
    let mut rule = Rule::new(load.0.limits, 0);
    let (mut late_ms, mut ledger_age_ms, mut answers_before) = (0, 0, answers());
    for turn in (0..LEDGER_EVERY).cycle() {
        let asleep = Instant::now();
        sleep(EVERY).await;
        let late = asleep.elapsed().saturating_sub(EVERY);
        if turn == 0 {
            ledger_age_ms = ledger(late_ms);
        }
        let at_ms = began.elapsed().as_millis() as u64;
        let answers = answers();
        let answered = answers.wrapping_sub(std::mem::replace(&mut answers_before, answers));
        let in_flight = load.0.in_flight.load(Ordering::Relaxed);
        let measured = Measured { at_ms, late_ms: late.as_millis() as u32, ledger_age_ms, in_flight, answered };
        let orders = rule.measured(measured);
        late_ms = if orders.overworked { orders.late_ms } else { 0 };
        load.follow(orders);
    }
}

#[cfg(test)]
mod tests {
    use super::super::class::Class;
    use super::*;
    use std::sync::atomic::AtomicU64;
    use tokio::time::advance;

    /// Many more each time.
    fn many() -> u64 {
        static ANSWERS: AtomicU64 = AtomicU64::new(0);
        ANSWERS.fetch_add(1_000, Ordering::Relaxed)
    }

    /// Lets time pass in steps; whoever waits for a moment between two of them is woken late.
    async fn pass(steps: u32, step: Duration) {
        for _ in 0..steps {
            tokio::task::yield_now().await;
            advance(step).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn late_threads_send_people_away_and_punctual_ones_let_everybody_in_again() {
        let load = Load::default();
        let watching = tokio::spawn(watch(load.clone(), many, |_| 0));
        pass(50, Duration::from_millis(20)).await;
        assert!(load.admit(Class::Docs, false).is_ok());
        pass(6, Duration::from_millis(700)).await;
        assert!(load.admit(Class::Docs, false).is_err());
        assert!(load.admit(Class::Login, true).is_err());
        pass(300, Duration::from_millis(20)).await;
        assert!(load.admit(Class::Docs, false).is_ok(), "within six seconds");
        watching.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn a_stalled_ledger_is_heard_of_and_hears_how_late_it_is_here() {
        let load = Load::default();
        let _places: Vec<_> = (0..2_000).map(|_| load.enter()).collect();
        let watching = tokio::spawn(watch(load.clone(), many, |late_ms| if late_ms < 100 { 3_000 } else { 0 }));
        pass(200, Duration::from_millis(20)).await;
        assert!(load.admit(Class::Hold, true).is_err(), "what waits is bounded");
        assert!(load.admit(Class::Read, false).is_ok(), "reading goes on");
        watching.abort();
    }
}
