//! The shapes of a rush: how people come, over how long, and for how many places. The recorded ones are scaled to the roll.

use super::dice::Dice;
use crate::cli::Shape;

/// The roll to which recorded figures are scaled: a city of this size.
const RECORDED_ROLL: f64 = 105_000.0;
/// A rush over so many minutes, unless its shape or the city says otherwise.
const MINUTES: f64 = 3.0;

/// Of an opening's people, those who wait with a finger on the button.
const FIRST_SECONDS_SHARE: f64 = 0.3;
/// They come, on average, after this part of the time; all others after the next one.
const FIRST_SECONDS_MEAN: f64 = 1.0 / 60.0;
const LATER_MEAN: f64 = 1.0 / 4.0;

/// Requests of each eligible resident in a minute, in the worst rush on record.
pub(super) const WORST_PER_MINUTE: f64 = 5.9;
/// How often people who ask by themselves do so in a minute, otherwise.
const RELOADS_PER_MINUTE: f64 = 6.0;

impl Shape {
    /// Over how many minutes people come.
    pub(super) const fn minutes(self) -> f64 {
        match self {
            Self::Neighbour => 34.0,
            Self::Osaka => 25.0,
            Self::Opening | Self::Flat | Self::CancelWave | Self::Worst => MINUTES,
        }
    }

    /// For how many places people come in a city with this roll, where that is on record.
    pub(super) fn places(self, residents: u32) -> Option<u32> {
        let recorded = match self {
            Self::Neighbour => 10_000.0,
            Self::Osaka => 25_000.0,
            Self::Opening | Self::Flat | Self::CancelWave | Self::Worst => return None,
        };
        Some((f64::from(residents) / RECORDED_ROLL * recorded).round().max(1.0) as u32)
    }

    /// How often those who do not wait as they are told ask in a minute.
    pub(super) const fn retries_per_minute(self) -> f64 {
        match self {
            Self::Worst => WORST_PER_MINUTE,
            _ => RELOADS_PER_MINUTE,
        }
    }

    /// Whether everybody asks to the end, also after they have what they came for.
    pub(super) const fn never_rests(self) -> bool {
        matches!(self, Self::Worst)
    }

    /// When somebody comes, as a part of the `minutes` over which people come.
    pub(super) fn arrival(self, minutes: f64, dice: &mut Dice) -> f64 {
        match self {
            Self::Flat => dice.unit(),
            // Each is there from the beginning, and has asked once when the first ask again.
            Self::Worst => dice.unit() * (1.0 / WORST_PER_MINUTE / minutes).min(1.0),
            _ if dice.happens(FIRST_SECONDS_SHARE) => dice.exponential(FIRST_SECONDS_MEAN, 1.0),
            _ => dice.exponential(LATER_MEAN, 1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn came_within(shape: Shape, minutes: f64, seconds: f64) -> usize {
        let mut dice = Dice::seeded(5);
        (0..20_000).filter(|_| shape.arrival(minutes, &mut dice) * minutes * 60.0 < seconds).count()
    }

    #[test]
    fn an_opening_peaks_in_its_first_seconds_and_a_flat_rush_does_not() {
        assert!(came_within(Shape::Opening, 3.0, 3.0) > 3_500 && came_within(Shape::Opening, 3.0, 60.0) > 14_000);
        assert!((250..420).contains(&came_within(Shape::Flat, 3.0, 3.0)));
        assert!((6_200..7_200).contains(&came_within(Shape::Flat, 3.0, 60.0)));
    }

    #[test]
    fn in_the_worst_rush_everybody_is_there_before_anybody_asks_again() {
        let between_s = 60.0 / WORST_PER_MINUTE;
        assert_eq!(came_within(Shape::Worst, 3.0, between_s), 20_000);
        assert!((9_500..10_500).contains(&came_within(Shape::Worst, 3.0, between_s / 2.0)));
        assert_eq!(came_within(Shape::Worst, 0.05, 3.0), 20_000);
    }

    #[test]
    fn recorded_rushes_are_scaled_to_the_roll() {
        let places = [Shape::Neighbour, Shape::Osaka].map(|shape| [105_000, 21_000, 1].map(|roll| shape.places(roll)));
        assert_eq!(places, [[Some(10_000), Some(2_000), Some(1)], [Some(25_000), Some(5_000), Some(1)]]);
        assert_eq!(Shape::Worst.places(105_000), None);
    }
}
