//! Writes the state on a thread of its own: the latest one, whatever came in between. So a disk that stalls holds up nobody.

use std::io;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::board::Board;
use crate::store::StateFile;

/// The pause after a write that failed.
const RETRY_EVERY: Duration = Duration::from_secs(2);

/// What is to be written next.
#[derive(Default)]
struct Desk {
    next: Option<(u64, Arc<Board>)>,
    closed: bool,
}

/// The way to the writer's thread.
pub(crate) struct Writer {
    desk: Arc<(Mutex<Desk>, Condvar)>,
    written: watch::Receiver<u64>,
}

impl Writer {
    /// Starts the thread. It ends when this is dropped, once it has tried what is there to be written; `alive` is dropped then.
    pub(crate) fn start(file: StateFile, alive: SyncSender<()>) -> io::Result<Self> {
        let desk: Arc<(Mutex<Desk>, Condvar)> = Arc::default();
        let (done, written) = watch::channel(0);
        std::thread::Builder::new().name("m-writer".into()).spawn({
            let desk = Arc::clone(&desk);
            move || {
                run(file, &desk, &done);
                drop(alive);
            }
        })?;
        Ok(Self { desk, written })
    }

    /// Has the state of `board` written as number `no`, instead of what waits to be written.
    pub(crate) fn write(&self, no: u64, board: Arc<Board>) {
        let (lock, bell) = &*self.desk;
        lock.lock().unwrap_or_else(PoisonError::into_inner).next = Some((no, board));
        bell.notify_one();
    }

    /// The number of the latest state that is on the disk.
    pub(crate) fn written(&self) -> watch::Receiver<u64> {
        self.written.clone()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let (lock, bell) = &*self.desk;
        lock.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        bell.notify_one();
    }
}

fn run(mut file: StateFile, (lock, bell): &(Mutex<Desk>, Condvar), done: &watch::Sender<u64>) {
    let mut failing = false;
    loop {
        let (no, board, closed) = {
            let mut desk = lock.lock().unwrap_or_else(PoisonError::into_inner);
            loop {
                match desk.next.take() {
                    Some((no, board)) => break (no, board, desk.closed),
                    None if desk.closed => return,
                    None => desk = bell.wait(desk).unwrap_or_else(PoisonError::into_inner),
                }
            }
        };
        match file.save(&board.state) {
            Ok(()) => {
                failing = false;
                done.send_replace(no);
            }
            Err(error) if closed => {
                tracing::error!(%error, "the monitor's last state was not written");
                return;
            }
            Err(error) => {
                if !failing {
                    tracing::error!(%error, "the monitor's state cannot be written; it is tried again");
                }
                failing = true;
                let desk = lock.lock().unwrap_or_else(PoisonError::into_inner);
                let (mut desk, _) = bell
                    .wait_timeout_while(desk, RETRY_EVERY, |desk| desk.next.is_none() && !desk.closed)
                    .unwrap_or_else(PoisonError::into_inner);
                if desk.next.is_none() {
                    desk.next = Some((no, board));
                }
            }
        }
    }
}
