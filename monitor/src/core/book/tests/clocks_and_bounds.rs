//! Clocks that jump, gaps, what is gone, and what is too much.

use super::*;

#[test]
fn a_wall_clock_that_jumps_holds_nothing_up_and_tells_nothing_twice() {
    for jump_seconds in [-86_400_i64, 86_400, -10 * 365 * 86_400] {
        let mut desk = Desk::new();
        desk.disk(95.0);
        let due = desk.due();
        desk.end(&due[0], Outcome::Failed);
        desk.send(Outcome::Delivered);
        desk.now.wall = WallMs(desk.now.wall.0 + jump_seconds * 1_000);
        desk.pass(7);
        assert_eq!(desk.send(Outcome::Delivered), ["mail first@example.jp critical"], "{jump_seconds}");
        assert_eq!(desk.go_on(550, 95.0), [""; 0]);
        assert_eq!(desk.go_on(60, 95.0), ["phone 090-1 critical", "phone 090-2 critical"]);
    }
}

#[test]
fn a_silence_does_not_last_a_day_longer_because_the_clock_was_set_back() {
    let mut desk = Desk::new();
    desk.silence(30);
    desk.now.wall = WallMs(desk.now.wall.0 - 86_400_000);
    assert_eq!(desk.go_on(29 * 60, 95.0), [""; 0]);
    assert_eq!(desk.go_on(120, 95.0).len(), 1);
}

#[test]
fn a_gap_in_the_samples_begins_nothing() {
    let config = CONTACTS.replace("for_seconds = 0", "for_seconds = 60");
    let mut desk = Desk::of(&config, State::default(), 1_000_000);
    desk.go_on(20, 95.0);
    // Stopped for ten minutes: nothing was seen of them.
    desk.pass(600);
    assert_eq!(desk.go_on(50, 95.0), [""; 0]);
    // Suspended: steady time stood still.
    desk.now.wall = desk.now.wall.plus(Duration::from_mins(10));
    assert_eq!(desk.go_on(55, 95.0), [""; 0]);
    assert_eq!(desk.go_on(20, 95.0), ["mail first@example.jp critical"]);
}

#[test]
fn a_cause_that_is_measured_no_more_ends_as_gone() {
    let mut desk = Desk::new();
    desk.go_on(10, 85.0);
    for _ in 0..200 {
        desk.pass(5);
        desk.see(&[(Metric::CpuUse, "", 1.0)]);
    }
    assert!(desk.book.state().open.is_empty());
    let last = desk.book.state().ended[0].history.last().expect("steps").what.clone();
    assert_eq!(last, IncidentChange::Resolved(Ending::Gone));
    assert_eq!(desk.send(Outcome::Delivered), ["mail first@example.jp resolved"]);
}

#[test]
fn a_point_event_is_an_incident_as_long_as_it_stands() {
    let mut desk = Desk::new();
    desk.see(&[(Metric::LookupsUnusual, "sato", 1.0)]);
    assert_eq!(desk.send(Outcome::Delivered), ["mail first@example.jp warning"]);
    desk.pass(5);
    desk.see(&[(Metric::LookupsUnusual, "sato", 0.0)]);
    assert_eq!(desk.send(Outcome::Delivered), ["mail first@example.jp resolved"]);
}

#[test]
fn many_messages_in_a_dead_lane_become_one_that_counts_them() {
    let mut desk = Desk::new();
    desk.see(&[(Metric::LookupsUnusual, "first", 1.0)]);
    let due = desk.due();
    for message in &due {
        desk.end(message, Outcome::Failed);
    }
    let logins: Vec<String> = (0..100).map(|nth| format!("login{nth}")).collect();
    let readings: Vec<_> = logins.iter().map(|login| (Metric::LookupsUnusual, login.as_str(), 1.0)).collect();
    desk.see(&readings);
    let mail = desk.book.state().waiting.iter().filter(|message| message.lane.channel.code() == "mail");
    let count: u32 = mail.clone().map(|message| message.stands_for).sum();
    assert!(mail.clone().count() <= 22);
    assert_eq!(count, 101);
    desk.pass(60);
    let sent = desk.send(Outcome::Delivered);
    assert!(sent.contains(&"mail first@example.jp summary".to_owned()), "{sent:?}");
}

#[test]
fn a_watcher_that_is_not_heard_of_is_an_incident_and_so_are_its_own_messages() {
    let config = format!("watcher_expected = true\n{CONTACTS}");
    let mut desk = Desk::of(&config, State::default(), 0);
    let heard = |undelivered_seconds| Order::Heard { watcher: "rack 2".into(), undelivered_seconds };
    desk.book.order(desk.now, heard(0)).expect("it is known");
    assert_eq!(desk.go_on(115, 10.0), [""; 0]);
    assert_eq!(desk.go_on(10, 10.0), ["mail first@example.jp warning"]);
    assert_eq!(desk.only().cause, Cause::new(Metric::WatcherSilent, "rack 2"));
    desk.book.order(desk.now, heard(700)).expect("it is known");
    assert_eq!(desk.go_on(5, 10.0), ["mail first@example.jp critical", "mail first@example.jp resolved"]);
    assert_eq!(desk.only().cause, Cause::new(Metric::Undelivered, "watcher rack 2"));
}

#[test]
fn orders_that_make_no_sense_change_nothing() {
    let mut desk = Desk::new();
    let until = desk.now.wall.plus(Duration::from_mins(1));
    let silence = |until, reason: &str| Order::Silence {
        covers: Covers::Everything,
        from: None,
        until,
        by: "uid:0".into(),
        reason: reason.into(),
    };
    let call = |contact: &str, incident| Order::LogCall {
        contact: contact.into(),
        incident,
        notice: None,
        reached: true,
        by: "uid:0".into(),
    };
    let wrong = [
        silence(until, "  "),
        silence(desk.now.wall, "why"),
        silence(desk.now.wall.plus(Duration::from_hours(32 * 24)), "why"),
        Order::EndSilence { no: 4, by: "uid:0".into() },
        call("nobody", None),
        call("当番", Some(IncidentNo(9))),
        Order::Heard { watcher: "".into(), undelivered_seconds: 0 },
        Order::CallAnswered { token: "a secret of the call 1".into(), outcome: Outcome::Placed },
    ];
    for order in wrong {
        assert!(desk.book.order(desk.now, order.clone()).is_err(), "{order:?}");
    }
    assert_eq!(*desk.book.state(), State::default());
    assert_eq!(desk.book.order(desk.now, call("当番", None)), Ok(Done::Done));
    assert_eq!(desk.book.state().hand_calls.len(), 1);
}
