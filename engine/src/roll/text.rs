//! From the bytes of a file to text: which encoding it is, and the characters that mean the same.
//!
//! It must not know what the text is about.

use std::borrow::Cow;

use encoding_rs::{DecoderResult, SHIFT_JIS};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use super::problem::{LineError, Reason};

/// How the characters of a file are written as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// UTF-8 without a byte order mark.
    Utf8,
    /// UTF-8 with a byte order mark, as Excel writes it.
    Utf8Bom,
    /// CP932: Windows' `Shift_JIS`, with the vendors' and the user-defined characters.
    Cp932,
}

impl Encoding {
    /// The name that people know.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf8Bom => "UTF-8 (BOM)",
            Self::Cp932 => "CP932",
        }
    }
}

/// The text of a file, and the encoding in which it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The text, without a byte order mark.
    pub text: Cow<'a, str>,
    /// How it was written.
    pub encoding: Encoding,
}

const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";

/// Decodes a file whose encoding is not declared: bytes that are valid as UTF-8 are UTF-8, all others are CP932.
///
/// # Errors
/// With the line of the first byte that cannot be decoded, or if the file is empty or not text.
pub fn decode(bytes: &[u8]) -> Result<Decoded<'_>, LineError> {
    let problem = |offset: usize, reason| LineError { line: line_of(bytes, offset), column: None, reason };
    // A UTF-16 file of Japanese text may have no NUL before its first line break, so its mark is looked at as well.
    let utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    if utf16 || bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        return Err(problem(0, Reason::FileNotText));
    }
    if let Some(offset) = bytes.iter().position(|&byte| byte == 0) {
        return Err(problem(offset, Reason::FileNotText));
    }
    let (body, utf8) = match bytes.strip_prefix(UTF8_BOM) {
        Some(body) => (body, Encoding::Utf8Bom),
        None => (bytes, Encoding::Utf8),
    };
    let skipped = bytes.len() - body.len();
    let decoded = match std::str::from_utf8(body) {
        Ok(text) => Decoded { text: Cow::Borrowed(text), encoding: utf8 },
        Err(error) => {
            let valid = &body[..error.valid_up_to()];
            if utf8 == Encoding::Utf8Bom || has_kana(std::str::from_utf8(valid).unwrap_or_default()) {
                return Err(problem(skipped + error.valid_up_to(), Reason::Undecodable));
            }
            let text = decode_cp932(body).map_err(|offset| problem(offset, Reason::Undecodable))?;
            Decoded { text: Cow::Owned(text), encoding: Encoding::Cp932 }
        }
    };
    if decoded.text.trim().is_empty() { Err(problem(0, Reason::FileEmpty)) } else { Ok(decoded) }
}

/// A text that has kana when read as UTF-8 is UTF-8, even if a later byte is broken: in CP932 the same bytes would be
/// kanji such as 縺繧繝, which no name has. Read as CP932 it would become a thousand misleading errors.
fn has_kana(text: &str) -> bool {
    !text.is_ascii() && text.chars().any(|c| matches!(c, '\u{3041}'..='\u{30ff}' | '\u{ff61}'..='\u{ff9f}'))
}

/// The text, or the offset of the first byte that is not CP932.
fn decode_cp932(bytes: &[u8]) -> Result<String, usize> {
    let mut decoder = SHIFT_JIS.new_decoder_without_bom_handling();
    let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(bytes.len() * 3 + 16);
    let mut text = String::with_capacity(room);
    match decoder.decode_to_string_without_replacement(bytes, &mut text, true) {
        (DecoderResult::InputEmpty, _) => Ok(text),
        // `malformed` bytes are wrong, and `after` good ones behind them have been read already.
        (DecoderResult::Malformed(malformed, after), read) => {
            Err(read.saturating_sub(usize::from(malformed) + usize::from(after)))
        }
        (DecoderResult::OutputFull, read) => Err(read),
    }
}

/// The line, from 1, on which the byte at `offset` stands. A line ends with LF, CRLF or CR.
pub(super) fn line_of(bytes: &[u8], offset: usize) -> u64 {
    1 + line_ends(bytes, 0, offset)
}

/// How many lines end in `bytes[from..to]`. The LF of a CRLF counts, its CR does not.
pub(super) fn line_ends(bytes: &[u8], from: usize, to: usize) -> u64 {
    let ends = (from..to.min(bytes.len())).filter(|&at| match bytes[at] {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    });
    ends.count() as u64
}

/// `text` without spaces around it, and with full-width digits, half-width kana and the like in their plain form (NFKC).
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if text.is_ascii() || is_nfkc_quick(text.chars()) == IsNormalized::Yes {
        return Cow::Borrowed(text);
    }
    let normalised: String = text.nfkc().collect();
    // Spaces may have come out of the normalisation, as from a full-width accent.
    Cow::Owned(normalised.trim().to_owned())
}

/// Whether people use `c` as a hyphen: the ASCII one, the dashes, the minus sign, and the long vowel mark of a Japanese
/// keyboard, in both widths.
pub(super) const fn is_hyphen(c: char) -> bool {
    matches!(
        c,
        '-' | '\u{ad}' | '\u{2010}'
            ..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{2500}' | 'ー' | '\u{fe58}' | '\u{fe63}' | '－' | 'ｰ'
    )
}

/// Whether `c` is a 外字: a character that means something only on the computer that defined it.
pub(super) const fn is_private_use(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_encoding_is_detected() {
        let text = "id,氏名カナ\r\n1234,ﾊﾞ\u{e000}\r\n";
        let (cp932, _, _) = SHIFT_JIS.encode("id,氏名カナ\r\n1234,ﾊﾞ");
        let mut cp932 = cp932.into_owned();
        cp932.extend(b"\xf0\x40\r\n");
        let with_bom = [UTF8_BOM, text.as_bytes()].concat();
        let cases =
            [(text.as_bytes(), Encoding::Utf8), (&with_bom[..], Encoding::Utf8Bom), (&cp932[..], Encoding::Cp932)];
        for (bytes, encoding) in cases {
            assert_eq!(decode(bytes), Ok(Decoded { text: text.into(), encoding }));
        }
    }

    #[test]
    fn what_is_not_text_is_refused_with_its_line() {
        let utf16: Vec<u8> = "id,氏名\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let cases: [(&[u8], u64, Reason); 10] = [
            (b"", 1, Reason::FileEmpty),
            (b" \r\n", 1, Reason::FileEmpty),
            (UTF8_BOM, 1, Reason::FileEmpty),
            (&utf16, 1, Reason::FileNotText),
            (b"\xff\xfei", 1, Reason::FileNotText),
            (b"PK\x03\x04rest", 1, Reason::FileNotText),
            (b"id\n1\r\n\0", 3, Reason::FileNotText),
            (b"id\r\n1\r\n\x83\n\x83\x41", 3, Reason::Undecodable),
            (b"\xef\xbb\xbfid\n\x83\x41", 2, Reason::Undecodable),
            (b"id\n\xe3\x82\xab\n\xe3\x82,\n", 3, Reason::Undecodable),
        ];
        for (bytes, line, reason) in cases {
            assert_eq!(decode(bytes), Err(LineError { line, column: None, reason }), "{bytes:?}");
        }
    }

    #[test]
    fn the_line_of_a_wrong_byte_is_found_anywhere_in_cp932() {
        for (bytes, line) in
            [(&b"\x83\x41\n\x83\x41\xff\n"[..], 2), (b"\x83\x41\n\x83\x41\n\n\x83", 4), (b"\x83\x41\x85\xfe", 1)]
        {
            assert_eq!(decode(bytes).expect_err("undecodable").line, line, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_decoded_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Err(error) = decode(&bytes) {
                prop_assert!(error.line >= 1 && error.line <= 1 + line_ends(&bytes, 0, bytes.len()));
            }
        }

        #[test]
        fn text_in_utf8_is_read_as_it_is(text in "[a-z\u{30a1}-\u{30fa}\u{4e00}-\u{9fff},\n]{1,40}") {
            prop_assume!(!text.trim().is_empty());
            prop_assert_eq!(decode(text.as_bytes()), Ok(Decoded { text: text.as_str().into(), encoding: Encoding::Utf8 }));
        }
    }
}
