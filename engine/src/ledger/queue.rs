//! The bounded way to the ledger's thread.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use super::Beside;
use crate::core::event::Entry;

/// An entry on its way to the disk, with the ticket that carries its reply.
pub struct Submission<T> {
    /// The epoch in which it was decided; an older one is not written.
    pub epoch: u64,
    /// The change.
    pub entry: Entry,
    /// Rows beside the journal.
    pub beside: Option<Box<Beside>>,
    /// What its sender wants back.
    pub ticket: T,
}

/// What the queue carries.
pub(crate) enum Message<T> {
    Entry(Submission<T>),
    /// Begin a new epoch, in which every actor's state is made anew.
    Restart,
}

/// How many requests for a restart may wait beside the entries; one is as good as many.
const RESTARTS_MAX: usize = 16;

/// The bounded way to the writer. Senders hold a permit for each entry, so that the queue can never be over full.
pub struct LedgerQueue<T> {
    sender: SyncSender<Message<T>>,
}

impl<T> Clone for LedgerQueue<T> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone() }
    }
}

impl<T> LedgerQueue<T> {
    /// Hands an entry over; gives it back if the writer has stopped.
    ///
    /// # Panics
    /// If the queue is full: its senders' permits bound it.
    pub fn submit(&self, submission: Submission<T>) -> Result<(), Submission<T>> {
        match self.sender.try_send(Message::Entry(submission)) {
            Err(TrySendError::Disconnected(Message::Entry(submission))) => Err(submission),
            Err(TrySendError::Full(_)) => panic!("permits bound the ledger's queue"),
            Ok(()) | Err(TrySendError::Disconnected(Message::Restart)) => Ok(()),
        }
    }

    /// Asks for a new epoch: what was decided before is not written any more, and every actor's state is made anew. A request
    /// that finds no room is not needed: others wait already.
    pub fn ask_for_restart(&self) {
        let _ = self.sender.try_send(Message::Restart);
    }
}

/// A queue for so many entries, and its end.
pub(crate) fn queue<T>(entries_max: usize) -> (LedgerQueue<T>, Receiver<Message<T>>) {
    let (sender, receiver) = sync_channel(entries_max + RESTARTS_MAX);
    (LedgerQueue { sender }, receiver)
}
