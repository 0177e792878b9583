//! The texts of alerts: pure functions of what there is to tell.

use crate::core::contact::Language;
use crate::core::incident::Incident;
use crate::core::level::Level;
use crate::core::threshold::Threshold;
use crate::core::time::WallMs;

/// Why somebody is told of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It began, or began again.
    Began,
    /// It got worse.
    Worse,
    /// Nobody has acknowledged it; this contact is the next one.
    Escalated,
    /// It still goes on and nobody has acknowledged it.
    Repeated,
    /// A silence has ended, and it still goes on.
    StillWrong,
    /// It comes and goes: from now on it is told less often.
    Flapping,
    /// It ended.
    Resolved,
}

/// What there is to tell.
#[derive(Debug, Clone, Copy)]
pub struct Tell<'a> {
    /// The incident, as it is now.
    pub incident: &'a Incident,
    /// The threshold of its metric.
    pub threshold: Option<&'a Threshold>,
    /// Why it is told.
    pub why: Why,
    /// In which language.
    pub language: Language,
    /// The city's name, or the watcher's.
    pub name: &'a str,
    /// The console's address, if it is configured.
    pub console: Option<&'a str>,
    /// The names of the contacts that were told before.
    pub told: &'a [&'a str],
    /// The greatest value of each minute of the last hour, the oldest first.
    pub recent: &'a [f32],
    /// The wall clock.
    pub now: WallMs,
}

/// A line and a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The line.
    pub subject: String,
    /// The text.
    pub body: String,
}

/// What a mail or a webhook says.
#[must_use]
pub fn alert(tell: &Tell<'_>) -> Text {
    let incident = tell.incident;
    let resolved = tell.why == Why::Resolved;
    let subject = match tell.language {
        Language::Ja => {
            let mark = match incident.level {
                _ if resolved => "解消",
                Level::Warning => "警告",
                Level::Critical => "重大",
            };
            format!("【{mark}】{} {} - {}", incident.cause, incident.value, tell.name)
        }
        Language::En => {
            let mark = if resolved { "resolved" } else { incident.level.code() };
            format!("[{mark}] {} {} - {}", incident.cause, incident.value, tell.name)
        }
    };
    let body = format!("{subject}\n{}\nsesshu alert ack {}\n", incident.note, incident.no.0);
    Text { subject, body }
}

/// What a call says: short, to be read aloud.
#[must_use]
pub fn spoken(tell: &Tell<'_>) -> Text {
    let Text { subject, .. } = alert(tell);
    Text { body: subject.clone(), subject }
}

/// What stands for many messages, of which `subjects` are the lines that are kept, `more` the number of those that are not.
#[must_use]
pub fn summary(language: Language, name: &str, subjects: &[&str], more: u32) -> Text {
    let count = subjects.len() + more as usize;
    let (subject, rest) = match language {
        Language::Ja => (format!("【まとめ】{count} 件のお知らせ - {name}"), format!("ほか {more} 件")),
        Language::En => (format!("[summary] {count} messages - {name}"), format!("and {more} more")),
    };
    let mut body = format!("{subject}\n\n{}\n", subjects.join("\n"));
    if more > 0 {
        body.push_str(&format!("{rest}\n"));
    }
    Text { subject, body }
}
