//! Names in kana: the one form in which they are stored, and the key by which they are found.

use unicode_normalization::UnicodeNormalization;

use super::problem::{Reason, Shown};
use super::text::{is_hyphen, is_private_use};

/// The longest name, in characters, the spaces included.
pub const KANA_NAME_CHARS_MAX: usize = 64;
/// How much of a typed text a search looks at, in characters.
const SEARCH_CHARS_MAX: usize = 256;
const WIDE_SPACE: char = '\u{3000}';

/// Why a text is not a name in kana.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KanaProblem {
    /// There is nothing.
    #[error("a name is missing")]
    Empty,
    /// It has more than [`KANA_NAME_CHARS_MAX`] characters.
    #[error("a name has at most 64 characters")]
    TooLong,
    /// It has this character, which is neither katakana nor a Latin letter.
    #[error("{0:?} is not katakana")]
    Character(char),
    /// It has this 外字 (private use character).
    #[error("{0:?} is a private use character")]
    PrivateUse(char),
}

impl KanaProblem {
    /// The reason for a line whose field is `value`.
    pub(super) fn reason(self, value: &str) -> Reason {
        let value = Shown::new(value);
        match self {
            Self::Empty => Reason::ValueMissing,
            Self::TooLong => Reason::TextTooLong { value, chars_max: KANA_NAME_CHARS_MAX },
            Self::Character(character) => Reason::NotKana { value, character },
            Self::PrivateUse(character) => Reason::PrivateUse { value, character },
        }
    }
}

/// The name as it is stored: full-width katakana, one full-width space between its parts, none around them.
///
/// Half-width kana and hiragana are converted. Latin letters, which foreign residents' names have, become full-width
/// capitals. `ー` and `・` are kept. A name may have one part only.
///
/// # Errors
/// With the character that a kana name cannot have, or if the name is empty or longer than [`KANA_NAME_CHARS_MAX`].
pub fn normalise_kana_name(text: &str) -> Result<String, KanaProblem> {
    let mut name = String::with_capacity(text.len().min(3 * KANA_NAME_CHARS_MAX));
    let mut chars = 0;
    let mut space_due = false;
    let mut push = |c: char| {
        if c == ' ' || c == WIDE_SPACE {
            space_due = chars > 0;
            return Ok(());
        }
        let stored = stored_form(c).ok_or_else(|| refused(c, text))?;
        if std::mem::take(&mut space_due) {
            name.push(WIDE_SPACE);
            chars += 1;
        }
        name.push(stored);
        chars += 1;
        if chars > KANA_NAME_CHARS_MAX { Err(KanaProblem::TooLong) } else { Ok(()) }
    };
    if text.chars().all(|c| is_katakana(c) || c == WIDE_SPACE) {
        // Most files are in this form already, and normalising costs more than all the rest.
        text.chars().try_for_each(push)?;
    } else {
        text.chars().map(combining_mark).nfkc().try_for_each(&mut push)?;
    }
    if name.is_empty() { Err(KanaProblem::Empty) } else { Ok(name) }
}

/// The spacing voiced marks ゛ and ゜, which old systems write after a full-width kana, as combining ones.
const fn combining_mark(c: char) -> char {
    match c {
        '\u{309b}' => '\u{3099}',
        '\u{309c}' => '\u{309a}',
        other => other,
    }
}

fn stored_form(c: char) -> Option<char> {
    match c {
        _ if is_katakana(c) => Some(c),
        '\u{3041}'..='\u{3096}' | '\u{309d}' | '\u{309e}' => Some(to_katakana(c)),
        'A'..='Z' | 'a'..='z' => char::from_u32(u32::from(c.to_ascii_uppercase()) + 0xfee0),
        _ => None,
    }
}

/// Names the character as it stands in the file: normalising may have changed it, as ① into 1.
fn refused(c: char, text: &str) -> KanaProblem {
    let original = text.chars().find(|&o| o == c || std::iter::once(o).nfkc().any(|n| n == c)).unwrap_or(c);
    if is_private_use(original) { KanaProblem::PrivateUse(original) } else { KanaProblem::Character(original) }
}

/// Katakana with its small phonetic extensions, iteration marks, `ー` and `・`.
const fn is_katakana(c: char) -> bool {
    matches!(c, '\u{30a1}'..='\u{30fe}' | '\u{31f0}'..='\u{31ff}')
}

fn to_katakana(c: char) -> char {
    match c {
        '\u{3041}'..='\u{3096}' | '\u{309d}' | '\u{309e}' => char::from_u32(u32::from(c) + 0x60).unwrap_or(c),
        other => other,
    }
}

/// A key that is equal for names which people write, hear or type as the same: small and large kana, half and full width,
/// hiragana and katakana, ヅ and ズ, ヂ and ジ, long vowels however they are written (オーノ, オオノ, オウノ), with or without
/// spaces, dots and hyphens. オノ and オオノ stay different people. Of a longer text, the first 256 characters count.
#[must_use]
pub fn kana_search_key(text: &str) -> String {
    let mut key = String::with_capacity(text.len().min(SEARCH_CHARS_MAX));
    let mut vowel = None;
    for c in text.chars().take(SEARCH_CHARS_MAX).map(combining_mark).nfkc() {
        let folded = if is_hyphen(c) {
            // After a kana any hyphen is a long vowel mark; elsewhere it only separates.
            let Some(lengthened) = vowel else { continue };
            lengthened
        } else if c.is_alphanumeric() {
            match (vowel, fold(to_katakana(c))) {
                (Some('オ'), 'ウ') => 'オ',
                (Some('エ'), 'イ') => 'エ',
                (_, folded) => folded,
            }
        } else {
            continue;
        };
        key.extend(folded.to_uppercase());
        vowel = vowel_of(folded);
    }
    key
}

fn fold(c: char) -> char {
    match c {
        'ァ' => 'ア',
        'ィ' | 'ヰ' => 'イ',
        'ゥ' => 'ウ',
        'ェ' | 'ヱ' => 'エ',
        'ォ' | 'ヲ' => 'オ',
        'ッ' => 'ツ',
        'ャ' => 'ヤ',
        'ュ' => 'ユ',
        'ョ' => 'ヨ',
        'ヮ' => 'ワ',
        'ヵ' => 'カ',
        'ヶ' => 'ケ',
        'ヅ' => 'ズ',
        'ヂ' => 'ジ',
        other => other,
    }
}

/// The vowel that a long vowel mark after `c` lengthens.
fn vowel_of(c: char) -> Option<char> {
    const ROWS: [(char, &str); 5] = [
        ('ア', "アカサタナハマヤラワガザダバパ"),
        ('イ', "イキシチニヒミリギジビピ"),
        ('ウ', "ウクスツヌフムユルグズブプヴ"),
        ('エ', "エケセテネヘメレゲゼデベペ"),
        ('オ', "オコソトノホモヨロゴゾドボポ"),
    ];
    ROWS.iter().find(|(_, row)| row.contains(c)).map(|&(vowel, _)| vowel)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_is_stored_in_one_form() {
        let cases = [
            ("サトウ　ハナコ", "サトウ　ハナコ"),
            ("  ｻﾄｳ  ﾊﾅｺ ", "サトウ　ハナコ"),
            ("サトウ 　 ハナコ　", "サトウ　ハナコ"),
            ("ﾜﾀﾅﾍﾞ ﾊﾟﾊﾟｲﾔ", "ワタナベ　パパイヤ"),
            ("カ\u{309b}ハ\u{309c}", "ガパ"),
            ("か\u{3099}", "ガ"),
            ("ｳﾞｨｸﾄﾘｱ", "ヴィクトリア"),
            ("さとう はなこ", "サトウ　ハナコ"),
            ("ｵｰﾉ ﾏﾘ･ｱﾝﾇ", "オーノ　マリ・アンヌ"),
            ("Smith Jöhn".replace('ö', "o").as_str(), "ＳＭＩＴＨ　ＪＯＨＮ"),
            ("ＮＧＵＹＥＮ　ヴァン", "ＮＧＵＹＥＮ　ヴァン"),
            ("ア", "ア"),
        ]
        .map(|(text, stored)| (text.to_owned(), stored));
        for (text, stored) in cases {
            assert_eq!(normalise_kana_name(&text).as_deref(), Ok(stored), "{text}");
        }
    }

    #[test]
    fn other_characters_are_refused_by_name() {
        let cases = [
            ("", KanaProblem::Empty),
            (" 　", KanaProblem::Empty),
            ("佐藤 ハナコ", KanaProblem::Character('佐')),
            ("サトウ1", KanaProblem::Character('1')),
            ("サトウ①", KanaProblem::Character('①')),
            ("サトウ\tハナコ", KanaProblem::Character('\t')),
            ("サトウ\u{e000}", KanaProblem::PrivateUse('\u{e000}')),
            ("サトウ-", KanaProblem::Character('-')),
            ("ア\u{ff9e}", KanaProblem::Character('\u{ff9e}')),
            ("サトウ\u{fffd}", KanaProblem::Character('\u{fffd}')),
        ];
        for (text, problem) in cases {
            assert_eq!(normalise_kana_name(text), Err(problem), "{text:?}");
        }
        assert!(normalise_kana_name(&"ア".repeat(64)).is_ok());
        assert_eq!(normalise_kana_name(&"ア".repeat(65)), Err(KanaProblem::TooLong));
    }

    #[test]
    fn a_search_finds_the_ways_to_write_a_name() {
        let same = [
            ("オオノ ジロウ", "ｵｰﾉｼﾞﾛｰ"),
            ("オウノ", "オ－ノ"),
            ("ケイコ", "ケーコ"),
            ("ミヅキ　ショウタ", "ミズキシヨウタ"),
            ("カナヂ", "かなじ"),
            ("キャッチ", "キヤツチ"),
            ("ユ‐コ", "ユウコ"),
            ("マリ・アンヌ", "マリアンヌ"),
            ("smith", "ＳＭＩＴＨ"),
            ("smith-jones", "SMITH JONES"),
        ];
        for (left, right) in same {
            assert_eq!(kana_search_key(left), kana_search_key(right), "{left} {right}");
        }
        for (left, right) in [("オノ", "オオノ"), ("サトウ", "カトウ"), ("ハシ", "バシ")] {
            assert_ne!(kana_search_key(left), kana_search_key(right), "{left} {right}");
        }
    }

    proptest! {
        #[test]
        fn a_stored_name_is_stored_unchanged(text in "\\PC{0,80}") {
            if let Ok(name) = normalise_kana_name(&text) {
                prop_assert!((1..=KANA_NAME_CHARS_MAX).contains(&name.chars().count()));
                prop_assert_eq!(normalise_kana_name(&name), Ok(name.clone()));
                prop_assert_eq!(kana_search_key(&name), kana_search_key(&text));
            }
        }

        #[test]
        fn every_kana_name_is_accepted(text in "[ｦ-ﾝァ-ヺぁ-ゖーA-Za-z 　]{0,40}[ア-ン]") {
            prop_assert!(normalise_kana_name(&text).is_ok());
        }

        #[test]
        fn a_key_is_its_own_key(text in "[ぁ-ゖァ-ヾｦ-ﾟA-Za-z0-9 　‐-]{0,40}") {
            let key = kana_search_key(&text);
            prop_assert_eq!(kana_search_key(&key), key);
        }
    }
}
