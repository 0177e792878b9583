//! The door to a running monitor. Reads never wait for it; orders are answered when they are decided.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use arc_swap::ArcSwap;
use tokio::sync::{mpsc, oneshot};

use crate::board::{Board, Series, Span};
use crate::channels::{Letter, Sent};
use crate::core::order::{Done, Order, OrderError};

/// How many orders may wait.
pub(crate) const ORDERS_WAITING_MAX: usize = 64;

/// What is asked of the actor, with the way back.
pub(crate) enum Asked {
    /// To do something.
    Order(Order, oneshot::Sender<Result<Done, OrderError>>),
    /// To send nothing more, and to say when nothing is on its way.
    Stop(SyncSender<()>),
    /// To say that it is there.
    Answer(oneshot::Sender<()>),
    /// To send a letter once, beside all that waits.
    Try(Box<Letter>, oneshot::Sender<Sent>),
}

/// The handle; cheap to clone.
#[derive(Clone)]
pub struct MonitorHandle {
    pub(crate) board: Arc<ArcSwap<Board>>,
    pub(crate) history: Arc<ArcSwap<Vec<(Span, Series)>>>,
    pub(crate) orders: mpsc::Sender<Asked>,
}

impl MonitorHandle {
    /// A handle to a picture that does not change, for those who read one without a monitor that runs, and for tests. Each order goes
    /// to `decide`, which answers at once.
    #[must_use]
    pub fn fixed(
        board: Board,
        history: Vec<(Span, Series)>,
        mut decide: impl FnMut(Order) -> Result<Done, OrderError> + Send + 'static,
    ) -> Self {
        let (orders, mut asked) = mpsc::channel::<Asked>(ORDERS_WAITING_MAX);
        tokio::spawn(async move {
            while let Some(asked) = asked.recv().await {
                match asked {
                    Asked::Order(order, reply) => drop(reply.send(decide(order))),
                    Asked::Answer(reply) => drop(reply.send(())),
                    // Nothing is sent here, and whoever asked for it hears that it was not.
                    Asked::Stop(_) | Asked::Try(..) => {}
                }
            }
        });
        Self {
            board: Arc::new(ArcSwap::from_pointee(board)),
            history: Arc::new(ArcSwap::from_pointee(history)),
            orders,
        }
    }

    /// The picture as it is now.
    #[must_use]
    pub fn board(&self) -> Arc<Board> {
        self.board.load_full()
    }

    /// All series over `span`, in the order of the metrics.
    #[must_use]
    pub fn history(&self, span: Span) -> Vec<Series> {
        self.history.load().iter().filter(|(of, _)| *of == span).map(|(_, series)| series.clone()).collect()
    }

    /// Has the monitor do `order`. What it answers is remembered over a restart, unless the disk does not take it: then the board says so.
    pub async fn order(&self, order: Order) -> Result<Done, OrderError> {
        let (reply, answer) = oneshot::channel();
        self.orders.try_send(Asked::Order(order, reply)).map_err(|_| OrderError::Unavailable)?;
        answer.await.map_err(|_| OrderError::Unavailable)?
    }

    /// Whether the monitor answers: its actor has turned to a question. It is for the caller to say how long it may take.
    pub async fn answers(&self) -> bool {
        let (reply, answer) = oneshot::channel();
        self.orders.try_send(Asked::Answer(reply)).is_ok() && answer.await.is_ok()
    }

    /// Sends `letter` once, now, by the monitor's own channels; nothing of it is remembered.
    pub async fn try_letter(&self, letter: Letter) -> Result<Sent, OrderError> {
        let (reply, answer) = oneshot::channel();
        self.orders.try_send(Asked::Try(Box::new(letter), reply)).map_err(|_| OrderError::Unavailable)?;
        answer.await.map_err(|_| OrderError::Unavailable)
    }
}

impl std::fmt::Debug for MonitorHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MonitorHandle")
    }
}
