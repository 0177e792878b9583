//! The rush itself: people come by the clock, whatever the server does, and go their ways until all have ended or the time is up.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, interval_at, sleep_until};

use super::answers::Lists;
use super::attacks::{self, Tally};
use super::calls::{self, CallCentre};
use super::figures::Figures;
use super::journey::Journey;
use super::plan::{Errand, Plan};
use super::progress::Progress;
use super::record::Record;
use super::samples::Sampler;
use super::scene::Scene;
use super::steps::Step;
use crate::exit::Failure;
use crate::own_server::Server;
use crate::phone::Network;

/// Between the order and the opening, at least.
const BEFORE_OPENING: Duration = Duration::from_millis(500);
const SECOND: Duration = Duration::from_secs(1);

/// What all journeys share.
#[derive(Debug)]
pub(super) struct Rush {
    pub(super) network: Rc<Network>,
    pub(super) figures: RefCell<Figures>,
    pub(super) lists: RefCell<Lists>,
    /// By resident.
    pub(super) records: RefCell<Vec<Record>>,
    /// The first opening.
    pub(super) opening: Instant,
    /// After this nobody comes any more.
    pub(super) end_of_coming: Instant,
    pub(super) patience: Duration,
    /// Whether people who do not wait as told go on asking to the end.
    pub(super) never_rests: bool,
}

/// What the rush leaves.
#[derive(Debug)]
pub(super) struct Played {
    pub(super) figures: Figures,
    /// By resident.
    pub(super) records: Vec<Record>,
    pub(super) attacks: Vec<Tally>,
}

/// Plays the rush, which opens at `opening`; `records` is what people have by then.
pub(super) async fn play(
    plan: &Plan,
    scene: &Scene,
    server: &mut Server,
    opening: Instant,
    records: Vec<Record>,
) -> Result<Played, Failure> {
    let browsers = calls::sign_in(scene, server.staff).await?;
    let opening = opening.max(Instant::now() + BEFORE_OPENING);
    let rush = Rc::new(Rush {
        network: Rc::clone(&scene.network),
        figures: RefCell::new(Figures::new()?),
        lists: RefCell::new(Lists::default()),
        records: RefCell::new(records),
        opening,
        end_of_coming: opening + plan.time,
        patience: plan.patience,
        never_rests: plan.shape.never_rests(),
    });
    let calls = CallCentre::open(&rush, plan, scene, browsers);
    let attackers = attacks::begin(&rush, plan, scene);
    let watching = tokio::task::spawn_local(watch(
        Rc::clone(&rush),
        plan.people.len() as u64,
        Sampler::new(server.pid(), server.ops),
    ));
    let journeys = people_come(&rush, plan, scene, &calls, server).await;
    watching.abort();
    let attacks = attackers.end();
    drop(calls);
    drop(journeys?);
    count_unfinished(&rush, plan);
    rush.figures.borrow_mut().short_of_sockets = rush.network.short_of_sockets();
    Ok(Played { figures: rush.figures.replace(Figures::new()?), records: rush.records.take(), attacks })
}

/// Lets people come until the time is up or all have ended; gives those who are still on their way.
async fn people_come(
    rush: &Rc<Rush>,
    plan: &Plan,
    scene: &Scene,
    calls: &CallCentre,
    server: &mut Server,
) -> Result<JoinSet<()>, Failure> {
    let end = rush.end_of_coming + plan.patience;
    let mut coming = plan.in_order().into_iter().peekable();
    let mut journeys = JoinSet::new();
    let mut look = interval_at(rush.opening, SECOND);
    loop {
        let next = coming.peek().map(|number| rush.opening + plan.people[*number].arrives);
        if next.is_none() && journeys.is_empty() && calls.is_quiet() {
            return Ok(journeys);
        }
        tokio::select! {
            () = sleep_until(next.unwrap_or(end)), if next.is_some() => {
                let now = Instant::now();
                while let Some(number) = coming.next_if(|number| rush.opening + plan.people[*number].arrives <= now) {
                    rush.figures.borrow_mut().arrive();
                    if plan.people[number].calls {
                        calls.ring(number);
                    } else {
                        set_out(&mut journeys, rush, plan, scene, number);
                    }
                }
            }
            Some(_) = journeys.join_next(), if !journeys.is_empty() => {}
            _ = look.tick() => server.must_run()?,
            () = sleep_until(end) => return Ok(journeys),
        }
    }
}

/// A person sets out on each of their devices.
fn set_out(journeys: &mut JoinSet<()>, rush: &Rc<Rush>, plan: &Plan, scene: &Scene, number: usize) {
    let person = plan.people[number].clone();
    let token = person.early.then(|| Rc::clone(&scene.tokens[number]));
    let first = Journey::new(rush, number, person, token);
    let devices = first.second_device().into_iter().chain([first]);
    for device in devices.collect::<Vec<_>>() {
        let logins = Rc::clone(&scene.logins);
        journeys.spawn_local(async move { device.go(&logins[number]).await });
    }
}

/// Closes each second and shows how it goes.
async fn watch(rush: Rc<Rush>, people: u64, mut sampler: Sampler) {
    let progress = Progress::start(people);
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
        let until_now = (rush.opening + person.arrives).elapsed();
        figures.took(Step::Journey, until_now);
        if matches!(person.errand, Errand::Book) && !person.calls {
            figures.took(Step::Wait, until_now);
        }
    }
}
