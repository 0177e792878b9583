//! The one world of the model test, built twice: in the engine and in the model. Few scarce places, dates at the edges of the
//! rules, and people at the edges of ages.

use sesshu_engine::core::event::By;
use sesshu_engine::core::ids::{SessionId, SlotNo};
use sesshu_engine::roll::RollRow;

use crate::command::{PEOPLE, SESSIONS};
use crate::state::{DAY, HOUR, Model, Person, Phase, Session, Vaccine, Wave};
use crate::support::{COMIRNATY, City, Plan, SPIKEVAX, START, at, day, person};

/// Everybody's slot for seeing that the actors have done what came before: nobody else books it.
pub(crate) const PROBE_SLOT: u16 = 2;
pub(crate) const PROBE: u32 = PEOPLE as u32;

/// Session, date, vaccine, doses, capacity, phone share. The last one opens two hours later.
const WORLD: [(&str, usize, &[u8], u32, u32); SESSIONS as usize] = [
    ("2026-12-25", 0, &[1, 2], 1, 0),
    ("2026-12-04", 0, &[1, 2], 2, 1),
    ("2026-12-04", 0, &[1], 1, 1),
    ("2026-12-25", 0, &[1, 2], 2, 1),
    ("2026-12-05", 1, &[1, 2], 1, 0),
    ("2027-01-04", 1, &[1, 2], 1, 0),
    ("2026-12-06", 0, &[1, 2], 1, 0),
];
const OPENS_LATER: &str = "2026-12-01 11:00";
const VACCINES: [&str; 2] = [COMIRNATY, SPIKEVAX];

/// Adults, somebody who turns 12 the day after the session on 5 December, and somebody who turns 18 then.
const BORN: [(&str, &str); PEOPLE] = [
    ("1950-04-02", "高齢者"),
    ("1960-01-01", "高齢者"),
    ("1985-02-28", "医療"),
    ("1990-07-07", "医療"),
    ("2014-12-06", "医療"),
    ("2008-12-06", "高齢者"),
];

/// The city with its roll, its sessions published, and room for the probe.
pub(crate) async fn city() -> City {
    let city = City::empty().await;
    city.import_roll(&roll(None), false).await;
    let plans = WORLD.map(|(date, vaccine, doses, capacity, phone_share)| Plan {
        date: day(date),
        vaccine: VACCINES[vaccine],
        doses: doses.to_vec(),
        slots: PROBE_SLOT + 1,
        capacity,
        phone_share,
    });
    let (last, others) = plans.split_last().expect("a world");
    city.draft(others).await;
    city.publish(START).await;
    city.draft(std::slice::from_ref(last)).await;
    city.publish(OPENS_LATER).await;
    for session in 1..=SESSIONS {
        let probe = city.engine().change_capacity(SessionId(session), SlotNo(PROBE_SLOT), 9_999, By::System);
        probe.await.expect("more room for the probe");
    }
    city
}

/// The same in the model, which knows nothing of the probe.
pub(crate) fn model() -> Model {
    Model {
        now: at(START).0,
        vaccines: vec![
            Vaccine { doses: 2, days_min: 21, days_max: None, age_min: 12 },
            Vaccine { doses: 2, days_min: 28, days_max: Some(42), age_min: 18 },
        ],
        sessions: (1..).zip(WORLD.map(session)).collect(),
        people: BORN.map(|(born, group)| Person { born: day(born).ymd(), group, ..Person::default() }).to_vec(),
        waves: Vec::new(),
    }
}

fn session((date, vaccine, doses, capacity, share): (&str, usize, &[u8], u32, u32)) -> Session {
    let later = date == WORLD[SESSIONS as usize - 1].0;
    Session {
        date: i64::from(day(date).0),
        vaccine,
        doses: doses.to_vec(),
        phase: Phase::Published,
        opens_at: at(if later { OPENS_LATER } else { START }).0,
        slots: vec![(capacity, share); usize::from(PROBE_SLOT)],
    }
}

/// The roll, whole or without one of the people.
pub(crate) fn roll(without: Option<usize>) -> Vec<RollRow> {
    let people = BORN.iter().zip(0..).filter(|(_, n)| Some(*n as usize) != without);
    let mut rows: Vec<RollRow> = people.map(|((born, group), n)| person(n, day(born), &[*group])).collect();
    rows.push(person(PROBE, day("1970-01-01"), &["確認"]));
    rows
}

/// Waves to choose from; the probe is in all of them.
pub(crate) fn waves(choice: usize) -> Vec<Wave> {
    let start = at(START).0;
    let probe = ("確認", start);
    match choice {
        0 => vec![],
        1 => vec![probe, ("高齢者", start - HOUR)],
        2 => vec![probe, ("高齢者", start + 2 * HOUR), ("医療", start + DAY), ("高齢者", start + 3 * HOUR)],
        _ => vec![probe],
    }
}
