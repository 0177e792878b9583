//! What can be wrong in the file of the city's pages, in words for its clerks.

use crate::core::site_check::{CONTRAST_MIN, SITE_BYTES_MAX, SiteFault};

use super::problem::{Lang, Reason};

/// What is wrong with a place of the file, or worth a look.
#[derive(Debug, Clone, PartialEq)]
pub enum SiteReason {
    /// There is nothing in the file.
    EmptyFile,
    /// The file is something else than a text.
    NotText,
    /// The file as a whole cannot be read.
    File(Reason),
    /// It is not TOML; in the words of its parser.
    Syntax(String),
    /// There is no such key.
    UnknownKey,
    /// Another kind of value is wanted.
    Expected(Expected),
    /// The key is not there.
    Missing,
    /// No kind of announcement.
    UnknownKind,
    /// No colour.
    NotAColor,
    /// No date with a time.
    NotAnInstant,
    /// No code of a language.
    NotALanguage,
    /// It may not be said like this.
    Fault(SiteFault),
    /// Worth a look: no session is in this venue.
    VenueWithoutSessions,
    /// Worth a look: the pages do not speak this language.
    UnknownLanguage,
    /// Worth a look: the pages have no such wording.
    UnknownText,
}

/// What kind of value is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// `"…"`.
    Text,
    /// `"…"`, or a table by language.
    Words,
    /// A list of texts, or a table of them by language.
    Lines,
    /// A table.
    Table,
    /// `[[…]]`.
    Tables,
}

impl SiteReason {
    /// Why a file as a whole is not read, in words that do not speak of tables.
    pub(super) fn of_file(reason: Reason) -> Self {
        match reason {
            Reason::FileEmpty => Self::EmptyFile,
            Reason::FileNotText => Self::NotText,
            other => Self::File(other),
        }
    }

    /// The reason for a person.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        let say = |ja: &str, en: &str| if lang == Lang::Ja { ja.to_owned() } else { en.to_owned() };
        match self {
            Self::EmptyFile => say("ファイルが空です", "the file is empty"),
            Self::NotText => say("文字のファイル（TOML）ではありません", "not a text file (TOML)"),
            Self::File(reason) => reason.text(lang),
            Self::Syntax(message) => format!("{}{message}", say("TOML の書き方に誤りがあります: ", "not TOML: ")),
            Self::UnknownKey => say("このような項目はありません", "there is no such key"),
            Self::Expected(expected) => expected.text(lang),
            Self::Missing => say("必要な項目がありません", "this key is missing"),
            Self::UnknownKind => say(
                "information（お知らせ）、maintenance（メンテナンス）、urgent（緊急）のいずれかにしてください",
                "expected information, maintenance or urgent",
            ),
            Self::NotAColor => say("#0017c1 のような色にしてください", "not a colour; expected for example #0017c1"),
            Self::NotAnInstant => say(
                "日付と時刻ではありません（例: 2026-12-01 09:00）",
                "not a date with a time; expected for example 2026-12-01 09:00",
            ),
            Self::NotALanguage => say(
                "言語の符号ではありません（例: ja、ja-easy、en）",
                "not the code of a language; expected for example ja, ja-easy or en",
            ),
            Self::Fault(fault) => fault_text(fault, lang),
            Self::VenueWithoutSessions => {
                say("この名前の会場で行う接種会はまだありません", "no session is in a venue of this name yet")
            }
            Self::UnknownLanguage => say("画面にこの言語はありません", "the pages do not have this language"),
            Self::UnknownText => say("画面にこの文言はありません", "the pages have no such wording"),
        }
    }
}

impl Expected {
    fn text(self, lang: Lang) -> String {
        let (ja, en) = match self {
            Self::Text => ("\"…\" の文字列にしてください", "expected a text in \"…\""),
            Self::Words => (
                "\"…\" の文字列か、{ ja = \"…\", en = \"…\" } のような言語ごとの文字列にしてください",
                "expected a text in \"…\", or texts by language such as { ja = \"…\", en = \"…\" }",
            ),
            Self::Lines => (
                "[\"…\", \"…\"] の一覧か、言語ごとの一覧にしてください",
                "expected a list of texts in [\"…\", \"…\"], or such lists by language",
            ),
            Self::Table => ("表（[…] の下の項目）にしてください", "expected a table"),
            Self::Tables => ("[[…]] で始まる表にしてください", "expected tables that begin with [[…]]"),
        };
        if lang == Lang::Ja { ja.to_owned() } else { en.to_owned() }
    }
}

fn fault_text(fault: &SiteFault, lang: Lang) -> String {
    let ja = lang == Lang::Ja;
    let say = |japanese: String, english: String| if ja { japanese } else { english };
    match fault {
        SiteFault::Empty => say("文字がありません".into(), "there are no words".into()),
        SiteFault::TooLong { chars_max } => say(
            format!("長すぎます。{chars_max} 文字までです"),
            format!("too long; at most {chars_max} characters are accepted"),
        ),
        SiteFault::TooMany { most } => {
            say(format!("多すぎます。{most} 件までです"), format!("too many; at most {most} are accepted"))
        }
        SiteFault::TooLarge => say(
            format!("全体が大きすぎます。{SITE_BYTES_MAX} バイトまでです"),
            format!("all of it is too large; at most {SITE_BYTES_MAX} bytes are accepted"),
        ),
        SiteFault::Unreadable(c) => say(
            format!("制御文字か外字（U+{:04X}）が含まれています", u32::from(*c)),
            format!("contains a control or private use character (U+{:04X})", u32::from(*c)),
        ),
        SiteFault::SecondLine => say("1行で書いてください".into(), "must be one line".into()),
        SiteFault::NotAName => say(
            "半角の英小文字・数字・ハイフンで、40文字までにしてください".into(),
            "must be at most 40 small letters, digits and hyphens".into(),
        ),
        SiteFault::NotAKey => say(
            "半角の英小文字・数字・「.」「-」「_」で、64文字までにしてください".into(),
            "must be at most 64 small letters, digits, dots, hyphens and underscores".into(),
        ),
        SiteFault::Twice => say("同じ名前がほかにもあります".into(), "there is another one of this name".into()),
        SiteFault::NotHttps => say(
            "https:// で始まるアドレスを、半角500文字までで書いてください".into(),
            "must be an address that begins with https://, of at most 500 bytes".into(),
        ),
        SiteFault::EndsBeforeItBegins => {
            say("shown_from より後にしてください".into(), "must be after shown_from".into())
        }
        SiteFault::Contrast { hundredths, with } => {
            let ratio = format!("{}.{:02}", hundredths / 100, hundredths % 100);
            say(
                format!("{with} とのコントラスト比が {ratio}:1 です。{CONTRAST_MIN}:1 以上にしてください"),
                format!("its contrast with {with} is {ratio}:1; at least {CONTRAST_MIN}:1 is needed"),
            )
        }
        SiteFault::JapaneseTwice => say("日本語が2つあります".into(), "Japanese is there twice".into()),
    }
}
