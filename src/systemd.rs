//! What the service manager is told: ready, stopping, and that what serves still answers. Without systemd nobody is told anything.

use std::time::Duration;

use sd_notify::NotifyState;
use sesshu_monitor::MonitorHandle;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::exit::Failure;

/// How many pings fit into the time after which systemd takes the process for dead.
const PINGS_PER_WATCHDOG: u32 = 3;

/// What must answer before systemd hears that all is well.
pub(crate) struct Answering {
    /// Each runtime that serves somebody, by its name.
    pub(crate) runtimes: Vec<(&'static str, Handle)>,
    /// The monitor.
    pub(crate) monitor: MonitorHandle,
}

/// Tells systemd that the service is ready, and from then on that it still answers. Dropped, it says that it stops.
pub(crate) struct Service {
    /// Dropped with it: the pings end.
    _stop: oneshot::Sender<()>,
}

impl Service {
    /// To be called once everybody can connect.
    pub(crate) fn ready(answering: Answering) -> Result<Self, Failure> {
        let (stop, stopped) = oneshot::channel();
        if let Some(watchdog) = sd_notify::watchdog_enabled() {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()
                .map_err(Failure::io("the watchdog's thread"))?;
            // A thread of its own: a runtime that hangs must not keep its own watchman from noticing.
            let ping = move || runtime.block_on(ping_until(stopped, watchdog / PINGS_PER_WATCHDOG, &answering));
            std::thread::Builder::new()
                .name("watchdog".into())
                .spawn(ping)
                .map_err(Failure::io("the watchdog's thread"))?;
        }
        tell(NotifyState::Ready);
        Ok(Self { _stop: stop })
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        tell(NotifyState::Stopping);
    }
}

async fn ping_until(mut stopped: oneshot::Receiver<()>, every: Duration, answering: &Answering) {
    let mut tick = tokio::time::interval_at(tokio::time::Instant::now() + every, every);
    loop {
        tokio::select! {
            _ = &mut stopped => return,
            _ = tick.tick() => {}
        }
        match answering.silent(every).await {
            None => tell(NotifyState::Watchdog),
            Some(name) => tracing::error!(name, "does not answer; systemd is not told that all is well"),
        }
    }
}

impl Answering {
    /// The first that does not answer within `deadline`, by its name. Each question passes only through memory, so a disk that
    /// stalls delays none.
    async fn silent(&self, deadline: Duration) -> Option<&'static str> {
        let until = tokio::time::Instant::now() + deadline;
        for (name, runtime) in &self.runtimes {
            let hop = runtime.spawn(async {});
            if !matches!(tokio::time::timeout_at(until, hop).await, Ok(Ok(()))) {
                return Some(name);
            }
        }
        let monitor = tokio::time::timeout_at(until, self.monitor.answers()).await;
        (monitor != Ok(true)).then_some("monitor")
    }
}

fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "systemd cannot be told");
    }
}

#[cfg(test)]
mod tests {
    use sesshu_monitor::channels::Channels;
    use sesshu_monitor::{MonitorConfig, MonitorSetup};

    use super::*;

    const DEADLINE: Duration = Duration::from_millis(500);

    #[tokio::test(flavor = "multi_thread")]
    async fn all_is_well_only_while_everybody_answers() {
        let folder = tempfile::tempdir().expect("a folder");
        let setup = MonitorSetup {
            config: MonitorConfig::default(),
            name: "test".into(),
            folder: folder.path().to_owned(),
            sources: Vec::new(),
            channels: Channels::new(),
        };
        let monitor = sesshu_monitor::start(setup).expect("a monitor");
        // Nobody drives this runtime: what is given to it waits, as it does when all its threads hang.
        let hanging = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let staff = ("staff", Handle::current());

        let mut answering = Answering { runtimes: vec![staff], monitor: monitor.handle() };
        assert_eq!(answering.silent(DEADLINE).await, None);
        answering.runtimes.push(("residents", hanging.handle().clone()));
        assert_eq!(answering.silent(DEADLINE).await, Some("residents"));
        answering.runtimes.pop();
        tokio::task::spawn_blocking(move || monitor.stop()).await.expect("to stop");
        assert_eq!(answering.silent(DEADLINE).await, Some("monitor"));
        hanging.shutdown_background();
    }
}
