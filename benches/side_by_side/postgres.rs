//! PostgreSQL with a stored procedure, as a web framework would call it, and fed with arrays of people.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use sesshu_tests::wait_until;
use tempfile::TempDir;

use crate::programs::{Server, command, folder_in, generator, program, run};

const PACKAGE: &str = "postgresql";
const SECONDS: u32 = 8;
const MANY: usize = 500;
/// One table of slots and one of bookings; a person has one booking at most, a slot never fewer than no places.
const SCHEMA: &str = "
CREATE TABLE slot (id int PRIMARY KEY, free bigint NOT NULL CHECK (free >= 0)) WITH (fillfactor = 20);
CREATE TABLE booking (person bigint PRIMARY KEY, slot int NOT NULL, at timestamptz NOT NULL DEFAULT now());
INSERT INTO slot SELECT n, 1000000000 FROM generate_series(1, 200) AS n;
CREATE FUNCTION book(who bigint, wanted int) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO booking (person, slot) VALUES (who, wanted) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN RETURN false; END IF;
  UPDATE slot SET free = free - 1 WHERE id = wanted AND free >= 1;
  IF NOT FOUND THEN RAISE EXCEPTION 'full'; END IF;
  RETURN true;
END $$;
CREATE FUNCTION book_many(people bigint[], wanted int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE booked bigint;
BEGIN
  INSERT INTO booking (person, slot) SELECT who, wanted FROM unnest(people) AS who ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS booked = ROW_COUNT;
  UPDATE slot SET free = free - booked WHERE id = wanted AND free >= booked;
  IF NOT FOUND THEN RAISE EXCEPTION 'full'; END IF;
  RETURN booked;
END $$;";

/// What a client asks for in one call.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Call {
    One,
    Many,
}

impl Call {
    pub(crate) fn bookings(self) -> usize {
        match self {
            Self::One => 1,
            Self::Many => MANY,
        }
    }

    /// The script for pgbench. People are drawn from so many that hardly anybody comes twice.
    fn script(self, sessions: usize) -> String {
        let slot = format!("\\set slot random(1, {sessions})\n");
        slot + &match self {
            Self::One => "\\set who random(1, 1000000000000000)\nSELECT book(:who, :slot);\n".to_owned(),
            Self::Many => format!(
                "\\set first random(1, 1000000000000) * 1000\n\
                 SELECT book_many(ARRAY(SELECT CAST(:first AS bigint) + n FROM generate_series(1, {MANY}) AS n), :slot);\n"
            ),
        }
    }
}

/// The server.
pub(crate) struct Postgres {
    _server: Server,
    bench: PathBuf,
    folder: TempDir,
}

impl Postgres {
    pub(crate) fn start(parent: &Path) -> Self {
        let folder = folder_in(parent);
        let data = folder.path().join("data");
        let mut init = command(&program("initdb", PACKAGE), folder.path());
        run(init.args(["--username=bench", "--auth=trust", "--encoding=UTF8", "--no-locale", "-D"]).arg(&data));
        let mut server = command(&program("postgres", PACKAGE), folder.path());
        server.arg("-D").arg(&data).arg("-k").arg(folder.path());
        for setting in [
            "listen_addresses=",
            "fsync=on",
            "synchronous_commit=on",
            "full_page_writes=on",
            "shared_buffers=512MB",
            "max_wal_size=4GB",
        ] {
            server.args(["-c", setting]);
        }
        let postgres = Self { _server: Server::start(&mut server), bench: program("pgbench", PACKAGE), folder };
        wait_until("PostgreSQL", Duration::from_mins(1), || {
            postgres.psql("SELECT 1").output().is_ok_and(|output| output.status.success()).then_some(())
        });
        run(&mut postgres.psql(SCHEMA));
        postgres
    }

    fn psql(&self, text: &str) -> Command {
        let mut psql = command(&program("psql", PACKAGE), self.folder.path());
        psql.arg("-h").arg(self.folder.path()).args([
            "-U",
            "bench",
            "-d",
            "postgres",
            "-qAt",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            text,
        ]);
        psql
    }

    /// Bookings a second.
    pub(crate) fn rate(&self, call: Call, clients: usize, sessions: usize) -> f64 {
        let script = self.folder.path().join("script.sql");
        std::fs::write(&script, call.script(sessions)).expect("a script");
        let mut bench = generator(&self.bench, self.folder.path());
        bench.arg("-h").arg(self.folder.path()).args(["-U", "bench", "-n", "-M", "prepared", "-j", "1"]);
        bench.args(["-c", &clients.to_string(), "-T", &SECONDS.to_string(), "-f"]).arg(script).arg("postgres");
        let said = run(&mut bench);
        let calls = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse::<f64>().ok());
        calls.unwrap_or_else(|| panic!("pgbench says no rate: {said}")) * call.bookings() as f64
    }

    /// Every booking took a place.
    pub(crate) fn check(&self) {
        let lost =
            run(&mut self.psql("SELECT (SELECT sum(1000000000 - free) FROM slot) - (SELECT count(*) FROM booking)"));
        assert_eq!(lost.trim(), "0", "PostgreSQL counts right");
    }
}
