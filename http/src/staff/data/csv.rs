//! Which encoding a form asks for, and what is said when a table cannot be written in it.

use sesshu_engine::roll::{TableEncoding, Unwritable};

/// An encoding as staff call it.
pub(super) const fn encoding_words(encoding: TableEncoding) -> &'static str {
    match encoding {
        TableEncoding::Utf8Bom => "UTF-8（Excel で開けます）",
        TableEncoding::Cp932 => "CP932（シフトJIS。古いシステム用）",
    }
}

/// Why a table is not there.
pub(super) fn unwritable_words(wrong: &Unwritable) -> String {
    let Unwritable { line, column, character } = wrong;
    let code = u32::from(*character);
    format!(
        "{line}行目「{column}」の「{character}」（U+{code:04X}）は CP932 で書けません。何も書き出していません。UTF-8 を選んでください。"
    )
}
