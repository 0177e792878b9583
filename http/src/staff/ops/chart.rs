//! A chart of one cause: the band between its smallest and greatest values, the line of its means, its thresholds, and the times in which
//! an incident was open; with the same numbers as a table. Where each part lies, in the picture's own units.

use sesshu_engine::core::time::Instant;
use sesshu_monitor::board::{Point, Series};
use sesshu_monitor::core::incident::Incident;
use sesshu_monitor::core::level::Level;
use sesshu_monitor::core::metric::{Metric, Unit};
use sesshu_monitor::core::threshold::Threshold;
use sesshu_monitor::core::time::WallMs;

use super::words;

const LEFT: u32 = 92;
const TOP: u32 = 10;
const PLOT_WIDTH: u32 = 600;
const PLOT_HEIGHT: u32 = 150;
const BELOW: u32 = 24;
/// Into how many columns the points are put together: a page with every chart stays small.
const COLUMNS_MAX: i64 = 200;
/// The rows of the table.
const ROWS_MAX: i64 = 28;
/// A threshold farther away than this, as a multiple of the greatest value, is said in words instead of making the line flat.
const LIMIT_FAR: f64 = 8.0;
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Japan has had no summer time since 1952.
const CITY_OFFSET_MS: i64 = 9 * HOUR_MS;

/// The picture and its table.
pub(super) struct Chart {
    /// Unlike any other on its page.
    pub(super) id: String,
    pub(super) title: String,
    /// What somebody reads who does not see it.
    pub(super) says: String,
    pub(super) latest: String,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) left: u32,
    pub(super) right: u32,
    pub(super) top: u32,
    pub(super) plot_height: u32,
    pub(super) below_y: u32,
    /// Outlines of the bands: one for each stretch without a gap.
    pub(super) bands: Vec<String>,
    /// The lines of the means.
    pub(super) means: Vec<String>,
    /// Thresholds: y, class, words.
    pub(super) limits: Vec<(u32, &'static str, String)>,
    /// Lines across: y and value.
    pub(super) across: Vec<(u32, String)>,
    /// Times below: x and clock or date.
    pub(super) below: Vec<(u32, String)>,
    /// Incidents: x, width, words.
    pub(super) incidents: Vec<(u32, u32, String)>,
    /// Time, smallest, mean, greatest.
    pub(super) rows: Vec<[String; 4]>,
}

/// The span of time that a chart shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) from: WallMs,
    pub(super) until: WallMs,
    /// How long one point is, in milliseconds.
    pub(super) step_ms: i64,
}

impl Window {
    const fn length_ms(self) -> i64 {
        let length = self.until.0 - self.from.0;
        if length < MINUTE_MS { MINUTE_MS } else { length }
    }

    fn x(self, at: WallMs) -> u32 {
        let into = (at.0 - self.from.0).clamp(0, self.length_ms());
        LEFT + u32::try_from(into * i64::from(PLOT_WIDTH) / self.length_ms()).unwrap_or(PLOT_WIDTH)
    }
}

impl Chart {
    /// The chart of what `series` has in `window`; none if it has nothing there.
    pub(super) fn of(
        id: String,
        series: &Series,
        threshold: Option<&Threshold>,
        window: Window,
        incidents: &[&Incident],
    ) -> Option<Self> {
        let metric = series.cause.metric;
        let within = |point: &&Point| window.from <= point.at && point.at < window.until;
        let points: Vec<Point> = series.points.iter().filter(within).copied().collect();
        let latest = points.last()?;
        let columns = together(&points, window, COLUMNS_MAX);
        let least = points.iter().map(|point| f64::from(point.min)).fold(f64::INFINITY, f64::min);
        let most = points.iter().map(|point| f64::from(point.max)).fold(0.0, f64::max);
        let limits: Vec<(Level, f64)> = threshold
            .map_or([None, None], |threshold| [threshold.warning, threshold.critical])
            .into_iter()
            .zip(Level::ALL)
            .filter_map(|(limit, level)| Some((level, limit?)))
            .filter(|(_, limit)| metric.unit() == Unit::Percent || *limit <= most.max(1.0) * LIMIT_FAR)
            .collect();
        let axis = axis_end(metric, limits.iter().map(|(_, limit)| *limit).fold(most, f64::max));
        let y = |value: f64| {
            let share = (value / axis).clamp(0.0, 1.0);
            TOP + PLOT_HEIGHT - (share * f64::from(PLOT_HEIGHT)).round() as u32
        };
        let stretches = stretches(&columns, window);
        let corner = |point: &Point, value: f32| format!("{},{}", window.x(point.at), y(f64::from(value)));
        let bands = stretches.iter().map(|stretch| {
            let upper = stretch.iter().map(|point| corner(point, point.max));
            let lower = stretch.iter().rev().map(|point| corner(point, point.min));
            upper.chain(lower).collect::<Vec<_>>().join(" ")
        });
        let means = stretches
            .iter()
            .map(|stretch| stretch.iter().map(|point| corner(point, point.mean)).collect::<Vec<_>>().join(" "));
        let value = |number: f64| words::value(metric, number);
        let rows = together(&points, window, ROWS_MAX).into_iter().rev().map(|point| {
            let [min, mean, max] = [point.min, point.mean, point.max].map(|number| value(f64::from(number)));
            [words::at(point.at), min, mean, max]
        });
        let shown_incidents: Vec<_> = incidents
            .iter()
            .filter(|incident| incident.cause == series.cause)
            .map(|incident| (incident, incident.since, incident.resolved_at.unwrap_or(window.until)))
            .filter(|(_, from, until)| *from < window.until && *until > window.from)
            .map(|(incident, from, until)| {
                let (x, end) = (window.x(from), window.x(until));
                (x, (end - x).max(2), format!("異常 {}（{}）", incident.no.0, words::level(Some(incident.worst))))
            })
            .collect();
        let said = threshold.map(|threshold| words::threshold(metric, threshold)).filter(|said| !said.is_empty());
        let says = format!(
            "最小 {}、最大 {}。しきい値：{}。この期間の異常 {}件。",
            value(least),
            value(most),
            said.as_deref().unwrap_or("なし"),
            shown_incidents.len()
        );
        Some(Self {
            id,
            title: words::cause(&series.cause),
            says,
            latest: value(f64::from(latest.mean)),
            width: LEFT + PLOT_WIDTH + 24,
            height: TOP + PLOT_HEIGHT + BELOW,
            left: LEFT,
            right: LEFT + PLOT_WIDTH,
            top: TOP,
            plot_height: PLOT_HEIGHT,
            below_y: TOP + PLOT_HEIGHT + BELOW - 6,
            bands: bands.collect(),
            means: means.collect(),
            limits: limits
                .iter()
                .map(|(level, limit)| (y(*limit), words::level_class(Some(*level)), value(*limit)))
                .collect(),
            across: [0.0, axis / 2.0, axis].map(|number| (y(number), value(number))).into(),
            below: ticks(window).map(|(at, words)| (window.x(at), words)).collect(),
            incidents: shown_incidents,
            rows: rows.collect(),
        })
    }
}

/// The points put together into at most `columns_max` of equal length.
fn together(points: &[Point], window: Window, columns_max: i64) -> Vec<Point> {
    let column_ms = (window.length_ms() / columns_max).max(window.step_ms).max(1);
    let mut columns: Vec<(i64, Point, f32)> = Vec::new();
    for point in points {
        let column = (point.at.0 - window.from.0).div_euclid(column_ms);
        match columns.last_mut() {
            Some((last, sum, count)) if *last == column => {
                sum.min = sum.min.min(point.min);
                sum.max = sum.max.max(point.max);
                sum.mean += point.mean;
                *count += 1.0;
            }
            _ => columns.push((column, *point, 1.0)),
        }
    }
    columns.into_iter().map(|(_, sum, count)| Point { mean: sum.mean / count, ..sum }).collect()
}

/// The stretches of points without a gap between them.
fn stretches(columns: &[Point], window: Window) -> Vec<&[Point]> {
    let gap_ms = 2 * (window.length_ms() / COLUMNS_MAX).max(window.step_ms) + window.step_ms;
    columns.chunk_by(|before, after| after.at.0 - before.at.0 <= gap_ms).collect()
}

/// The value at the upper end of the axis: round, and what its half is stays short.
fn axis_end(metric: Metric, most: f64) -> f64 {
    match metric.unit() {
        Unit::Percent => return 100.0,
        Unit::Yes => return 1.0,
        _ => {}
    }
    let power = 10_f64.powf(most.max(1.0).log10().floor());
    let steps = [1.0, 2.0, 4.0, 6.0, 8.0, 10.0];
    steps.into_iter().map(|step| step * power).find(|end| *end >= most).unwrap_or(power * 20.0)
}

/// Round times in the window with their words: a clock time, or the date at midnight.
fn ticks(window: Window) -> impl Iterator<Item = (WallMs, String)> {
    let every = [5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, 3 * HOUR_MS, 6 * HOUR_MS];
    let every = every.into_iter().find(|every| window.length_ms() / every <= 9).unwrap_or(24 * HOUR_MS);
    let first = (window.from.0 + CITY_OFFSET_MS).div_euclid(every) + 1;
    let instants = (first..).map(move |n| n * every - CITY_OFFSET_MS);
    instants.take_while(move |at| *at <= window.until.0).map(move |at| {
        let instant = Instant(at);
        let (_, month, day) = instant.city_day().ymd();
        let midnight = (at + CITY_OFFSET_MS).rem_euclid(24 * HOUR_MS) == 0;
        (WallMs(at), if midnight { format!("{month}/{day}") } else { instant.city_clock().to_string() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sesshu_monitor::core::cause::Cause;

    fn series(minutes: &[(i64, f32)]) -> Series {
        let point = |(minute, value): &(i64, f32)| Point {
            at: WallMs(minute * MINUTE_MS),
            min: value - 1.0,
            mean: *value,
            max: value + 1.0,
        };
        Series { cause: Cause::new(Metric::DiskUse, "data"), points: minutes.iter().map(point).collect() }
    }

    const HOUR: Window = Window { from: WallMs(0), until: WallMs(HOUR_MS), step_ms: MINUTE_MS };

    #[test]
    fn a_gap_breaks_the_line_and_nothing_is_drawn_over_it() {
        let series = series(&[(0, 50.0), (1, 51.0), (2, 52.0), (30, 60.0), (31, 61.0)]);
        let chart = Chart::of("c".into(), &series, Some(&Metric::DiskUse.usual()), HOUR, &[]).expect("a chart");
        assert_eq!(chart.means.len(), 2);
        assert_eq!(chart.bands.len(), 2);
        assert_eq!(chart.limits.len(), 2, "both thresholds lie between 0 and 100%");
        assert!(chart.says.contains("最小 49%、最大 62%"), "{}", chart.says);
    }

    #[test]
    fn what_lies_outside_of_the_window_is_not_shown() {
        assert!(Chart::of("c".into(), &series(&[(60, 50.0), (-1, 50.0)]), None, HOUR, &[]).is_none());
    }

    #[test]
    fn many_points_are_put_together_without_losing_an_extreme() {
        let day = Window { from: WallMs(0), until: WallMs(24 * HOUR_MS), step_ms: MINUTE_MS };
        let minutes: Vec<(i64, f32)> =
            (0..24 * 60).map(|minute| (minute, if minute == 777 { 99.0 } else { 10.0 })).collect();
        let columns = together(&series(&minutes).points, day, COLUMNS_MAX);
        assert!(columns.len() <= 206, "{}", columns.len());
        assert!(columns.iter().any(|column| column.max >= 100.0));
        assert_eq!(stretches(&columns, day).len(), 1);
    }

    #[test]
    fn the_axis_ends_at_a_round_number_that_fits_all() {
        for (most, end) in [(0.0, 1.0), (1.5, 2.0), (2_000.0, 2_000.0), (2_001.0, 4_000.0), (9_000.0, 10_000.0)] {
            assert!(
                (axis_end(Metric::CommitMs, most) - end).abs() < 1e-6,
                "{most}: {}",
                axis_end(Metric::CommitMs, most)
            );
        }
    }

    #[test]
    fn times_below_are_round_and_midnight_says_its_date() {
        let from = WallMs("2026-12-01 20:10".parse::<Instant>().expect("an instant").0);
        let window = Window { from, until: WallMs(from.0 + 24 * HOUR_MS), step_ms: MINUTE_MS };
        let words: Vec<String> = ticks(window).map(|(_, words)| words).collect();
        assert_eq!(words, ["21:00", "12/2", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00"]);
    }
}
