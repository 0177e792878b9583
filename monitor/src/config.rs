//! What is configured: thresholds, contacts, channels. The same tables stand in `sesshu.toml` and in the watcher's own file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::core::contact::{ChannelKind, Contact, Language};
use crate::core::metric::Metric;
use crate::core::threshold::Threshold;
use crate::sampler::Proc;

mod advice;
mod check;

pub use advice::Advice;
pub use check::Problem;

/// The table `[monitor]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MonitorConfig {
    /// How often everything is measured, in seconds (1 to 60).
    pub every_seconds: u32,
    /// After how many minutes without an acknowledgement the next contact hears of a critical incident (1 to 1440).
    pub escalate_minutes: u32,
    /// Where the monitor keeps its state and history; best on another disk than the data. Default: `monitor` in the data folder.
    pub folder: Option<PathBuf>,
    /// Where the machine's `/proc` is mounted; in a container it may be elsewhere. Default: `/proc`.
    pub proc_folder: Option<PathBuf>,
    /// Where its control groups are. Default: `/sys/fs/cgroup`.
    pub cgroup_folder: Option<PathBuf>,
    /// The console's address as people reach it, for the links in alerts.
    pub console: Option<String>,
    /// Whether an outside watcher is expected to be heard of.
    pub watcher_expected: bool,
    /// The mail server; without it no mail is sent.
    pub mail: Option<MailConfig>,
    /// How webhooks are posted.
    pub webhook: WebhookConfig,
    /// How calls are placed; without it nobody is called.
    pub phone: Option<PhoneConfig>,
    /// Who is told.
    #[serde(rename = "contact")]
    pub contacts: Vec<ContactConfig>,
    /// Thresholds that differ from the usual ones, by metric.
    #[serde(rename = "threshold")]
    pub thresholds: BTreeMap<String, ThresholdConfig>,
}

impl Default for MonitorConfig {
    fn default() -> Self {
        Self {
            every_seconds: 5,
            escalate_minutes: 10,
            folder: None,
            proc_folder: None,
            cgroup_folder: None,
            console: None,
            watcher_expected: false,
            mail: None,
            webhook: WebhookConfig::default(),
            phone: None,
            contacts: Vec::new(),
            thresholds: BTreeMap::new(),
        }
    }
}

/// The table `[monitor.mail]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    /// The server's name.
    pub host: String,
    /// Its port; by default 465 with `tls`, 587 with `starttls`, 25 without security.
    pub port: Option<u16>,
    /// How the way to it is secured.
    #[serde(default)]
    pub security: MailSecurity,
    /// A file (PEM) with the authority that signed its certificate, if it is none of the system's.
    pub ca_file: Option<PathBuf>,
    /// The account, if it wants one.
    pub user: Option<String>,
    /// The file with the account's password.
    pub password_file: Option<PathBuf>,
    /// From whom mails are: an address, or a name with one in angle brackets.
    pub from: String,
    /// How long one try may take, in seconds (1 to 120).
    #[serde(default = "usual_timeout_seconds")]
    pub timeout_seconds: u32,
}

/// How the way to the mail server is secured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailSecurity {
    /// TLS from the first byte.
    Tls,
    /// TLS after `STARTTLS`; never without.
    #[default]
    Starttls,
    /// None: for a server on this machine only.
    None,
}

/// The table `[monitor.webhook]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookConfig {
    /// What is posted.
    pub form: WebhookForm,
    /// A file (PEM) with the authority that signed the certificates, if it is none of the system's.
    pub ca_file: Option<PathBuf>,
    /// How long one try may take, in seconds (1 to 120).
    pub timeout_seconds: u32,
}

impl Default for WebhookConfig {
    fn default() -> Self {
        Self { form: WebhookForm::default(), ca_file: None, timeout_seconds: usual_timeout_seconds() }
    }
}

/// What a webhook is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookForm {
    /// Every fact as JSON, for programs.
    #[default]
    Json,
    /// `{"text": …}`, as chat tools take it.
    Chat,
}

/// The table `[monitor.phone]`: either a command or a provider's address.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhoneConfig {
    /// A command with its arguments; it gets number and text as JSON on its standard input.
    pub command: Option<Vec<String>>,
    /// A provider's webhook; it gets the same JSON.
    pub url: Option<String>,
    /// The address at which the call's answer and acknowledgement are called back, as the provider reaches it.
    pub callback: Option<String>,
    /// How long a call may stay unanswered, in seconds (10 to 600).
    #[serde(default = "usual_answer_seconds")]
    pub answer_seconds: u32,
    /// How often somebody is called before the next contact is (1 to 10).
    #[serde(default = "usual_tries")]
    pub tries: u32,
}

/// A table `[[monitor.contact]]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactConfig {
    /// The name, unique among contacts.
    pub name: String,
    /// In which language.
    #[serde(default)]
    pub language: Language,
    /// A mail address.
    pub mail: Option<String>,
    /// A webhook's address.
    pub webhook: Option<String>,
    /// A phone number that is called by the configured command or provider.
    pub phone: Option<String>,
    /// A phone number that a person calls by hand.
    pub call_by_hand: Option<String>,
    /// In which order the channels are tried; by default mail, webhook, phone.
    pub order: Option<Vec<ChannelKind>>,
    /// Whether alerts go to them.
    #[serde(default = "yes")]
    pub alerts: bool,
    /// Whether failure and maintenance notices go to them.
    #[serde(default)]
    pub notices: bool,
}

/// A table `[monitor.threshold.METRIC]`: what differs from the usual.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ThresholdConfig {
    /// From where on it is a warning.
    pub warning: Option<f64>,
    /// From where on it is critical.
    pub critical: Option<f64>,
    /// How long it must last, in seconds.
    pub for_seconds: Option<u32>,
    /// How far the value must come back.
    pub back: Option<f64>,
    /// How long it must then stay there, in seconds.
    pub clear_seconds: Option<u32>,
    /// How often it is told again, in minutes; 0 is never.
    pub repeat_minutes: Option<u32>,
    /// Whether it is watched at all.
    pub off: bool,
}

const fn usual_timeout_seconds() -> u32 {
    15
}

const fn usual_answer_seconds() -> u32 {
    60
}

const fn usual_tries() -> u32 {
    2
}

const fn yes() -> bool {
    true
}

impl MonitorConfig {
    /// The threshold of `metric`; none if it is not watched.
    #[must_use]
    pub fn threshold(&self, metric: Metric) -> Option<Threshold> {
        let usual = metric.usual();
        let Some(own) = self.thresholds.get(metric.code()) else { return Some(usual) };
        (!own.off).then_some(Threshold {
            warning: own.warning.or(usual.warning),
            critical: own.critical.or(usual.critical),
            for_seconds: own.for_seconds.unwrap_or(usual.for_seconds),
            back: own.back.unwrap_or(usual.back),
            clear_seconds: own.clear_seconds.unwrap_or(usual.clear_seconds),
            repeat_minutes: own.repeat_minutes.unwrap_or(usual.repeat_minutes),
        })
    }

    /// Where the machine's figures lie.
    #[must_use]
    pub fn proc(&self) -> Proc {
        let usual = Proc::default();
        Proc {
            folder: self.proc_folder.clone().unwrap_or(usual.folder),
            cgroup_folder: self.cgroup_folder.clone().unwrap_or(usual.cgroup_folder),
        }
    }

    /// The contacts, in the order of the file.
    #[must_use]
    pub fn contacts(&self) -> Vec<Contact> {
        self.contacts.iter().map(ContactConfig::contact).collect()
    }
}

impl ContactConfig {
    fn contact(&self) -> Contact {
        let order = self.order.clone().unwrap_or_else(|| ChannelKind::ALL.to_vec());
        let address = |channel| match channel {
            ChannelKind::Mail => self.mail.as_deref(),
            ChannelKind::Webhook => self.webhook.as_deref(),
            ChannelKind::Phone => self.phone.as_deref(),
        };
        Contact {
            name: self.name.as_str().into(),
            language: self.language,
            channels: order.into_iter().filter_map(|kind| Some((kind, address(kind)?.into()))).collect(),
            call_by_hand: self.call_by_hand.as_deref().map(Into::into),
            alerts: self.alerts,
            notices: self.notices,
        }
    }
}
