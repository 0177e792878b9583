//! Colours of the pages, and how well they can be told apart (WCAG 2.2, "contrast ratio").

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A colour in sRGB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Color(pub [u8; 3]);

/// A text that is no colour such as `#0017c1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a colour such as #0017c1")]
pub struct NotAColor;

impl Color {
    /// White.
    pub const WHITE: Self = Self([255; 3]);

    /// The contrast of this colour and `other`: from 1.0 (equal) to 21.0 (black and white), in any order.
    #[must_use]
    pub fn contrast_with(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// The relative luminance of WCAG 2.2: 0.0 for black, 1.0 for white.
    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

/// `#0017c1`.
impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// `#` and six hexadecimal digits, in either case.
impl FromStr for Color {
    type Err = NotAColor;

    fn from_str(text: &str) -> Result<Self, NotAColor> {
        let digits = text.strip_prefix('#').ok_or(NotAColor)?;
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NotAColor);
        }
        let channel = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).map_err(|_| NotAColor);
        Ok(Self([channel(0)?, channel(2)?, channel(4)?]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn color(text: &str) -> Color {
        text.parse().expect("a colour")
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        let cases = [("#000000", 21.0), ("#ffffff", 1.0), ("#767676", 4.54), ("#0017c1", 11.10), ("#777777", 4.48)];
        for (text, ratio) in cases {
            let found = color(text).contrast_with(Color::WHITE);
            assert!((found - ratio).abs() < 0.01, "{text}: {found}");
            assert!((Color::WHITE.contrast_with(color(text)) - found).abs() < 1e-9, "in any order");
        }
    }

    #[test]
    fn a_colour_is_a_hash_and_six_digits() {
        assert_eq!((color("#0A17c1"), color("#0A17c1").to_string()), (Color([10, 23, 193]), "#0a17c1".into()));
        for wrong in ["", "#", "0017c1", "#0017c", "#0017c1f", "#0017cg", "#+017c1", "＃0017c1", "#00１c1", "red"] {
            assert_eq!(wrong.parse::<Color>(), Err(NotAColor), "{wrong}");
        }
    }
}
