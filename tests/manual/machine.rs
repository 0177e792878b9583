//! The machine on which the manual is followed: its folders are temporary ones, its service is the city's server, and whoever types
//! is the test. `systemctl` is done by the test; `sudo` and `chown` of the manual's user are replaced, since that user is not here.
//! Everything else runs as it is written.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use sesshu_tests::{City, Client, Place, PlannedSession, Resident, binary, report, wait_until};

use super::text::{Manual, Typed};

/// A city serves below `var/lib/city` of its folder, and its configuration lies in the folder itself.
const BELOW: &str = "var/lib";
/// In tests the journal is shipped every second.
const JOURNAL_SECONDS: u64 = 1;
/// Stands for `sudo -u sesshu COMMAND`.
const SUDO: &str = "#!/bin/sh\n[ \"$1 $2\" = '-u sesshu' ] || exit 9\nshift 2\nexec \"$@\"\n";
/// Stands for `chown [-R] sesshu:sesshu PATH…`: what is given away must be there.
const CHOWN: &str = "#!/bin/sh\n[ \"$1\" != -R ] || shift\ncase $1 in sesshu:sesshu|root:sesshu) shift ;; *) exit 9 ;; esac\n\
                     for path; do [ -e \"$path\" ] || { echo \"chown: $path: not there\" >&2; exit 1; }; done\n";

/// A machine with a served city, which is backed up as the manual says.
pub(crate) struct Machine {
    pub(crate) city: City,
    running: bool,
    /// What `TIME` stands for.
    pub(crate) time: Option<String>,
    /// What `ID` stands for.
    pub(crate) id: Option<String>,
    /// What the last command said.
    pub(crate) said: String,
    /// The public key that was shown last.
    pub(crate) key: Option<String>,
    /// The last digest that a restore said.
    digest: Option<String>,
    booked: Vec<(Resident, Value)>,
    place: Place,
}

impl Machine {
    /// A small city that is served and not backed up yet.
    pub(crate) async fn new() -> Self {
        let city = City::demo().residents(40).below(BELOW).config("").start();
        for name in ["bin", "mnt", "usb", "var/lib/city-mark"] {
            std::fs::create_dir(city.files().join(name)).expect("a folder");
        }
        symlink(binary(), city.files().join("bin/sesshu")).expect("a link");
        for (name, script) in [("sudo", SUDO), ("chown", CHOWN)] {
            let path = city.files().join("bin").join(name);
            std::fs::write(&path, script).expect("a script");
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("a script that runs");
        }
        let place = city.open_one(PlannedSession::new("復元の会場", 30, 40)).await.place(0);
        let (said, booked) = (String::new(), Vec::new());
        Self { city, running: true, time: None, id: None, said, key: None, digest: None, booked, place }
    }

    /// One on which the manual's way to set backups up was followed.
    pub(crate) async fn backed_up() -> Self {
        Self::backed_up_with("").await
    }

    /// The same, with `more` in its configuration.
    pub(crate) async fn backed_up_with(more: &str) -> Self {
        let mut machine = Self::new().await;
        let manual = Manual::read("backup.md");
        let mut steps = Steps::of(&manual, "setup");
        machine.follow(steps.next());
        machine.write_config(&format!("{more}{}", manual.toml("setup")));
        machine.follow(steps.next());
        machine.follow(steps.next());
        machine
    }

    /// The configuration, with the manual's places as they are here, a journal that a test need not wait for, and no run but those that are asked
    /// for.
    pub(crate) fn write_config(&self, toml: &str) {
        let text = format!("{}journal_seconds = {JOURNAL_SECONDS}\nschedule = false\n", self.here(toml));
        std::fs::write(self.config(), text).expect("a configuration");
    }

    /// `/etc/sesshu/sesshu.toml`.
    pub(crate) fn config(&self) -> PathBuf {
        self.city.files().join("sesshu.toml")
    }

    /// Whatever `path` of the manual is here.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.here(path).into()
    }

    fn here(&self, text: &str) -> String {
        let root = self.city.files().display().to_string();
        let places = [
            ("/var/lib/sesshu", "/var/lib/city"),
            ("/etc/sesshu", ""),
            ("/var/backups/sesshu", "/var/backups"),
            ("/mnt/backup", "/mnt"),
            ("/media/usb", "/usb"),
        ];
        places.iter().fold(text.to_owned(), |text, (there, here)| text.replace(there, &format!("{root}{here}")))
    }

    /// Types the commands of one step, and looks at what the manual says one sees.
    pub(crate) fn follow(&mut self, step: &[Typed]) {
        for typed in step {
            self.do_as(typed);
        }
    }

    fn do_as(&mut self, typed: &Typed) {
        match typed.line.as_str() {
            "systemctl stop sesshu" => return self.stop(),
            "systemctl start sesshu" => return self.start(),
            "systemctl restart sesshu" => {
                self.stop();
                return self.start();
            }
            _ => {}
        }
        let mut line = self.here(&typed.line);
        if line.contains("GEN") {
            line = line.replace("GEN", &self.generation(&typed.line));
        }
        if line.contains("127.0.0.1:8082") {
            line = line.replace("127.0.0.1:8082", &self.city.ops().to_string());
        }
        for (word, meaning) in [("TIME", &self.time), ("ID", &self.id)] {
            if let Some(meaning) = meaning {
                line = line.replace(word, meaning);
            }
        }
        let began = Instant::now();
        let (code, said) = self.shell(&line);
        report(&format!("manual: {:6.1} s  {}", began.elapsed().as_secs_f64(), typed.line));
        // What `doctor` finds wrong with the machine of the test is no concern of the manual's.
        let is_as_said = code == Some(typed.code) || (code == Some(1) && line.contains("sesshu doctor "));
        assert!(is_as_said, "{}: {code:?}\n{line}\n{said}{}", typed.line, self.city.log());
        self.look(&typed.line, &said);
        self.said = said;
    }

    /// What must be seen after some commands.
    fn look(&mut self, line: &str, said: &str) {
        let digest = |said: &str| said.lines().find_map(|line| line.trim().strip_prefix("digest ").map(str::to_owned));
        if line.starts_with("curl ") {
            assert!(said.contains("\"ready\":true"), "{line}: {said}");
        } else if line.contains("sesshu doctor ") {
            let is_bad = |line: &&str| line.starts_with('×') && line.contains("backup");
            assert_eq!(said.lines().find(is_bad), None, "{said}");
        } else if line.contains(" keygen ") {
            self.key = Some(public_key(said));
        } else if line.contains("sesshu backup restore ") {
            let is_rehearsal = line.contains("--dry-run");
            let to = self.path("/var/lib/sesshu-restored");
            assert_eq!(to.exists(), !is_rehearsal, "{line}: {said}");
            if !is_rehearsal {
                self.digest = digest(said);
                assert!(self.digest.is_some(), "{line} says the digest: {said}");
            }
        } else if line.starts_with("sesshu verify ") && line.contains("restored") {
            assert_eq!(digest(said), self.digest, "{line}: {said}");
        }
    }

    /// The newest proven generation where the command looks, taken before `TIME` if there is one.
    fn generation(&self, line: &str) -> String {
        let from = "--from /mnt/backup";
        let place = if line.contains(from) { from } else { "--data /var/lib/sesshu --config /etc/sesshu/sesshu.toml" };
        let (code, said) = self.shell(&self.here(&format!("sesshu backup list --json {place} 2>/dev/null")));
        assert_eq!(code, Some(0), "{said}");
        let listed: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
        let generations = listed["generations"].as_array().expect("a list");
        let is_early = |taken_at: &str| self.time.as_ref().is_none_or(|time| taken_at < time.as_str());
        let found = generations.iter().find(|generation| {
            generation["verified"] == true && is_early(generation["taken_at"].as_str().unwrap_or_default())
        });
        let found = found.unwrap_or_else(|| panic!("no proven generation: {said}"));
        found["name"].as_str().expect("a name").to_owned()
    }

    /// Runs a line in the shell; gives its exit code, and what it said on both streams.
    pub(crate) fn shell(&self, line: &str) -> (Option<i32>, String) {
        let path = std::env::var("PATH").unwrap_or_default();
        let output = Command::new("bash")
            .args(["-c", line])
            .env("PATH", format!("{}:{path}", self.city.files().join("bin").display()))
            .env("LANG", "C.UTF-8")
            .current_dir(self.city.files())
            .stdin(Stdio::null())
            .output()
            .expect("bash starts");
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
        (output.status.code(), said.concat())
    }

    // --- the service

    /// `systemctl stop` of a service that has stopped does nothing.
    pub(crate) fn stop(&mut self) {
        if std::mem::take(&mut self.running) {
            self.city.stop();
        }
    }

    fn start(&mut self) {
        self.city.restart();
        self.running = true;
    }

    /// The power goes.
    pub(crate) fn power_cut(&mut self) {
        self.city.kill9();
        self.running = false;
    }

    // --- the people

    /// So many people book, each of whom is remembered.
    pub(crate) async fn people_book(&mut self, count: usize) {
        for (resident, mut device) in self.city.people(count).await {
            let key = format!("manual-{}", resident.id);
            let booking = device.book(&key, &self.place.dose(1)).await.expect(201).json()["bookings"][0].clone();
            self.booked.push((resident, booking));
        }
    }

    /// Everybody who booked can log in and finds their booking; nothing is wrong with the data.
    pub(crate) async fn everybody_has_their_booking(&self) {
        for (resident, booking) in &self.booked {
            let mut device = self.city.login(resident).await;
            assert_eq!(device.bookings().await, std::slice::from_ref(booking), "{}", resident.id);
        }
        let verified = self.city.verify();
        assert!(verified["bookings_live"].as_u64() >= Some(self.booked.len() as u64), "{verified}");
        report(&format!("manual: {} bookings are there, logins hold, nothing is wrong", self.booked.len()));
    }

    /// Somebody who booked, and a device that is logged in as them.
    pub(crate) async fn somebody(&self, index: usize) -> (Resident, String, Client) {
        let (resident, booking) = &self.booked[index];
        let number = booking["number"].as_str().expect("a number").to_owned();
        (resident.clone(), number, self.city.login(resident).await)
    }

    /// Deletes a folder of the machine with all that is in it.
    pub(crate) fn lose(&self, path: &str) {
        let path = self.path(path);
        std::fs::remove_dir_all(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Changes the configuration where it says `from`.
    pub(crate) fn edit_config(&self, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.config()).expect("a configuration");
        assert!(text.contains(from), "{from} is not in {text}");
        std::fs::write(self.config(), text.replace(from, to)).expect("a configuration");
    }
}

/// The steps of a section, one after the other: all of them must be taken.
pub(crate) struct Steps {
    section: String,
    left: std::vec::IntoIter<Vec<Typed>>,
    now: Vec<Typed>,
}

impl Steps {
    pub(crate) fn of(manual: &Manual, section: &str) -> Self {
        let steps = manual.steps().remove(section).unwrap_or_else(|| panic!("{}: no section {section}", manual.name));
        Self { section: section.to_owned(), left: steps.into_iter(), now: Vec::new() }
    }

    pub(crate) fn next(&mut self) -> &[Typed] {
        self.now = self.left.next().unwrap_or_else(|| panic!("{} has no more steps", self.section));
        &self.now
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.left.len(), 0, "steps of {} were left out", self.section);
        }
    }
}

/// The time that the journal may need has passed.
pub(crate) fn the_journal_has_come() {
    let began = Instant::now();
    let limit = Duration::from_secs(JOURNAL_SECONDS + 1);
    wait_until("the journal had its time", limit * 2, || (began.elapsed() > limit).then_some(()));
}

/// The public key that a command showed.
fn public_key(said: &str) -> String {
    let word = said.split(|letter: char| !letter.is_ascii_alphanumeric()).rfind(|word| word.starts_with("age1"));
    word.unwrap_or_else(|| panic!("no public key in {said}")).to_owned()
}

/// Damages the file wherever it has `text`: wherever that lies, the data is not what was written.
pub(crate) fn damage(path: &Path, text: &str) {
    let mut bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let found: Vec<usize> =
        bytes.windows(text.len()).enumerate().filter(|(_, at)| *at == text.as_bytes()).map(|(at, _)| at).collect();
    assert!(!found.is_empty(), "{} has no {text}", path.display());
    for at in found {
        bytes[at] ^= 1;
    }
    std::fs::write(path, bytes).expect("the file can be written");
}
