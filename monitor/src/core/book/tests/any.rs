//! What holds for any samples and any outcomes.

use proptest::prelude::*;

use super::*;

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        4 => Just(Outcome::Delivered),
        4 => Just(Outcome::Failed),
        1 => Just(Outcome::GivenUp),
        1 => Just(Outcome::Unanswered),
        1 => Just(Outcome::Placed),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn for_any_samples_there_is_one_open_incident_a_cause_and_each_ends(
        values in proptest::collection::vec((0_u8..3, prop_oneof![Just(f64::NAN), 0.0..100.0], 1_u64..400), 1..120),
    ) {
        let mut desk = Desk::new();
        for (subject, value, seconds) in values {
            desk.pass(seconds);
            desk.see(&[(Metric::DiskUse, ["data", "backups", "mark"][usize::from(subject)], value)]);
            let mut causes: Vec<_> = desk.book.state().open.iter().map(|open| open.cause.clone()).collect();
            causes.sort();
            let all = causes.len();
            causes.dedup();
            prop_assert_eq!(all, causes.len());
        }
        for _ in 0..400 {
            desk.pass(5);
            desk.see(&[]);
            desk.send(Outcome::Delivered);
        }
        prop_assert!(desk.book.state().open.is_empty());
        prop_assert!(desk.book.state().ended.iter().all(|ended| ended.resolved_at.is_some()));
    }

    #[test]
    fn for_any_outcomes_each_message_arrives_once_in_its_lane_and_in_order(
        steps in proptest::collection::vec((0.0..100.0, outcomes(), 1_u64..120), 1..150),
    ) {
        let mut desk = Desk::new();
        let mut arrived: BTreeMap<crate::core::message::Lane, Vec<MessageNo>> = BTreeMap::new();
        let mut last = vec![(50.0, Outcome::Delivered, 700); 30];
        let mut steps = steps;
        steps.append(&mut last);
        for (value, outcome, seconds) in steps {
            desk.pass(seconds);
            desk.disk(value);
            for message in desk.due() {
                if outcome == Outcome::Delivered {
                    arrived.entry(message.lane.clone()).or_default().push(message.no);
                }
                let is_phone = message.lane.channel.code() == "phone";
                let outcome = if is_phone || outcome == Outcome::Delivered { outcome } else { Outcome::Failed };
                desk.end(&message, outcome);
            }
        }
        for numbers in arrived.values() {
            prop_assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", numbers);
        }
        prop_assert!(desk.book.state().waiting.is_empty(), "{:?}", desk.book.state().waiting);
    }

    #[test]
    fn for_any_samples_nothing_is_told_while_everything_is_silent(
        values in proptest::collection::vec((0.0..100.0, 1_u64..60), 1..100),
    ) {
        let mut desk = Desk::new();
        desk.silence(24 * 60);
        for (value, seconds) in values {
            desk.pass(seconds);
            desk.disk(value);
            prop_assert!(desk.due().is_empty());
        }
    }
}
