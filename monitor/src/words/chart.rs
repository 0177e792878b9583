//! A chart of some dozens of characters, for texts.

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// A minute in which nothing was measured.
const NOTHING: char = '·';

/// A line of bars with its scale.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chart {
    /// A bar for each value.
    pub(super) bars: String,
    /// What the lowest bar stands for.
    pub(super) low: f64,
    /// What the highest bar stands for.
    pub(super) high: f64,
    /// The bar as high as the threshold.
    pub(super) mark: Option<char>,
}

impl Chart {
    /// Of `values`, the oldest first; none if there are fewer than two to compare.
    pub(super) fn of(values: &[f32], threshold: Option<f64>) -> Option<Self> {
        let known = || values.iter().copied().filter(|value| value.is_finite()).map(f64::from);
        if known().count() < 2 {
            return None;
        }
        let low = known().chain(threshold).fold(f64::INFINITY, f64::min);
        let high = known().chain(threshold).fold(f64::NEG_INFINITY, f64::max);
        let bar = |value: f64| {
            let share = if high > low { (value - low) / (high - low) } else { 0.0 };
            BARS[((share * 8.0) as usize).min(7)]
        };
        let bars =
            values.iter().map(|value| if value.is_finite() { bar(f64::from(*value)) } else { NOTHING }).collect();
        Some(Self { bars, low, high, mark: threshold.map(bar) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_go_from_the_lowest_to_the_highest_and_the_threshold_has_its_height() {
        let values = [40.0, 50.0, f32::NAN, 60.0, 70.0, 84.0];
        let chart = Chart::of(&values, Some(80.0)).expect("enough values");
        assert_eq!(chart.bars, "▁▂·▄▆█");
        assert_eq!((chart.low, chart.high, chart.mark), (40.0, 84.0, Some('█')));
        let flat = Chart::of(&[1.0, 1.0], None).expect("enough values");
        assert_eq!((flat.bars.as_str(), flat.mark), ("▁▁", None));
        assert_eq!(Chart::of(&[1.0, f32::INFINITY], Some(2.0)), None);
    }
}
