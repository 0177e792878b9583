//! Passwords that the city issues by post: easy to read and type, hard to guess.

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::text::is_hyphen;

/// The characters of an issued password: no look-alikes (0 o, 1 l i, 2 z, 5 s, 6 b, 9 q) and no vowels, so that no word
/// can come out.
pub const PASSWORD_ALPHABET: &[u8; 24] = b"cdfghjkmnprtvwxy23456789";
/// How many characters of the alphabet an issued password has, the hyphens not counted.
pub const PASSWORD_CHARS: usize = 11;
/// The longest typed password that is looked at, in characters.
pub const PASSWORD_TYPED_CHARS_MAX: usize = 256;

const GROUP_LENGTHS: [usize; 3] = [4, 4, 3];
/// Random bytes below this are used, so that every character is equally likely; the others are drawn again.
const BYTES_USED: usize = 256 - 256 % PASSWORD_ALPHABET.len();
/// A byte of UTF-8 becomes at most 11 in NFKC, and a lower-case form can be half as long again.
const GROWTH_MAX: usize = 18;

// At least 50 bits: a billion guesses a second at the hashes alone, pepper known, would take six days for one person.
const _: () = assert!((PASSWORD_ALPHABET.len() as u128).pow(PASSWORD_CHARS as u32) >= 1 << 50);
const _: () = assert!(GROUP_LENGTHS[0] + GROUP_LENGTHS[1] + GROUP_LENGTHS[2] == PASSWORD_CHARS);
const _: () = assert!(BYTES_USED.is_multiple_of(PASSWORD_ALPHABET.len()) && BYTES_USED > 128);

/// Why a typed text cannot be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordProblem {
    /// Nothing is left but spaces and hyphens.
    #[error("a password is missing")]
    Empty,
    /// It has more than [`PASSWORD_TYPED_CHARS_MAX`] characters.
    #[error("a password has at most 256 characters")]
    TooLong,
}

/// A new random password as it is printed: `cdfg-hjkm-npr`.
///
/// # Errors
/// If the system gives no random bytes.
pub fn new_password() -> Result<Zeroizing<String>, getrandom::Error> {
    from_random(getrandom::fill)
}

fn from_random<E>(mut fill: impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<Zeroizing<String>, E> {
    let mut random = Zeroizing::new([0_u8; 32]);
    let mut used = random.len();
    let mut password = Zeroizing::new(String::with_capacity(PASSWORD_CHARS + GROUP_LENGTHS.len()));
    for (group, length) in GROUP_LENGTHS.into_iter().enumerate() {
        if group > 0 {
            password.push('-');
        }
        let mut missing = length;
        while missing > 0 {
            if used == random.len() {
                fill(&mut random[..])?;
                used = 0;
            }
            if let Some(character) = character_of(random[used]) {
                password.push(character);
                missing -= 1;
            }
            used += 1;
        }
    }
    Ok(password)
}

fn character_of(random: u8) -> Option<char> {
    let random = usize::from(random);
    (random < BYTES_USED).then(|| char::from(PASSWORD_ALPHABET[random % PASSWORD_ALPHABET.len()]))
}

/// A password as it is hashed: what people see as the same is the same. Full-width letters become half-width (NFKC),
/// capitals small; spaces and hyphens of all kinds are dropped.
///
/// # Errors
/// If nothing is left, or more than [`PASSWORD_TYPED_CHARS_MAX`] characters were typed.
pub fn normalise_password(typed: &str) -> Result<Zeroizing<String>, PasswordProblem> {
    if typed.chars().nth(PASSWORD_TYPED_CHARS_MAX).is_some() {
        return Err(PasswordProblem::TooLong);
    }
    let ignored = |c: &char| !c.is_whitespace() && !is_hyphen(*c);
    // Enough room from the start: a string that grows leaves copies of a secret behind.
    let room = if typed.is_ascii() { typed.len() } else { typed.len() * GROWTH_MAX };
    let mut password = Zeroizing::new(String::with_capacity(room));
    password.extend(typed.nfkc().filter(ignored).flat_map(char::to_lowercase));
    if password.is_empty() { Err(PasswordProblem::Empty) } else { Ok(password) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    #[test]
    fn issued_passwords_are_grouped_and_differ() {
        let mut seen = HashSet::new();
        for _ in 0..1_000 {
            let password = new_password().expect("random bytes");
            assert_eq!(password.split('-').map(str::len).collect::<Vec<_>>(), GROUP_LENGTHS);
            assert!(password.bytes().all(|b| b == b'-' || PASSWORD_ALPHABET.contains(&b)));
            assert!(seen.insert(password.to_string()));
        }
    }

    #[test]
    fn every_character_is_equally_likely() {
        for &character in PASSWORD_ALPHABET {
            let bytes = (0..=255).filter(|&byte| character_of(byte) == Some(char::from(character)));
            assert_eq!(bytes.count(), 10, "{}", char::from(character));
        }
    }

    #[test]
    fn random_bytes_are_drawn_again_until_there_are_enough() {
        let mut draws = 0;
        let password = from_random(|bytes| {
            draws += 1;
            bytes.fill(if draws == 1 { 255 } else { 0 });
            Ok::<(), ()>(())
        });
        assert_eq!((password.expect("bytes").as_str(), draws), ("cccc-cccc-ccc", 2));
        assert_eq!(from_random(|_| Err("no entropy")), Err("no entropy"));
    }

    #[test]
    fn a_password_may_be_typed_in_many_ways() {
        for typed in [
            "cdfg-hjkm-npr",
            "CDFG-HJKM-NPR",
            "cdfghjkmnpr",
            " cdfg hjkm npr ",
            "ｃｄｆｇ－ｈｊｋｍ－ｎｐｒ",
            "ＣＤＦＧーＨＪＫＭーＮＰＲ",
            "cdfg‐hjkm−npr",
            "cdfg\u{3000}hjkm–npr",
        ] {
            assert_eq!(normalise_password(typed).map(|p| p.to_string()).as_deref(), Ok("cdfghjkmnpr"), "{typed}");
        }
        for typed in ["", " ", "---", "　ー"] {
            assert_eq!(normalise_password(typed), Err(PasswordProblem::Empty));
        }
        assert!(normalise_password(&"字".repeat(256)).is_ok());
        assert_eq!(normalise_password(&"a".repeat(257)), Err(PasswordProblem::TooLong));
    }

    #[test]
    fn the_longest_normal_forms_fit_the_room() {
        for character in ["\u{fdfa}", "İ", "\u{1f7c}", "㌖"] {
            let typed = character.repeat(PASSWORD_TYPED_CHARS_MAX);
            assert!(normalise_password(&typed).expect("a password").len() <= typed.len() * GROWTH_MAX);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_password_or_refused(text in "\\PC{0,300}") {
            if let Ok(password) = normalise_password(&text) {
                prop_assert!(password.len() <= text.len() * GROWTH_MAX);
            }
        }
    }
}
