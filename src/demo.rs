//! `demo`: a ready city with throw-away residents. Everything is real but the people: real passwords at real parameters, real
//! durability.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use serde_json::json;
use sesshu_engine::core::event::By;
use sesshu_engine::core::ids::{CityId, DoseNo, ResidentNo};
use sesshu_engine::core::time::{ClockTime, Day, Instant};
use sesshu_engine::roll::{RollRow, SessionRow, WaveRow};
use sesshu_engine::{EngineHandle, LoadError, RecoverError, StartError};

use crate::cli::DemoArgs;
use crate::commands::{print, print_bytes};
use crate::config::Config;
use crate::exit::Failure;
use crate::folder::DataFolder;
use crate::jobs::{put_demo_site, staff_secrets};
use crate::serve::{open, serve};

const RESIDENTS_NAME: &str = "demo-residents.csv";
const STAFF_NAME: &str = "demo-staff.csv";
/// Throw-away residents share so many passwords: each login costs the truth, set-up takes seconds.
const PASSWORDS_MAX: u32 = 500;
const VENUES: [&str; 4] = ["市民体育館", "保健センター", "中央公民館", "駅前ホール"];
/// Its staff. Two for the city, since what one prepares another one publishes.
const STAFF: [(&str, &str); 5] =
    [("operator1", "operator"), ("venue1", "venue"), ("admin1", "admin"), ("admin2", "admin"), ("ops1", "ops")];
/// What its pages say.
const SITE: &str = include_str!("demo_site.toml");
const VACCINE: &str = "コミナティ";
/// Two sessions on every second day of eight weeks: a first and a second dose fit in.
pub(crate) const SESSIONS: u32 = 8 * 7;
/// How many slots each session of a throw-away city has.
pub(crate) const SLOTS_PER_SESSION: u32 = 12;
const SLOT_MINUTES: u16 = 30;
/// On so many days at most.
const DAYS: u32 = SESSIONS / 2;

/// Makes the city (or takes up a kept one) and serves it.
pub(crate) async fn demo(folder: &DataFolder, args: &DemoArgs) -> Result<(), Failure> {
    let config = folder.config_or_failure()?;
    let kept = args.keep && folder.engine_config(&config).has_store();
    if kept && !folder.is_throw_away() {
        let at = folder.path.display();
        return Err(Failure::refused(format!("{at} has data that no demo made; nothing was touched")));
    }
    if kept && args.training && !folder.is_for_training() {
        let at = folder.path.display();
        return Err(Failure::refused(format!(
            "{at} is a demo that is not for training; leave out --keep to make it afresh"
        )));
    }
    let engine = if kept { open(folder, &config).await? } else { make(folder, &config, args).await? };
    let residents = folder.path.join(RESIDENTS_NAME);
    serve(folder, &config, &args.listen, engine, |addresses| {
        if folder.json {
            let made = json!({
                "data": folder.path,
                "public": addresses.url(addresses.public, true),
                "staff": addresses.url(addresses.staff, true),
                "ops": addresses.url(addresses.ops, false),
                "residents": residents,
                "staff_logins": folder.path.join(STAFF_NAME),
                "training": folder.is_for_training(),
            });
            return print(folder, &made, |_| String::new());
        }
        let listed = std::fs::read_to_string(&residents).map_err(Failure::io(residents.display()))?;
        let mut text = format!(
            "Sesshu demo{}\n  residents  {}\n  staff      {}\n  ops        {}\n\nSome logins (all of them: {}):\n",
            if folder.is_for_training() { " for training (研修用)" } else { "" },
            addresses.url(addresses.public, true),
            addresses.url(addresses.staff, true),
            addresses.url(addresses.ops, false),
            residents.display(),
        );
        for line in listed.lines().skip(1).take(3) {
            let mut fields = line.split(',');
            let (id, password) = (fields.next().unwrap_or(""), fields.next().unwrap_or(""));
            text.push_str(&format!("  ID {id}  password {password}  {}\n", fields.next().unwrap_or("")));
        }
        text.push_str(&staff_logins(folder)?);
        text.push_str("\nStop with Ctrl-C.\n");
        print_bytes(text.as_bytes())
    })
    .await
}

async fn make(folder: &DataFolder, config: &Config, args: &DemoArgs) -> Result<EngineHandle, Failure> {
    clear(folder, config).await?;
    let at = folder.path.display();
    std::fs::create_dir_all(&folder.path).map_err(Failure::io(at))?;
    folder.mark_throw_away(args.training)?;
    let engine_config = folder.engine_config(config);
    engine_config.create()?;
    let engine = engine_config.start().await?;
    let now = engine.now();
    let opens_at = now.plus_ms(i64::from(args.open_in.unwrap_or(0)) * 1_000);
    let logins = make_residents(&engine, args.residents, |_| None).await?;
    list_residents(folder, &logins)?;
    // Room for everybody's two doses and a half more, so that single slots fill and the campaign does not.
    let capacity = (args.residents * 5 / 2).div_ceil(SESSIONS * SLOTS_PER_SESSION).clamp(2, 10_000);
    let phone_share = (capacity >= 10).then_some(capacity / 10);
    let waves = vec![("高齢者", Some("高齢者"), opens_at), ("市民", None, opens_at)];
    let waves = waves.into_iter().map(|(name, group, at)| (name.to_owned(), group.map(str::to_owned), at)).collect();
    make_sessions(&engine, &Sessions { count: SESSIONS, capacity, phone_share, opens_at, waves }).await?;
    put_demo_site(&engine, SITE).await?;
    make_staff(folder, &engine).await?;
    Ok(engine)
}

/// The staff's logins as they are printed.
fn staff_logins(folder: &DataFolder) -> Result<String, Failure> {
    let path = folder.path.join(STAFF_NAME);
    let listed = std::fs::read_to_string(&path).map_err(Failure::io(path.display()))?;
    let mut text = format!("\nStaff, for the authenticator app or `oathtool --totp --base32` ({}):\n", path.display());
    for line in listed.lines().skip(1) {
        if let [login, password, totp, _role] = line.split(',').collect::<Vec<_>>()[..] {
            text.push_str(&format!("  {login:<10} password {password}  TOTP secret {totp}\n"));
        }
    }
    Ok(text)
}

/// Empties a folder that an earlier demo made; refuses any other that is not empty.
async fn clear(folder: &DataFolder, config: &Config) -> Result<(), Failure> {
    let at = folder.path.display();
    let empty = match std::fs::read_dir(&folder.path) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(Failure::io(at)(error)),
    };
    if empty {
        return Ok(());
    }
    if !folder.is_throw_away() {
        return Err(Failure::refused(format!("{at} is not empty and not a demo; nothing was touched")));
    }
    if folder.engine_config(config).has_store() {
        match folder.engine_config(config).start().await {
            Ok(engine) => {
                let stopped = tokio::task::spawn_blocking(move || engine.shutdown()).await;
                stopped.map_err(Failure::internal)?;
            }
            Err(StartError::Recover(RecoverError::Load(LoadError::InUse))) => return Err(folder.in_use()),
            // A demo that cannot be opened is made afresh all the same.
            Err(_) => {}
        }
    }
    std::fs::remove_dir_all(&folder.path).map_err(Failure::io(folder.path.display()))
}

/// What a throw-away resident logs in with.
#[derive(Debug, Clone)]
pub(crate) struct DemoLogin {
    pub(crate) id: String,
    pub(crate) password: String,
    pub(crate) name_kana: String,
    pub(crate) birth_date: Day,
}

/// Makes `count` residents with passwords; `group` may put each into another group than a demo would. The place in the list is the
/// pseudonym.
pub(crate) async fn make_residents(
    engine: &EngineHandle,
    count: u32,
    group: impl Fn(u32) -> Option<String>,
) -> Result<Vec<DemoLogin>, Failure> {
    let today = engine.now().city_day();
    let grouped = |number| {
        let row = resident(number, today)?;
        Some(RollRow { groups: group(number).map_or(row.groups, |group| vec![group]), ..row })
    };
    let rows: Vec<RollRow> = (0..count).filter_map(grouped).collect();
    let difference = engine.roll_difference(&rows, false);
    engine.import_roll(&rows, false, difference.digest, By::System).await?;
    let shared = engine.make_passwords(count.min(PASSWORDS_MAX) as usize, |_| {}).await?;
    let passwords = (0..count).map(|number| (ResidentNo(number), shared[number as usize % shared.len()].stored));
    engine.put_passwords(passwords.collect(), By::System).await?;
    let login = |(number, row): (usize, RollRow)| DemoLogin {
        id: row.id.to_string(),
        password: shared[number % shared.len()].plain.to_string(),
        name_kana: row.name_kana,
        birth_date: row.birth_date,
    };
    Ok(rows.into_iter().enumerate().map(login).collect())
}

fn list_residents(folder: &DataFolder, logins: &[DemoLogin]) -> Result<(), Failure> {
    let mut text = String::from("id,password,name_kana,birth_date\n");
    for login in logins {
        text.push_str(&format!("{},{},{},{}\n", login.id, login.password, login.name_kana, login.birth_date));
    }
    write_secret(folder, RESIDENTS_NAME, &text)
}

/// The `number`-th resident: the same in every demo.
fn resident(number: u32, today: Day) -> Option<RollRow> {
    const FAMILY: [&str; 16] = [
        "サトウ",
        "スズキ",
        "タカハシ",
        "タナカ",
        "イトウ",
        "ワタナベ",
        "ヤマモト",
        "ナカムラ",
        "コバヤシ",
        "カトウ",
        "ヨシダ",
        "ヤマダ",
        "ササキ",
        "マツモト",
        "イノウエ",
        "キムラ",
    ];
    const GIVEN: [&str; 14] = [
        "ハナコ",
        "タロウ",
        "ヨシコ",
        "イチロウ",
        "ケイコ",
        "ヒロシ",
        "ユミ",
        "マコト",
        "サクラ",
        "レン",
        "アオイ",
        "ミノル",
        "フミ",
        "ショウ",
    ];
    // Scattered over ten digits, so that nobody guesses a neighbour's ID by counting.
    let id = 4_000_000_000 + u64::from(number) * 48_271 % 999_999_937;
    // 13 to 97 years old: everybody may book the demo's vaccine.
    let days_old = 13 * 366 + i32::try_from(u64::from(number) * 7_919 % (84 * 365)).unwrap_or(0);
    let over_65 = days_old > 65 * 366;
    Some(RollRow {
        line: u64::from(number) + 2,
        id: CityId::from_digits(&id.to_string())?,
        name_kana: format!("{}　{}", FAMILY[number as usize % 16], GIVEN[number as usize / 16 % 14]),
        birth_date: today.plus_days(-days_old),
        groups: if over_65 { vec!["高齢者".to_owned()] } else { Vec::new() },
    })
}

/// The sessions of a throw-away city.
pub(crate) struct Sessions {
    /// How many: two on every second day from the day after tomorrow on; more each day if eight weeks are too short for them.
    pub(crate) count: u32,
    /// Places in each slot.
    pub(crate) capacity: u32,
    /// How many of them every second session keeps for the phone.
    pub(crate) phone_share: Option<u32>,
    pub(crate) opens_at: Instant,
    /// Their names, who belongs to them (none: everybody), and when each opens.
    pub(crate) waves: Vec<(String, Option<String>, Instant)>,
}

/// Makes and publishes `sessions`, and the waves to which they open.
pub(crate) async fn make_sessions(engine: &EngineHandle, sessions: &Sessions) -> Result<(), Failure> {
    let first = engine.now().city_day().plus_days(2);
    let doses: Vec<DoseNo> = [1, 2].into_iter().filter_map(DoseNo::new).collect();
    let a_day = sessions.count.div_ceil(DAYS).max(2);
    let row = |number: u32| SessionRow {
        line: u64::from(number) + 2,
        venue: venue(number as usize % VENUES.len(), number % a_day / VENUES.len() as u32),
        date: first.plus_days((number / a_day * 2) as i32),
        start: ClockTime(9 * 60 + 30),
        end: ClockTime(15 * 60 + 30),
        slot_minutes: SLOT_MINUTES,
        capacity: sessions.capacity,
        vaccine: VACCINE.to_owned(),
        doses: doses.clone(),
        phone_share: sessions.phone_share.filter(|_| number.is_multiple_of(2)),
    };
    let rows: Vec<SessionRow> = (0..sessions.count).map(row).collect();
    engine.import_sessions(&rows, false, By::System).await?;
    let wave = |(line, (name, group, opens_at)): (u64, &(String, Option<String>, Instant))| WaveRow {
        line,
        name: name.clone(),
        born_from: None,
        born_to: None,
        group: group.clone(),
        opens_at: *opens_at,
    };
    let waves: Vec<WaveRow> = (2..).zip(&sessions.waves).map(wave).collect();
    engine.import_waves(&waves, false, By::System).await?;
    let drafts = engine.drafts(sessions.opens_at);
    engine.publish(&drafts, sessions.opens_at, By::System).await?;
    Ok(())
}

/// A venue's name; a large city has several of a kind.
fn venue(kind: usize, another: u32) -> String {
    let name = VENUES[kind];
    if another == 0 { name.to_owned() } else { format!("{name}（第{}会場）", another + 1) }
}

async fn make_staff(folder: &DataFolder, engine: &EngineHandle) -> Result<(), Failure> {
    let mut text = String::from("login,password,totp_secret,role\n");
    for (login, role) in STAFF {
        let made = staff_secrets(engine, login, role).await?;
        text.push_str(&format!("{login},{},{},{role}\n", made.0, made.1));
    }
    write_secret(folder, STAFF_NAME, &text)
}

fn write_secret(folder: &DataFolder, name: &str, text: &str) -> Result<(), Failure> {
    let path = folder.path.join(name);
    let file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(Failure::io(path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sesshu_engine::roll::parse_site;
    use std::collections::HashSet;

    #[test]
    fn the_demos_pages_know_its_venues_in_every_language() {
        let file = parse_site(SITE.as_bytes());
        assert_eq!(file.errors, []);
        let named: HashSet<&str> = file.site.venues.keys().map(AsRef::as_ref).collect();
        assert_eq!(named, HashSet::from(VENUES));
        for lang in ["en", "ja-easy"] {
            let details = file.site.venues.values().map(|details| details.address.for_readers_of(lang));
            let titles = file.site.announcements.iter().map(|one| one.title.for_readers_of(lang));
            assert!(details.chain(titles).all(|wording| !wording.fell_back), "{lang}");
        }
    }

    #[test]
    fn everybody_in_the_demo_is_old_enough_and_has_an_id_of_their_own() {
        let today: Day = "2026-12-01".parse().expect("a date");
        let mut ids = HashSet::new();
        for number in 0..200_000 {
            let row = resident(number, today).expect("a resident");
            assert!(ids.insert(row.id));
            assert!((12..100).contains(&today.age_of(row.birth_date)));
        }
    }
}
