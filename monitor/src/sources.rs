//! Asks all sources at once, each on its own thread, and waits for none of them longer than a deadline.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::core::metric::Metric;
use crate::core::sample::{READINGS_MAX, Reading, Sample};
use crate::core::time::Now;
use crate::source::Source;

type Answer = Result<Vec<Reading>, String>;
type Question = (Now, oneshot::Sender<Answer>);

/// The way to a source's thread.
#[derive(Debug)]
struct Asking {
    name: &'static str,
    questions: SyncSender<Question>,
}

/// All sources.
#[derive(Debug)]
pub(crate) struct Sources(Vec<Asking>);

impl Sources {
    /// Gives each source its thread. A thread ends when this is dropped and its source has answered.
    pub(crate) fn start(sources: Vec<Box<dyn Source>>) -> io::Result<Self> {
        let mut all = Vec::new();
        for mut source in sources {
            let name = source.name();
            // No room: a question is taken by a source that is not busy, or by none.
            let (questions, asked) = sync_channel::<Question>(1);
            std::thread::Builder::new().name(format!("m-{name}")).spawn(move || {
                while let Ok((now, reply)) = asked.recv() {
                    let read = catch_unwind(AssertUnwindSafe(|| source.read(now)));
                    let _ = reply.send(read.unwrap_or_else(|_| Err("it panicked".into())));
                }
            })?;
            all.push(Asking { name, questions });
        }
        Ok(Self(all))
    }

    /// Asks all of them. One that fails, or does not answer within `deadline`, gives a reading that says so.
    pub(crate) async fn read(&self, now: Now, deadline: Duration) -> Sample {
        let until = Instant::now() + deadline;
        let asked: Vec<_> = self.0.iter().map(|asking| (asking.name, asking.ask(now))).collect();
        let mut sample = Sample::default();
        for (name, answer) in asked {
            let answer = match answer {
                Ok(answer) => timeout_at(until, answer).await,
                Err(why) => Ok(Ok(Err(why))),
            };
            let failure = match answer {
                Ok(Ok(Ok(readings))) => {
                    sample.readings.extend(readings.into_iter().filter(|reading| reading.value.is_finite()));
                    None
                }
                Ok(Ok(Err(why))) => Some(why),
                Ok(Err(_)) => Some("its thread has ended".into()),
                Err(_) => Some("it does not answer".into()),
            };
            let mut reading = Reading::new(Metric::SamplerFailed, name, f64::from(u8::from(failure.is_some())));
            reading.note = failure.unwrap_or_default().into();
            sample.readings.push(reading);
        }
        sample.readings.truncate(READINGS_MAX);
        sample
    }
}

impl Asking {
    fn ask(&self, now: Now) -> Result<oneshot::Receiver<Answer>, String> {
        let (reply, answer) = oneshot::channel();
        self.questions.try_send((now, reply)).map(|()| answer).map_err(|error| match error {
            TrySendError::Full(_) => "it does not answer".into(),
            TrySendError::Disconnected(_) => "its thread has ended".into(),
        })
    }
}
