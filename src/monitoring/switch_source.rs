//! How long switches have been off, as readings of the monitor: what was closed in haste must not be forgotten.

use sesshu_engine::core::switch::Switch;
use sesshu_engine::core::time::Instant;
use sesshu_monitor::core::metric::Metric;
use sesshu_monitor::core::sample::Reading;
use sesshu_monitor::core::time::Now;
use sesshu_monitor::source::Source;

use crate::switches::{Off, Switches};

/// Measures the switches.
pub(super) struct SwitchSource(Switches);

impl SwitchSource {
    pub(super) const fn new(switches: Switches) -> Self {
        Self(switches)
    }
}

impl Source for SwitchSource {
    fn name(&self) -> &'static str {
        "switches"
    }

    fn read(&mut self, now: Now) -> Result<Vec<Reading>, String> {
        let damaged = f64::from(u8::from(self.0.is_damaged()));
        let mut readings = vec![Reading::new(Metric::SwitchesDamaged, "", damaged)];
        readings.extend(Switch::ALL.iter().map(|switch| reading(*switch, self.0.off(*switch), Instant(now.wall.0))));
        Ok(readings)
    }
}

/// For how many seconds it is off; 0 while it is on.
fn reading(switch: Switch, off: Option<Off>, now: Instant) -> Reading {
    let seconds = off.as_ref().map_or(0.0, |off| now.ms_since(off.since).max(0) as f64 / 1_000.0);
    let mut reading = Reading::new(Metric::SwitchOff, switch.code(), seconds);
    reading.note = off.map(|off| format!("{} {}", off.by, off.reason).trim_end().into()).unwrap_or_default();
    reading
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_that_is_off_tells_for_how_long_and_by_whom() {
        let off = |since| Off { since: Instant(since), until: None, by: "staff:sato".into(), reason: "混雑".into() };
        let now = Instant(1_800_000);
        assert!(reading(Switch::Lists, None, now).value.abs() < f64::EPSILON);
        let told = reading(Switch::Lists, Some(off(600_000)), now);
        assert!((told.value - 1_200.0).abs() < f64::EPSILON);
        assert_eq!((told.cause.to_string().as_str(), &*told.note), ("switch_off/lists", "staff:sato 混雑"));
        assert!(reading(Switch::Lists, Some(off(9_000_000)), now).value.abs() < f64::EPSILON, "the clock was set back");
    }
}
