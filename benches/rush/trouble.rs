//! A flood, a disk that stalls, and a power cut at the peak: how soon everything is as before.

use std::time::{Duration, Instant};

use sesshu_benches::cores;
use sesshu_tests::{Tracer, not_run, report, wait_until};

use super::arrivals::Pace;
use super::{OUR_CORE, Rush, SERVER_CORE, line, wait};

/// What comes before and after a trouble, as a share of the peak: what a server that is well serves easily.
const STEADY_SHARE: f64 = 0.8;
/// The power is cut at so much of the peak.
const CUT_AT_SHARE: f64 = 0.9;
/// The flood, as a multiple of the peak.
const FLOOD: f64 = 70.0;
/// For so long it is looked what is normal before, and whether it comes back after.
const BEFORE: Duration = Duration::from_secs(10);
const AFTER: Duration = Duration::from_secs(30);
/// Until then it is looked whether what was before is over: this often, and this share of those who come is served.
const SETTLING_LOOKS_MAX: usize = 20;
const LOOK: Duration = Duration::from_secs(3);
const SETTLED_SHARE: f64 = 0.95;
const GOAL: &str = "<= 10";

pub(crate) fn table(rush: &mut Rush) -> String {
    let (flood, stall) = (rush.lengths.flood, rush.lengths.stall);
    let mut lines = String::new();
    let after_flood = troubled(rush, STEADY_SHARE, |rush| {
        rush.arrivals().set(Pace::PerSecond(rush.peak * FLOOD));
        wait(flood);
        report(&format!("the flood: {}", rush.arrivals().take().said(flood)));
        rush.arrivals().set(Pace::PerSecond(rush.peak * STEADY_SHARE));
        Instant::now()
    });
    lines += &line(&format!("s to 99 % of normal after a flood of {} s", flood.as_secs()), after_flood, GOAL);
    if let Err(why) = Tracer::is_there() {
        not_run(&format!("the disk that stalls: the server cannot be traced ({why})"));
    } else {
        let after_stall = troubled(rush, STEADY_SHARE, |rush| stalled(rush, stall));
        lines += &line(&format!("s to 99 % of normal after a disk stall of {} s", stall.as_secs()), after_stall, GOAL);
    }
    let after_cut = troubled(rush, CUT_AT_SHARE, |rush| {
        let cut = Instant::now();
        rush.city.kill9();
        cores::on_core(SERVER_CORE, OUR_CORE, || rush.city.restart());
        report(&format!("ready {:.1} s after the power cut", cut.elapsed().as_secs_f64()));
        cut
    });
    lines + &line("s to 99 % of normal after a power cut at the peak, from the cut", after_cut, GOAL)
}

/// Seconds until as many book as before the trouble, from the instant that `trouble` gives: its end.
fn troubled(rush: &mut Rush, share: f64, trouble: impl FnOnce(&mut Rush) -> Instant) -> f64 {
    let per_second = rush.peak * share;
    // Another day: whoever was sent away has gone for good, and those who come are served.
    rush.arrivals().forget();
    rush.arrivals().set(Pace::PerSecond(per_second));
    wait(rush.lengths.warm);
    for _ in 0..SETTLING_LOOKS_MAX {
        drop(rush.arrivals().take());
        wait(LOOK);
        if rush.arrivals().take().goodput(LOOK) >= per_second * SETTLED_SHARE {
            break;
        }
    }
    wait(BEFORE);
    let before = rush.arrivals().take();
    let normal = before.goodput(BEFORE);
    let ended = trouble(rush);
    wait(AFTER);
    let (tally, until) = (rush.arrivals().take(), Instant::now());
    report(&format!("before: {}", before.said(BEFORE)));
    report(&format!("after:  {}", tally.said(until - ended)));
    rush.arrivals().set(Pace::Nobody);
    tally.normal_again(ended, until, normal).map_or(f64::INFINITY, |after| after.as_secs_f64())
}

/// One sync takes so long; gives when it was over.
fn stalled(rush: &Rush, stall: Duration) -> Instant {
    let began = Instant::now();
    let tracer = Tracer::attach(&rush.city, &format!("delay_enter={}s:when=1", stall.as_secs()));
    wait_until("the stall is over", stall * 3, || (tracer.injected() > 0 && began.elapsed() > stall).then_some(()));
    assert!(tracer.detach() > 0, "a sync has stalled");
    Instant::now()
}
