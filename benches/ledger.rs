//! Durable bookings a second through the engine's door, without HTTP: gate, actors, group commit and the way back, on a real
//! disk. With 64 and 512 people at once, for one hot session and spread over 200. `SESSHU_BENCH_FOLDER` names the disk.

use std::time::Duration;

use criterion::{Criterion, SamplingMode, Throughput};
use sesshu_benches::engine_rush::{EngineRush, RESIDENTS, SESSIONS};
use tokio::runtime::Runtime;

fn bookings(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let folder = std::env::var_os("SESSHU_BENCH_FOLDER").map_or_else(std::env::temp_dir, Into::into);
    let mut group = criterion.benchmark_group("durable bookings");
    group.sampling_mode(SamplingMode::Flat).sample_size(10).throughput(Throughput::Elements(u64::from(RESIDENTS)));
    for (at_once, sessions) in [(64, 1), (64, SESSIONS), (512, 1), (512, SESSIONS)] {
        let mut rush = runtime.block_on(EngineRush::gather_in(&folder));
        group.bench_function(format!("{at_once} at once, {sessions} sessions"), |bencher| {
            bencher.iter_custom(|rounds| {
                runtime.block_on(async {
                    let mut took = Duration::ZERO;
                    for _ in 0..rounds {
                        took += rush.round(at_once, sessions).await;
                    }
                    took
                })
            });
        });
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    bookings(&mut criterion);
    criterion.final_summary();
}
