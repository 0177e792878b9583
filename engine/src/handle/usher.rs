//! The usher's thread: a few times a second it looks who waits, writes down how far it may admit them, and lets them in.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

use super::{Engine, EngineHandle, WEB_ENTRIES_MAX};
use crate::actors::Ticket;
use crate::core::event::{By, Entry, Event};
use crate::core::ids::Channel;
use crate::core::refusal::Refusal;
use crate::priority::{Work, this_thread_is_for};
use crate::waiting_room::{Signs, ToWrite, Usher};

/// How often the usher looks, in milliseconds, and how often while it waits for the disk.
const TICK_MS: u64 = 250;
const TICK_WRITING_MS: u64 = 5;

/// An entry on its way to the disk, with what it says.
pub(super) struct Writing {
    to_write: ToWrite,
    outcome: oneshot::Receiver<Result<Option<Entry>, Refusal>>,
}

impl EngineHandle {
    /// Starts the usher's thread. It ends when the engine is shut down or dropped.
    pub(super) fn start_usher(&self) -> std::io::Result<()> {
        let engine = Arc::downgrade(&self.0);
        let thread = std::thread::Builder::new().name("usher".into()).spawn(move || walk(&engine))?;
        *self.0.usher_thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
        Ok(())
    }

    /// One look: takes up what became durable, lets people in, and hands over what is to be durable next.
    pub(super) fn usher_looks(&self, writing: &mut Option<Writing>) {
        let now = self.now();
        let room = &self.0.waiting_room;
        let mut usher = self.0.usher.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mut done) = writing.take() {
            match done.outcome.try_recv() {
                Ok(Ok(_)) => {
                    if let Some(state) = done.to_write.line {
                        usher.promised(room, state);
                    }
                }
                Err(TryRecvError::Empty) => *writing = Some(done),
                // Not written, or nobody knows: the same again does no harm.
                Ok(Err(_)) | Err(TryRecvError::Closed) => {
                    if let Some((opening, people)) = done.to_write.arrived.take() {
                        room.keep_unwritten(opening, people);
                    }
                }
            }
        }
        let used = (WEB_ENTRIES_MAX - self.0.web_permits.available_permits()) as u64;
        let signs =
            Signs { queue_age_ms: self.queue_age_ms(), permits_used_percent: used * 100 / WEB_ENTRIES_MAX as u64 };
        let to_write = usher.tick(room, now, &signs, writing.is_none(), || self.free_by_dose());
        drop(usher);
        if writing.is_none() {
            *writing = self.write_down(to_write);
        }
    }

    fn write_down(&self, to_write: ToWrite) -> Option<Writing> {
        let arrived = to_write.arrived.clone().map(|(opening, people)| Event::Arrived { opening, people });
        let moved = to_write.line.map(Event::LineMoved);
        let events: Vec<Event> = arrived.into_iter().chain(moved).collect();
        if events.is_empty() {
            return None;
        }
        let (reply, outcome) = oneshot::channel();
        let entry = Entry { at: self.now(), by: By::System, key: None, events };
        let sent = self.permit(Channel::City).and_then(|permit| {
            self.submit(entry, None, Ticket { reply: Some(reply), permit: Some(permit), ..Ticket::default() })
        });
        if let Err(refusal) = sent {
            tracing::debug!(?refusal, "the usher tries again");
        }
        // What was not sent has lost its reply: it is kept at the next look.
        Some(Writing { to_write, outcome })
    }
}

fn walk(engine: &Weak<Engine>) {
    this_thread_is_for(Work::Deciding);
    let mut writing = None;
    while let Some(engine) = engine.upgrade().map(EngineHandle) {
        if engine.0.closing.load(Ordering::Acquire) {
            return;
        }
        engine.usher_looks(&mut writing);
        let ms = if writing.is_some() {
            TICK_WRITING_MS
        } else {
            Usher::wait_ms(&engine.0.waiting_room, engine.now(), TICK_MS)
        };
        drop(engine);
        std::thread::park_timeout(Duration::from_millis(ms.max(1)));
    }
}
