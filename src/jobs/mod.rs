//! What a command asks of an engine: the same work whether it is done in this process on an idle store, or by the running
//! server on behalf of a command.

mod campaign;
mod imports;
mod passwords;
mod site;
mod staff;

pub(crate) use site::put_demo_site;
pub(crate) use staff::staff_secrets;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sesshu_engine::EngineHandle;
use sesshu_engine::core::event::By;
use sesshu_engine::core::time::Instant;
use sesshu_engine::roll::{Lang, parse_typed_city_id};

use crate::backups::BackupJob;
use crate::exit::Failure;
use crate::monitoring::MonitorJob;
use crate::switches::SwitchJob;

/// A file's bytes, as base64 in JSON.
#[derive(Debug, Clone)]
pub(crate) struct FileBytes(pub(crate) Vec<u8>);

/// One thing to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Job {
    /// What an import of the roll would change.
    RollDifference { file: FileBytes, partial: bool, japanese: bool },
    /// Import the roll, if the difference is still the one named by `shown`.
    RollImport { file: FileBytes, partial: bool, shown: String },
    /// The IDs of those who have no password.
    WithoutPassword { group: Option<String> },
    /// Make a password for everybody who has none.
    IssuePasswords { group: Option<String> },
    /// Everything held about one person.
    Report { id: String },
    /// Draft sessions.
    Sessions { file: FileBytes, dry_run: bool, japanese: bool },
    /// What publishing would open.
    Drafts { opens_at_ms: i64 },
    /// Publish the drafts, if there are still as many as were shown.
    Publish { shown: Value, opens_at_ms: i64 },
    /// Replace the waves.
    Waves { file: FileBytes, dry_run: bool, japanese: bool },
    /// Record doses given elsewhere.
    Doses { file: FileBytes, dry_run: bool, japanese: bool },
    /// What an import of the city's pages would change.
    SiteDifference { file: FileBytes, japanese: bool },
    /// Import the city's pages, if they are still those of the revision `shown`.
    SiteImport { file: FileBytes, shown: u64 },
    /// The city's pages as a file.
    SiteExport,
    /// Add a staff account, or give one new secrets.
    Staff { login: String, role: Option<String> },
    /// Disable a staff account, or enable it.
    StaffDisable { login: String, disabled: bool },
    /// All staff accounts.
    StaffList,
    /// Where the campaign stands on its way to its end.
    CampaignStatus { keep_days: u16 },
    /// End the campaign, if as many people are on file as were `shown`.
    CampaignClose { keep_days: u16, shown: usize },
    /// Take the end of the campaign back.
    CampaignReopen,
    /// Erase the personal data of those whose time has come.
    CampaignErase { keep_days: u16 },
    /// Ask the monitor.
    Monitor(MonitorJob),
    /// Ask the switches.
    Switch(SwitchJob),
    /// Ask for a backup, a look at backups, or a drill.
    Backup(BackupJob),
    /// Check every invariant.
    Verify,
}

/// A line for the printer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PasswordLine {
    pub(crate) id: String,
    pub(crate) name_kana: String,
    pub(crate) password: String,
}

/// Whoever asked: hears of progress, and keeps what must be safe before the work goes on.
pub(crate) trait Audience {
    /// Another part of the work begins, in one stable word.
    async fn phase(&mut self, word: &str) -> Result<(), Failure>;

    /// So much of the work is done.
    async fn progress(&mut self, done: u64, of: u64) -> Result<(), Failure>;

    /// Keep these lines; when this returns they are on a disk.
    async fn keep(&mut self, lines: Vec<PasswordLine>) -> Result<(), Failure>;
}

/// Does `job` and gives its result for people and programs.
pub(crate) async fn run<A: Audience>(
    engine: &EngineHandle,
    job: Job,
    by: By,
    audience: &mut A,
) -> Result<Value, Failure> {
    match job {
        Job::RollDifference { file, partial, japanese } => {
            Ok(imports::roll_difference(engine, &file.0, partial, lang(japanese)))
        }
        Job::RollImport { file, partial, shown } => imports::roll_import(engine, &file.0, partial, &shown, by).await,
        Job::WithoutPassword { group } => passwords::without(engine, group.as_deref()),
        Job::IssuePasswords { group } => passwords::issue(engine, group.as_deref(), by, audience).await,
        Job::Report { id } => report(engine, &id, by).await,
        Job::Sessions { file, dry_run, japanese } => {
            imports::sessions(engine, &file.0, dry_run, lang(japanese), by).await
        }
        Job::Drafts { opens_at_ms } => imports::drafts(engine, Instant(opens_at_ms)),
        Job::Publish { shown, opens_at_ms } => imports::publish(engine, &shown, Instant(opens_at_ms), by).await,
        Job::Waves { file, dry_run, japanese } => imports::waves(engine, &file.0, dry_run, lang(japanese), by).await,
        Job::Doses { file, dry_run, japanese } => imports::doses(engine, &file.0, dry_run, lang(japanese), by).await,
        Job::SiteDifference { file, japanese } => Ok(site::difference(engine, &file.0, lang(japanese))),
        Job::SiteImport { file, shown } => site::import(engine, &file.0, shown, by).await,
        Job::SiteExport => Ok(site::export(engine)),
        Job::Staff { login, role } => staff::put(engine, &login, role.as_deref(), by).await,
        Job::StaffDisable { login, disabled } => staff::disable(engine, &login, disabled, by).await,
        Job::StaffList => Ok(staff::list(engine)),
        Job::CampaignStatus { keep_days } => Ok(campaign::status(engine, keep_days)),
        Job::CampaignClose { keep_days, shown } => campaign::close(engine, keep_days, shown, by).await,
        Job::CampaignReopen => campaign::reopen(engine, by).await,
        Job::CampaignErase { keep_days } => campaign::erase(engine, keep_days, by, audience).await,
        // Whoever has a store but no monitor opens the monitor's folder instead.
        Job::Monitor(_) => Err(Failure::internal("no monitor runs here")),
        // The same with the switches, which need no store.
        Job::Switch(_) => Err(Failure::internal("no switches are here")),
        // The same with backups, which need the store for moments only.
        Job::Backup(_) => Err(Failure::internal("no backups run here")),
        Job::Verify => Ok(verified(&engine.verify().await?)),
    }
}

const fn lang(japanese: bool) -> Lang {
    if japanese { Lang::Ja } else { Lang::En }
}

async fn report(engine: &EngineHandle, id: &str, by: By) -> Result<Value, Failure> {
    let id = parse_typed_city_id(id).map_err(|problem| Failure::usage(format!("the ID: {problem}")))?;
    let unknown = || Failure::refused("nobody with this ID is on file");
    let resident = engine.find(id).ok_or_else(unknown)?;
    let report = engine.report(resident, by).await?.ok_or_else(unknown)?;
    serde_json::to_value(report).map_err(Failure::internal)
}

/// A verification's result in the contract's form.
pub(crate) fn verified(report: &sesshu_engine::VerifyReport) -> Value {
    json!({
        "ok": report.problems.is_empty(),
        "residents": report.residents,
        "sessions": report.sessions,
        "bookings_live": report.bookings_live,
        "entries": report.entries,
        "digest": report.digest,
        "problems": report.problems,
    })
}

impl Serialize for FileBytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use base64::Engine as _;
        serializer.serialize_str(&base64::engine::general_purpose::STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for FileBytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use base64::Engine as _;
        let text = String::deserialize(deserializer)?;
        let bytes = base64::engine::general_purpose::STANDARD.decode(text).map_err(serde::de::Error::custom)?;
        Ok(Self(bytes))
    }
}
