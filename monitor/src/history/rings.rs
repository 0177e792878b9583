//! What was measured, in two rings: a row a minute for a day, a row every ten minutes for a week. No IO.
//!
//! A row stands at its number modulo the ring's length and carries its number: whatever the clock did, a row is shown only at the time
//! that it was measured at. A row of ten minutes is always the fold of its minutes, so a restart goes on with it where it was.

use crate::board::{Point, Series, Span};
use crate::core::cause::Cause;
use crate::core::sample::Sample;
use crate::core::time::WallMs;

/// The most causes that are kept at once; of more, those that were not measured for the longest time make room.
pub(super) const CAUSES_MAX: usize = 64;
/// Minutes of a day.
pub(super) const DAY_ROWS: usize = 24 * 60;
/// Ten minutes of a week.
pub(super) const WEEK_ROWS: usize = 7 * 24 * 6;
const MINUTE_MS: i64 = 60_000;
const MINUTES_OF_WEEK_ROW: i64 = 10;

/// What was measured of one cause in the time of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cell {
    pub(super) min: f32,
    pub(super) mean: f32,
    pub(super) max: f32,
}

/// Everything of a minute, or of ten.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// The number of the minute, or of the ten minutes, since 1970.
    pub(super) number: i64,
    /// The state of the names under which it was written.
    pub(super) names: u64,
    /// By the places of the causes.
    pub(super) cells: Box<[Option<Cell>; CAUSES_MAX]>,
}

/// The cause whose cells stand at a place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Name {
    pub(super) cause: Cause,
    /// The state of the names in which it got its place: cells of older rows are another's.
    pub(super) born: u64,
}

/// Which cause has which place.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Names {
    /// Grows with every change.
    pub(super) state: u64,
    pub(super) places: Vec<Option<Name>>,
}

/// The minute that is being measured, summed up by the places of the causes.
#[derive(Debug, Clone)]
struct Running {
    number: i64,
    sums: [Option<(Cell, u32)>; CAUSES_MAX],
}

/// Which rows a finished minute changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Changed {
    pub(super) day: usize,
    pub(super) week: usize,
}

/// The rings.
#[derive(Debug, Clone)]
pub(super) struct Rings {
    pub(super) names: Names,
    pub(super) day: Vec<Option<Row>>,
    pub(super) week: Vec<Option<Row>>,
    /// The latest minute in which each place was measured.
    used: [i64; CAUSES_MAX],
    running: Option<Running>,
}

impl Rings {
    /// Rings with what was kept.
    pub(super) fn new(mut names: Names, mut day: Vec<Option<Row>>, mut week: Vec<Option<Row>>) -> Self {
        names.places.resize(CAUSES_MAX, None);
        day.resize(DAY_ROWS, None);
        week.resize(WEEK_ROWS, None);
        let mut used = [i64::MIN; CAUSES_MAX];
        for row in day.iter().flatten() {
            for (place, _) in row.cells.iter().enumerate().filter(|(_, cell)| cell.is_some()) {
                used[place] = used[place].max(row.number);
            }
        }
        Self { names, day, week, used, running: None }
    }

    /// Takes what was measured at `at`. If that begins another minute, the one before is finished.
    pub(super) fn see(&mut self, at: WallMs, sample: &Sample) -> Option<Changed> {
        let number = at.0.div_euclid(MINUTE_MS);
        let changed = if self.running.as_ref().is_some_and(|it| it.number != number) { self.finish() } else { None };
        for reading in &sample.readings {
            let Some(place) = self.place(&reading.cause, number) else { continue };
            let value = reading.value as f32;
            let running = self.running.get_or_insert(Running { number, sums: [None; CAUSES_MAX] });
            let (sum, count) = running.sums[place].get_or_insert((Cell { min: value, mean: 0.0, max: value }, 0));
            *sum = Cell { min: sum.min.min(value), mean: sum.mean + value, max: sum.max.max(value) };
            *count += 1;
        }
        changed
    }

    /// Ends the minute that is being measured.
    pub(super) fn finish(&mut self) -> Option<Changed> {
        let Running { number, sums } = self.running.take()?;
        let mut row = self.empty_row(number);
        for (cell, sum) in row.cells.iter_mut().zip(sums) {
            *cell = sum.map(|(sum, count)| Cell { mean: sum.mean / count as f32, ..sum });
        }
        let day = slot(number, DAY_ROWS);
        // A restart in the middle of a minute, or a clock that was set back a little: what is not measured again stays.
        if let Some(before) = self.day[day].as_ref().filter(|before| before.number == number) {
            for place in 0..CAUSES_MAX {
                row.cells[place] = row.cells[place].or_else(|| self.cell(before, place));
            }
        }
        self.day[day] = Some(row);
        let week_number = number.div_euclid(MINUTES_OF_WEEK_ROW);
        let week = slot(week_number, WEEK_ROWS);
        self.week[week] = Some(self.fold(week_number));
        Some(Changed { day, week })
    }

    /// The series of `span` up to `now`, in the order of the metrics.
    pub(super) fn series(&self, span: Span, now: WallMs) -> Vec<Series> {
        let (rows, row_ms) = match span {
            Span::Day => (&self.day, MINUTE_MS),
            Span::Week => (&self.week, MINUTE_MS * MINUTES_OF_WEEK_ROW),
        };
        let last = now.0.div_euclid(row_ms);
        let rows: Vec<&Row> = (last - rows.len() as i64 + 1..=last)
            .filter_map(|number| rows[slot(number, rows.len())].as_ref().filter(|row| row.number == number))
            .collect();
        let mut all: Vec<Series> = self
            .names
            .places
            .iter()
            .enumerate()
            .filter_map(|(place, name)| Some((place, name.as_ref()?)))
            .map(|(place, name)| {
                let point = |row: &&Row| {
                    let Cell { min, mean, max } = self.cell(row, place)?;
                    Some(Point { at: WallMs(row.number * row_ms), min, mean, max })
                };
                Series { cause: name.cause.clone(), points: rows.iter().filter_map(point).collect() }
            })
            .filter(|series| !series.points.is_empty())
            .collect();
        all.sort_by(|one, other| one.cause.cmp(&other.cause));
        all
    }

    fn empty_row(&self, number: i64) -> Row {
        Row { number, names: self.names.state, cells: Box::new([None; CAUSES_MAX]) }
    }

    /// The row of ten minutes that follows from their minutes.
    fn fold(&self, week_number: i64) -> Row {
        let mut row = self.empty_row(week_number);
        let first = week_number * MINUTES_OF_WEEK_ROW;
        for place in 0..CAUSES_MAX {
            let minutes = (first..first + MINUTES_OF_WEEK_ROW).filter_map(|number| {
                let minute = self.day[slot(number, DAY_ROWS)].as_ref().filter(|row| row.number == number)?;
                self.cell(minute, place)
            });
            let mut count = 0;
            let sum = minutes.fold(None, |sum: Option<Cell>, next| {
                count += 1;
                Some(sum.map_or(next, |sum| Cell {
                    min: sum.min.min(next.min),
                    mean: sum.mean + next.mean,
                    max: sum.max.max(next.max),
                }))
            });
            row.cells[place] = sum.map(|sum| Cell { mean: sum.mean / count as f32, ..sum });
        }
        row
    }

    /// A row's cell, if it is of the cause that has its place now.
    fn cell(&self, row: &Row, place: usize) -> Option<Cell> {
        let is_own = self.names.places[place].as_ref().is_some_and(|name| name.born <= row.names);
        row.cells[place].filter(|_| is_own)
    }

    /// The place of a cause, a new one if need be; none if all are of causes that are measured now.
    fn place(&mut self, cause: &Cause, minute: i64) -> Option<usize> {
        let places = &mut self.names.places;
        let known = places.iter().position(|name| name.as_ref().is_some_and(|name| name.cause == *cause));
        let place = if let Some(place) = known {
            place
        } else {
            let free = (0..CAUSES_MAX).min_by_key(|place| (places[*place].is_some(), self.used[*place]))?;
            if places[free].is_some() && self.used[free] == minute {
                return None;
            }
            self.names.state += 1;
            places[free] = Some(Name { cause: cause.clone(), born: self.names.state });
            free
        };
        self.used[place] = minute;
        Some(place)
    }
}

fn slot(number: i64, rows: usize) -> usize {
    number.rem_euclid(rows as i64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::metric::Metric;
    use crate::core::sample::Reading;

    fn empty() -> Rings {
        Rings::new(Names::default(), Vec::new(), Vec::new())
    }

    fn sample(values: &[(&str, f64)]) -> Sample {
        Sample {
            readings: values.iter().map(|(subject, value)| Reading::new(Metric::DiskUse, subject, *value)).collect(),
        }
    }

    /// Measures `value` of `data` at `second`.
    fn see(rings: &mut Rings, second: i64, value: f64) {
        rings.see(WallMs(second * 1_000), &sample(&[("data", value)]));
    }

    fn points(rings: &Rings, span: Span, second: i64) -> Vec<(i64, [f32; 3])> {
        let series = rings.series(span, WallMs(second * 1_000));
        let points = series.iter().filter(|it| &*it.cause.subject == "data").flat_map(|it| &it.points);
        points.map(|it| (it.at.0 / 1_000, [it.min, it.mean, it.max])).collect()
    }

    #[test]
    fn a_minute_is_told_by_its_least_mean_and_greatest_value_and_ten_of_them_by_theirs() {
        let mut rings = empty();
        for (second, value) in [(600, 1.0), (605, 3.0), (655, 8.0), (660, 10.0), (720, 0.0)] {
            see(&mut rings, second, value);
        }
        assert_eq!(points(&rings, Span::Day, 720), [(600, [1.0, 4.0, 8.0]), (660, [10.0; 3])]);
        assert_eq!(points(&rings, Span::Week, 720), [(600, [1.0, 7.0, 10.0])]);
    }

    #[test]
    fn the_rings_hold_a_day_and_a_week_and_no_more() {
        let mut rings = empty();
        for minute in 0..20 * 1_440 {
            see(&mut rings, minute * 60, minute as f64);
        }
        let now = (20 * 1_440 - 1) * 60;
        let (day, week) = (points(&rings, Span::Day, now), points(&rings, Span::Week, now));
        // The minute that runs is not told yet.
        assert_eq!((day.len(), week.len()), (DAY_ROWS - 1, WEEK_ROWS));
        assert!(day.is_sorted_by_key(|(at, _)| *at) && week.is_sorted_by_key(|(at, _)| *at));
    }

    #[test]
    fn a_clock_that_jumps_makes_no_point_lie() {
        let mut rings = empty();
        let hours = |count: i64| count * 3_600;
        for (second, value) in [(hours(100), 1.0), (hours(100) + 60, 2.0)] {
            see(&mut rings, second, value);
        }
        // Ten days ahead, and back to a little before it was.
        see(&mut rings, hours(340) + 120, 9.0);
        see(&mut rings, hours(100) - 60, 3.0);
        see(&mut rings, hours(100), 4.0);
        see(&mut rings, hours(100) + 60, 5.0);
        see(&mut rings, hours(100) + 120, 6.0);
        let told: Vec<_> = points(&rings, Span::Day, hours(100) + 120);
        let wanted = [(-60, 3.0), (0, 4.0), (60, 5.0)].map(|(at, value)| (hours(100) + at, [value; 3]));
        assert_eq!(told, wanted, "what was measured last at a time counts, and the future is not told");
        assert_eq!(points(&rings, Span::Day, hours(340) + 200), [(hours(340) + 120, [9.0; 3])]);
    }

    #[test]
    fn the_cause_that_was_not_measured_for_the_longest_time_makes_room_and_its_points_are_nobody_elses() {
        let mut rings = empty();
        let names: Vec<String> = (0..=CAUSES_MAX).map(|number| number.to_string()).collect();
        let all: Vec<(&str, f64)> = names[..CAUSES_MAX].iter().map(|name| (&**name, 1.0)).collect();
        rings.see(WallMs(0), &sample(&all));
        rings.see(WallMs(60_000), &sample(&all[1..]));
        assert_eq!(rings.series(Span::Day, WallMs(60_000)).len(), CAUSES_MAX);
        rings.see(WallMs(120_000), &sample(&[("new", 5.0)]));
        rings.see(WallMs(180_000), &sample(&[]));
        let series = rings.series(Span::Day, WallMs(180_000));
        assert_eq!(series.len(), CAUSES_MAX, "bounded");
        assert!(series.iter().all(|series| &*series.cause.subject != "0"), "the oldest has made room");
        let new = series.iter().find(|series| &*series.cause.subject == "new").expect("the new one");
        assert_eq!(new.points.iter().map(|point| point.at.0).collect::<Vec<_>>(), [120_000]);
    }

    #[test]
    fn more_causes_than_places_in_one_minute_are_left_out() {
        let mut rings = empty();
        let names: Vec<String> = (0..CAUSES_MAX + 40).map(|number| number.to_string()).collect();
        let all: Vec<(&str, f64)> = names.iter().map(|name| (&**name, 1.0)).collect();
        for minute in 0..3 {
            rings.see(WallMs(minute * 60_000), &sample(&all));
        }
        let series = rings.series(Span::Day, WallMs(120_000));
        assert_eq!(series.len(), CAUSES_MAX);
        assert!(series.iter().all(|series| series.points.len() == 2), "nobody loses a place to another and back");
    }
}
