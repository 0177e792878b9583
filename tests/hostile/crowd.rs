//! Many devices that ask without a pause, each for the same things again and again, whatever they hear.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use sesshu_tests::{Client, Request, wait_until_async};
use tokio::task::JoinSet;

/// Whoever finds no server asks again so soon.
const AGAIN_AFTER: Duration = Duration::from_millis(20);
/// It is there in this time, on any machine.
const HEARD_WITHIN: Duration = Duration::from_mins(1);

/// The devices; they stop when told to.
pub(crate) struct Crowd {
    stop: Arc<AtomicBool>,
    heard: Arc<AtomicUsize>,
    lanes: JoinSet<()>,
}

impl Crowd {
    /// `count` devices. What the `nth` of them does until it is told to stop is up to `act`, which counts what it heard.
    pub(crate) fn of<F>(count: usize, act: impl Fn(usize, Acting) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (stop, heard) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let mut lanes = JoinSet::new();
        for nth in 0..count {
            lanes.spawn(act(nth, Acting { stop: Arc::clone(&stop), heard: Arc::clone(&heard) }));
        }
        Self { stop, heard, lanes }
    }

    /// `count` devices, each with the requests that are given for it.
    pub(crate) fn asking(count: usize, device: impl Fn(usize) -> (Client, Vec<Request>)) -> Self {
        Self::of(count, |nth, acting| {
            let (mut client, requests) = device(nth);
            async move {
                for request in requests.iter().cycle() {
                    if acting.is_over() {
                        return;
                    }
                    match client.try_send(request).await {
                        Ok(_) => acting.heard(),
                        Err(_) => tokio::time::sleep(AGAIN_AFTER).await,
                    }
                }
            }
        })
    }

    /// Waits until they have heard `answers` more.
    pub(crate) async fn hears(&self, answers: usize) {
        let before = self.heard.load(Ordering::Relaxed);
        let what = format!("{answers} answers to the crowd");
        wait_until_async(&what, HEARD_WITHIN, async || {
            (self.heard.load(Ordering::Relaxed) >= before + answers).then_some(())
        })
        .await;
    }

    /// Waits until they have heard more for so long.
    pub(crate) async fn goes_on_for(&self, time: Duration) {
        tokio::time::sleep(time).await;
        self.hears(1).await;
    }

    /// Tells them to stop, and gives how many answers they have heard.
    pub(crate) async fn end(mut self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        // A connection that is kept open on purpose need not come to its end.
        self.lanes.shutdown().await;
        self.heard.load(Ordering::Relaxed)
    }
}

/// What a device knows of the crowd that it belongs to.
#[derive(Clone)]
pub(crate) struct Acting {
    stop: Arc<AtomicBool>,
    heard: Arc<AtomicUsize>,
}

impl Acting {
    pub(crate) fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    pub(crate) fn heard(&self) {
        self.heard.fetch_add(1, Ordering::Relaxed);
    }
}
