//! The throw-away city: its folder, its people, and the tokens of those who logged in before the opening.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use hyper::{Method, StatusCode};
use serde_json::json;
use sesshu_engine::core::ids::ResidentNo;
use tempfile::TempDir;

use super::dice::Dice;
use super::plan::CityPlan;
use crate::config::Config;
use crate::demo::{DemoLogin, Sessions, make_residents, make_sessions};
use crate::exit::Failure;
use crate::folder::DataFolder;
use crate::phone::{Ask, Network, Phone};

const PREFIX: &str = "sesshu-rehearsal-";

/// A city in a folder that goes when it goes.
#[derive(Debug)]
pub(super) struct City {
    temporary: TempDir,
    pub(super) folder: DataFolder,
    /// By resident.
    pub(super) logins: Vec<DemoLogin>,
    /// The wall clock of the city when it was made, as people read it.
    pub(super) made_at: String,
}

impl City {
    /// Makes the city beside the data folder `beside`, so that the rehearsal writes to the disk that a real opening would.
    pub(super) async fn make(beside: &Path, plan: CityPlan) -> Result<Self, Failure> {
        let temporary = temporary_folder(beside)?;
        let path = temporary.path().join("data");
        std::fs::create_dir(&path).map_err(Failure::io(path.display()))?;
        let folder = DataFolder::at(path);
        let config = folder.engine_config(&Config::default());
        config.create()?;
        let engine = config.start().await?;
        let now = engine.now();
        let made_at = format!("{} {}", now.city_day(), now.city_clock());
        let logins = make_residents(&engine, plan.residents).await?;
        let sessions =
            Sessions { count: plan.sessions, capacity: plan.slot_places, phone_share: None, opens_at: engine.now() };
        make_sessions(&engine, &sessions).await?;
        tokio::task::spawn_blocking(move || engine.shutdown()).await.map_err(Failure::internal)?;
        Ok(Self { temporary, folder, logins, made_at })
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
