//! What watching costs: `cargo bench -p sesshu-benches --bench monitor`. The processor time of each of the monitor's threads in the
//! served binary, at its usual interval of five seconds, what it keeps on the disk, and by how much a process grows that starts one.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use sesshu_monitor::sampler::{self, Place, Proc};
use sesshu_monitor::{MonitorConfig, MonitorSetup};
use sesshu_tests::{City, report, wait_until, wait_until_async};

const RESIDENTS: usize = 2_000;
const MEASURED_SECONDS: u64 = 30;

/// How long a first sample may take.
const SAMPLED_WITHIN: Duration = Duration::from_secs(20);

fn main() {
    report(&format!("a process that starts a monitor grows by {} KiB", grown_kib()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let city = City::demo().residents(RESIDENTS).start();
    report(&runtime.block_on(measure(&city)));
}

/// By how much this process grows with a monitor of this machine that has measured for the first time.
fn grown_kib() -> u64 {
    let folder = tempfile::tempdir().expect("a folder");
    let before = resident_kib(Path::new("/proc/self"));
    let place = Place { subject: "data", folder: folder.path().to_owned() };
    let monitor = sesshu_monitor::start(MonitorSetup {
        config: MonitorConfig::default(),
        name: "bench".into(),
        folder: folder.path().join("monitor"),
        sources: sampler::machine(&Proc::default(), &[place]),
        channels: sesshu_monitor::channels::Channels::new(),
    })
    .expect("a monitor");
    wait_until("a sample", SAMPLED_WITHIN, || monitor.handle().board().sampled_at);
    let after = resident_kib(Path::new("/proc/self"));
    monitor.stop();
    after.saturating_sub(before)
}

fn resident_kib(process: &Path) -> u64 {
    let status = std::fs::read_to_string(process.join("status")).expect("the process's status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

async fn measure(city: &City) -> String {
    let process = Path::new("/proc").join(city.process_id().to_string());
    let mut ops = city.device().moved_to(city.ops());
    wait_until_async("a sample", SAMPLED_WITHIN, async || {
        ops.get("/metrics").await.text().contains("sesshu_monitor_reading{").then_some(())
    })
    .await;
    let before = on_processor_ns(&process);
    tokio::time::sleep(Duration::from_secs(MEASURED_SECONDS)).await;
    let after = on_processor_ns(&process);
    let mut table = String::from("thread            share of one processor\n");
    let mut total = 0.0;
    for (name, ns) in &after {
        let used = (ns - before.get(name).unwrap_or(&0)) as f64 / 1e9 / MEASURED_SECONDS as f64;
        total += used;
        table.push_str(&format!("{name:<16} {:>8.3} %\n", used * 100.0));
    }
    table.push_str(&format!("{:<16} {:>8.3} %\n", "together", total * 100.0));
    table.push_str(&format!("the whole server: {} KiB of memory\n", resident_kib(&process)));
    for entry in std::fs::read_dir(city.data().join("monitor")).expect("the monitor's folder").flatten() {
        let bytes = entry.metadata().map_or(0, |meta| meta.len());
        table.push_str(&format!("{}: {bytes} bytes on the disk\n", entry.file_name().to_string_lossy()));
    }
    table
}

/// For how many nanoseconds the monitor's threads have been on a processor so far, by name.
fn on_processor_ns(process: &Path) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    for task in std::fs::read_dir(process.join("task")).expect("the threads").flatten() {
        let of = |file: &str| std::fs::read_to_string(task.path().join(file)).unwrap_or_default();
        let name = of("comm").trim_end().to_owned();
        if name == "monitor" || name.starts_with("m-") {
            // The kernel's accounting of ticks is too coarse for threads that run for microseconds.
            let used = of("schedstat").split(' ').next().and_then(|ns| ns.parse::<u64>().ok()).unwrap_or(0);
            *all.entry(name).or_default() += used;
        }
    }
    all
}
