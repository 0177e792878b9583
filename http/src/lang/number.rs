//! How numbers are written, in every language that there is: with commas between their thousands.

/// The most digits that a number has.
const DIGITS_MAX: usize = 20;

/// `number` with its thousands apart.
pub(crate) fn grouped(number: u64) -> String {
    let mut text = String::with_capacity(DIGITS_MAX + DIGITS_MAX / 3);
    put_grouped(number, &mut text);
    text
}

/// Puts [`grouped`] behind what `into` holds.
pub(crate) fn put_grouped(number: u64, into: &mut String) {
    let (mut digits, mut count, mut rest) = (['0'; DIGITS_MAX], 0, number);
    while count == 0 || rest > 0 {
        digits[count] = char::from(b'0' + (rest % 10) as u8);
        count += 1;
        rest /= 10;
    }
    for at in (0..count).rev() {
        into.push(digits[at]);
        if at > 0 && at % 3 == 0 {
            into.push(',');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        let cases = [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ];
        for (number, written) in cases {
            assert_eq!(grouped(number), written);
        }
        let mut text = String::from("約");
        put_grouped(12_000, &mut text);
        assert_eq!(text, "約12,000");
    }
}
