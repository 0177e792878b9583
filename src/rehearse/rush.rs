//! The rush itself: people come by the clock, whatever the server does, and go their ways until all have ended or the time is up.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, interval_at, sleep_until};

use super::answers::Lists;
use super::figures::{Figures, Step};
use super::journey::{Journey, Rush};
use super::plan::Plan;
use super::progress::Progress;
use super::record::Record;
use super::samples::Sampler;
use crate::demo::DemoLogin;
use crate::exit::Failure;
use crate::own_server::Server;
use crate::phone::Network;

/// Between the order and the opening.
const BEFORE_OPENING: Duration = Duration::from_millis(500);
/// How long those who have come may go on after the last has come.
pub(super) const GRACE: Duration = Duration::from_mins(2);
const SECOND: Duration = Duration::from_secs(1);

/// Plays the rush. Gives what was measured, and what each resident was told.
pub(super) async fn play(
    plan: &Plan,
    logins: &[DemoLogin],
    tokens: &[Rc<str>],
    server: &mut Server,
) -> Result<(Figures, Vec<Record>), Failure> {
    let opening = Instant::now() + BEFORE_OPENING;
    let rush = Rc::new(Rush {
        network: Network::new(server.public),
        figures: RefCell::new(Figures::new()?),
        lists: RefCell::new(Lists::default()),
        records: RefCell::new(vec![Record::default(); plan.people.len()]),
        opening,
    });
    let watching = tokio::task::spawn_local(watch(Rc::clone(&rush), Sampler::new(server.pid(), server.ops)));
    let journeys = people_come(&rush, plan, logins, tokens, server).await;
    watching.abort();
    drop(journeys?);
    count_unfinished(&rush, plan);
    Ok((rush.figures.replace(Figures::new()?), rush.records.take()))
}

/// Lets people come until the time is up or all have ended; gives those who are still on their way.
async fn people_come(
    rush: &Rc<Rush>,
    plan: &Plan,
    logins: &[DemoLogin],
    tokens: &[Rc<str>],
    server: &mut Server,
) -> Result<JoinSet<()>, Failure> {
    let end = rush.opening + plan.time + GRACE;
    let mut coming = plan.in_order().into_iter().peekable();
    let mut journeys = JoinSet::new();
    let mut look = interval_at(rush.opening, SECOND);
    loop {
        let next = coming.peek().map(|number| rush.opening + plan.people[*number].arrives);
        if next.is_none() && journeys.is_empty() {
            return Ok(journeys);
        }
        tokio::select! {
            () = sleep_until(next.unwrap_or(end)), if next.is_some() => {
                let now = Instant::now();
                while let Some(number) = coming.next_if(|number| rush.opening + plan.people[*number].arrives <= now) {
                    rush.figures.borrow_mut().arrive();
                    let person = plan.people[number].clone();
                    let token = person.early.then(|| Rc::clone(&tokens[number]));
                    let (journey, login) = (Journey::new(rush, number, person, token), logins[number].clone());
                    journeys.spawn_local(async move { journey.go(&login).await });
                }
            }
            Some(_) = journeys.join_next(), if !journeys.is_empty() => {}
            _ = look.tick() => server.must_run()?,
            () = sleep_until(end) => return Ok(journeys),
        }
    }
}

/// Closes each second and shows how it goes.
async fn watch(rush: Rc<Rush>, mut sampler: Sampler) {
    let progress = Progress::start();
    let _ = sampler.look().await;
    // A look that takes long is followed by short ones: the seconds stay in step with the clock.
    let mut seconds = interval_at(rush.opening + SECOND, SECOND);
    loop {
        seconds.tick().await;
        let sample = sampler.look().await;
        let mut figures = rush.figures.borrow_mut();
        figures.close_second(sample);
        progress.show(&figures);
    }
}

/// Whoever has not ended is counted with the time until now, so that the slowest do not vanish from the percentiles.
fn count_unfinished(rush: &Rush, plan: &Plan) {
    let mut figures = rush.figures.borrow_mut();
    let records = rush.records.borrow();
    for (person, _) in plan.people.iter().zip(&*records).filter(|(_, record)| record.ended.is_none()) {
        figures.took(Step::Journey, (rush.opening + person.arrives).elapsed());
    }
}
