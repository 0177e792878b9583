//! The monitor's folder without a server: a command looks into it, does what is asked, and sends what came of it.

use std::path::Path;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use crate::MonitorConfig;
use crate::actor::{letter, token};
use crate::channels::{Channels, send_once};
use crate::clock::Clock;
use crate::core::book::Book;
use crate::core::message::MessageNo;
use crate::core::order::{Done, Order, OrderError};
use crate::core::state::State;
use crate::start::{StartError, open, remembered};
use crate::store::StateFile;

/// How often it is looked for messages whose time has come.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// The folder, locked until this is dropped.
#[derive(Debug)]
pub struct Offline {
    book: Book,
    file: StateFile,
    clock: Clock,
}

impl Offline {
    /// Opens `folder`; fails if another process has it.
    pub fn open(config: MonitorConfig, name: &str, folder: &Path) -> Result<Self, StartError> {
        let clock = Clock::start();
        let (file, found) = open(folder)?;
        let now = clock.now();
        Ok(Self { book: Book::new(config, name, remembered(found, now), now), file, clock })
    }

    /// All that is remembered.
    #[must_use]
    pub const fn state(&self) -> &State {
        self.book.state()
    }

    /// Does `order`, and writes it to the disk.
    pub fn order(&mut self, order: Order) -> Result<Done, OrderError> {
        let done = self.book.order(self.clock.now(), order)?;
        match self.file.save(self.book.state()) {
            Ok(()) => Ok(done),
            Err(error) => {
                tracing::error!(%error, "the monitor's state cannot be written");
                Err(OrderError::Unavailable)
            }
        }
    }

    /// Tries to deliver `messages` for at most `most`; what is left is delivered by the next server. How many are left.
    pub async fn deliver(&mut self, messages: &[MessageNo], channels: &Channels, most: Duration) -> usize {
        let until = Instant::now() + most;
        let mut sending = JoinSet::new();
        loop {
            let left = self.book.state().waiting.iter().filter(|message| messages.contains(&message.no)).count();
            if left == 0 || Instant::now() >= until {
                return left;
            }
            for message in self.book.due(self.clock.now(), &mut token) {
                let (no, sent) = (message.no, send_once(channels, letter(&self.book, message)));
                sending.spawn(async move { (no, sent.await) });
            }
            let ended = if sending.is_empty() {
                sleep(LOOK_EVERY).await;
                None
            } else {
                timeout_at(until, sending.join_next()).await.ok().flatten()
            };
            if let Some(Ok((no, sent))) = ended {
                self.book.delivered(self.clock.now(), no, sent.outcome, &sent.answer, sent.retry_after);
                if let Err(error) = self.file.save(self.book.state()) {
                    tracing::error!(%error, "the monitor's state cannot be written");
                }
            }
        }
    }
}
