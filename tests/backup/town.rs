//! A small city with places for its backups, and what can be seen of them from outside.

use std::path::{Path, PathBuf};

use serde_json::Value;
use sesshu_tests::{City, PlannedSession, Sesshu};
use tempfile::TempDir;

/// Slow enough that a phase can be met.
const SLOW: &str = "io_mib_per_second = 2\n";

/// Where backups lie.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    pub(crate) dir: PathBuf,
    pub(crate) second: PathBuf,
    pub(crate) scratch: PathBuf,
    /// Where generations are restored to.
    pub(crate) to: PathBuf,
}

impl Places {
    /// All of them below `folder`.
    pub(crate) fn below(folder: &Path) -> Self {
        let place = |name| {
            let path = folder.join(name);
            std::fs::create_dir_all(&path).expect("a folder");
            path
        };
        let to = place("to").join("restored");
        Self { dir: place("dir"), second: place("second"), scratch: place("scratch"), to }
    }

    /// The table `[backup]` that names them; the server takes none by itself.
    pub(crate) fn config(&self, more: &str) -> String {
        let shown = |path: &Path| path.display().to_string();
        format!(
            "[backup]\ndir = \"{}\"\nsecond = \"{}\"\nscratch = \"{}\"\nschedule = false\njournal_seconds = 1\n{SLOW}{more}",
            shown(&self.dir),
            shown(&self.second),
            shown(&self.scratch),
        )
    }

    /// What an unfinished run has left, by its names.
    pub(crate) fn leftovers(&self) -> Vec<PathBuf> {
        let is_leftover = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(".sesshu-") && (name.ends_with(".tmp") || name.starts_with(".sesshu-restore-"))
        };
        let in_to = self.to.parent().map(entries).unwrap_or_default();
        let in_places = [&self.dir, &self.second].into_iter().flat_map(|folder| entries(folder));
        // Nobody else uses the scratch folder.
        let all = in_places.chain(in_to).filter(is_leftover).chain(entries(&self.scratch));
        all.collect()
    }
}

/// What lies in a folder.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(found) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = found.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

/// A generation as `backup list --json` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) is_daily: bool,
    pub(crate) is_proven: bool,
    pub(crate) digest: String,
}

/// A city whose server does not run, unless a test starts it.
pub(crate) struct Town {
    pub(crate) city: City,
    pub(crate) places: Places,
    _folder: TempDir,
}

impl Town {
    /// A small one with places of its own.
    pub(crate) async fn new() -> Self {
        Self::of(60).await
    }

    /// One of so many residents with places of its own.
    pub(crate) async fn of(residents: usize) -> Self {
        let folder = TempDir::with_prefix("sesshu-places-").expect("a folder");
        let places = Places::below(folder.path());
        Self::with(folder, places, residents, "").await
    }

    /// With these places and so many residents. `folder` goes with it.
    pub(crate) async fn with(folder: TempDir, places: Places, residents: usize, more: &str) -> Self {
        let mut city = City::demo().residents(residents).config(places.config(more)).start();
        let place = city.open_one(PlannedSession::new("控えの会場", 30, 60)).await.place(0);
        for (resident, mut device) in city.people(20).await {
            device.book(&format!("before-{}", resident.id), &place.dose(1)).await.expect(201);
        }
        city.stop();
        Self { city, places, _folder: folder }
    }

    /// A command on its data, with its configuration.
    pub(crate) fn command<A: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Sesshu {
        self.city.command(arguments).arg("--config").arg(self.city.files().join("sesshu.toml"))
    }

    /// `backup now`, which must succeed; gives the newest generation.
    pub(crate) fn back_up(&self) -> Listed {
        self.command(["backup", "now"]).run().done();
        self.list().remove(0)
    }

    /// The same at a pace at which phases can be met.
    pub(crate) fn restore_slowly(&self, generation: &str) -> Sesshu {
        self.restore(generation).arg("--io-mib-per-second").arg("1").arg("--cpu-percent").arg("10")
    }

    /// The command that restores `generation` to `places.to`, as it was at the snapshot.
    pub(crate) fn restore(&self, generation: &str) -> Sesshu {
        let to = self.places.to.display().to_string();
        self.command(["backup", "restore", generation, "--at", "snapshot", "--to", &to])
    }

    /// The generations, newest first.
    pub(crate) fn list(&self) -> Vec<Listed> {
        listed(&self.command(["backup", "list", "--json"]).run().done().json())
    }

    /// Every generation that counts is what was written.
    pub(crate) fn all_verify(&self) {
        self.command(["backup", "verify"]).run().done();
    }
}

/// The generations of a list.
pub(crate) fn listed(list: &Value) -> Vec<Listed> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let generations = list["generations"].as_array().unwrap_or_else(|| panic!("no generations in {list}"));
    let read = |generation: &Value| Listed {
        name: text(&generation["name"]),
        is_daily: generation["kind"] == "daily",
        is_proven: generation["verified"] == true,
        digest: text(&generation["digest"]),
    };
    generations.iter().map(read).collect()
}
