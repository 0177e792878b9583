//! The configuration: one TOML file, every key checked, every error with its file, line and key.

mod check;
mod limits;
mod staff;
mod waiting_room;
mod watch;

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sesshu_backup::config::BackupConfig;
use sesshu_engine::VaccineSpec;
use sesshu_engine::core::ids::DoseNo;
use sesshu_engine::core::setup::Rules;
use sesshu_engine::core::time::ClockTime;
use sesshu_monitor::MonitorConfig;

pub(crate) use check::ConfigError;
use limits::Limits;
use staff::Staff;
use waiting_room::WaitingRoom;
pub(crate) use watch::{WATCH_CONFIG_NAME, WATCH_TEMPLATE, read_if_watch_file, read_watch_file};

/// The file that `init` writes: every key with its default, explained.
pub(crate) const TEMPLATE: &str = include_str!("template.toml");

const MIB: u64 = 1024 * 1024;

/// The whole configuration.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    pub(crate) city: City,
    pub(crate) listen: Listen,
    pub(crate) tls: Option<Tls>,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) login: Login,
    pub(crate) login_queue: LoginQueue,
    pub(crate) limits: Limits,
    pub(crate) staff: Staff,
    pub(crate) rules: RulesConfig,
    pub(crate) waiting_room: WaitingRoom,
    pub(crate) campaign: Campaign,
    pub(crate) store: Store,
    pub(crate) monitor: MonitorConfig,
    pub(crate) backup: BackupConfig,
    pub(crate) notice: NoticeConfig,
    #[serde(rename = "vaccine")]
    pub(crate) vaccines: Option<Vec<Vaccine>>,
    /// Whether the data is a restored copy that somebody looks into: see [`Config::of_copy`].
    #[serde(skip)]
    pub(crate) is_copy: bool,
}

/// What residents read about the city.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct City {
    pub(crate) name: String,
    pub(crate) phone: String,
    pub(crate) phone_hours_ja: String,
    pub(crate) phone_hours_en: String,
}

impl Default for City {
    fn default() -> Self {
        Self {
            name: "見本市".into(),
            phone: "0120-000-000".into(),
            phone_hours_ja: "毎日 午前9時から午後5時まで".into(),
            phone_hours_en: "every day, 9:00 am to 5:00 pm".into(),
        }
    }
}

/// Failure and maintenance notices.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NoticeConfig {
    /// Where the page for a front server lies.
    pub(crate) folder: Option<PathBuf>,
}

/// The three listeners.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Listen {
    pub(crate) public: String,
    pub(crate) staff: String,
    pub(crate) ops: String,
}

impl Default for Listen {
    fn default() -> Self {
        Self { public: "127.0.0.1:8080".into(), staff: "127.0.0.1:8081".into(), ops: "127.0.0.1:8082".into() }
    }
}

/// The certificate of the public and staff listeners.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tls {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// A proxy that ends TLS in front and may be believed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proxy {
    pub(crate) peers: Vec<IpAddr>,
    #[serde(default)]
    pub(crate) address_header: AddressHeader,
    pub(crate) origin: Option<String>,
}

impl Proxy {
    /// The proxy as the listener takes it.
    pub(crate) fn trusted(&self) -> sesshu_http::TrustedProxy {
        sesshu_http::TrustedProxy {
            peers: self.peers.clone(),
            address_header: match self.address_header {
                AddressHeader::XForwardedFor => sesshu_http::AddressHeader::XForwardedFor,
                AddressHeader::XRealIp => sesshu_http::AddressHeader::XRealIp,
            },
            origin: self.origin.clone(),
        }
    }
}

/// The header in which the proxy names the client.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AddressHeader {
    #[default]
    XForwardedFor,
    XRealIp,
}

/// Logins.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Login {
    pub(crate) minutes: u32,
}

impl Default for Login {
    fn default() -> Self {
        Self { minutes: 120 }
    }
}

/// The line in front of the login.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LoginQueue {
    pub(crate) engage_after_ms: u32,
    pub(crate) admitted_minutes: u32,
    pub(crate) address_burst: u32,
}

impl Default for LoginQueue {
    fn default() -> Self {
        let sesshu_http::LoginQueue { engage_after_ms, admitted_minutes, address_burst } =
            sesshu_http::LoginQueue::default();
        Self { engage_after_ms, admitted_minutes, address_burst }
    }
}

impl LoginQueue {
    /// The settings as the listener takes them.
    pub(crate) const fn settings(&self) -> sesshu_http::LoginQueue {
        let Self { engage_after_ms, admitted_minutes, address_burst } = *self;
        sesshu_http::LoginQueue { engage_after_ms, admitted_minutes, address_burst }
    }

    /// The first key with a wrong value, and what it must be.
    fn wrong(&self) -> Option<(&'static str, &'static str)> {
        if !(100..=7_000).contains(&self.engage_after_ms) {
            Some(("engage_after_ms", "must be from 100 to 7000"))
        } else if !(1..=60).contains(&self.admitted_minutes) {
            Some(("admitted_minutes", "must be from 1 to 60"))
        } else if !(1..=100_000).contains(&self.address_burst) {
            Some(("address_burst", "must be from 1 to 100000"))
        } else {
            None
        }
    }
}

/// The rules that are configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RulesConfig {
    pub(crate) change_deadline: String,
    pub(crate) change_deadline_days_before: u8,
    pub(crate) hold_minutes: u8,
    pub(crate) hold_minutes_total: u8,
    pub(crate) phone_share_lapse_hours: u16,
}

impl Default for RulesConfig {
    fn default() -> Self {
        let rules = Rules::default();
        Self {
            change_deadline: rules.change_deadline_clock.to_string(),
            change_deadline_days_before: rules.change_deadline_days_before,
            hold_minutes: rules.hold_minutes,
            hold_minutes_total: rules.hold_minutes_total_max,
            phone_share_lapse_hours: rules.phone_share_lapse_hours,
        }
    }
}

/// The end of the campaign.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Campaign {
    pub(crate) keep_days: u16,
}

impl Campaign {
    /// The longest time for which personal data may be kept, in days.
    pub(crate) const KEEP_DAYS_MAX: u16 = 3_650;
}

impl Default for Campaign {
    fn default() -> Self {
        Self { keep_days: sesshu_http::StaffConfig::default().keep_days }
    }
}

/// Where things lie.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Store {
    pub(crate) high_water: Option<PathBuf>,
    pub(crate) free_disk_floor_mib: u64,
}

impl Default for Store {
    fn default() -> Self {
        Self { high_water: None, free_disk_floor_mib: sesshu_engine::FREE_DISK_FLOOR_BYTES / MIB }
    }
}

impl Store {
    /// The floor of free disk, in bytes.
    pub(crate) const fn free_disk_floor_bytes(&self) -> u64 {
        self.free_disk_floor_mib.saturating_mul(MIB)
    }
}

/// A vaccine and the rules of its series.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vaccine {
    pub(crate) name: String,
    pub(crate) doses: u8,
    pub(crate) interval_days_min: u16,
    pub(crate) interval_days_max: Option<u16>,
    pub(crate) age_years_min: u8,
    pub(crate) doses_per_vial: u16,
}

impl Config {
    /// Reads and checks `path` for the data folder `data`. A file that is not there is the default configuration, unless it was `named`.
    pub(crate) fn read(path: &Path, named: bool, data: &Path) -> Result<Self, ConfigError> {
        let text = Self::text(path, named)?;
        Self::parse(&text, path, data)
    }

    /// The same, and checks the files that it names but a server can do without.
    pub(crate) fn read_closely(path: &Path, named: bool, data: &Path) -> Result<Self, ConfigError> {
        let text = Self::text(path, named)?;
        let config = Self::parse(&text, path, data)?;
        match config.backup.wrong_identity() {
            Some(wrong) => Err(ConfigError::of_key(path, &text, "backup", 0, wrong.key, &wrong.message)),
            None => Ok(config),
        }
    }

    /// Reads `path` for the restored copy in `data`: see [`Config::of_copy`]. Only what counts for a copy is checked; where backups would
    /// lie says nothing about one, which may lie in their scratch folder.
    pub(crate) fn read_of_copy(path: &Path, named: bool, data: &Path) -> Result<Self, ConfigError> {
        let text = Self::text(path, named)?;
        let config = Self::syntax(&text, path)?.of_copy();
        config.check(path, &text, data)?;
        Ok(config)
    }

    fn text(path: &Path, named: bool) -> Result<String, ConfigError> {
        match std::fs::read_to_string(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !named => Ok(String::new()),
            Err(error) => Err(ConfigError::unreadable(path, &error)),
            text => Ok(text.unwrap_or_default()),
        }
    }

    /// Reads and checks the text of `path` for the data folder `data`.
    pub(crate) fn parse(text: &str, path: &Path, data: &Path) -> Result<Self, ConfigError> {
        let config = Self::syntax(text, path)?;
        config.check(path, text, data)?;
        Ok(config)
    }

    fn syntax(text: &str, path: &Path) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|error| ConfigError::syntax(path, text, &error))
    }

    /// The same for a restored copy that somebody looks into: it is served on loopback, tells nobody, writes nothing outside its folder
    /// and takes no backups.
    fn of_copy(&self) -> Self {
        Self {
            city: self.city.clone(),
            login: self.login.clone(),
            login_queue: self.login_queue.clone(),
            limits: self.limits.clone(),
            rules: self.rules.clone(),
            waiting_room: self.waiting_room.clone(),
            campaign: self.campaign.clone(),
            store: Store { high_water: None, ..self.store.clone() },
            vaccines: self.vaccines.clone(),
            is_copy: true,
            ..Self::default()
        }
    }

    /// The rules for the engine.
    pub(crate) fn rules(&self) -> Rules {
        let rules = &self.rules;
        Rules {
            change_deadline_clock: rules.change_deadline.parse().unwrap_or(ClockTime(17 * 60)),
            change_deadline_days_before: rules.change_deadline_days_before,
            hold_minutes: rules.hold_minutes,
            hold_minutes_total_max: rules.hold_minutes_total,
            phone_share_lapse_hours: rules.phone_share_lapse_hours,
        }
    }

    /// The vaccines for the engine: those configured, or the two of 2021.
    pub(crate) fn vaccines(&self) -> Vec<VaccineSpec> {
        let Some(vaccines) = &self.vaccines else { return default_vaccines() };
        vaccines
            .iter()
            .filter_map(|vaccine| {
                Some(VaccineSpec {
                    name: vaccine.name.clone(),
                    doses: DoseNo::new(vaccine.doses)?,
                    interval_days_min: vaccine.interval_days_min,
                    interval_days_max: vaccine.interval_days_max,
                    age_years_min: vaccine.age_years_min,
                    doses_per_vial: vaccine.doses_per_vial,
                })
            })
            .collect()
    }
}

/// Comirnaty and Spikevax as the ministry had them in 2021: 20日の間隔 is a difference of 21 days, 27日 one of 28.
fn default_vaccines() -> Vec<VaccineSpec> {
    let two = DoseNo::FIRST.next().unwrap_or(DoseNo::FIRST);
    let spec = |name: &str, interval_days_min, age_years_min, doses_per_vial| VaccineSpec {
        name: name.into(),
        doses: two,
        interval_days_min,
        interval_days_max: None,
        age_years_min,
        doses_per_vial,
    };
    vec![spec("コミナティ", 21, 12, 6), spec("スパイクバックス", 28, 12, 10)]
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(text, Path::new("sesshu.toml"), Path::new("/nowhere/sesshu-data"))
    }

    #[test]
    fn the_template_is_valid_and_says_the_defaults() {
        let template = parse(TEMPLATE).expect("a valid template");
        let default = parse("").expect("defaults");
        assert_eq!(template.rules(), default.rules());
        assert_eq!(template.vaccines(), default.vaccines());
        assert_eq!(template.listen.public, default.listen.public);
        assert_eq!(template.login.minutes, default.login.minutes);
        assert_eq!(template.login_queue, default.login_queue);
        assert_eq!(template.staff, default.staff);
        assert_eq!(template.campaign, default.campaign);
        assert_eq!(template.waiting_room.rules(), default.waiting_room.rules());
        assert_eq!(template.monitor, default.monitor);
        assert_eq!(template.backup, default.backup);
        assert_eq!(template.city.name, default.city.name);
    }

    #[test]
    fn a_copy_keeps_the_rules_and_reaches_nothing_outside() {
        let text = "[listen]\nops = \"127.0.0.1:9\"\n[rules]\nhold_minutes = 3\n[store]\nhigh_water = \"/mark\"\n[notice]\nfolder = \"/n\"\n\
                    [[monitor.contact]]\nname = \"a\"\ncall_by_hand = \"1\"\n[backup]\nsecond = \"/mnt/second\"\n";
        let copy = parse(text).expect("valid").of_copy();
        let default = parse("").expect("defaults");
        assert_eq!(copy.rules().hold_minutes, 3);
        assert_eq!((copy.store.high_water, copy.notice.folder), (None, None));
        assert_eq!((copy.monitor, copy.backup), (default.monitor, default.backup));
        assert_eq!(copy.listen.ops, default.listen.ops);
    }

    #[test]
    fn a_wrong_value_is_named_by_file_line_and_key() {
        let cases = [
            ("[login]\nminutes = \"two\"\n", 2, "minutes"),
            ("[login]\n\nminuts = 3\n", 3, "minuts"),
            ("[login]\nminutes = 0\n", 2, "minutes"),
            ("[login_queue]\nengage_after_ms = 9000\n", 2, "engage_after_ms"),
            ("[login_queue]\nadmitted_minutes = 0\n", 2, "admitted_minutes"),
            ("[login_queue]\naddress_burst = 0\n", 2, "address_burst"),
            ("[rules]\nhold_minutes = 5\nchange_deadline = \"25:00\"\n", 3, "change_deadline"),
            ("[rules]\nhold_minutes = 9\nhold_minutes_total = 8\n", 3, "hold_minutes_total"),
            ("[listen]\npublic = \"somewhere\"\n", 2, "public"),
            ("[city]\nname = \"\"\n", 2, "name"),
            ("[staff]\nidle_minutes = 0\n", 2, "idle_minutes"),
            ("[campaign]\nkeep_days = 5000\n", 2, "keep_days"),
            ("[waiting_room]\ndraw_minutes = 0\n", 2, "draw_minutes"),
            ("[waiting_room]\nper_second_min = 0\n", 2, "per_second_min"),
            ("[waiting_room]\nper_second_min = 9\nper_second_max = 8\n", 3, "per_second_max"),
            ("[waiting_room]\nstart_per_second = 20001\n", 2, "start_per_second"),
            ("[waiting_room]\nfirst_people = 1000001\n", 2, "first_people"),
            ("[staff]\nallow = [\"10.0.0.0/8\", \"10.0.0.1/8\"]\n", 2, "allow"),
            ("[staff]\norigin = \"kanri\"\n", 2, "origin"),
            ("[monitor]\nevery_seconds = 0\n", 2, "every_seconds"),
            ("[backup]\n# at night\ndaily_at = \"3 am\"\n", 3, "daily_at"),
            ("[backup]\ndir = \"backups\"\n", 2, "dir"),
            ("[backup]\ncpu_percent = 3\n", 2, "cpu_percent"),
            ("[monitor.threshold.cpu_use]\nfor_seconds = 1\nwarning = 99.0\n", 3, "warning"),
            ("[[monitor.contact]]\nname = \"a\"\ncall_by_hand = \"1\"\n[[monitor.contact]]\nname = \"a\"\n", 5, "name"),
            (
                "[[vaccine]]\nname = \"A\"\ndoses = 0\ninterval_days_min = 1\nage_years_min = 1\ndoses_per_vial = 1\n",
                3,
                "doses",
            ),
        ];
        for (text, line, key) in cases {
            let error = parse(text).expect_err(text).to_string();
            assert!(error.starts_with(&format!("sesshu.toml:{line}: {key}: ")), "{text:?} gave {error:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_configuration_or_an_error_on_one_of_its_lines(
            at in any::<Index>(),
            lines in vec("[a-z_]{1,20} = [0-9\"a-z:.-]{0,12}|\\[\\[?[a-z]{1,8}\\]\\]?|\\PC{0,40}", 0..4),
            cut in 0..3_usize,
        ) {
            let mut all: Vec<String> = TEMPLATE.lines().map(|line| line.trim_start_matches("# ").to_owned()).collect();
            let from = at.index(all.len());
            all.splice(from..(from + cut).min(all.len()), lines);
            for text in [all.join("\n"), all[from..].join("\r\n")] {
                match parse(&text) {
                    Ok(config) => prop_assert_eq!(config.vaccines().len(), config.vaccines.map_or(2, |vaccines| vaccines.len())),
                    Err(error) => {
                        let said = error.to_string();
                        let line = said.strip_prefix("sesshu.toml:").and_then(|rest| rest.split(':').next()?.parse().ok());
                        prop_assert!(line.is_some_and(|line: usize| (1..=text.lines().count().max(1)).contains(&line)), "{}", said);
                        prop_assert!(!said.contains('\n'), "{}", said);
                    }
                }
            }
        }
    }

    #[test]
    fn broken_toml_is_named_by_line() {
        let error = parse("[login]\nminutes = = 3\n").expect_err("broken").to_string();
        assert!(error.starts_with("sesshu.toml:2: "), "{error}");
    }
}
