//! A booking's number as a QR code that the venue's staff scan, or another short text: one path of an inline SVG, dark on light in every mode.

use std::fmt::Write as _;

use fast_qr::ECL;
use fast_qr::qr::QRBuilder;
use sesshu_engine::core::ids::BookingNumber;

/// The white rim that readers need, in modules.
const RIM: usize = 4;

/// A code ready to be drawn.
pub(crate) struct Qr {
    /// The side of the drawing with its rim, in modules.
    pub(crate) side: usize,
    /// The dark modules, as an SVG path.
    pub(crate) path: String,
}

impl Qr {
    /// The code of a booking's number; none if it could not be made, and then the number is there all the same.
    pub(crate) fn of(number: BookingNumber) -> Option<Self> {
        Self::of_text(&number.to_string(), ECL::Q)
    }

    /// The code of what an authenticator app takes.
    pub(crate) fn of_address(address: &str) -> Option<Self> {
        Self::of_text(address, ECL::M)
    }

    fn of_text(text: &str, ecl: ECL) -> Option<Self> {
        let code = QRBuilder::new(text).ecl(ecl).build().ok()?;
        let mut path = String::with_capacity(2_048);
        for y in 0..code.size {
            let mut x = 0;
            while x < code.size {
                let run = code[y][x..].iter().take_while(|module| module.value()).count();
                if run > 0 {
                    // Writing into a text cannot fail.
                    let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + RIM, y + RIM);
                }
                x += run.max(1);
            }
        }
        Some(Self { side: code.size + 2 * RIM, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_small_code_with_its_three_eyes() {
        let qr = Qr::of(BookingNumber::from_ordinal(7, &[1; 32])).expect("a code");
        assert_eq!(qr.side, 21 + 2 * RIM);
        for eye in [(4, 4), (18, 4), (4, 18)] {
            assert!(qr.path.contains(&format!("M{} {}h7v1h-7z", eye.0, eye.1)), "{}", qr.path);
        }
        assert!(qr.path.len() < 3_000);
    }
}
