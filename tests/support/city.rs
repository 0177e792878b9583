//! A city in a folder of its own, served by the real binary on free ports. When it goes, it must go as the contract says:
//! a server that does not stop cleanly, or leaves something behind, fails the test.

use std::borrow::Cow;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::client::{Client, Request};
use super::clock;
use super::command::Sesshu;
use super::resident::{Resident, read_residents};
use super::server::Server;
use super::session::{HEADER, PlannedSession, PublishedSession};
use super::wait::wait_until_async;

const LISTED_WITHIN: Duration = Duration::from_secs(20);
const LOGINS_AT_ONCE: usize = 8;
const LOGIN_TRIES_MAX: usize = 200;

/// How a demo city is made.
#[derive(Debug, Clone)]
pub struct CityBuilder {
    residents: usize,
    below: &'static str,
    data_in: Option<PathBuf>,
    config: Option<Cow<'static, str>>,
    open_in_seconds: Option<u32>,
    training: bool,
}

impl CityBuilder {
    /// With this many residents.
    #[must_use]
    pub const fn residents(mut self, residents: usize) -> Self {
        self.residents = residents;
        self
    }

    /// Its sessions open after so many seconds instead of now.
    #[must_use]
    pub const fn open_in(mut self, seconds: u32) -> Self {
        self.open_in_seconds = Some(seconds);
        self
    }

    /// For training.
    #[must_use]
    pub const fn training(mut self) -> Self {
        self.training = true;
        self
    }

    /// With its data below this folder.
    #[must_use]
    pub const fn below(mut self, folder: &'static str) -> Self {
        self.below = folder;
        self
    }

    /// With its data in this folder of somebody else, such as another file system.
    #[must_use]
    pub fn data_in(mut self, folder: &Path) -> Self {
        self.data_in = Some(folder.to_owned());
        self
    }

    /// With this configuration.
    #[must_use]
    pub fn config(mut self, toml: impl Into<Cow<'static, str>>) -> Self {
        self.config = Some(toml.into());
        self
    }

    /// Makes the city and serves it. Returns when it is ready.
    #[must_use]
    pub fn start(self) -> City {
        let folder = TempDir::with_prefix("sesshu-test-").expect("a temporary folder");
        let parent = self.data_in.unwrap_or_else(|| folder.path().join(self.below));
        std::fs::create_dir_all(&parent).expect("a folder");
        let data = parent.join("city");
        let mut demo = Sesshu::new(["demo", "--residents", &self.residents.to_string()]);
        if let Some(seconds) = self.open_in_seconds {
            demo = demo.arg("--open-in").arg(seconds.to_string());
        }
        if self.training {
            demo = demo.arg("--training");
        }
        let mut city = City::stopped(folder, data);
        if let Some(toml) = self.config {
            let file = city.files().join("sesshu.toml");
            std::fs::write(&file, toml.as_bytes()).expect("a configuration");
            city.config = Some(file);
        }
        city.spawn(demo);
        city.residents = read_residents(&city.data.join("demo-residents.csv"));
        assert_eq!(city.residents.len(), self.residents, "the demo lists each of its residents");
        city
    }
}

/// A served city.
#[derive(Debug)]
pub struct City {
    folder: TempDir,
    data: PathBuf,
    config: Option<PathBuf>,
    server: Option<Server>,
    /// Where it is served from now on; none is on free ports.
    addresses: Option<[SocketAddr; 3]>,
    residents: Vec<Resident>,
    next_resident: AtomicUsize,
    /// `sessions publish` publishes every draft, so one test at a time imports and publishes.
    publishing: tokio::sync::Mutex<()>,
}

impl City {
    /// A demo city of 200 residents, unless said otherwise.
    #[must_use]
    pub const fn demo() -> CityBuilder {
        CityBuilder { residents: 200, below: "", data_in: None, config: None, open_in_seconds: None, training: false }
    }

    /// Serves the data that commands have made in `data`, a folder in `folder`.
    #[must_use]
    pub fn serving(folder: TempDir, data: PathBuf) -> Self {
        let mut city = Self::stopped(folder, data);
        city.restart();
        city
    }

    fn stopped(folder: TempDir, data: PathBuf) -> Self {
        Self {
            folder,
            data,
            config: None,
            server: None,
            addresses: None,
            residents: Vec::new(),
            next_resident: AtomicUsize::new(0),
            publishing: tokio::sync::Mutex::new(()),
        }
    }

    /// The city that the tests of one file share: made for the first, stopped after the last.
    #[must_use]
    pub fn shared(residents: usize) -> Arc<Self> {
        static SHARED: Mutex<Weak<City>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let city = Arc::new(Self::demo().residents(residents).start());
            *shared = Arc::downgrade(&city);
            city
        })
    }

    /// The data folder.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// A folder for the files of the test.
    #[must_use]
    pub fn files(&self) -> &Path {
        self.folder.path()
    }

    /// The address of the residents' listener.
    #[must_use]
    pub fn public(&self) -> SocketAddr {
        self.server().public
    }

    /// The address of the staff's listener.
    #[must_use]
    pub fn staff(&self) -> SocketAddr {
        self.server().staff
    }

    /// The address of the ops listener.
    #[must_use]
    pub fn ops(&self) -> SocketAddr {
        self.server().ops
    }

    fn server(&self) -> &Server {
        self.server.as_ref().expect("the server runs")
    }

    /// A command on this city's data.
    #[must_use]
    pub fn command<A: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Sesshu {
        Sesshu::new(arguments).data(&self.data)
    }

    /// Runs `verify` and gives its counts. It must find nothing wrong.
    #[must_use]
    pub fn verify(&self) -> Value {
        let report = self.command(["verify", "--json"]).run().done().json();
        assert_eq!(report["ok"], json!(true), "{report}");
        assert_eq!(report["problems"], json!([]), "{report}");
        report
    }

    // --- the server

    /// Ends the server as a power cut would.
    pub fn kill9(&mut self) {
        self.server.take().expect("the server runs").kill9();
    }

    /// Serves the data again after [`Self::kill9`] or [`Self::stop`]. Returns when the server is ready.
    pub fn restart(&mut self) {
        assert!(self.server.is_none(), "the server still runs");
        self.spawn(Sesshu::new(["serve"]));
    }

    /// From now on the city is served at the addresses that it has, also after a restart.
    pub fn keep_addresses(&mut self) {
        self.addresses = Some([self.public(), self.staff(), self.ops()]);
    }

    /// Asks the server to stop (SIGTERM). It must exit with 0 and take `run.json` with it.
    pub fn stop(&mut self) {
        let server = self.server.take().expect("the server runs");
        if let Err(problem) = server.stop(&self.data) {
            panic!("{problem}\n{}", self.log());
        }
    }

    /// [`Self::restart`] for data that the server may refuse; then it says why.
    pub fn try_restart(&mut self) -> Result<(), String> {
        assert!(self.server.is_none(), "the server still runs");
        self.try_spawn(Sesshu::new(["serve"]))
    }

    /// The id of the server's process.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.server().process_id()
    }

    fn try_spawn(&mut self, mut command: Sesshu) -> Result<(), String> {
        if let Some(config) = &self.config {
            command = command.arg("--config").arg(config);
        }
        self.server = Some(Server::start(command, &self.data, &self.folder.path().join("server.log"), self.addresses)?);
        Ok(())
    }

    fn spawn(&mut self, command: Sesshu) {
        if let Err(problem) = self.try_spawn(command) {
            panic!("{problem}\n{}", self.log());
        }
    }

    /// The end of what the server wrote.
    #[must_use]
    pub fn log(&self) -> String {
        let text = std::fs::read(self.folder.path().join("server.log")).unwrap_or_default();
        let end = &text[text.len().saturating_sub(4000)..];
        format!("--- the end of the server's log\n{}", String::from_utf8_lossy(end))
    }

    // --- its residents

    /// A resident whom no other test of this city uses.
    #[must_use]
    pub fn resident(&self) -> Resident {
        let index = self.next_resident.fetch_add(1, Ordering::Relaxed);
        self.residents.get(index).expect("the city has more residents; make it larger").clone()
    }

    /// A device that is not logged in, at a loopback address of its own.
    #[must_use]
    pub fn device(&self) -> Client {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let index = NEXT.fetch_add(1, Ordering::Relaxed);
        let source = Ipv4Addr::new(127, 10 + (index / 250 % 200) as u8, (index % 250) as u8, 1);
        Client::new(self.public(), source)
    }

    /// The resident's device, logged in.
    pub async fn login(&self, resident: &Resident) -> Client {
        login(self.device(), resident).await
    }

    /// The device of some resident whom no other test uses, logged in.
    pub async fn someone(&self) -> Client {
        self.login(&self.resident()).await
    }

    /// The devices of `count` such residents, logged in.
    pub async fn people(&self, count: usize) -> Vec<(Resident, Client)> {
        let mut waiting: Vec<(usize, Resident, Client)> =
            (0..count).map(|index| (index, self.resident(), self.device())).rev().collect();
        let mut logins = JoinSet::new();
        let mut people = Vec::with_capacity(count);
        while !waiting.is_empty() || !logins.is_empty() {
            while logins.len() < LOGINS_AT_ONCE
                && let Some((index, resident, device)) = waiting.pop()
            {
                logins.spawn(async move {
                    let client = login(device, &resident).await;
                    (index, resident, client)
                });
            }
            if let Some(done) = logins.join_next().await {
                people.push(done.expect("a login"));
            }
        }
        people.sort_by_key(|(index, ..)| *index);
        people.into_iter().map(|(_, resident, client)| (resident, client)).collect()
    }

    // --- its sessions

    /// The sessions for `dose`, as anybody sees them.
    pub async fn sessions(&self, dose: u8) -> Vec<PublishedSession> {
        let answer = self.device().get(&format!("/api/v1/sessions?dose={dose}")).await.expect(200).json();
        let sessions = answer["sessions"].as_array().expect("`sessions` is a list");
        sessions.iter().cloned().map(PublishedSession).collect()
    }

    /// The name of the demo's vaccine for dose 1.
    pub async fn vaccine(&self) -> String {
        let sessions = self.sessions(1).await;
        let session = sessions.first().expect("a demo has sessions for dose 1");
        session.0["vaccine"].as_str().expect("a session has a vaccine").to_owned()
    }

    /// Imports and publishes `planned`, opening in a second, and waits until they are open. In the order of `planned`.
    pub async fn open(&self, planned: &[PlannedSession]) -> Vec<PublishedSession> {
        self.publish(planned, 1).await;
        let mut open = Vec::new();
        for plan in planned {
            open.push(self.listed(plan, |session| session.state() == "open").await);
        }
        open
    }

    /// One session, open.
    pub async fn open_one(&self, planned: PlannedSession) -> PublishedSession {
        self.open(&[planned]).await.remove(0)
    }

    /// Imports and publishes `planned`, opening in so many seconds.
    pub async fn publish(&self, planned: &[PlannedSession], opens_in_seconds: i64) {
        let vaccine = self.vaccine().await;
        let _one_at_a_time = self.publishing.lock().await;
        let lines: String = planned.iter().map(|plan| plan.line(&vaccine)).collect();
        let file = self.files().join("sessions.csv");
        std::fs::write(&file, format!("{HEADER}{lines}")).expect("a file of sessions");
        self.command(["sessions", "import"]).arg(&file).arg("--yes").run().done();
        let opens_at = clock::instant_in(opens_in_seconds);
        self.command(["sessions", "publish", "--opens-at", &opens_at, "--yes"]).run().done();
    }

    /// Waits until the list shows `plan` in a way that pleases `fits`.
    pub async fn listed(&self, plan: &PlannedSession, fits: impl Fn(&PublishedSession) -> bool) -> PublishedSession {
        self.listed_within(plan, LISTED_WITHIN, fits).await
    }

    /// [`Self::listed`] for what takes its time.
    pub async fn listed_within(
        &self,
        plan: &PlannedSession,
        limit: Duration,
        fits: impl Fn(&PublishedSession) -> bool,
    ) -> PublishedSession {
        let dose = plan.doses.as_bytes()[0] - b'0';
        let what = format!("the session at {} on {} is listed as wanted", plan.venue, plan.date);
        wait_until_async(&what, limit, async || {
            let mut sessions = self.sessions(dose).await;
            sessions.retain(|session| session.0["venue"]["name"] == plan.venue && session.0["date"] == plan.date);
            sessions.retain(|session| fits(session));
            sessions.pop()
        })
        .await
    }
}

impl Drop for City {
    fn drop(&mut self) {
        let Some(server) = self.server.take() else { return };
        if std::thread::panicking() {
            // The test has failed already: what the server said may tell why.
            super::report(&self.log());
            server.kill9();
        } else if let Err(problem) = server.stop(&self.data) {
            panic!("{problem}\n{}", self.log());
        }
    }
}

/// Logs in on `device`, again while the server has too much to do.
async fn login(mut device: Client, resident: &Resident) -> Client {
    let body = json!({"id": resident.id, "password": resident.password});
    let mut ticket: Option<String> = None;
    for _ in 0..LOGIN_TRIES_MAX {
        let mut request = Request::new("POST", "/api/v1/login").json(&body);
        if let Some(ticket) = &ticket {
            request = request.header("x-sesshu-ticket", ticket.as_str());
        }
        let answer = device.send(request).await;
        if answer.status == 503 {
            // Whoever goes in by turns keeps their place.
            ticket = answer.header("x-sesshu-ticket").map(str::to_owned).or(ticket);
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        }
        let answer = answer.expect(200).json();
        device.token = Some(answer["token"].as_str().expect("a login answers a token").to_owned());
        return device;
    }
    panic!("the server was too busy for a login {LOGIN_TRIES_MAX} times");
}
