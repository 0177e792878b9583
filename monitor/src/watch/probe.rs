//! A real login: the probe account logs in, reads its own page's data, and logs out. It never books.

use std::time::Duration;

use serde::Deserialize;

use super::config::ProbeConfig;
use super::visitor::{Answer, Listener, Visitor};

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ProbeOutcome {
    /// Everything worked.
    LoggedIn,
    /// The server has too much to do and says so: that is neither well nor a failure, and `busy_rate` speaks of it.
    Busy,
    /// It did not work, and what was seen.
    Failed(String),
}

/// After how many seconds a try that did not work is made again, while it is new.
const AGAIN_SECONDS: u64 = 10;
/// How many tries in a row are made that soon; then as seldom as those that work.
const QUICK_TRIES_MAX: u32 = 6;

/// How long it is until the next try, after `failures` in a row.
pub(super) fn next_try_in(config: &ProbeConfig, failures: u32) -> Duration {
    let usual = Duration::from_secs(config.every_seconds.into());
    if (1..=QUICK_TRIES_MAX).contains(&failures) { usual.min(Duration::from_secs(AGAIN_SECONDS)) } else { usual }
}

#[derive(Deserialize)]
struct Login {
    token: String,
}

/// One try.
pub(super) async fn try_login(visitor: &Visitor, config: &ProbeConfig) -> ProbeOutcome {
    let password = match tokio::fs::read_to_string(&config.password_file).await {
        Ok(password) => password,
        Err(error) => return ProbeOutcome::Failed(format!("{}: {error}", config.password_file.display())),
    };
    let body = serde_json::json!({ "id": config.id, "password": password.trim_end_matches(['\r', '\n']) });
    let login = visitor.post(Listener::Public, "/api/v1/login", body.to_string().into_bytes(), None).await;
    let login = match login {
        Ok(answer) if answer.status == 200 => answer,
        Ok(answer) => return refused("login", &answer),
        Err(trouble) => return ProbeOutcome::Failed(format!("login: {}", trouble.words())),
    };
    let Ok(Login { token }) = serde_json::from_slice(&login.body) else {
        return ProbeOutcome::Failed("login: 応答が正しくない (not the answer of a login)".into());
    };
    let me = visitor.get_with(&token, "/api/v1/me").await;
    // Whatever came of it: no login of the probe is left open.
    let logout = visitor.post(Listener::Public, "/api/v1/logout", Vec::new(), Some(&token)).await;
    for (name, answer, wanted) in [("me", me, 200), ("logout", logout, 204)] {
        match answer {
            Ok(answer) if answer.status == wanted => {}
            // A logout is written to the disk. Whether that can be written to is what readiness says.
            Ok(answer) if name == "logout" && answer.status == 503 => {}
            Ok(answer) => return refused(name, &answer),
            Err(trouble) => return ProbeOutcome::Failed(format!("{name}: {}", trouble.words())),
        }
    }
    ProbeOutcome::LoggedIn
}

fn refused(name: &str, answer: &Answer) -> ProbeOutcome {
    match answer.status {
        429 => ProbeOutcome::Busy,
        503 if is_busy(&answer.body) => ProbeOutcome::Busy,
        401 if name == "login" => ProbeOutcome::Failed(
            "login: 401 IDかパスワードが違う。名簿に残っているか (wrong ID or password; is it still on the roll?)"
                .into(),
        ),
        status => ProbeOutcome::Failed(format!("{name}: HTTP {status}")),
    }
}

/// Whether the body is the server's own "too much to do", and not that of a proxy.
pub(super) fn is_busy(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Problem {
        code: String,
    }
    serde_json::from_slice::<Problem>(body).is_ok_and(|problem| matches!(problem.code.as_str(), "busy" | "queued"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_is_tried_again_soon_but_not_for_ever() {
        let config = ProbeConfig { id: "0000".into(), password_file: "p".into(), every_seconds: 60 };
        let waits = [0, 1, 6, 7, 100].map(|failures| next_try_in(&config, failures).as_secs());
        assert_eq!(waits, [60, 10, 10, 60, 60]);
    }

    #[test]
    fn busy_is_the_servers_word_only() {
        assert!(is_busy(br#"{"type":"about:blank","code":"busy","status":503}"#));
        assert!(!is_busy(br#"{"code":"unavailable"}"#));
        assert!(!is_busy(b"<html>503 Service Unavailable</html>"));
    }
}
