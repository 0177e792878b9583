//! The monitor under real pressure: what is wrong becomes an open incident within seconds, ends with its cause, and nothing else does.
//! Thresholds are lowered so that it takes seconds; what is measured is the real thing.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use sesshu_tests::{City, Client, SmallDisk, free_bytes, not_run, report, wait_until, wait_until_async};

const RESIDENTS: usize = 10;
const DISK_MIB: u32 = 96;
const MIB: u64 = 1024 * 1024;
/// Two seconds of a sample each second, and some for a machine that has other things to do.
const NOTICED_WITHIN: Duration = Duration::from_secs(20);
/// How long the server stands still: more than three samples.
const SUSPENDED: Duration = Duration::from_secs(5);
/// So many samples later a false alarm would be there.
const SAMPLES_AFTER: usize = 6;

/// What the monitor says of itself at the ops listener.
struct Monitor(Client);

impl Monitor {
    fn of(city: &City) -> Self {
        Self(city.device().moved_to(city.ops()))
    }

    async fn lines(&mut self, start: &str) -> Vec<String> {
        let text = self.0.get("/metrics").await.expect(200).text();
        text.lines().filter(|line| line.starts_with(start)).map(str::to_owned).collect()
    }

    /// The open incidents: metric, subject and level, as `/metrics` has them.
    async fn incidents(&mut self) -> BTreeSet<String> {
        let lines = self.lines("sesshu_incident{").await;
        lines.iter().filter_map(|line| Some(line.split_once(",told=")?.0.to_owned())).collect()
    }

    async fn reading(&mut self, metric: &str) -> Option<f64> {
        let lines = self.lines(&format!("sesshu_monitor_reading{{metric=\"{metric}\"")).await;
        lines.first()?.rsplit_once(' ')?.1.parse().ok()
    }

    async fn sampled_at(&mut self) -> String {
        self.lines("sesshu_monitor_sampled_at_seconds").await.concat()
    }

    /// Waits until an incident of `metric` is open at `level`; says how long that took.
    async fn opens(&mut self, metric: &str, level: &str) -> f64 {
        let began = Instant::now();
        wait_until_async(&format!("{metric} is {level}"), NOTICED_WITHIN, async || {
            let open = self.incidents().await;
            let is_it =
                |it: &String| it.contains(&format!("\"{metric}\"")) && it.contains(&format!("level=\"{level}\""));
            open.iter().any(is_it).then_some(())
        })
        .await;
        began.elapsed().as_secs_f64()
    }

    /// Waits until no incident of `metric` is open; says how long that took.
    async fn ends(&mut self, metric: &str) -> f64 {
        let began = Instant::now();
        wait_until_async(&format!("{metric} is over"), NOTICED_WITHIN, async || {
            let open = self.incidents().await;
            (!open.iter().any(|it| it.contains(&format!("\"{metric}\"")))).then_some(())
        })
        .await;
        began.elapsed().as_secs_f64()
    }

    /// Waits until everything was measured `count` more times.
    async fn samples(&mut self, count: usize) {
        for _ in 0..count {
            let before = self.sampled_at().await;
            wait_until_async("another sample", NOTICED_WITHIN, async || {
                (self.sampled_at().await != before).then_some(())
            })
            .await;
        }
    }
}

#[tokio::test]
async fn a_disk_that_fills_up_is_a_warning_then_critical_and_measured_to_its_last_byte() {
    let disk = match SmallDisk::mount(DISK_MIB) {
        Ok(disk) => disk,
        Err(why) => return not_run(&format!("pressure: no file system can be mounted ({why}); it needs root")),
    };
    let config = "[store]\nfree_disk_floor_mib = 0\n[monitor]\nevery_seconds = 1\n[monitor.threshold.disk_free]\noff = true\n\
        [monitor.threshold.disk_use]\nwarning = 60.0\ncritical = 85.0\nfor_seconds = 2\nclear_seconds = 2\n";
    let mut city = City::demo().residents(RESIDENTS).data_in(disk.path()).config(config).start();
    let mut monitor = Monitor::of(&city);
    monitor.samples(4).await;
    assert!(!monitor.incidents().await.iter().any(|it| it.contains("disk_use")), "nothing is full yet");
    let filler = disk.fill(u64::from(DISK_MIB) * MIB * 3 / 10);
    let warned = monitor.opens("disk_use", "warning").await;
    std::fs::remove_file(filler).expect("the filler goes");
    let filler = disk.fill(0);
    let critical = monitor.opens("disk_use", "critical").await;
    // It goes on measuring on a disk that takes nothing.
    monitor.samples(3).await;
    assert_eq!(free_bytes(disk.path()), 0, "the disk is full");
    std::fs::remove_file(filler).expect("the filler goes");
    let ended = monitor.ends("disk_use").await;
    city.stop();
    report(&format!(
        "pressure: disk: warning after {warned:.1} s, critical after {critical:.1} s, over after {ended:.1} s"
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn busy_processors_are_noticed() {
    let config = "[monitor]\nevery_seconds = 1\n[monitor.threshold.cpu_use]\nwarning = 90.0\ncritical = 101.0\nfor_seconds = 2\n";
    let mut city = City::demo().residents(RESIDENTS).config(config).start();
    let mut monitor = Monitor::of(&city);
    monitor.samples(2).await;
    let stop = Arc::new(AtomicBool::new(false));
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let burning: Vec<_> = (0..processors)
        .map(|_| {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            })
        })
        .collect();
    let noticed = monitor.opens("cpu_use", "warning").await;
    let value = monitor.reading("cpu_use").await.expect("it is measured");
    stop.store(true, Ordering::Relaxed);
    for thread in burning {
        thread.join().expect("it ends");
    }
    assert!(value >= 90.0, "{processors} busy processors are {value} %");
    city.stop();
    report(&format!("pressure: {processors} busy processors noticed after {noticed:.1} s at {value:.0} %"));
}

/// The figures of a machine, as its `/proc` has them.
fn write_proc(folder: &Path, swap_free_kib: u64, pages_swapped: u64) {
    let files = [
        ("stat", "cpu  10 0 10 1000 0 0 0 0 0 0\ncpu0 10 0 10 1000 0 0 0 0 0 0\n".to_owned()),
        (
            "meminfo",
            format!(
                "MemTotal: 4000000 kB\nMemAvailable: 3000000 kB\nSwapTotal: 1000000 kB\nSwapFree: {swap_free_kib} kB\n"
            ),
        ),
        ("vmstat", format!("pswpin {pages_swapped}\npswpout {pages_swapped}\n")),
    ];
    for (name, text) in files {
        // Whoever reads meanwhile reads the one or the other.
        let new = folder.join("new");
        std::fs::write(&new, text).expect("a file");
        std::fs::rename(&new, folder.join(name)).expect("it is replaced");
    }
}

#[tokio::test]
async fn swap_that_another_proc_tells_of_is_noticed_and_over_with_it() {
    let proc = tempfile::tempdir().expect("a folder");
    write_proc(proc.path(), 1_000_000, 0);
    let config = format!(
        "[monitor]\nevery_seconds = 1\nproc_folder = \"{0}\"\ncgroup_folder = \"{0}\"\n\
        [monitor.threshold.swap_use]\nfor_seconds = 2\nclear_seconds = 2\n\
        [monitor.threshold.swap_activity]\nfor_seconds = 2\nclear_seconds = 2\n",
        proc.path().display()
    );
    let mut city = City::demo().residents(RESIDENTS).config(config).start();
    let mut monitor = Monitor::of(&city);
    monitor.samples(4).await;
    assert!(!monitor.incidents().await.iter().any(|it| it.contains("swap")), "nothing is swapped");
    let began = Instant::now();
    let swapping = wait_until_async("swap use and swapping are critical", NOTICED_WITHIN, async || {
        // 2 × 3,000 pages a second.
        write_proc(proc.path(), 250_000, began.elapsed().as_millis() as u64 * 3);
        let open = monitor.incidents().await;
        let critical = open.iter().filter(|it| it.contains("swap_") && it.contains("critical")).count();
        (critical == 2).then(|| began.elapsed().as_secs_f64())
    })
    .await;
    write_proc(proc.path(), 1_000_000, 0);
    let ended = monitor.ends("swap_use").await.max(monitor.ends("swap_activity").await);
    city.stop();
    report(&format!("pressure: swap: critical after {swapping:.1} s, over after {ended:.1} s"));
}

#[tokio::test]
async fn a_server_that_was_suspended_raises_no_false_alarm() {
    let config = "[monitor]\nevery_seconds = 1\n[monitor.threshold.sampler_failed]\nfor_seconds = 3\n\
        [monitor.threshold.not_ready]\nfor_seconds = 3\n[monitor.threshold.queue_age_ms]\nfor_seconds = 3\n";
    let mut city = City::demo().residents(RESIDENTS).config(config).start();
    let mut monitor = Monitor::of(&city);
    monitor.samples(SAMPLES_AFTER).await;
    // What is wrong with this machine beside is not the question.
    let before = monitor.incidents().await;
    let server = Pid::from_raw(i32::try_from(city.process_id()).expect("an id")).expect("an id");
    kill_process(server, Signal::STOP).expect("it is suspended");
    let began = Instant::now();
    wait_until("the time of five samples", SUSPENDED * 2, || (began.elapsed() >= SUSPENDED).then_some(()));
    kill_process(server, Signal::CONT).expect("it goes on");
    for _ in 0..SAMPLES_AFTER {
        monitor.samples(1).await;
        let alarms: Vec<String> = monitor.incidents().await.difference(&before).cloned().collect();
        assert!(alarms.is_empty(), "after being suspended: {alarms:?}");
    }
    city.stop();
    report(&format!("pressure: {SAMPLES_AFTER} samples after {SUSPENDED:?} of being suspended, no alarm"));
}
