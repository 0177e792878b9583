//! One round: everything that is asked of the server at once, so that what is seen of its parts is of one time.

use std::time::{Duration, Instant};

use serde::Deserialize;

use super::exported::Exported;
use super::heartbeat::{Heartbeat, HeartbeatAnswer};
use super::probe::is_busy;
use super::visitor::{Answer, Listener, Visitor};
use crate::core::time::WallMs;
use crate::trouble::Trouble;

/// How many characters of the server's reasons are kept.
const REASON_CHARS_MAX: usize = 300;

/// What one round saw.
#[derive(Debug, Clone)]
pub(super) struct Round {
    /// When it began.
    pub(super) began: Instant,
    /// When it ended.
    pub(super) at: Instant,
    /// The ops listener.
    pub(super) ops: Ops,
    /// The residents' listener.
    pub(super) places: Places,
    /// The staff's listener, if it is watched.
    pub(super) staff: Option<Door>,
    /// What the server's monitor exports; `Err` says why that could not be read.
    pub(super) exported: Result<(Exported, Option<WallMs>), String>,
    /// What the server answered to the heartbeat.
    pub(super) heartbeat: Result<HeartbeatAnswer, String>,
    /// What the server's clock said, at which instant, and how far off that may be.
    pub(super) server_clock: Option<ServerClock>,
}

/// The ops listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ops {
    Ready,
    /// And its reasons.
    NotReady(String),
    /// And what was seen.
    Unreachable(String),
    /// It answers, but not to us.
    Refused(String),
}

/// The residents' listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Places {
    /// Free places were read.
    Read { took: Duration, certificate_until: Option<WallMs> },
    /// The server has too much to do, and says so.
    Busy,
    /// And what was seen.
    Unreadable(String),
    /// And what was seen.
    Unreachable(Trouble),
    /// A proxy answers, and nobody behind it.
    NobodyBehindProxy(u16),
}

/// A listener that is only knocked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Door {
    /// What was seen, if nobody answered.
    pub(super) trouble: Option<String>,
    pub(super) certificate_until: Option<WallMs>,
    pub(super) certificate_expired: bool,
}

/// What the server's clock said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ServerClock {
    /// In the middle of its second.
    pub(super) said: WallMs,
    /// When that was, by our clock.
    pub(super) at: Instant,
    /// How far it may be off: half the way there and back, and half the second.
    pub(super) unsure: Duration,
}

#[derive(Deserialize)]
struct Readiness {
    reasons: Vec<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    code: String,
    text: String,
}

#[derive(Deserialize)]
struct Days {
    #[serde(rename = "days")]
    _days: Vec<serde::de::IgnoredAny>,
}

/// Goes round once. It takes no longer than one request may. Without `heartbeat` none is sent.
pub(super) async fn go_round(visitor: &Visitor, heartbeat: Option<Heartbeat>) -> Round {
    let began = Instant::now();
    let beat = async {
        match heartbeat {
            Some(heartbeat) => beat(visitor, &heartbeat).await,
            None => Ok(HeartbeatAnswer::default()),
        }
    };
    let staff =
        async { if visitor.knows_staff() { Some(door(visitor.get(Listener::Staff, "/").await)) } else { None } };
    let (ready, places, staff, metrics, heartbeat) = tokio::join!(
        visitor.get(Listener::Ops, "/health/ready"),
        visitor.get(Listener::Public, "/api/v1/days?dose=1"),
        staff,
        visitor.get(Listener::Ops, "/metrics"),
        beat,
    );
    let server_clock = ready.as_ref().ok().and_then(server_clock);
    let exported = match metrics {
        Ok(answer) if answer.status == 200 => Ok((Exported::read(&answer.text()), answer.date)),
        Ok(answer) => Err(format!("/metrics: HTTP {}", answer.status)),
        Err(trouble) => Err(format!("/metrics: {}", trouble.words())),
    };
    Round {
        began,
        at: Instant::now(),
        ops: ops(ready),
        places: self::places(places),
        staff,
        exported,
        heartbeat,
        server_clock,
    }
}

fn ops(answer: Result<Answer, Trouble>) -> Ops {
    match answer {
        Err(trouble) => Ops::Unreachable(trouble.words()),
        Ok(answer) if answer.status == 200 => Ops::Ready,
        Ok(answer) if answer.status == 503 => match serde_json::from_slice::<Readiness>(&answer.body) {
            Ok(readiness) => Ops::NotReady(reasons(&readiness)),
            Err(_) => Ops::Unreachable("HTTP 503 (proxy)".into()),
        },
        Ok(answer) if answer.nobody_behind_proxy() => Ops::Unreachable(format!("HTTP {} (proxy)", answer.status)),
        Ok(answer) => Ops::Refused(format!("/health/ready: HTTP {}", answer.status)),
    }
}

fn reasons(readiness: &Readiness) -> String {
    let all: Vec<String> = readiness.reasons.iter().map(|reason| format!("{}: {}", reason.code, reason.text)).collect();
    all.join("; ").chars().filter(|letter| !letter.is_control()).take(REASON_CHARS_MAX).collect()
}

fn places(answer: Result<Answer, Trouble>) -> Places {
    match answer {
        Err(trouble) => Places::Unreachable(trouble),
        Ok(answer) if answer.status == 200 => match serde_json::from_slice::<Days>(&answer.body) {
            Ok(_) => Places::Read { took: answer.took, certificate_until: answer.certificate_until },
            Err(_) => Places::Unreadable("/api/v1/days: 応答が正しくない (not the list of days)".into()),
        },
        Ok(answer) if answer.nobody_behind_proxy() => Places::NobodyBehindProxy(answer.status),
        Ok(answer) if answer.status == 429 || (answer.status == 503 && is_busy(&answer.body)) => Places::Busy,
        Ok(answer) => Places::Unreadable(format!("/api/v1/days: HTTP {}", answer.status)),
    }
}

fn door(answer: Result<Answer, Trouble>) -> Door {
    match answer {
        Err(trouble) => Door {
            trouble: Some(trouble.words()),
            certificate_until: None,
            certificate_expired: trouble == Trouble::CertificateExpired,
        },
        Ok(answer) => Door {
            trouble: answer.nobody_behind_proxy().then(|| format!("HTTP {} (proxy)", answer.status)),
            certificate_until: answer.certificate_until,
            certificate_expired: false,
        },
    }
}

fn server_clock(answer: &Answer) -> Option<ServerClock> {
    let half = answer.first_byte / 2;
    Some(ServerClock {
        said: answer.date?.plus(Duration::from_millis(500)),
        at: answer.asked_at + half,
        unsure: half + Duration::from_millis(500),
    })
}

async fn beat(visitor: &Visitor, heartbeat: &Heartbeat) -> Result<HeartbeatAnswer, String> {
    let body = serde_json::to_vec(heartbeat).map_err(|error| error.to_string())?;
    match visitor.post(Listener::Ops, "/watch/heartbeat", body, None).await {
        Ok(answer) if answer.status == 200 => {
            serde_json::from_slice(&answer.body).map_err(|error| format!("/watch/heartbeat: {error}"))
        }
        Ok(answer) => Err(format!("/watch/heartbeat: HTTP {}", answer.status)),
        Err(trouble) => Err(format!("/watch/heartbeat: {}", trouble.words())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status,
            body: body.into(),
            date: None,
            certificate_until: None,
            asked_at: Instant::now(),
            took: Duration::ZERO,
            first_byte: Duration::ZERO,
        }
    }

    #[test]
    fn readiness_and_its_proxy_are_told_apart() {
        let reasons = r#"{"ready":false,"reasons":[{"code":"disk_low","text":"The disk is nearly full."}]}"#;
        assert_eq!(ops(Ok(answer(200, ""))), Ops::Ready);
        assert_eq!(ops(Ok(answer(503, reasons))), Ops::NotReady("disk_low: The disk is nearly full.".into()));
        assert_eq!(ops(Ok(answer(503, "<html>"))), Ops::Unreachable("HTTP 503 (proxy)".into()));
        assert_eq!(ops(Ok(answer(502, ""))), Ops::Unreachable("HTTP 502 (proxy)".into()));
        assert_eq!(ops(Ok(answer(401, ""))), Ops::Refused("/health/ready: HTTP 401".into()));
        assert!(matches!(ops(Err(Trouble::Refused)), Ops::Unreachable(_)));
    }

    #[test]
    fn places_are_read_or_not_and_busy_is_neither() {
        let days = r#"{"days":[{"date":"2026-12-01","free":3,"state":"open"}]}"#;
        assert!(matches!(places(Ok(answer(200, days))), Places::Read { .. }));
        assert!(matches!(places(Ok(answer(200, "<html>"))), Places::Unreadable(_)));
        assert!(matches!(places(Ok(answer(500, ""))), Places::Unreadable(_)));
        assert_eq!(places(Ok(answer(503, r#"{"code":"busy"}"#))), Places::Busy);
        assert_eq!(places(Ok(answer(429, ""))), Places::Busy);
        assert_eq!(places(Ok(answer(504, ""))), Places::NobodyBehindProxy(504));
    }
}
