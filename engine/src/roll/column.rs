//! The columns of the city's files, and what they are called in a header row.

use serde::{Serialize, Serializer};

/// A column of one of the city's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// The resident's ID (券番号).
    Id,
    /// The resident's name in kana (氏名カナ).
    NameKana,
    /// The resident's date of birth (生年月日).
    BirthDate,
    /// The priority groups a resident belongs to (区分).
    Groups,
    /// The venue of a session (会場).
    Venue,
    /// The date of a session (日付).
    Date,
    /// When a session's first slot begins (開始).
    Start,
    /// When a session's last slot ends (終了).
    End,
    /// The length of a slot, in minutes (枠分).
    SlotMinutes,
    /// Places per slot (定員).
    Capacity,
    /// The vaccine (ワクチン).
    Vaccine,
    /// The doses a session gives (回数).
    Doses,
    /// Places per slot kept for the phone (電話枠).
    PhoneShare,
    /// The dose that was given elsewhere (回).
    Dose,
    /// The date on which a dose was given elsewhere (接種日).
    DoseDate,
    /// The name of a wave (名称).
    Name,
    /// The first date of birth of a wave (生年月日から).
    BornFrom,
    /// The last date of birth of a wave (生年月日まで).
    BornTo,
    /// The priority group of a wave (区分).
    Group,
    /// When a wave opens (開始日時).
    OpensAt,
}

impl Column {
    /// The canonical English name, as in JSON and in a header row.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.names().0
    }

    /// The Japanese name, as in a header row and for printing.
    #[must_use]
    pub const fn name_ja(self) -> &'static str {
        self.names().1
    }

    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Id => ("id", "券番号"),
            Self::NameKana => ("name_kana", "氏名カナ"),
            Self::BirthDate => ("birth_date", "生年月日"),
            Self::Groups => ("groups", "区分"),
            Self::Venue => ("venue", "会場"),
            Self::Date => ("date", "日付"),
            Self::Start => ("start", "開始"),
            Self::End => ("end", "終了"),
            Self::SlotMinutes => ("slot_minutes", "枠分"),
            Self::Capacity => ("capacity", "定員"),
            Self::Vaccine => ("vaccine", "ワクチン"),
            Self::Doses => ("doses", "回数"),
            Self::PhoneShare => ("phone_share", "電話枠"),
            Self::Dose => ("dose", "回"),
            Self::DoseDate => ("date", "接種日"),
            Self::Name => ("name", "名称"),
            Self::BornFrom => ("born_from", "生年月日から"),
            Self::BornTo => ("born_to", "生年月日まで"),
            Self::Group => ("group", "区分"),
            Self::OpensAt => ("opens_at", "開始日時"),
        }
    }
}

/// As its canonical English name.
impl Serialize for Column {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
