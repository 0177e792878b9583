//! The actor around the book: it measures, sees, sends, and answers orders. Nothing in it waits for a disk.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message as ActorMessage, WrapFuture};
use arc_swap::ArcSwap;

use crate::board::Board;
use crate::channels::{Channels, Letter, Sent, TRY_MAX};
use crate::clock::Clock;
use crate::core::book::Book;
use crate::core::contact::{ChannelKind, Language};
use crate::core::message::{About, Message, MessageNo, Outcome};
use crate::core::sample::Sample;
use crate::core::time::{Now, WallMs};
use crate::handle::Asked;
use crate::history::History;
use crate::sources::Sources;
use crate::writer::Writer;

/// How often it is looked for messages whose time has come.
const SEND_EVERY: Duration = Duration::from_millis(500);
/// How long the disk may take before the board says that it is behind.
const SAVE_MAX: Duration = Duration::from_secs(3);
/// How long sources may take to answer.
const READ_MAX: Duration = Duration::from_secs(2);

/// The actor.
pub(crate) struct MonitorActor {
    pub(crate) book: Book,
    pub(crate) clock: Clock,
    pub(crate) sources: Arc<Sources>,
    pub(crate) channels: Arc<Channels>,
    pub(crate) board: Arc<ArcSwap<Board>>,
    pub(crate) writer: Writer,
    pub(crate) saving: Saving,
    pub(crate) history: History,
    pub(crate) sampled_at: Option<WallMs>,
    pub(crate) sampling: bool,
    /// How many messages are on their way.
    pub(crate) sending: usize,
    /// Who waits until nothing is on its way any more; nothing more is sent then.
    pub(crate) stopping: Option<SyncSender<()>>,
}

/// How far the disk is behind.
#[derive(Default)]
pub(crate) struct Saving {
    /// The number of the latest state, and the state.
    no: u64,
    latest: Option<Arc<Board>>,
    /// The first state that is not on the disk, and since when.
    first_unsaved: Option<(u64, Now)>,
}

impl Actor for MonitorActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.publish();
        self.sample(ctx);
        ctx.run_interval(Duration::from_secs(u64::from(self.book.config().every_seconds)), |actor, ctx| {
            actor.sample(ctx);
        });
        ctx.run_interval(SEND_EVERY, |actor, ctx| {
            actor.book.pass_time(actor.clock.now());
            actor.send_due(ctx);
        });
    }
}

impl MonitorActor {
    /// Measures, unless it is still being measured.
    fn sample(&mut self, ctx: &mut Context<Self>) {
        if self.sampling {
            return;
        }
        self.sampling = true;
        let (now, sources) = (self.clock.now(), Arc::clone(&self.sources));
        let reading = async move { sources.read(now, READ_MAX).await };
        ctx.spawn(reading.into_actor(self).map(|sample, actor: &mut Self, ctx| {
            actor.sampling = false;
            actor.see(&sample, ctx);
        }));
    }

    fn see(&mut self, sample: &Sample, ctx: &mut Context<Self>) {
        let now = self.clock.now();
        self.book.see(now, sample);
        self.history.see(now.wall, sample);
        self.sampled_at = Some(now.wall);
        self.publish();
        self.send_due(ctx);
    }

    /// Shows everybody what is known now, and has it written if there is anything new to remember.
    fn publish(&mut self) {
        let now = self.clock.now();
        let is_new = self.saving.latest.as_ref().is_none_or(|latest| latest.state != *self.book.state());
        let saving = &mut self.saving;
        if is_new {
            saving.no += 1;
        }
        let written = *self.writer.written().borrow();
        match saving.first_unsaved {
            Some((no, _)) if no <= written => saving.first_unsaved = (saving.no > written).then_some((saving.no, now)),
            None if is_new => saving.first_unsaved = Some((saving.no, now)),
            _ => {}
        }
        let unsaved = saving.first_unsaved.filter(|(_, since)| now.steady.saturating_sub(since.steady) >= SAVE_MAX);
        let board = Arc::new(Board {
            sampled_at: self.sampled_at,
            gauges: self.book.gauges(),
            state: self.book.state().clone(),
            contacts: self.book.contacts().to_vec(),
            unsaved_since: unsaved.map(|(_, since)| since.wall),
        });
        self.board.store(Arc::clone(&board));
        if is_new {
            self.saving.latest = Some(Arc::clone(&board));
            self.writer.write(self.saving.no, board);
        }
    }

    /// Sends what is due, each message in a task of its own.
    fn send_due(&mut self, ctx: &mut Context<Self>) {
        let now = self.clock.now();
        if self.stopping.is_some() {
            return;
        }
        let due = self.book.due(now, &mut token);
        if !due.is_empty() {
            self.publish();
        }
        for message in due {
            self.sending += 1;
            let no = message.no;
            let kind = message.lane.channel;
            let letter = letter(&self.book, message);
            let sending = send(Arc::clone(&self.channels), kind, letter);
            ctx.spawn(sending.into_actor(self).map(move |sent, actor: &mut Self, ctx| actor.sent(no, &sent, ctx)));
        }
    }

    fn sent(&mut self, no: MessageNo, sent: &Sent, ctx: &mut Context<Self>) {
        self.book.delivered(self.clock.now(), no, sent.outcome, &sent.answer, sent.retry_after);
        self.sending = self.sending.saturating_sub(1);
        self.publish();
        self.send_due(ctx);
        self.stop_if_idle();
    }

    /// Tells whoever waits for it that nothing is on its way any more.
    fn stop_if_idle(&self) {
        if self.sending == 0
            && let Some(stopping) = &self.stopping
        {
            let _ = stopping.try_send(());
        }
    }
}

/// The message with what a channel may want to know.
pub(crate) fn letter(book: &Book, message: Message) -> Letter {
    let contact = book.contacts().iter().find(|contact| contact.name == message.to);
    let state = book.state();
    let incident = match message.about {
        About::Incident { no, .. } => state.open.iter().chain(&state.ended).find(|one| one.no == no).cloned(),
        _ => None,
    };
    Letter {
        language: contact.map_or(Language::Ja, |contact| contact.language),
        threshold: incident.as_ref().and_then(|one| book.config().threshold(one.cause.metric)),
        incident,
        message,
    }
}

/// The secret of a call: 128 random bits.
pub(crate) fn token() -> Box<str> {
    let mut bytes = [0; 16];
    // Without randomness there is no secret: a call is then answered by nobody, and counts as unanswered.
    if getrandom::fill(&mut bytes).is_err() {
        return "".into();
    }
    blake3::hash(&bytes).to_hex()[..32].into()
}

/// Tries once, within bounds. A channel that panics has failed.
async fn send(channels: Arc<Channels>, kind: ChannelKind, letter: Letter) -> Sent {
    let Some(channel) = channels.get(&kind) else {
        return Sent::new(Outcome::GivenUp, "this channel is not configured");
    };
    let sending = actix::spawn(tokio::time::timeout(TRY_MAX, channel.send(letter)));
    match sending.await {
        Ok(Ok(sent)) => sent,
        Ok(Err(_)) => Sent::new(Outcome::Failed, "it took too long"),
        Err(_) => Sent::new(Outcome::Failed, "the channel panicked"),
    }
}

impl ActorMessage for Asked {
    type Result = ();
}

impl Handler<Asked> for MonitorActor {
    type Result = ();

    fn handle(&mut self, asked: Asked, ctx: &mut Self::Context) {
        match asked {
            Asked::Try(letter, reply) => {
                let sending = send(Arc::clone(&self.channels), letter.message.lane.channel, *letter);
                actix::spawn(async move {
                    let _ = reply.send(sending.await);
                });
            }
            Asked::Order(order, reply) => {
                let result = self.book.order(self.clock.now(), order);
                self.publish();
                self.send_due(ctx);
                let (no, mut written) = (self.saving.no, self.writer.written());
                actix::spawn(async move {
                    if result.is_ok() {
                        // A disk that takes longer is seen on the board; nobody waits for it.
                        let _ = tokio::time::timeout(SAVE_MAX, written.wait_for(|written| *written >= no)).await;
                    }
                    let _ = reply.send(result);
                });
            }
            Asked::Stop(reply) => {
                self.stopping = Some(reply);
                self.stop_if_idle();
            }
            Asked::Answer(reply) => {
                let _ = reply.send(());
            }
        }
    }
}
