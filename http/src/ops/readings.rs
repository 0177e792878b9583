//! What the monitor knows, in Prometheus text. The lines are made from its board at each scrape, so that a cause that is gone is gone
//! here too. Labels are bounded: metrics, and subjects such as file systems, channels and accounts.

use std::fmt::Write;

use sesshu_monitor::board::Board;
use sesshu_monitor::core::incident::Incident;
use sesshu_monitor::core::message::{About, Outcome};
use sesshu_monitor::core::state::State;
use sesshu_monitor::core::time::WallMs;

/// The lines.
pub(super) fn lines(board: &Board, now: WallMs) -> String {
    let mut text = String::new();
    if let Some(at) = board.sampled_at {
        family(
            &mut text,
            "sesshu_monitor_sampled_at_seconds",
            "When everything was last measured, in seconds since 1970.",
        );
        add(&mut text, "sesshu_monitor_sampled_at_seconds", &[], at.0 as f64 / 1_000.0);
    }
    family(&mut text, "sesshu_monitor_reading", "The latest value of each metric, in its unit.");
    for gauge in &board.gauges {
        let cause = &gauge.reading.cause;
        let labels = [("metric", cause.metric.code()), ("subject", &*cause.subject)];
        add(&mut text, "sesshu_monitor_reading", &labels, gauge.reading.value);
    }
    family(&mut text, "sesshu_incident", "Open incidents, and whether anybody was told of them or need not be.");
    for incident in &board.state.open {
        let told = if is_told(incident, &board.state, now) { "yes" } else { "no" };
        let labels = [
            ("metric", incident.cause.metric.code()),
            ("subject", &*incident.cause.subject),
            ("level", incident.level.code()),
            ("told", told),
        ];
        add(&mut text, "sesshu_incident", &labels, 1.0);
    }
    family(&mut text, "sesshu_alerts_undelivered_seconds", "How long the oldest alert has waited to be delivered.");
    let oldest = board.state.waiting.iter().filter(|it| !matches!(it.about, About::Test)).map(|it| it.at).min();
    let waits = oldest.map_or(0.0, |at| now.since(at).as_secs_f64());
    add(&mut text, "sesshu_alerts_undelivered_seconds", &[], waits);
    text
}

/// Whether the outside watcher need not tell anybody: a person has it in hand, wants it quiet, or has got the message. What was
/// written to somebody is told unless it is known not to have arrived.
fn is_told(incident: &Incident, state: &State, now: WallMs) -> bool {
    let in_hand = incident.acknowledged.is_some();
    let is_quiet = state.silences.iter().any(|silence| silence.keeps_quiet(&incident.cause, now));
    let is_about = |about: &About| matches!(about, About::Incident { no, .. } if *no == incident.no);
    let mut ended = state.deliveries.iter().filter(|it| is_about(&it.about));
    let arrived = ended.clone().any(|it| matches!(it.outcome, Outcome::Delivered | Outcome::Acknowledged));
    let is_on_its_way = state.waiting.iter().any(|it| is_about(&it.about));
    let failed = is_on_its_way || ended.any(|it| !matches!(it.outcome, Outcome::Delivered | Outcome::Acknowledged));
    in_hand || is_quiet || (incident.told_at.is_some() && (arrived || !failed))
}

fn family(text: &mut String, name: &str, help: &str) {
    let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n");
}

fn add(text: &mut String, name: &str, labels: &[(&str, &str)], value: f64) {
    text.push_str(name);
    for (nth, (label, word)) in labels.iter().enumerate() {
        let _ = write!(text, "{}{label}=\"{}\"", if nth == 0 { '{' } else { ',' }, escaped(word));
    }
    let _ = writeln!(text, "{}{value}", if labels.is_empty() { " " } else { "} " });
}

/// A word as it stands between the quotes of a label.
fn escaped(word: &str) -> String {
    word.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use sesshu_monitor::board::Gauge;
    use sesshu_monitor::core::cause::Cause;
    use sesshu_monitor::core::contact::ChannelKind;
    use sesshu_monitor::core::incident::IncidentNo;
    use sesshu_monitor::core::level::Level;
    use sesshu_monitor::core::message::{Delivery, Message, MessageNo};
    use sesshu_monitor::core::metric::Metric;
    use sesshu_monitor::core::sample::Reading;
    use sesshu_monitor::core::silence::{Covers, Silence};

    const NOW: WallMs = WallMs(1_000_000);

    fn incident(told_at: Option<WallMs>) -> Incident {
        Incident {
            no: IncidentNo(3),
            cause: Cause::new(Metric::DiskUse, "data"),
            level: Level::Critical,
            worst: Level::Critical,
            since: WallMs(0),
            value: 93.0,
            worst_value: 93.0,
            note: "".into(),
            acknowledged: None,
            resolved_at: None,
            told_contacts: 0,
            told_at,
            round: 0,
            told: Vec::new(),
            flaps: 0,
            history: Vec::new(),
        }
    }

    const ABOUT: About = About::Incident { no: IncidentNo(3), level: Level::Critical, resolved: false };

    fn delivery(outcome: Outcome) -> Delivery {
        Delivery {
            at: NOW,
            no: MessageNo(4),
            to: "当番".into(),
            channel: ChannelKind::Mail,
            about: ABOUT,
            subject: "".into(),
            outcome,
            answer: "".into(),
        }
    }

    fn waiting(at: WallMs) -> Message {
        let message = serde_json::json!({
            "no": 5, "to": "当番", "lane": { "channel": "mail", "address": "a@example.jp" }, "about": ABOUT, "subject": "",
            "body": "", "at": at, "tries": 1, "next_try_at": at, "last_answer": "", "passed_on": false,
        });
        serde_json::from_value(message).expect("a message")
    }

    #[test]
    fn an_incident_is_told_once_it_arrived_or_needs_no_telling() {
        let told = |incident: Incident, state: State| is_told(&incident, &state, NOW);
        let with = |outcome| State { deliveries: vec![delivery(outcome)], ..State::default() };
        assert!(!told(incident(None), State::default()), "nobody was written to");
        assert!(told(incident(Some(NOW)), with(Outcome::Delivered)));
        assert!(told(incident(Some(NOW)), State::default()), "it is so long ago that its delivery is not kept");
        assert!(!told(incident(Some(NOW)), with(Outcome::GivenUp)));
        let state = State { waiting: vec![waiting(NOW)], ..State::default() };
        assert!(!told(incident(Some(NOW)), state), "the message is on its way");
        let state = State { waiting: vec![waiting(NOW)], ..with(Outcome::Delivered) };
        assert!(told(incident(Some(NOW)), state), "one of two channels has it");
        let acknowledged = Incident { acknowledged: Some((NOW, "staff:sato".into())), ..incident(None) };
        assert!(told(acknowledged, State::default()));
        let silence = Silence {
            no: 1,
            covers: Covers::Everything,
            from: WallMs(0),
            until: WallMs(2_000_000),
            by: "staff:sato".into(),
            reason: "".into(),
        };
        assert!(told(incident(None), State { silences: vec![silence], ..State::default() }));
    }

    #[test]
    fn the_board_is_shown_with_its_labels_escaped() {
        let gauge =
            Gauge { reading: Reading::new(Metric::LookupsUnusual, "a\"b\\c", 1.0), threshold: None, level: None };
        let state = State {
            open: vec![incident(Some(NOW))],
            waiting: vec![waiting(WallMs(990_000)), waiting(WallMs(998_000))],
            ..State::default()
        };
        let board = Board { sampled_at: Some(WallMs(999_500)), gauges: vec![gauge], state, ..Board::default() };
        let lines = lines(&board, NOW);
        let values: Vec<&str> = lines.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            values,
            [
                "sesshu_monitor_sampled_at_seconds 999.5",
                r#"sesshu_monitor_reading{metric="lookups_unusual",subject="a\"b\\c"} 1"#,
                r#"sesshu_incident{metric="disk_use",subject="data",level="critical",told="no"} 1"#,
                "sesshu_alerts_undelivered_seconds 10",
            ]
        );
    }

    #[test]
    fn a_monitor_that_measured_nothing_yet_says_no_time() {
        assert!(!lines(&Board::default(), NOW).contains("sampled_at"));
    }
}
