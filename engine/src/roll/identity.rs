//! What a caller or a person at a counter says of themself: ID, name and birth date, which together find one person or nobody.

use crate::core::ids::CityId;
use crate::core::time::Day;

/// What a person says of themself.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The ID on the city's letter.
    pub id: CityId,
    /// The whole name in kana, in any form: it is compared as it is heard ([`super::kana_search_key`]).
    pub name_kana: String,
    /// The date of birth.
    pub birth_date: Day,
}

/// Personal data stays out of logs.
impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(…)")
    }
}
