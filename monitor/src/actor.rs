//! The actor around the book: it measures, sees, sends, and answers orders. Nothing in it waits for a disk.

use std::sync::Arc;
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

/// How often it is looked for messages whose time has come.
const SEND_EVERY: Duration = Duration::from_millis(500);
/// How long sources may take to answer.
const READ_MAX: Duration = Duration::from_secs(2);

/// The actor.
pub(crate) struct MonitorActor {
    pub(crate) book: Book,
    pub(crate) clock: Clock,
    pub(crate) sources: Arc<Sources>,
    pub(crate) channels: Arc<Channels>,
    pub(crate) board: Arc<ArcSwap<Board>>,
    pub(crate) history: History,
    pub(crate) sampled_at: Option<WallMs>,
    pub(crate) sampling: bool,
}

impl Actor for MonitorActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.publish();
        self.sample(ctx);
        ctx.run_interval(Duration::from_secs(u64::from(self.book.config().every_seconds)), |actor, ctx| {
            actor.sample(ctx);
        });
        ctx.run_interval(SEND_EVERY, Self::send_due);
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

    fn publish(&self) {
        self.board.store(Arc::new(Board {
            sampled_at: self.sampled_at,
            gauges: self.book.gauges(),
            state: self.book.state().clone(),
            contacts: self.book.contacts().to_vec(),
            unsaved_since: None,
        }));
    }

    /// Sends what is due, each message in a task of its own.
    fn send_due(&mut self, ctx: &mut Context<Self>) {
        let now: Now = self.clock.now();
        for message in self.book.due(now) {
            let no = message.no;
            let kind = message.lane.channel;
            let letter = self.letter(message);
            let sending = send(Arc::clone(&self.channels), kind, letter);
            ctx.spawn(sending.into_actor(self).map(move |sent, actor: &mut Self, ctx| actor.sent(no, &sent, ctx)));
        }
    }

    fn letter(&self, message: Message) -> Letter {
        let contact = self.book.contacts().iter().find(|contact| contact.name == message.to);
        let state = self.book.state();
        let incident = match message.about {
            About::Incident { no, .. } => state.open.iter().chain(&state.ended).find(|one| one.no == no).cloned(),
            _ => None,
        };
        Letter {
            language: contact.map_or(Language::Ja, |contact| contact.language),
            threshold: incident.as_ref().and_then(|one| self.book.config().threshold(one.cause.metric)),
            incident,
            message,
        }
    }

    fn sent(&mut self, no: MessageNo, sent: &Sent, ctx: &mut Context<Self>) {
        self.book.delivered(self.clock.now(), no, sent.outcome, &sent.answer, sent.retry_after);
        self.publish();
        self.send_due(ctx);
    }
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
            Asked::Order(order, reply) => {
                let result = self.book.order(self.clock.now(), order);
                self.publish();
                self.send_due(ctx);
                let _ = reply.send(result);
            }
            Asked::Answer(reply) => {
                let _ = reply.send(());
            }
        }
    }
}
