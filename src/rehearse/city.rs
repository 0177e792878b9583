//! The throw-away city: its folder, its people and staff, and the tokens of those who logged in before the opening.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use hyper::{Method, StatusCode};
use serde_json::json;
use sesshu_engine::EngineHandle;
use sesshu_engine::core::event::By;
use sesshu_engine::core::ids::ResidentNo;
use sesshu_engine::core::staff::StaffRole;
use tempfile::TempDir;
use tokio::time::Instant;

use super::dice::Dice;
use super::plan::Plan;
use crate::cli::Attack;
use crate::config::Config;
use crate::demo::{DemoLogin, Sessions, make_residents, make_sessions};
use crate::exit::Failure;
use crate::folder::DataFolder;
use crate::phone::{Ask, Network, Phone};

const PREFIX: &str = "sesshu-rehearsal-";
/// From the making of the sessions to the first opening: for the server to start, and for each early person to look in.
const START: Duration = Duration::from_secs(2);
const START_EACH: Duration = Duration::from_micros(40);
const LOOK_IN_EACH: Duration = Duration::from_micros(200);

/// A city in a folder that goes when it goes.
#[derive(Debug)]
pub(super) struct City {
    temporary: TempDir,
    pub(super) folder: DataFolder,
    /// By resident; the last one is the bot's, if there is one.
    pub(super) logins: Rc<Vec<DemoLogin>>,
    pub(super) operators: Vec<Operator>,
    /// When its first wave opens.
    pub(super) opening: Instant,
    /// The wall clock of the city when it was made, as people read it.
    pub(super) made_at: String,
}

/// Somebody who takes calls.
#[derive(Debug, Clone)]
pub(super) struct Operator {
    pub(super) login: String,
    pub(super) password: String,
    /// What their authenticator app shows at the first opening.
    pub(super) code: String,
}

impl City {
    /// Makes the city beside the data folder `beside`, so that the rehearsal writes to the disk that a real opening would.
    pub(super) async fn make(beside: &Path, plan: &Plan) -> Result<Self, Failure> {
        let temporary = temporary_folder(beside)?;
        let path = temporary.path().join("data");
        std::fs::create_dir(&path).map_err(Failure::io(path.display()))?;
        let folder = DataFolder::at(path);
        let config = folder.engine_config(&Config::default());
        config.create()?;
        let engine = config.start().await?;
        let made_at = format!("{} {}", engine.now().city_day(), engine.now().city_clock());
        let bots = u32::from(plan.attacks.contains(&Attack::Bot));
        let group = |number| Some(group_name(plan.city.wave_of(number)));
        let logins = make_residents(&engine, plan.city.residents + bots, group).await?;
        let lead = START + START_EACH * plan.city.residents + LOOK_IN_EACH * plan.early() as u32;
        let (opening, opens_at) = (Instant::now() + lead, engine.now().plus_ms(lead.as_millis() as i64));
        let wave = |wave: u32| {
            let at = opens_at.plus_ms((plan.city.wave_every * wave).as_millis() as i64);
            (group_name(wave), Some(group_name(wave)), at)
        };
        let sessions = Sessions {
            count: plan.city.sessions,
            capacity: plan.city.slot_places,
            phone_share: plan.city.phone_places,
            opens_at,
            waves: (0..plan.city.waves).map(wave).collect(),
        };
        make_sessions(&engine, &sessions).await?;
        let wanted = if plan.callers() == 0 { 0 } else { plan.operators };
        let operators = make_operators(&engine, wanted, opens_at.0 / 1_000).await?;
        tokio::task::spawn_blocking(move || engine.shutdown()).await.map_err(Failure::internal)?;
        Ok(Self { temporary, folder, logins: Rc::new(logins), operators, opening, made_at })
    }

    /// The folder that holds the data folder, and is not the server's.
    pub(super) fn beside_data(&self) -> &Path {
        self.temporary.path()
    }

    /// A token for everybody: one login, and from it those of all others (see [`sesshu_http::rehearsal_token`]).
    pub(super) async fn tokens(&self, network: &Rc<Network>, seed: u64) -> Result<Vec<Rc<str>>, Failure> {
        let failed = || Failure::internal("the first resident cannot log in");
        let first = self.logins.first().ok_or_else(failed)?;
        let body = json!({ "id": first.id, "password": first.password }).to_string();
        let ask = Ask { json: Some(body.into()), ..Ask::new(Method::POST, "/api/v1/login") };
        let answer = Phone::new(network, 0).ask(&ask).await.map_err(|_| failed())?;
        let granted = answer.token().filter(|_| answer.status == StatusCode::OK).ok_or_else(failed)?;
        let key = self.folder.engine_config(&Config::default()).token_key()?;
        let mut dice = Dice::seeded(seed);
        let token = |number| {
            let token = sesshu_http::rehearsal_token(&key, &granted, ResidentNo(number), dice.roll());
            token.map(Rc::from).ok_or_else(|| Failure::internal("a token of this city is not of this city"))
        };
        (0..self.logins.len() as u32).map(token).collect()
    }

    /// Removes the city.
    pub(super) fn remove(self) -> Result<(), Failure> {
        let path = self.temporary.path().display().to_string();
        self.temporary.close().map_err(Failure::io(path))
    }
}

/// The group of a wave on the roll, and the wave's name.
fn group_name(wave: u32) -> String {
    format!("第{}回", wave + 1)
}

/// Operators whose codes are those of `at_s`, in seconds since the epoch.
async fn make_operators(engine: &EngineHandle, count: u32, at_s: i64) -> Result<Vec<Operator>, Failure> {
    let mut operators = Vec::new();
    for number in 1..=count {
        let login = format!("operator{number}");
        let secrets =
            engine.add_staff(&login, StaffRole::Operator, None, By::System).await.map_err(Failure::internal)?;
        let totp = totp_rs::Builder::new().with_secret(secrets.totp_secret()).build().map_err(Failure::internal)?;
        let code = totp.generate(at_s.cast_unsigned()).to_string();
        operators.push(Operator { login, password: secrets.password.to_string(), code });
    }
    Ok(operators)
}

/// A new folder beside `beside`, or where the system keeps temporary files if that is not allowed.
fn temporary_folder(beside: &Path) -> Result<TempDir, Failure> {
    let parent = match beside.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    // The server is a process of its own and is told where to look.
    let made = std::path::absolute(&parent).and_then(|parent| TempDir::with_prefix_in(PREFIX, parent));
    made.or_else(|error| {
        tracing::warn!(%error, folder = %parent.display(), "no rehearsal beside the data folder; its disk is not measured");
        TempDir::with_prefix(PREFIX).map_err(Failure::io("a temporary folder"))
    })
}
