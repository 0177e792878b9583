//! What watching costs: `cargo bench -p sesshu-benches --bench monitor`. The processor time of each of the monitor's threads in the
//! served binary, at its usual interval of five seconds, and what it keeps on the disk.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use sesshu_tests::{City, report, wait_until_async};

const RESIDENTS: usize = 2_000;
const MEASURED_SECONDS: u64 = 30;
/// Ticks of the kernel's accounting a second; Linux has shown 100 to programs for ever.
const TICKS_PER_SECOND: f64 = 100.0;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let city = City::demo().residents(RESIDENTS).start();
    report(&runtime.block_on(measure(&city)));
}

async fn measure(city: &City) -> String {
    let process = Path::new("/proc").join(city.process_id().to_string());
    let mut ops = city.device().moved_to(city.ops());
    wait_until_async("a sample", Duration::from_secs(20), async || {
        ops.get("/metrics").await.text().contains("sesshu_monitor_reading{").then_some(())
    })
    .await;
    let before = ticks(&process);
    tokio::time::sleep(Duration::from_secs(MEASURED_SECONDS)).await;
    let after = ticks(&process);
    let mut table = String::from("thread            share of one processor\n");
    let mut total = 0.0;
    for (name, ticks) in &after {
        let used = (ticks - before.get(name).unwrap_or(&0)) as f64 / TICKS_PER_SECOND / MEASURED_SECONDS as f64;
        total += used;
        table.push_str(&format!("{name:<16} {:>8.3} %\n", used * 100.0));
    }
    table.push_str(&format!("{:<16} {:>8.3} %\n", "together", total * 100.0));
    let status = std::fs::read_to_string(process.join("status")).expect("the process's status");
    let memory = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or_default();
    table.push_str(&format!("the whole server: {memory}\n"));
    for entry in std::fs::read_dir(city.data().join("monitor")).expect("the monitor's folder").flatten() {
        let bytes = entry.metadata().map_or(0, |meta| meta.len());
        table.push_str(&format!("{}: {bytes} bytes on the disk\n", entry.file_name().to_string_lossy()));
    }
    table
}

/// What the monitor's threads used so far, by name.
fn ticks(process: &Path) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    for task in std::fs::read_dir(process.join("task")).expect("the threads").flatten() {
        let stat = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        let Some((name, rest)) = stat.split_once('(').and_then(|(_, rest)| rest.rsplit_once(") ")) else { continue };
        if name == "monitor" || name.starts_with("m-") {
            // Fields 14 and 15 are the times in user and kernel mode; the state after the name is field 3.
            let used = rest.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum::<u64>();
            *all.entry(name.to_owned()).or_default() += used;
        }
    }
    all
}
