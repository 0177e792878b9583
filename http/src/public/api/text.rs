//! Short texts of ids, dates and times, written without the formatting machinery: a booking's answer has seven of them, and they
//! were the dearest part of it. They say what `Display` says.

use std::fmt::Write as _;

use sesshu_engine::core::ids::{BookingNumber, HoldId, SessionId, SlotNo, VenueId};
use sesshu_engine::core::time::{ClockTime, Day};

const BYTES_MAX: usize = 20;

/// A text of at most 20 ASCII characters.
pub(super) struct ShortText {
    bytes: [u8; BYTES_MAX],
    length: usize,
}

impl ShortText {
    const fn new() -> Self {
        Self { bytes: [0; BYTES_MAX], length: 0 }
    }

    pub(super) fn as_str(&self) -> &str {
        // Only ASCII is ever written.
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }

    fn push(mut self, byte: u8) -> Self {
        self.bytes[self.length] = byte;
        self.length += 1;
        self
    }

    /// A decimal number, with zeros before it up to `digits_min`.
    fn number(mut self, mut value: u32, digits_min: u32) -> Self {
        let digits = value.checked_ilog10().map_or(1, |log| log + 1).max(digits_min) as usize;
        for place in self.bytes[self.length..self.length + digits].iter_mut().rev() {
            *place = b'0' + (value % 10) as u8;
            value /= 10;
        }
        self.length += digits;
        self
    }
}

impl std::fmt::Write for ShortText {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let room = self.bytes.get_mut(self.length..self.length + text.len()).ok_or(std::fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length += text.len();
        Ok(())
    }
}

/// What is a short text in JSON.
pub(super) trait AsText {
    fn as_text(&self) -> ShortText;
}

impl AsText for SessionId {
    fn as_text(&self) -> ShortText {
        ShortText::new().number(self.0, 1)
    }
}

impl AsText for SlotNo {
    fn as_text(&self) -> ShortText {
        ShortText::new().number(self.0.into(), 1)
    }
}

impl AsText for VenueId {
    fn as_text(&self) -> ShortText {
        ShortText::new().number(self.0.into(), 1)
    }
}

impl AsText for ClockTime {
    fn as_text(&self) -> ShortText {
        ShortText::new().number(u32::from(self.0 / 60), 2).push(b':').number(u32::from(self.0 % 60), 2)
    }
}

impl AsText for Day {
    fn as_text(&self) -> ShortText {
        let (year, month, day) = self.ymd();
        ShortText::new().number(year.unsigned_abs(), 4).push(b'-').number(month, 2).push(b'-').number(day, 2)
    }
}

/// Its digits are the engine's secret.
impl AsText for BookingNumber {
    fn as_text(&self) -> ShortText {
        displayed(self)
    }
}

impl AsText for HoldId {
    fn as_text(&self) -> ShortText {
        displayed(self)
    }
}

fn displayed(value: &impl std::fmt::Display) -> ShortText {
    let mut text = ShortText::new();
    // Ten and sixteen digits fit.
    let _ = write!(text, "{value}");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: AsText + std::fmt::Display>(value: &T) {
        assert_eq!(value.as_text().as_str(), value.to_string());
    }

    #[test]
    fn a_short_text_says_what_display_says() {
        for id in [0, 1, 9, 10, 12_345, u32::MAX] {
            check(&SessionId(id));
        }
        for id in [0, 7, 99, 100, u16::MAX] {
            check(&SlotNo(id));
            check(&VenueId(id));
        }
        for minute in [0, 5, 570, 600, 1_439] {
            check(&ClockTime(minute));
        }
        for day in ["1900-12-31", "1970-01-01", "2026-12-05", "2099-02-28"] {
            check(&day.parse::<Day>().expect("a date"));
        }
        check(&BookingNumber::from_ordinal(1, &[3; 32]));
        check(&HoldId(0xab));
        check(&HoldId(u64::MAX));
    }
}
