//! The outside judge. Many devices book, move, cancel and hold against the real binary; now and then they hang up, ask the same
//! again, or race themselves; the power is cut again and again. Everything is written down with its times on the clients' clock,
//! and then judged from the contract alone: is there an order of each person's calls, and of each slot's, that explains it all?
//!
//! The judge knows the JSON contract and nothing of the product's sources.

mod bad;
mod history;
mod person;
mod recorder;
mod search;
mod slot;
mod verdict;

use std::time::Instant;

use sesshu_tests::{City, report, switches};

use history::{Asked, Heard, History};
use recorder::{Clerk, DEVICES, PEOPLE_PER_DEVICE, Resident, act_until_cut};
use verdict::judge;

/// After so many cuts a new city is made, so that nobody changes more often than the city lets them.
const CYCLES_PER_CITY: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_heard_has_an_order_whenever_the_power_is_cut() {
    let cycles = switches::number("SESSHU_JUDGE_CYCLES", 12);
    let steps = switches::number("SESSHU_JUDGE_STEPS", 40);
    let mut dice = switches::dice("judge");
    report("judge: cuts   calls  unanswered   done  repeated  full  full-of-holds  held  judged-in-ms");
    let mut left = cycles;
    while left > 0 {
        let cuts = left.min(CYCLES_PER_CITY);
        let history = record(cuts, steps, &mut dice).await;
        let began = Instant::now();
        let problems = judge(&history);
        report(&line(&history, began.elapsed().as_millis()));
        let texts: Vec<String> =
            problems.iter().map(|problem| format!("{:?}: {}", problem.claim, problem.text)).collect();
        assert!(problems.is_empty(), "{} claims do not hold\n{}", texts.len(), texts.join("\n\n"));
        left -= cuts;
    }
}

/// A city, its people, and so many power cuts.
async fn record(cuts: usize, steps: usize, dice: &mut switches::Dice) -> History {
    let mut city = City::demo().residents(DEVICES * PEOPLE_PER_DEVICE).start();
    let clerk = Clerk::start(&city).await;
    let logged_in = city.people(DEVICES * PEOPLE_PER_DEVICE).await;
    let mut people: Vec<Resident> =
        logged_in.into_iter().enumerate().map(|(id, (_, client))| Resident::new(id, client)).collect();
    for _ in 0..cuts {
        let cut_after = DEVICES * steps / 3 + dice.below(DEVICES * steps / 2);
        people = act_until_cut(&mut city, &clerk, people, steps, cut_after, dice).await;
        city.restart();
        let _ = city.verify();
        for person in &mut people {
            person.moved_to(&city);
        }
        clerk.everybody_looks(&mut people).await;
        for person in &mut people {
            person.repeat_all(&clerk).await;
        }
    }
    clerk.everybody_looks(&mut people).await;
    clerk.copy()
}

fn line(history: &History, judged_in_ms: u128) -> String {
    let count =
        |fits: fn(&Asked, &Heard) -> bool| history.calls.iter().filter(|call| fits(&call.asked, &call.heard)).count();
    format!(
        "judge: {:4}  {:6}  {:10}  {:5}  {:8}  {:4}  {:13}  {:4}  {judged_in_ms:12}",
        history.cuts.len(),
        history.calls.len(),
        count(|_, heard| *heard == Heard::Nothing),
        count(|_, heard| matches!(heard, Heard::Done { .. })),
        count(|asked, heard| { matches!((asked, heard), (Asked::Book { .. }, Heard::Done { created: false, .. })) }),
        count(|_, heard| matches!(heard, Heard::Refused { code, only_holds: false, .. } if code == "full")),
        count(|_, heard| matches!(heard, Heard::Refused { code, only_holds: true, .. } if code == "full")),
        count(|_, heard| matches!(heard, Heard::Held { .. })),
    )
}
