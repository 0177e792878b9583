//! A text on its way into a page: escaped, with furigana as the reader likes, and marked when it is in another language than the
//! page.

use std::borrow::Cow;
use std::fmt::{self, Write};

use askama::filters::HtmlSafe;

/// A text of a page. It writes itself as HTML; [`Text::plain`] is for attributes and titles.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Text {
    markup: Cow<'static, str>,
    furigana: bool,
    /// The HTML code of its language, if that is not the page's.
    foreign: Option<&'static str>,
}

impl Text {
    pub(crate) const fn new(markup: Cow<'static, str>, furigana: bool, foreign: Option<&'static str>) -> Self {
        Self { markup, furigana, foreign }
    }

    /// Without furigana, not escaped.
    pub(crate) fn plain(&self) -> Cow<'static, str> {
        strip(self.markup.clone())
    }
}

impl HtmlSafe for Text {}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.foreign {
            None => write_html(&self.markup, self.furigana, f),
            Some(code) => {
                write!(f, "<span lang=\"{code}\">")?;
                write_html(&self.markup, self.furigana, f)?;
                f.write_str("</span>")
            }
        }
    }
}

/// The pieces of a text: as it stands, or with its reading.
enum Piece<'a> {
    Plain(&'a str),
    Ruby { base: &'a str, reading: &'a str },
}

/// `{漢字|かんじ}` and what stands between. A brace that is not of this form stands for itself.
fn pieces(markup: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = markup;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let of_ruby = |at: usize| {
            let (inside, after) = rest[at + 1..].split_once('}')?;
            let (base, reading) = inside.split_once('|')?;
            (!inside.contains('{')).then_some((base, reading, after))
        };
        for (at, _) in rest.match_indices('{') {
            if let Some((base, reading, after)) = of_ruby(at) {
                if at > 0 {
                    let plain = &rest[..at];
                    rest = &rest[at..];
                    return Some(Piece::Plain(plain));
                }
                rest = after;
                return Some(Piece::Ruby { base, reading });
            }
        }
        Some(Piece::Plain(std::mem::take(&mut rest)))
    })
}

fn write_html(markup: &str, furigana: bool, into: &mut impl Write) -> fmt::Result {
    if !markup.contains('{') {
        return escape(markup, into);
    }
    for piece in pieces(markup) {
        match piece {
            Piece::Ruby { base, reading } if furigana => {
                into.write_str("<ruby>")?;
                escape(base, into)?;
                into.write_str("<rt>")?;
                escape(reading, into)?;
                into.write_str("</rt></ruby>")?;
            }
            Piece::Plain(text) | Piece::Ruby { base: text, .. } => escape(text, into)?,
        }
    }
    Ok(())
}

/// Letters that mean something in HTML become entities, line ends become breaks.
fn escape(text: &str, into: &mut impl Write) -> fmt::Result {
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let entity = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\'' => "&#39;",
            b'\n' => "<br>",
            _ => continue,
        };
        into.write_str(&text[from..at])?;
        into.write_str(entity)?;
        from = at + 1;
    }
    into.write_str(&text[from..])
}

/// The text without its furigana.
pub(crate) fn strip(markup: Cow<'static, str>) -> Cow<'static, str> {
    if !markup.contains('{') {
        return markup;
    }
    let mut stripped = String::with_capacity(markup.len());
    for piece in pieces(&markup) {
        let (Piece::Plain(text) | Piece::Ruby { base: text, .. }) = piece;
        stripped.push_str(text);
    }
    stripped.into()
}

/// `template` with each `%{name}` replaced by its value; a name without a value stays.
pub(crate) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some(at) = rest.find("%{") {
        let value = rest[at + 2..].split_once('}').and_then(|(name, after)| {
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            Some((value, after))
        });
        if let Some((value, after)) = value {
            filled.push_str(&rest[..at]);
            filled.push_str(value);
            rest = after;
        } else {
            filled.push_str(&rest[..at + 2]);
            rest = &rest[at + 2..];
        }
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn html(markup: &'static str, furigana: bool) -> String {
        Text::new(markup.into(), furigana, None).to_string()
    }

    #[test]
    fn furigana_is_shown_or_left_out() {
        let cases = [
            ("予約", "予約", "予約"),
            (
                "{予約|よやく}と{会場|かいじょう}",
                "予約と会場",
                "<ruby>予約<rt>よやく</rt></ruby>と<ruby>会場<rt>かいじょう</rt></ruby>",
            ),
            ("a<b>{c&|d\"}", "a&lt;b&gt;c&amp;", "a&lt;b&gt;<ruby>c&amp;<rt>d&quot;</rt></ruby>"),
            ("{", "{", "{"),
            ("{a}b{c|d}", "{a}bc", "{a}b<ruby>c<rt>d</rt></ruby>"),
            ("{a{b|c}", "{ab", "{a<ruby>b<rt>c</rt></ruby>"),
            ("一\n二", "一<br>二", "一<br>二"),
        ];
        for (markup, without, with) in cases {
            assert_eq!((html(markup, false).as_str(), html(markup, true).as_str()), (without, with), "{markup}");
        }
    }

    #[test]
    fn a_text_in_another_language_says_so() {
        let text = Text::new("{予約|よやく}".into(), false, Some("ja"));
        assert_eq!(text.to_string(), "<span lang=\"ja\">予約</span>");
        assert_eq!(text.plain(), "予約");
    }

    #[test]
    fn values_stand_where_their_names_stood() {
        assert_eq!(fill("%{a}と%{b}、%{c}%{", &[("a", "%{b}"), ("b", "2")]), "%{b}と2、%{c}%{");
    }

    proptest! {
        #[test]
        fn any_text_is_escaped_and_stripped_of_no_letter_but_readings(text in "[{}|a-c<>&'\"あ漢]{0,20}", furigana in any::<bool>()) {
            let html = Text::new(text.clone().into(), furigana, None).to_string();
            let inside = html.replace("<ruby>", "").replace("<rt>", "").replace("</rt></ruby>", "");
            prop_assert!(!inside.contains(['<', '>', '"', '\'']), "{}", html);
            let plain = strip(text.clone().into());
            prop_assert!(plain.len() <= text.len());
            prop_assert_eq!(strip(plain.clone()).matches('漢').count() <= text.matches('漢').count(), true);
        }
    }
}
