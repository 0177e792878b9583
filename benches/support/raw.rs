//! The limits that the parts set: how fast this machine hashes passwords, and how fast this disk commits one row.

use std::io::Write as _;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use redb::{Database, Durability, TableDefinition};

use crate::rounds::rate;

const ROWS: TableDefinition<'_, u64, [u8; 64]> = TableDefinition::new("rows");

/// argon2id hashes a second of all cores (19 MiB, two passes, one lane), blocks of memory reused, measured for `lasting`.
#[must_use]
pub fn hashes_per_second(lasting: Duration) -> f64 {
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let started = Instant::now();
    let count = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| hash_until(started + lasting))).collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker")).sum()
    });
    rate(count, started.elapsed())
}

fn hash_until(end: Instant) -> usize {
    let params = Params::new(19_456, 2, 1, Some(32)).expect("parameters");
    let mut memory = vec![Block::new(); params.block_count()];
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut count = 0;
    while Instant::now() < end {
        let mut hash = [0; 32];
        argon
            .hash_password_into_with_memory(b"abcd-efgh-jkm", b"sixteen bytes...", &mut hash, &mut memory)
            .expect("a hash");
        count += 1;
    }
    count
}

/// How long each of `count` commits of one row takes: two phases, quick repair. The database stays in `folder` for the next time: room that
/// is given back may hold the disk up while the next thing is measured.
#[must_use]
pub fn commits(folder: &Path, count: u64) -> Vec<Duration> {
    let database = Database::create(folder.join("one-row.redb")).expect("a database");
    (0..count).map(|key| commit(&database, key)).collect()
}

/// How long each of `count` writes of 4 KiB takes until fdatasync says that the disk has it.
#[must_use]
pub fn syncs(folder: &Path, count: usize) -> Vec<Duration> {
    let mut file = tempfile::tempfile_in(folder).expect("a file");
    let mut sync = || {
        let started = Instant::now();
        file.write_all(&[7; 4_096]).and_then(|()| file.sync_data()).expect("the disk takes it");
        started.elapsed()
    };
    (0..count).map(|_| sync()).collect()
}

fn commit(database: &Database, key: u64) -> Duration {
    let started = Instant::now();
    let mut write = database.begin_write().expect("a transaction");
    write.set_durability(Durability::Immediate).expect("a durability");
    write.set_two_phase_commit(true);
    write.set_quick_repair(true);
    write.open_table(ROWS).expect("a table").insert(key, [7; 64]).expect("a row");
    write.commit().expect("it is durable");
    started.elapsed()
}
