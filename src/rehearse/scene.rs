//! What is ready before the rush: who can log in as whom, who is logged in, and what people hold already.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use hyper::Method;
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::answers::Lists;
use super::city::Operator;
use super::plan::Plan;
use super::record::Record;
use crate::demo::DemoLogin;
use crate::exit::Failure;
use crate::phone::{Ask, Network, Phone};

/// How many phones ask at once before the rush.
const ASKERS: usize = 64;
/// A server that asks for patience is asked again, so often and after so long.
const TRIES_MAX: u32 = 400;
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(250);
/// So long after the opening the lists show that it is past.
const LISTED_AFTER: Duration = Duration::from_secs(1);

/// Everything that journeys need from before.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) network: Rc<Network>,
    /// By resident.
    pub(super) logins: Rc<Vec<DemoLogin>>,
    /// By resident.
    pub(super) tokens: Rc<Vec<Rc<str>>>,
    /// Operators' logins at the console, signed in by their code of now.
    pub(super) operators: Vec<Operator>,
}

impl Scene {
    /// Whoever is early opens their page before `until`, so that the server knows that they are there.
    pub(super) async fn early_look_in(&self, plan: &Plan, until: Instant) {
        let early = (0..plan.people.len()).filter(|number| plan.people[*number].early).collect::<Vec<_>>();
        let looking = self.each(&early, async |scene: &Self, phone: &mut Phone, number: usize| {
            let ask = Ask { token: Some(Rc::clone(&scene.tokens[number])), ..Ask::new(Method::GET, "/api/v1/me") };
            let _ = phone.ask(&ask).await;
        });
        // Whoever was not in time comes at the opening as everybody does.
        let _ = tokio::time::timeout_at(until, looking).await;
    }

    /// Books for everybody who has a place when they come; gives everybody's record.
    pub(super) async fn hand_out_places(&self, plan: &Plan, opening: Instant) -> Result<Vec<Record>, Failure> {
        let records = RefCell::new(vec![Record::default(); plan.people.len()]);
        let with_place: Vec<usize> =
            (0..plan.people.len()).filter(|number| plan.people[*number].errand.has_place()).collect();
        if with_place.is_empty() {
            return Ok(records.take());
        }
        sleep_until(opening + LISTED_AFTER).await;
        let list = Ask::new(Method::GET, "/api/v1/sessions?dose=1");
        let answer = Phone::new(&self.network, 0).ask(&list).await.ok();
        let list = answer.and_then(|answer| Lists::default().read(&answer));
        let list = list.ok_or_else(|| Failure::internal("the list of sessions cannot be read"))?;
        let slots = list.all();
        let turn = Cell::new(0);
        self.each(&with_place, async |scene: &Self, phone: &mut Phone, number: usize| {
            let Some(place) = slots.get(turn.replace(turn.get() + 1) / plan.city.slot_places as usize) else { return };
            let body = json!({ "session": place.session, "slot": place.slot, "dose": 1 }).to_string();
            let ask = Ask {
                token: Some(Rc::clone(&scene.tokens[number])),
                key: Some(format!("rehearsal-{number}-before").into()),
                json: Some(body.into()),
                ..Ask::new(Method::POST, "/api/v1/bookings")
            };
            for _ in 0..TRIES_MAX {
                match phone.ask(&ask).await {
                    Ok(answer) if answer.status.is_success() => {
                        let booked = answer.bookings().and_then(|mut bookings| bookings.pop());
                        records.borrow_mut()[number].booked = booked;
                        return;
                    }
                    _ => tokio::time::sleep(TRY_AGAIN_AFTER).await,
                }
            }
        })
        .await;
        let records = records.take();
        let booked = records.iter().filter(|record| record.booked.is_some()).count();
        if booked == with_place.len() {
            Ok(records)
        } else {
            let wanted = with_place.len();
            Err(Failure::refused(format!(
                "only {booked} of {wanted} people could book before the wave of cancellations"
            )))
        }
    }

    /// Does `what` for each of `numbers`, with so many phones at once.
    async fn each(&self, numbers: &[usize], what: impl AsyncFn(&Self, &mut Phone, usize)) {
        let next = Cell::new(0);
        let ask = async |asker: usize| {
            let mut phone = Phone::new(&self.network, asker);
            while let Some(number) = numbers.get(next.replace(next.get() + 1)) {
                what(self, &mut phone, *number).await;
            }
        };
        futures_util::future::join_all((0..ASKERS).map(ask)).await;
    }
}
