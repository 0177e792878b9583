//! What is wrong with a configuration that can be read: values out of range, contacts that nothing reaches.

use crate::core::metric::{Bad, Metric};

use super::{MonitorConfig, PhoneConfig};

/// A wrong value, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The table, such as `monitor.mail`.
    pub section: String,
    /// Which of the tables of that name, from 0.
    pub nth: usize,
    /// The key.
    pub key: &'static str,
    /// What it must be.
    pub message: String,
}

impl Problem {
    fn at(section: &str, nth: usize, key: &'static str, message: impl Into<String>) -> Self {
        Self { section: section.into(), nth, key, message: message.into() }
    }
}

/// The most contacts.
const CONTACTS_MAX: usize = 50;

impl MonitorConfig {
    /// The first thing that is wrong.
    #[must_use]
    pub fn wrong(&self) -> Option<Problem> {
        if !(1..=60).contains(&self.every_seconds) {
            return Some(Problem::at("monitor", 0, "every_seconds", "must be from 1 to 60"));
        }
        if !(1..=1_440).contains(&self.escalate_minutes) {
            return Some(Problem::at("monitor", 0, "escalate_minutes", "must be from 1 to 1440"));
        }
        self.wrong_channels().or_else(|| self.wrong_contacts()).or_else(|| self.wrong_thresholds())
    }

    fn wrong_channels(&self) -> Option<Problem> {
        if let Some(mail) = &self.mail {
            let section = "monitor.mail";
            if mail.host.trim().is_empty() {
                return Some(Problem::at(section, 0, "host", "must not be empty"));
            }
            if mail.from.parse::<lettre::message::Mailbox>().is_err() {
                return Some(Problem::at(
                    section,
                    0,
                    "from",
                    "must be a mail address, or a name with one in <angle brackets>",
                ));
            }
            if mail.user.is_some() != mail.password_file.is_some() {
                return Some(Problem::at(section, 0, "user", "goes together with password_file"));
            }
            if !(1..=120).contains(&mail.timeout_seconds) {
                return Some(Problem::at(section, 0, "timeout_seconds", "must be from 1 to 120"));
            }
        }
        if !(1..=120).contains(&self.webhook.timeout_seconds) {
            return Some(Problem::at("monitor.webhook", 0, "timeout_seconds", "must be from 1 to 120"));
        }
        self.phone.as_ref().and_then(PhoneConfig::wrong)
    }

    fn wrong_contacts(&self) -> Option<Problem> {
        let section = "monitor.contact";
        if self.contacts.len() > CONTACTS_MAX {
            return Some(Problem::at(
                section,
                CONTACTS_MAX,
                "name",
                format!("there may be at most {CONTACTS_MAX} contacts"),
            ));
        }
        for (nth, contact) in self.contacts.iter().enumerate() {
            let wrong = |key, message: &str| Some(Problem::at(section, nth, key, message));
            if contact.name.trim().is_empty() || contact.name.chars().count() > 40 {
                return wrong("name", "must have 1 to 40 characters");
            }
            if self.contacts[..nth].iter().any(|other| other.name == contact.name) {
                return wrong("name", "must differ from the other contacts'");
            }
            if contact.mail.as_deref().is_some_and(|mail| mail.parse::<lettre::Address>().is_err()) {
                return wrong("mail", "must be a mail address");
            }
            if contact.mail.is_some() && self.mail.is_none() {
                return wrong("mail", "needs the mail server in [monitor.mail]");
            }
            if contact.webhook.as_deref().is_some_and(|url| !is_http(url)) {
                return wrong("webhook", "must begin with https:// or http://");
            }
            if contact.phone.is_some() && self.phone.is_none() {
                return wrong("phone", "needs [monitor.phone]; a number that people call themselves is call_by_hand");
            }
            if contact.contact().channels.is_empty() && contact.call_by_hand.is_none() {
                return wrong("name", "has no way to be reached: mail, webhook, phone or call_by_hand");
            }
        }
        None
    }

    fn wrong_thresholds(&self) -> Option<Problem> {
        for (code, own) in &self.thresholds {
            let section = format!("monitor.threshold.{code}");
            let Some(metric) = Metric::of_code(code) else {
                return Some(Problem::at(&section, 0, "warning", format!("there is no metric named {code}")));
            };
            let Some(threshold) = self.threshold(metric) else { continue };
            for (key, value) in
                [("warning", threshold.warning), ("critical", threshold.critical), ("back", Some(threshold.back))]
            {
                if value.is_some_and(|value| !value.is_finite() || value < 0.0) {
                    return Some(Problem::at(&section, 0, key, "must not be negative"));
                }
            }
            if let (Some(warning), Some(critical)) = (threshold.warning, threshold.critical) {
                let (in_order, words) = match metric.bad() {
                    Bad::High => (warning <= critical, "must not be above critical"),
                    Bad::Low => (warning >= critical, "must not be below critical"),
                };
                let key = if own.warning.is_some() { "warning" } else { "critical" };
                if !in_order {
                    return Some(Problem::at(&section, 0, key, format!("the warning {words}")));
                }
            }
            if threshold.for_seconds > 86_400 || threshold.clear_seconds > 86_400 {
                return Some(Problem::at(
                    &section,
                    0,
                    "for_seconds",
                    "for_seconds and clear_seconds must be at most 86400",
                ));
            }
        }
        None
    }
}

impl PhoneConfig {
    fn wrong(&self) -> Option<Problem> {
        let wrong = |key, message: &str| Some(Problem::at("monitor.phone", 0, key, message));
        match (&self.command, &self.url) {
            (Some(command), None) if command.is_empty() => wrong("command", "must name a program"),
            (None, Some(url)) if !is_http(url) => wrong("url", "must begin with https:// or http://"),
            (Some(_), Some(_)) => wrong("url", "either command or url, not both"),
            (None, None) => wrong("command", "either command or url is needed"),
            _ if self.callback.as_deref().is_some_and(|url| !is_http(url)) => {
                wrong("callback", "must begin with https:// or http://")
            }
            _ if !(10..=600).contains(&self.answer_seconds) => wrong("answer_seconds", "must be from 10 to 600"),
            _ if !(1..=10).contains(&self.tries) => wrong("tries", "must be from 1 to 10"),
            _ => None,
        }
    }
}

fn is_http(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}
