//! The resident gate: one change per resident at a time. Inside it the rules about the person are decided from the durable
//! index. It also remembers each resident's hold.
//!
//! A pass travels with the entry to the ledger, never with the handler's future: a phone that hangs up leaks nothing, and the
//! next change of that resident starts when the outcome is published. A repeated request key waits like any other change and
//! then finds its first answer.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::core::ids::ResidentNo;
use crate::core::time::Instant;
use crate::planted::{Bug, planted};
use crate::view::HoldView;

const STRIPES: usize = 256;
/// How many changes of one resident may wait behind the running one.
const WAITING_PER_RESIDENT_MAX: usize = 32;
/// How long a change waits for the one before it: a little less than people wait for an answer.
const WAIT_MAX: Duration = Duration::from_secs(4);

#[derive(Default)]
struct Stripe {
    running: HashMap<ResidentNo, VecDeque<oneshot::Sender<GatePass>>>,
    holds: HashMap<ResidentNo, HoldView>,
}

/// The gate of all residents.
pub(crate) struct Gate {
    stripes: Box<[Mutex<Stripe>]>,
}

/// The right to change one resident's bookings; ends when dropped.
pub(crate) struct GatePass {
    gate: Option<Arc<Gate>>,
    resident: ResidentNo,
}

/// Too many changes of this resident wait, or they take too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GateBusy;

impl Gate {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { stripes: (0..STRIPES).map(|_| Mutex::default()).collect() })
    }

    fn stripe(&self, resident: ResidentNo) -> MutexGuard<'_, Stripe> {
        self.stripes[resident.0 as usize % STRIPES].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the resident's running change, if there is one.
    pub(crate) async fn pass(self: &Arc<Self>, resident: ResidentNo) -> Result<GatePass, GateBusy> {
        let turn = {
            let mut stripe = self.stripe(resident);
            match stripe.running.get_mut(&resident) {
                None => {
                    stripe.running.insert(resident, VecDeque::new());
                    return Ok(GatePass { gate: Some(Arc::clone(self)), resident });
                }
                Some(_) if planted(Bug::GateOpen) => return Ok(GatePass { gate: None, resident }),
                Some(waiting) => {
                    if waiting.len() >= WAITING_PER_RESIDENT_MAX {
                        // Those who have hung up or given up wait no more.
                        waiting.retain(|one| !one.is_closed());
                    }
                    if waiting.len() >= WAITING_PER_RESIDENT_MAX {
                        return Err(GateBusy);
                    }
                    let (sender, turn) = oneshot::channel();
                    waiting.push_back(sender);
                    turn
                }
            }
        };
        match tokio::time::timeout(WAIT_MAX, turn).await {
            Ok(Ok(pass)) => Ok(pass),
            _ => Err(GateBusy),
        }
    }

    fn leave(self: &Arc<Self>, resident: ResidentNo) {
        loop {
            let next = {
                let mut stripe = self.stripe(resident);
                let Some(waiting) = stripe.running.get_mut(&resident) else { return };
                if let Some(next) = waiting.pop_front() {
                    next
                } else {
                    stripe.running.remove(&resident);
                    return;
                }
            };
            match next.send(GatePass { gate: Some(Arc::clone(self)), resident }) {
                Ok(()) => return,
                // That one has given up waiting.
                Err(mut unused) => unused.gate = None,
            }
            if planted(Bug::GateStuck) {
                return;
            }
        }
    }

    /// Whether somebody is inside with a change of `resident`, so that another one would have to wait.
    pub(crate) fn is_taken(&self, resident: ResidentNo) -> bool {
        self.stripe(resident).running.contains_key(&resident)
    }

    /// The resident's hold, if it has not ended at `now`.
    pub(crate) fn hold(&self, resident: ResidentNo, now: Instant) -> Option<HoldView> {
        self.stripe(resident).holds.get(&resident).filter(|hold| hold.expires_at > now).cloned()
    }

    /// Whether nobody is inside, and nobody waits.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.stripes.iter().all(|stripe| stripe.lock().unwrap_or_else(PoisonError::into_inner).running.is_empty())
    }

    /// Forgets holds that have ended at `now`, so that memory follows the holds that live.
    pub(crate) fn sweep(&self, now: Instant) {
        for stripe in &self.stripes {
            stripe.lock().unwrap_or_else(PoisonError::into_inner).holds.retain(|_, hold| hold.expires_at > now);
        }
    }
}

impl GatePass {
    /// Remembers the resident's hold in place of the one before, which it gives back.
    pub(crate) fn set_hold(&self, hold: Option<HoldView>) -> Option<HoldView> {
        let gate = self.gate.as_ref()?;
        let mut stripe = gate.stripe(self.resident);
        match hold {
            Some(hold) => stripe.holds.insert(self.resident, hold),
            None => stripe.holds.remove(&self.resident),
        }
    }
}

impl Drop for GatePass {
    fn drop(&mut self) {
        if let Some(gate) = self.gate.take() {
            gate.leave(self.resident);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::core::ids::HoldId;

    #[tokio::test]
    async fn changes_of_one_resident_follow_one_another_and_those_of_others_do_not_wait() {
        let gate = Gate::new();
        let first = gate.pass(ResidentNo(1)).await.expect("free");
        let other = gate.pass(ResidentNo(257)).await.expect("the same stripe, another person");
        let second = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { gate.pass(ResidentNo(1)).await.map(drop) }
        });
        tokio::task::yield_now().await;
        assert!(!second.is_finished());
        drop(first);
        second.await.expect("no panic").expect("its turn");
        drop(other);
        assert!(gate.is_empty());
    }

    #[tokio::test]
    async fn somebody_who_hangs_up_while_waiting_blocks_nobody() {
        let gate = Gate::new();
        let first = gate.pass(ResidentNo(1)).await.expect("free");
        let waiting = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { gate.pass(ResidentNo(1)).await.map(drop) }
        });
        tokio::task::yield_now().await;
        waiting.abort();
        assert!(waiting.await.is_err());
        drop(first);
        assert!(gate.pass(ResidentNo(1)).await.is_ok());
    }

    #[tokio::test]
    async fn turns_come_in_the_order_in_which_they_were_asked_for() {
        let gate = Gate::new();
        let first = gate.pass(ResidentNo(1)).await.expect("free");
        let mut second = Box::pin(gate.pass(ResidentNo(1)));
        let mut third = Box::pin(gate.pass(ResidentNo(1)));
        assert!(polled_once(&mut second).is_pending() && polled_once(&mut third).is_pending());
        drop(first);
        assert!(polled_once(&mut third).is_pending(), "it is not its turn");
        let Poll::Ready(Ok(pass)) = polled_once(&mut second) else { panic!("its turn") };
        assert!(polled_once(&mut third).is_pending());
        drop(pass);
        assert!(polled_once(&mut third).is_ready());
        assert!(gate.is_empty());
    }

    #[tokio::test]
    async fn a_turn_that_came_to_somebody_who_hung_up_before_they_took_it_goes_on_to_the_next() {
        let gate = Gate::new();
        let first = gate.pass(ResidentNo(1)).await.expect("free");
        let mut hangs_up = Box::pin(gate.pass(ResidentNo(1)));
        let mut next = Box::pin(gate.pass(ResidentNo(1)));
        assert!(polled_once(&mut hangs_up).is_pending() && polled_once(&mut next).is_pending());
        drop(first);
        drop(hangs_up);
        let Poll::Ready(Ok(pass)) = polled_once(&mut next) else { panic!("its turn") };
        assert!(gate.is_taken(ResidentNo(1)) && !gate.is_taken(ResidentNo(2)));
        drop(pass);
        assert!(gate.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_waited_long_enough_is_refused_and_leaves_their_turn_to_the_next() {
        let gate = Gate::new();
        let first = gate.pass(ResidentNo(1)).await.expect("free");
        let began = tokio::time::Instant::now();
        assert_eq!(gate.pass(ResidentNo(1)).await.map(drop), Err(GateBusy));
        assert_eq!(began.elapsed().as_secs(), WAIT_MAX.as_secs());
        let mut next = Box::pin(gate.pass(ResidentNo(1)));
        assert!(polled_once(&mut next).is_pending());
        drop(first);
        assert!(polled_once(&mut next).is_ready());
        assert!(gate.is_empty());
    }

    #[tokio::test]
    async fn a_hold_ends_at_its_instant_and_is_forgotten_then() {
        let hold = |id, expires_at| HoldView {
            id: HoldId(id),
            legs: Vec::new(),
            changes: None,
            first_held_at: Instant(0),
            expires_at: Instant(expires_at),
        };
        let gate = Gate::new();
        for (who, expires_at) in [(1, 100), (257, 101)] {
            let pass = gate.pass(ResidentNo(who)).await.expect("free");
            assert_eq!(pass.set_hold(Some(hold(7, 50))), None);
            assert_eq!(pass.set_hold(Some(hold(8, expires_at))), Some(hold(7, 50)), "the one before is given back");
        }
        let kept = |who, at| gate.hold(ResidentNo(who), Instant(at)).map(|hold| hold.id);
        assert_eq!((kept(1, 99), kept(1, 100), kept(2, 99)), (Some(HoldId(8)), None, None));
        gate.sweep(Instant(100));
        assert_eq!((kept(1, 0), kept(257, 100)), (None, Some(HoldId(8))));
        let pass = gate.pass(ResidentNo(257)).await.expect("free");
        assert_eq!(pass.set_hold(None), Some(hold(8, 101)));
        assert_eq!(kept(257, 0), None);
    }

    #[tokio::test]
    async fn those_who_hung_up_while_waiting_take_nobodys_turn() {
        let gate = Gate::new();
        let _first = gate.pass(ResidentNo(1)).await.expect("free");
        for _ in 0..2 * WAITING_PER_RESIDENT_MAX {
            let mut hangs_up = Box::pin(gate.pass(ResidentNo(1)));
            assert!(polled_once(&mut hangs_up).is_pending(), "it waits, and is not refused");
        }
    }

    fn polled_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
        Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[tokio::test]
    async fn too_many_waiting_changes_are_refused_at_once() {
        let gate = Gate::new();
        let _first = gate.pass(ResidentNo(1)).await.expect("free");
        let waiting: Vec<_> = (0..WAITING_PER_RESIDENT_MAX)
            .map(|_| {
                let gate = Arc::clone(&gate);
                tokio::spawn(async move { gate.pass(ResidentNo(1)).await.map(drop) })
            })
            .collect();
        tokio::task::yield_now().await;
        assert_eq!(gate.pass(ResidentNo(1)).await.map(drop), Err(GateBusy));
        waiting.iter().for_each(tokio::task::JoinHandle::abort);
    }
}
