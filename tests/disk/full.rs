//! A disk without room: above its floor the server refuses early, and if the room goes all at once, late but honestly.

use std::time::Duration;

use sesshu_tests::{City, SmallDisk, free_bytes, not_run, report};

use super::clients::{Load, RESIDENTS, all_is_there};

const DISK_MIB: u32 = 48;
const MIB: u64 = 1024 * 1024;
/// The disk stays full until so many were refused: some seconds of the load.
const REFUSED_MEANWHILE: usize = 800;
const LIMIT: Duration = Duration::from_mins(1);
/// Booking goes on so soon after there is room again.
const BACK_WITHIN: Duration = Duration::from_secs(10);
/// A refusal for want of room comes so quickly.
const REFUSED_WITHIN: Duration = Duration::from_secs(5);

async fn while_the_disk_is_full(title: &str, config: &'static str, bytes_left: u64, codes: &[&str], reasons: &[&str]) {
    let disk = match SmallDisk::mount(DISK_MIB) {
        Ok(disk) => disk,
        Err(why) => return not_run(&format!("{title}: no file system can be mounted ({why}); it needs root")),
    };
    let mut city = City::demo().residents(RESIDENTS).data_in(disk.path()).config(config).start();
    let load = Load::start(&city).await;
    load.books(200, LIMIT).await;
    let filler = disk.fill(bytes_left);
    let left = free_bytes(disk.path());
    load.is_refused(codes, REFUSED_MEANWHILE, LIMIT).await;
    std::fs::remove_file(filler).expect("the filler goes");
    let back_after = load.books(20, BACK_WITHIN).await;
    load.books(200, LIMIT).await;
    let timeline = std::sync::Arc::clone(&load.timeline);
    let mut bookers = load.stop().await;
    timeline.report(title);
    timeline.reads_were_alive();
    let states = timeline.states();
    assert!(reasons.iter().any(|reason| states.iter().any(|state| state == reason)), "readiness says why: {states:?}");
    assert!(timeline.slowest_change() < REFUSED_WITHIN, "nobody waits long: {:?}", timeline.slowest_change());
    let _ = city.verify();
    let acknowledged = all_is_there(&mut city, &mut bookers).await;
    city.stop();
    report(&format!(
        "disk: {title}: {left} bytes were left; 20 bookings {:.1} s after there was room again; {acknowledged} acknowledged, lost 0",
        back_after.as_secs_f64()
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn below_the_floor_of_free_disk_nobody_books_and_everybody_reads() {
    let config = "[store]\nfree_disk_floor_mib = 16\n";
    while_the_disk_is_full("below the floor", config, 8 * MIB, &["busy", "unavailable"], &["disk_low"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_full_at_once_loses_nothing() {
    let config = "[store]\nfree_disk_floor_mib = 0\n";
    while_the_disk_is_full("not one byte left", config, 0, &["busy", "unavailable"], &["store_suspended"]).await;
}
