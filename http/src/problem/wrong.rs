//! What is wrong in a request, in the person's language. The parsers' own words are English and never reach an answer.

use crate::lang::Lang;

/// The longest name out of a request that an answer repeats, in characters.
const NAME_CHARS_MAX: usize = 64;

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    what: What,
    /// The field or the type that it is about; empty if it is about none.
    name: Box<str>,
    /// The line and the column in JSON, from 1.
    at: Option<(usize, usize)>,
}

/// The kinds of wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// The value of a field is not one.
    Field,
    /// The request has a field that nobody knows.
    UnknownField,
    /// The request lacks a field.
    MissingField,
    /// The request has a field twice.
    DuplicateField,
    /// A text stands there, or should.
    TextWanted,
    /// A whole number should stand there.
    NumberWanted,
    /// An object should stand there.
    ObjectWanted,
    /// An array should stand there.
    ListWanted,
    /// The value does not fit.
    Value,
    /// It is no JSON.
    NoJson,
    /// The JSON ends too early.
    JsonEnds,
    /// The query or the form cannot be read.
    NoForm,
    /// The body did not arrive as a whole.
    Body,
    /// The body is not said to be JSON.
    ContentType,
    /// The header with the request key is missing, doubled or malformed.
    RequestKey,
    /// A dose is none.
    Dose,
    /// A date is none.
    Date,
    /// `bookings` does not hold two places.
    TwoPlaces,
    /// The two places are not for consecutive doses in order.
    Consecutive,
    /// `bookings` came with a single place.
    Mixed,
    /// `bookings` came with `changes`.
    ChangesPair,
}

impl What {
    const fn key(self) -> &'static str {
        match self {
            Self::Field => "wrong.field",
            Self::UnknownField => "wrong.unknown_field",
            Self::MissingField => "wrong.missing_field",
            Self::DuplicateField => "wrong.duplicate_field",
            Self::TextWanted => "wrong.text_wanted",
            Self::NumberWanted => "wrong.number_wanted",
            Self::ObjectWanted => "wrong.object_wanted",
            Self::ListWanted => "wrong.list_wanted",
            Self::Value => "wrong.value",
            Self::NoJson => "wrong.no_json",
            Self::JsonEnds => "wrong.json_ends",
            Self::NoForm => "wrong.no_form",
            Self::Body => "wrong.body",
            Self::ContentType => "wrong.content_type",
            Self::RequestKey => "wrong.request_key",
            Self::Dose => "wrong.dose",
            Self::Date => "wrong.date",
            Self::TwoPlaces => "wrong.two_places",
            Self::Consecutive => "wrong.consecutive",
            Self::Mixed => "wrong.mixed",
            Self::ChangesPair => "wrong.changes_pair",
        }
    }

    /// What the parser's words mean, if they are about the content; and the field that they name.
    fn of_parser(words: &str) -> Option<(Self, &str)> {
        for (start, what) in [
            ("unknown field `", Self::UnknownField),
            ("missing field `", Self::MissingField),
            ("duplicate field `", Self::DuplicateField),
        ] {
            if let Some((_, after)) = words.split_once(start) {
                let end = if what == Self::UnknownField { after.find("`, ") } else { after.rfind('`') };
                return Some((what, &after[..end.unwrap_or(after.len())]));
            }
        }
        if words.contains(DOSE_WANTED) {
            return Some((Self::Dose, "dose"));
        }
        let (_, wanted) = words.split_once("invalid ")?.1.rsplit_once("expected ")?;
        let what = match wanted.split(" at line ").next().unwrap_or_default() {
            "a string" => Self::TextWanted,
            "u8" => Self::NumberWanted,
            "a sequence" => Self::ListWanted,
            object if object.starts_with("struct ") => Self::ObjectWanted,
            _ => Self::Value,
        };
        Some((what, ""))
    }
}

/// What a dose's own reader says to the parser.
pub(crate) const DOSE_WANTED: &str = "a dose is a number from 1 to 9";

impl From<What> for Wrong {
    fn from(what: What) -> Self {
        Self { what, name: "".into(), at: None }
    }
}

impl Wrong {
    /// The same kind about `name`.
    pub(crate) fn about(what: What, name: &str) -> Self {
        Self { name: name.chars().take(NAME_CHARS_MAX).collect(), ..what.into() }
    }

    /// The value of the field `name` is wrong.
    pub(crate) fn field(name: &str) -> Self {
        Self::about(What::Field, name)
    }

    /// What the JSON parser found.
    pub(crate) fn of_json(error: &serde_json::Error) -> Self {
        let words = error.to_string();
        let (what, name) = match error.classify() {
            serde_json::error::Category::Eof => (What::JsonEnds, ""),
            serde_json::error::Category::Data => What::of_parser(&words).unwrap_or((What::Value, "")),
            serde_json::error::Category::Io | serde_json::error::Category::Syntax => (What::NoJson, ""),
        };
        Self { at: Some((error.line(), error.column())), ..Self::about(what, name) }
    }

    /// What the parser of a query or a form found.
    pub(crate) fn of_form(words: &str) -> Self {
        let (what, name) = What::of_parser(words).unwrap_or((What::NoForm, ""));
        Self::about(what, name)
    }

    /// The sentence in `lang`.
    pub(crate) fn text(&self, lang: Lang) -> String {
        let what = lang.say_with(self.what.key(), &[("name", &self.name)]);
        let Some((line, column)) = self.at else { return what };
        let place = [("line", line.to_string()), ("column", column.to_string())];
        let place = lang.say_with("wrong.at", &place.each_ref().map(|(name, value)| (*name, value.as_str())));
        place + &what
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [What; 21] = [
        What::Field,
        What::UnknownField,
        What::MissingField,
        What::DuplicateField,
        What::TextWanted,
        What::NumberWanted,
        What::ObjectWanted,
        What::ListWanted,
        What::Value,
        What::NoJson,
        What::JsonEnds,
        What::NoForm,
        What::Body,
        What::ContentType,
        What::RequestKey,
        What::Dose,
        What::Date,
        What::TwoPlaces,
        What::Consecutive,
        What::Mixed,
        What::ChangesPair,
    ];

    #[test]
    fn every_kind_has_a_sentence_in_every_language() {
        for (what, lang) in ALL.iter().flat_map(|what| Lang::all().map(move |lang| (what, lang))) {
            assert!(lang.markup(what.key()).1, "{what:?} in {}", lang.code());
        }
    }

    #[test]
    fn names_out_of_a_request_are_repeated_in_short_and_as_they_are() {
        let long = format!("unknown field `{}`, expected `id`", "あ".repeat(500));
        assert_eq!(Wrong::of_form(&long).name.chars().count(), NAME_CHARS_MAX);
        assert_eq!(Wrong::of_form("unknown field `a`b`, expected `id`"), Wrong::about(What::UnknownField, "a`b"));
        assert_eq!(Wrong::of_form("something else"), What::NoForm.into());
    }
}
