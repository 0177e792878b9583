//! The bookings of the last hour as stacked bars: where each rectangle and label of the picture lies, in its own units.

use sesshu_engine::core::ids::Channel;
use sesshu_engine::core::recent::MinuteBookings;

use super::words::channel_class;

/// How many minutes are shown.
pub(super) const MINUTES_SHOWN: usize = 60;
const LEFT: u32 = 52;
const TOP: u32 = 12;
const PLOT_HEIGHT: u32 = 168;
const STEP: u32 = 11;
const BAR_WIDTH: u32 = 9;
const LABEL_HEIGHT: u32 = 24;
/// The least that the axis reaches to, so that a single booking is no tower.
const AXIS_MIN: u32 = 10;
/// A label on the time axis every so many minutes.
const LABEL_EVERY_MINUTES: i64 = 10;

/// The picture.
pub(super) struct Bars {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) left: u32,
    pub(super) right: u32,
    pub(super) bar_width: u32,
    pub(super) parts: Vec<Bar>,
    /// Lines across, with their number.
    pub(super) across: Vec<(u32, u32)>,
    /// Clock times below.
    pub(super) below: Vec<(u32, String)>,
    pub(super) below_y: u32,
}

/// A part of a minute's bar.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) height: u32,
    pub(super) class: &'static str,
}

impl Bars {
    /// The picture of `minutes`, oldest first.
    pub(super) fn of(minutes: &[MinuteBookings]) -> Self {
        let most = minutes.iter().map(MinuteBookings::total).max().unwrap_or_default();
        let axis = axis_end(most);
        let y_of = |number: u32| {
            let height = u64::from(number) * u64::from(PLOT_HEIGHT) / u64::from(axis);
            TOP + PLOT_HEIGHT - u32::try_from(height).unwrap_or(PLOT_HEIGHT).min(PLOT_HEIGHT)
        };
        let mut parts = Vec::new();
        let mut below = Vec::new();
        for (x, minute) in (0..).map(|n| LEFT + n * STEP).zip(minutes) {
            let mut sum = 0;
            for (channel, count) in Channel::ALL.into_iter().zip(minute.by_channel) {
                let (foot, head) = (y_of(sum), y_of(sum + count));
                if head < foot {
                    parts.push(Bar { x, y: head, height: foot - head, class: channel_class(channel) });
                }
                sum += count;
            }
            if minute.minute.0.div_euclid(60_000) % LABEL_EVERY_MINUTES == 0 {
                below.push((x + BAR_WIDTH / 2, minute.minute.city_clock().to_string()));
            }
        }
        let right = LEFT + STEP * u32::try_from(minutes.len()).unwrap_or_default();
        Self {
            width: right + STEP,
            height: TOP + PLOT_HEIGHT + LABEL_HEIGHT,
            left: LEFT,
            right,
            bar_width: BAR_WIDTH,
            parts,
            across: [0, axis / 2, axis].map(|number| (y_of(number), number)).into(),
            below,
            below_y: TOP + PLOT_HEIGHT + LABEL_HEIGHT - 6,
        }
    }
}

/// The number at the upper end of the axis: round, and from [`AXIS_MIN`] on even, so that half of it is a number too.
fn axis_end(most: u32) -> u32 {
    let mut power = 1_u32;
    loop {
        for step in [1, 2, 3, 4, 6, 8] {
            let end = power.saturating_mul(step);
            if end >= most.max(AXIS_MIN) {
                return end;
            }
        }
        match power.checked_mul(10) {
            Some(next) => power = next,
            None => return u32::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sesshu_engine::core::time::Instant;

    fn minute(n: i64, by_channel: [u32; 4]) -> MinuteBookings {
        MinuteBookings { minute: Instant(n * 60_000), by_channel }
    }

    #[test]
    fn the_axis_ends_at_a_round_number_that_fits_all() {
        for (most, end) in [(0, 10), (10, 10), (11, 20), (21, 30), (51, 60), (99, 100), (101, 200), (4_001, 6_000)] {
            assert_eq!(axis_end(most), end, "{most}");
        }
        assert_eq!(axis_end(u32::MAX), u32::MAX);
    }

    #[test]
    fn the_parts_of_a_bar_stand_on_one_another_and_end_at_its_total() {
        let picture = Bars::of(&[minute(10, [3, 2, 0, 5]), minute(11, [0; 4])]);
        let classes: Vec<_> = picture.parts.iter().map(|bar| bar.class).collect();
        assert_eq!(classes, ["web", "phone", "city-own"]);
        assert!(picture.parts.windows(2).all(|pair| pair[1].y + pair[1].height == pair[0].y));
        assert_eq!((picture.parts[2].y, picture.across[2]), (TOP, (TOP, 10)), "ten bookings reach the end of the axis");
        assert_eq!(picture.below.len(), 1);
    }
}
