//! From what a round saw to readings. While the server cannot be reached that is the one thing that is wrong: nothing else is
//! judged, so there is one incident and not ten.

use super::certificate::days_left;
use super::exported::Exported;
use super::probe::ProbeOutcome;
use super::round::{Ops, Places, Round, ServerClock};
use crate::core::metric::Metric;
use crate::core::sample::Reading;
use crate::core::time::WallMs;
use crate::trouble::Trouble;

/// Our clock at the instant of something.
#[derive(Debug, Clone, Copy)]
pub(super) struct OwnClock {
    /// The wall clock now.
    pub(super) now: WallMs,
    /// The instant of that.
    pub(super) at: std::time::Instant,
}

/// What the watcher itself sees. `probe` is none while nothing is known of a login.
pub(super) fn own_readings(round: &Round, probe: Option<&ProbeOutcome>, clock: OwnClock) -> Vec<Reading> {
    let unreachable = unreachable(round);
    let mut readings = vec![yes(Metric::Unreachable, "", unreachable.as_deref())];
    certificates(round, clock.now, &mut readings);
    if unreachable.is_some() {
        return readings;
    }
    match &round.ops {
        Ops::Ready => readings.push(yes(Metric::NotReady, "", None)),
        Ops::NotReady(reasons) => readings.push(yes(Metric::NotReady, "", Some(reasons))),
        Ops::Refused(_) | Ops::Unreachable(_) => {}
    }
    match &round.places {
        Places::Read { took, .. } => {
            readings.push(yes(Metric::PlacesUnreadable, "", None));
            readings.push(Reading::new(Metric::AnswerMs, "", took.as_secs_f64() * 1_000.0));
        }
        Places::Unreadable(seen) => readings.push(yes(Metric::PlacesUnreadable, "", Some(seen))),
        Places::Busy | Places::Unreachable(_) | Places::NobodyBehindProxy(_) => {}
    }
    match probe {
        Some(ProbeOutcome::LoggedIn) => readings.push(yes(Metric::LoginFailed, "", None)),
        Some(ProbeOutcome::Failed(seen)) => readings.push(yes(Metric::LoginFailed, "", Some(seen))),
        Some(ProbeOutcome::Busy) | None => {}
    }
    if let Some(server) = round.server_clock {
        readings.push(Reading::new(Metric::ClockDifference, "", seconds_apart(server, clock)));
    }
    // What could not be asked for another reason than that the server is away is the watcher's own trouble, mostly a proxy's.
    let refused = match &round.ops {
        Ops::Refused(seen) => Some(seen.as_str()),
        _ => None,
    };
    readings.push(yes(Metric::SamplerFailed, "ops", refused));
    readings.push(yes(Metric::SamplerFailed, "metrics", round.exported.as_ref().err().map(String::as_str)));
    readings.push(yes(Metric::SamplerFailed, "heartbeat", round.heartbeat.as_ref().err().map(String::as_str)));
    readings
}

/// What was seen at each address, if one of them cannot be reached.
pub(super) fn unreachable(round: &Round) -> Option<String> {
    let ops = match &round.ops {
        Ops::Unreachable(seen) => Some(seen.clone()),
        _ => None,
    };
    let public = match &round.places {
        Places::Unreachable(trouble) => Some(trouble.words()),
        Places::NobodyBehindProxy(status) => Some(format!("HTTP {status} (proxy)")),
        _ => None,
    };
    let staff = round.staff.as_ref().map(|door| door.trouble.clone());
    if ops.is_none() && public.is_none() && staff.as_ref().is_none_or(Option::is_none) {
        return None;
    }
    let said = |seen: Option<String>| seen.unwrap_or_else(|| "応答あり (answers)".into());
    let mut note = format!("ops: {}; public: {}", said(ops), said(public));
    if let Some(staff) = staff {
        note.push_str(&format!("; staff: {}", said(staff)));
    }
    Some(note)
}

/// A certificate that ran out is also why nobody is reached: its reading says so beside.
fn certificates(round: &Round, now: WallMs, readings: &mut Vec<Reading>) {
    let mut push = |subject: &str, until: Option<WallMs>, expired: bool| {
        let days = if expired { Some(0.0) } else { until.map(|until| days_left(until, now)) };
        readings.extend(days.map(|days| Reading::new(Metric::CertificateDays, subject, days)));
    };
    match &round.places {
        Places::Read { certificate_until, .. } => push("public", *certificate_until, false),
        Places::Unreachable(Trouble::CertificateExpired) => push("public", None, true),
        _ => {}
    }
    if let Some(staff) = &round.staff {
        push("staff", staff.certificate_until, staff.certificate_expired);
    }
}

/// How far the clocks are apart at least, in seconds.
fn seconds_apart(server: ServerClock, clock: OwnClock) -> f64 {
    let ago = clock.at.saturating_duration_since(server.at).as_millis();
    let own_then = clock.now.0.saturating_sub(i64::try_from(ago).unwrap_or(i64::MAX));
    let apart = own_then.abs_diff(server.said.0) as f64 / 1_000.0;
    (apart - server.unsure.as_secs_f64()).max(0.0)
}

/// How long the server's monitor has measured nothing, in seconds, by the server's own clock.
pub(super) fn monitor_silent_seconds(exported: &Exported, server_date: Option<WallMs>) -> Option<f64> {
    Some((server_date?.0 as f64 / 1_000.0 - exported.sampled_at?).max(0.0))
}

pub(super) fn yes(metric: Metric, subject: &str, seen: Option<&str>) -> Reading {
    let value = if seen.is_some() { 1.0 } else { 0.0 };
    Reading { note: seen.unwrap_or_default().into(), ..Reading::new(metric, subject, value) }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::core::cause::Cause;
    use crate::watch::heartbeat::HeartbeatAnswer;
    use crate::watch::round::Door;

    fn well() -> Round {
        Round {
            began: Instant::now(),
            at: Instant::now(),
            ops: Ops::Ready,
            places: Places::Read { took: Duration::from_millis(5), certificate_until: Some(WallMs(20 * 86_400_000)) },
            staff: None,
            exported: Ok((Exported::default(), None)),
            heartbeat: Ok(HeartbeatAnswer::default()),
            server_clock: None,
        }
    }

    fn clock() -> OwnClock {
        OwnClock { now: WallMs(0), at: Instant::now() }
    }

    fn bad(round: &Round, probe: Option<&ProbeOutcome>) -> Vec<String> {
        let readings = own_readings(round, probe, clock());
        let wrong = readings.iter().filter(|reading| {
            let usual = reading.cause.metric.usual();
            reading.value >= usual.critical.or(usual.warning).unwrap_or(f64::MAX)
                && reading.cause.metric != Metric::CertificateDays
        });
        wrong.map(|reading| reading.cause.to_string()).collect()
    }

    #[test]
    fn a_server_that_is_well_has_no_bad_reading() {
        let readings = own_readings(&well(), Some(&ProbeOutcome::LoggedIn), clock());
        assert_eq!(bad(&well(), Some(&ProbeOutcome::LoggedIn)), Vec::<String>::new());
        let days = readings.iter().find(|reading| reading.cause == Cause::new(Metric::CertificateDays, "public"));
        assert!(days.is_some_and(|days| (days.value - 20.0).abs() < 1e-6));
    }

    #[test]
    fn a_dead_server_is_one_cause() {
        let dead = Round {
            ops: Ops::Unreachable("refused".into()),
            places: Places::Unreachable(Trouble::Refused),
            exported: Err("refused".into()),
            heartbeat: Err("refused".into()),
            staff: Some(Door { trouble: Some("refused".into()), certificate_until: None, certificate_expired: false }),
            ..well()
        };
        let failed = ProbeOutcome::Failed("refused".into());
        assert_eq!(bad(&dead, Some(&failed)), ["unreachable"]);
        assert_eq!(own_readings(&dead, Some(&failed), clock()).len(), 1);
    }

    #[test]
    fn each_other_trouble_has_its_own_cause() {
        let cases: [(Round, &str); 5] = [
            (Round { ops: Ops::NotReady("disk_low".into()), ..well() }, "not_ready"),
            (Round { ops: Ops::Refused("401".into()), ..well() }, "sampler_failed/ops"),
            (Round { places: Places::Unreadable("500".into()), ..well() }, "places_unreadable"),
            (Round { places: Places::NobodyBehindProxy(502), ..well() }, "unreachable"),
            (Round { heartbeat: Err("404".into()), ..well() }, "sampler_failed/heartbeat"),
        ];
        for (round, cause) in cases {
            assert_eq!(bad(&round, None), [cause]);
        }
        assert_eq!(bad(&Round { places: Places::Busy, ..well() }, Some(&ProbeOutcome::Busy)), Vec::<String>::new());
    }

    #[test]
    fn an_expired_certificate_says_so_beside() {
        let expired = Round { places: Places::Unreachable(Trouble::CertificateExpired), ..well() };
        let causes: Vec<String> =
            own_readings(&expired, None, clock()).iter().map(|reading| reading.cause.to_string()).collect();
        assert_eq!(causes, ["unreachable", "certificate_days/public"]);
    }

    #[test]
    fn clocks_are_apart_only_as_far_as_is_sure() {
        let at = Instant::now();
        let own = OwnClock { now: WallMs(100_000), at };
        for (said, apart) in [(100_500, 0.0), (99_400, 0.0), (94_000, 5.3), (107_000, 6.3)] {
            let server = ServerClock { said: WallMs(said), at, unsure: Duration::from_millis(700) };
            assert!((seconds_apart(server, own) - apart).abs() < 1e-9, "{said}");
        }
    }

    #[test]
    fn a_silent_monitor_is_judged_by_the_servers_own_clock() {
        let exported = Exported { sampled_at: Some(1_000.0), ..Exported::default() };
        assert_eq!(monitor_silent_seconds(&exported, Some(WallMs(1_090_000))), Some(90.0));
        assert_eq!(monitor_silent_seconds(&exported, Some(WallMs(900_000))), Some(0.0));
        assert_eq!(monitor_silent_seconds(&Exported::default(), Some(WallMs(0))), None);
    }
}
