//! What the file's grammar cannot say: ranges, addresses, values that must fit one another. Each error names file, line, key.

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode, SourceSpan};
use sesshu_engine::core::ids::DoseNo;
use sesshu_engine::core::time::ClockTime;

use super::{Campaign, Config, Vaccine};

/// A configuration that cannot be used.
#[derive(Debug)]
pub(crate) struct ConfigError {
    summary: String,
    source: NamedSource<String>,
    span: Option<SourceSpan>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary)
    }
}

impl std::error::Error for ConfigError {}

/// The snippet with the place marked.
impl Diagnostic for ConfigError {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.span.is_some().then_some(&self.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::new_with_span(Some("here".into()), self.span?);
        Some(Box::new(std::iter::once(label)))
    }
}

impl ConfigError {
    pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        let summary = format!("{}: {error}", path.display());
        Self { summary, source: NamedSource::new(path.display().to_string(), String::new()), span: None }
    }

    /// An error of the grammar: TOML itself, an unknown key, a value of another type.
    pub(super) fn syntax(path: &Path, text: &str, error: &toml::de::Error) -> Self {
        let span = error.span().unwrap_or(0..0);
        Self::at(path, text, span.start, error.message())
    }

    /// An error at the byte `offset`; the key is the one of that line.
    fn at(path: &Path, text: &str, offset: usize, message: &str) -> Self {
        let offset = offset.min(text.len());
        let line = text.as_bytes()[..offset].iter().filter(|&&byte| byte == b'\n').count() + 1;
        let start = text.as_bytes()[..offset].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let whole = text.get(start..).unwrap_or("").lines().next().unwrap_or("");
        let key = whole.split('=').next().unwrap_or("").trim();
        let name = path.display();
        let message = message.lines().next().unwrap_or(message);
        let summary = if key.is_empty() || key.contains(['[', '#', ' ']) {
            format!("{name}:{line}: {message}")
        } else {
            format!("{name}:{line}: {key}: {message}")
        };
        let span = SourceSpan::from((start, whole.len()));
        Self { summary, source: NamedSource::new(name.to_string(), text.to_owned()), span: Some(span) }
    }

    /// An error in the value of `key` in the `nth` table `section`.
    pub(super) fn of_key(path: &Path, text: &str, section: &str, nth: usize, key: &str, message: &str) -> Self {
        match offset_of(text, section, nth, key) {
            Some(offset) => Self::at(path, text, offset, message),
            None => Self::at(path, text, 0, &format!("{section}.{key}: {message}")),
        }
    }
}

/// Where `key` stands in the `nth` table `section` of a file that parses.
fn offset_of(text: &str, section: &str, nth: usize, key: &str) -> Option<usize> {
    let headers = [format!("[{section}]"), format!("[[{section}]]")];
    let (mut seen, mut within, mut offset) = (0, false, 0);
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        if trimmed.starts_with('[') {
            let ours = headers.iter().any(|header| trimmed.starts_with(header.as_str()));
            within = ours && seen == nth;
            seen += usize::from(ours);
        } else if within && trimmed.split('=').next().is_some_and(|found| found.trim() == key) {
            return Some(offset + (line.len() - line.trim_start().len()));
        }
        offset += line.len();
    }
    None
}

impl Config {
    pub(super) fn check(&self, path: &Path, text: &str, data: &Path) -> Result<(), ConfigError> {
        let wrong =
            |section: &str, key: &str, message: &str| Err(ConfigError::of_key(path, text, section, 0, key, message));
        if self.city.name.trim().is_empty() {
            return wrong("city", "name", "must not be empty");
        }
        for (key, address) in
            [("public", &self.listen.public), ("staff", &self.listen.staff), ("ops", &self.listen.ops)]
        {
            if address.parse::<SocketAddr>().is_err() {
                return wrong("listen", key, "must be an address with a port, such as 127.0.0.1:8080");
            }
        }
        let secured = self.tls.is_some() || self.proxy.is_some();
        for (key, address, may_be_open) in [
            ("public", &self.listen.public, secured),
            ("staff", &self.listen.staff, secured),
            ("ops", &self.listen.ops, self.proxy.is_some()),
        ] {
            let loopback = address.parse::<SocketAddr>().is_ok_and(|address| address.ip().is_loopback());
            if !loopback && !may_be_open {
                return wrong("listen", key, "plain HTTP is served on loopback only; configure [tls] or [proxy]");
            }
        }
        let taken = |address: &str, others: &[&String]| {
            !address.ends_with(":0") && others.iter().any(|other| other.as_str() == address)
        };
        if taken(&self.listen.staff, &[&self.listen.public]) {
            return wrong("listen", "staff", "is the address of the public listener");
        }
        if taken(&self.listen.ops, &[&self.listen.public, &self.listen.staff]) {
            return wrong("listen", "ops", "is the address of another listener");
        }
        if let Some(tls) = &self.tls {
            for (key, file) in [("certificate", &tls.certificate), ("key", &tls.key)] {
                if !file.is_file() {
                    return wrong("tls", key, "there is no such file");
                }
            }
        }
        if self.store.high_water.as_ref().is_some_and(|path| path.as_os_str().is_empty()) {
            return wrong("store", "high_water", "must be a path");
        }
        let mark_folder = self.store.high_water.as_deref().and_then(Path::parent);
        if mark_folder.is_some_and(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
            return wrong("store", "high_water", "its folder is missing");
        }
        if !(5..=1_440).contains(&self.login.minutes) {
            return wrong("login", "minutes", "must be from 5 to 1440");
        }
        if let Some((key, message)) = self.login_queue.wrong() {
            return wrong("login_queue", key, message);
        }
        if let Some((key, message)) = self.limits.wrong() {
            return wrong("limits", key, message);
        }
        if let Some((key, message)) = self.staff.wrong() {
            return wrong("staff", key, message);
        }
        if let Some((key, message)) = self.waiting_room.wrong() {
            return wrong("waiting_room", key, message);
        }
        if self.campaign.keep_days > Campaign::KEEP_DAYS_MAX {
            return wrong("campaign", "keep_days", "must be from 0 to 3650");
        }
        let rules = &self.rules;
        if rules.change_deadline.parse::<ClockTime>().is_err() {
            return wrong("rules", "change_deadline", "must be a time such as 17:00");
        }
        if rules.change_deadline_days_before > 30 {
            return wrong("rules", "change_deadline_days_before", "must be from 0 to 30");
        }
        if !(1..=10).contains(&rules.hold_minutes) {
            return wrong("rules", "hold_minutes", "must be from 1 to 10");
        }
        // The contract: a hold never stretches past 10 minutes in all.
        if rules.hold_minutes_total < rules.hold_minutes || rules.hold_minutes_total > 10 {
            return wrong("rules", "hold_minutes_total", "must be from hold_minutes to 10");
        }
        if rules.phone_share_lapse_hours > 720 {
            return wrong("rules", "phone_share_lapse_hours", "must be from 0 to 720");
        }
        if let Some(proxy) = &self.proxy
            && proxy.peers.is_empty()
        {
            return wrong("proxy", "peers", "must name at least one address");
        }
        if let Some(proxy) = &self.proxy
            && !proxy.trusted().origin_is_valid()
        {
            return wrong("proxy", "origin", "must be an origin such as https://yoyaku.example.lg.jp");
        }
        if let Some(wrong) = self.monitor.wrong() {
            return Err(ConfigError::of_key(path, text, &wrong.section, wrong.nth, wrong.key, &wrong.message));
        }
        if let Some(problem) = self.backup.wrong(data) {
            return wrong("backup", problem.key, &problem.message);
        }
        self.check_vaccines(path, text)
    }

    fn check_vaccines(&self, path: &Path, text: &str) -> Result<(), ConfigError> {
        let vaccines = self.vaccines.as_deref().unwrap_or_default();
        for (nth, vaccine) in vaccines.iter().enumerate() {
            let earlier = &vaccines[..nth];
            if let Some((key, message)) = wrong_vaccine(vaccine, earlier) {
                return Err(ConfigError::of_key(path, text, "vaccine", nth, key, message));
            }
        }
        Ok(())
    }
}

fn wrong_vaccine(vaccine: &Vaccine, earlier: &[Vaccine]) -> Option<(&'static str, &'static str)> {
    if vaccine.name.trim().is_empty() {
        Some(("name", "must not be empty"))
    } else if earlier.iter().any(|other| other.name == vaccine.name) {
        Some(("name", "must differ from the other vaccines'"))
    } else if DoseNo::new(vaccine.doses).is_none() {
        Some(("doses", "must be from 1 to 9"))
    } else if vaccine.interval_days_min == 0 {
        Some(("interval_days_min", "must be at least 1"))
    } else if vaccine.interval_days_max.is_some_and(|max| max < vaccine.interval_days_min) {
        Some(("interval_days_max", "must not be less than interval_days_min"))
    } else if vaccine.doses_per_vial == 0 {
        Some(("doses_per_vial", "must be at least 1"))
    } else {
        None
    }
}
