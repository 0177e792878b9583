//! What is booked by venue and day: the same numbers as a picture, in which each field says its percentage, and as a table.

use std::collections::BTreeMap;

use sesshu_engine::VenueDay;
use sesshu_engine::core::ids::VenueId;
use sesshu_engine::core::time::Day;

/// How many days the picture shows; the table shows them all.
pub(super) const DAYS_SHOWN_MAX: usize = 42;
const LEFT: u32 = 176;
const TOP: u32 = 26;
const CELL_WIDTH: u32 = 42;
const CELL_HEIGHT: u32 = 28;
/// What fits beside a row of the picture; the table has the whole name.
const NAME_CHARS_MAX: usize = 11;

/// The picture and the table.
pub(super) struct Heat {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) cell_width: u32,
    pub(super) cell_height: u32,
    /// Names beside the rows of the picture.
    pub(super) rows: Vec<(u32, String)>,
    /// Dates above its columns.
    pub(super) columns: Vec<(u32, String)>,
    pub(super) columns_y: u32,
    pub(super) cells: Vec<Cell>,
    /// Whole names of the venues: the table's columns.
    pub(super) venues: Vec<String>,
    /// The table's rows: each date with the numbers of each venue.
    pub(super) days: Vec<(Day, Vec<Option<Numbers>>)>,
}

/// A field of the picture.
pub(super) struct Cell {
    pub(super) x: u32,
    pub(super) y: u32,
    /// Where its words stand.
    pub(super) words_x: u32,
    pub(super) words_y: u32,
    /// From 0, nothing booked, to 5, full.
    pub(super) level: u8,
    pub(super) words: String,
    /// The same in full, for whoever points at it.
    pub(super) title: String,
}

/// What is booked in a venue on a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numbers {
    pub(super) booked: u32,
    pub(super) held: u32,
    pub(super) capacity: u32,
}

impl Heat {
    pub(super) fn of(fill: &[VenueDay]) -> Self {
        let names: BTreeMap<VenueId, &str> = fill.iter().map(|it| (it.venue.id, &*it.venue.name)).collect();
        let mut by_day: BTreeMap<Day, BTreeMap<VenueId, Numbers>> = BTreeMap::new();
        for it in fill {
            let numbers = Numbers { booked: it.booked, held: it.held, capacity: it.capacity };
            by_day.entry(it.date).or_default().insert(it.venue.id, numbers);
        }
        let mut cells = Vec::new();
        for ((day, of_venues), x) in by_day.iter().zip((0..).map(column_x)).take(DAYS_SHOWN_MAX) {
            for ((venue, name), y) in names.iter().zip((0..).map(row_y)) {
                cells.extend(of_venues.get(venue).map(|numbers| Cell::of(*numbers, (name, *day), (x, y))));
            }
        }
        let columns = by_day.keys().zip((0..).map(column_x)).take(DAYS_SHOWN_MAX);
        let columns: Vec<_> = columns.map(|(day, x)| (x + CELL_WIDTH / 2, short_day(*day))).collect();
        let rows: Vec<_> = names.values().zip((0..).map(row_y)).map(|(name, y)| (y + 19, shortened(name))).collect();
        let ids: Vec<VenueId> = names.keys().copied().collect();
        let days = by_day.iter().map(|(day, of)| (*day, ids.iter().map(|id| of.get(id).copied()).collect()));
        Self {
            width: column_x(u32::try_from(columns.len()).unwrap_or_default()),
            height: row_y(u32::try_from(rows.len()).unwrap_or_default()),
            cell_width: CELL_WIDTH - 2,
            cell_height: CELL_HEIGHT - 2,
            rows,
            columns,
            columns_y: TOP - 8,
            cells,
            venues: names.values().map(|name| (*name).to_owned()).collect(),
            days: days.collect(),
        }
    }
}

impl Cell {
    fn of(numbers: Numbers, (venue, day): (&str, Day), (x, y): (u32, u32)) -> Self {
        let percent = numbers.percent();
        let level = match percent {
            None => 0,
            Some(100..) => 5,
            Some(percent) => u8::try_from(percent.div_ceil(25)).unwrap_or(4),
        };
        let words = match percent {
            None => "–".to_owned(),
            Some(100..) => "満".to_owned(),
            Some(percent) => percent.to_string(),
        };
        let title = format!("{venue} {} {}", short_day(day), numbers.words());
        Self { x, y, words_x: x + CELL_WIDTH / 2 - 1, words_y: y + 18, level, words, title }
    }
}

impl Numbers {
    /// How much is booked; 100 only if nothing is left, 0 only if nothing is booked; none where there is no place at all.
    pub(super) fn percent(self) -> Option<u32> {
        let percent = (u64::from(self.booked) * 100).checked_div(u64::from(self.capacity))?;
        let percent = u32::try_from(percent).unwrap_or(100);
        Some(if self.booked == 0 { 0 } else { percent.clamp(1, 100) })
    }

    fn words(self) -> String {
        format!("{}人 / {}人", self.booked, self.capacity)
    }
}

const fn column_x(n: u32) -> u32 {
    LEFT + n * CELL_WIDTH
}

const fn row_y(n: u32) -> u32 {
    TOP + n * CELL_HEIGHT
}

fn short_day(day: Day) -> String {
    let (_, month, day) = day.ymd();
    format!("{month}/{day}")
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= NAME_CHARS_MAX {
        return name.to_owned();
    }
    name.chars().take(NAME_CHARS_MAX - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sesshu_engine::core::setup::Venue;
    use std::sync::Arc;

    fn fill(venue: u16, day: i32, booked: u32, capacity: u32) -> VenueDay {
        let venue = Arc::new(Venue { id: VenueId(venue), name: format!("会場{venue}") });
        VenueDay { venue, date: Day(day), capacity, booked, held: 0 }
    }

    #[test]
    fn full_is_said_of_what_is_full_and_empty_of_what_is_empty() {
        let shown = |booked, capacity| {
            let heat = Heat::of(&[fill(1, 20_000, booked, capacity)]);
            (heat.cells[0].words.clone(), heat.cells[0].level)
        };
        let cases = [
            ((0, 1_000), ("0", 0)),
            ((1, 1_000), ("1", 1)),
            ((25, 100), ("25", 1)),
            ((26, 100), ("26", 2)),
            ((999, 1_000), ("99", 4)),
            ((1_000, 1_000), ("満", 5)),
            ((5, 4), ("満", 5)),
            ((0, 0), ("–", 0)),
        ];
        for ((booked, capacity), (words, level)) in cases {
            assert_eq!(shown(booked, capacity), (words.to_owned(), level), "{booked} of {capacity}");
        }
    }

    #[test]
    fn picture_and_table_have_a_field_for_each_venue_and_day_and_the_picture_ends_somewhere() {
        let mut days: Vec<VenueDay> = (0..60).map(|day| fill(1, 20_000 + day, 1, 2)).collect();
        days.push(fill(2, 20_000, 2, 2));
        let heat = Heat::of(&days);
        assert_eq!((heat.cells.len(), heat.columns.len()), (DAYS_SHOWN_MAX + 1, DAYS_SHOWN_MAX));
        assert_eq!((heat.days.len(), heat.venues.len(), heat.days[0].1.len()), (60, 2, 2));
        assert_eq!(heat.days[1].1[1], None);
    }

    #[test]
    fn a_long_name_is_cut_in_the_picture_and_whole_in_the_table() {
        let mut one = fill(1, 20_000, 1, 2);
        one.venue = Arc::new(Venue { id: VenueId(1), name: "印西市文化ホール大会議室東側".into() });
        let heat = Heat::of(&[one]);
        assert_eq!((&*heat.rows[0].1, &*heat.venues[0]), ("印西市文化ホール大会…", "印西市文化ホール大会議室東側"));
    }
}
