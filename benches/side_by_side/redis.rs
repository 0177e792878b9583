//! Redis with a Lua script that books, every write synced.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use sesshu_tests::wait_until;
use tempfile::TempDir;

use crate::programs::{Server, command, folder_in, generator, program, run};

const PACKAGE: &str = "redis-server";
const BOOKINGS: usize = 200_000;
const PLACES: u64 = 1_000_000_000;
/// Who is in the set has a place; a person who comes again, and one for whom nothing is left, get none.
const SCRIPT: &str = "\
    if redis.call('SADD', KEYS[2], ARGV[1]) == 0 then return 0 end \
    if tonumber(redis.call('GET', KEYS[1])) < 1 then redis.call('SREM', KEYS[2], ARGV[1]) return 0 end \
    redis.call('DECR', KEYS[1]) return 1";

/// The server.
pub(crate) struct Redis {
    _server: Server,
    folder: TempDir,
    script: String,
}

impl Redis {
    pub(crate) fn start(parent: &Path) -> Self {
        let folder = folder_in(parent);
        let mut server = command(&program("redis-server", PACKAGE), folder.path());
        server.args([
            "--port",
            "0",
            "--unixsocket",
            "socket",
            "--appendonly",
            "yes",
            "--appendfsync",
            "always",
            "--save",
            "",
        ]);
        let mut redis = Self { _server: Server::start(&mut server), folder, script: String::new() };
        wait_until("Redis", Duration::from_mins(1), || {
            redis.cli(&["PING"]).output().is_ok_and(|output| output.stdout.starts_with(b"PONG")).then_some(())
        });
        run(&mut redis.cli(&["SET", "places", &PLACES.to_string()]));
        let loaded = run(&mut redis.cli(&["SCRIPT", "LOAD", SCRIPT]));
        redis.script.push_str(loaded.trim());
        redis
    }

    fn cli(&self, words: &[&str]) -> Command {
        let mut cli = command(&program("redis-cli", PACKAGE), self.folder.path());
        cli.args(["-s", "socket"]).args(words);
        cli
    }

    /// Bookings a second.
    pub(crate) fn rate(&self, clients: usize) -> f64 {
        let mut bench = generator(&program("redis-benchmark", PACKAGE), self.folder.path());
        bench.args([
            "-s",
            "socket",
            "-c",
            &clients.to_string(),
            "-n",
            &BOOKINGS.to_string(),
            "-r",
            "1000000000000",
            "-q",
        ]);
        bench.args(["EVALSHA", &self.script, "2", "places", "booked", "__rand_int__"]);
        let said = run(&mut bench);
        let before = said.split(" requests per second").next().and_then(|text| text.rsplit(' ').next());
        before.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("redis-benchmark says no rate: {said}"))
    }

    /// Every booking took a place.
    pub(crate) fn check(&self) {
        let number = |words: &[&str]| run(&mut self.cli(words)).trim().parse::<u64>().expect("a number");
        assert_eq!(number(&["SCARD", "booked"]) + number(&["GET", "places"]), PLACES, "Redis counts right");
    }
}
