//! The fields of a session in a form, and what the city's own check of files says of them.

use sesshu_engine::core::campaign::Setup;
use sesshu_engine::core::ids::DoseNo;
use sesshu_engine::roll::{Column, Lang, LineError, TypedSession};

use super::typed::Typed;
use crate::staff::form::FormErrors;

/// A choice of a list.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) chosen: bool,
}

/// The venues, of which those are chosen that were typed as `name`.
pub(super) fn venue_choices(setup: &Setup, typed: &Typed, name: &str) -> Vec<Choice> {
    let choice = |label: &str| Choice { value: label.into(), label: label.into(), chosen: typed.has(name, label) };
    setup.venues.iter().map(|venue| choice(&venue.name)).collect()
}

/// The vaccines.
pub(super) fn vaccine_choices(setup: &Setup, typed: &Typed) -> Vec<Choice> {
    let choice = |label: &str| Choice { value: label.into(), label: label.into(), chosen: typed.has("vaccine", label) };
    setup.vaccines.iter().map(|vaccine| choice(&vaccine.name)).collect()
}

/// The doses of the longest series.
pub(super) fn dose_choices(setup: &Setup, typed: &Typed) -> Vec<Choice> {
    let most = setup.vaccines.iter().map(|vaccine| vaccine.doses.get()).max().unwrap_or(1);
    let choice = |dose: DoseNo| {
        let value = dose.to_string();
        Choice { chosen: typed.has("doses", &value), label: format!("{dose}回目"), value }
    };
    (1..=most).filter_map(DoseNo::new).map(choice).collect()
}

/// The doses that were ticked, as the file writes them.
pub(super) fn doses_typed(typed: &Typed) -> String {
    typed.all("doses").collect::<Vec<_>>().join(";")
}

/// The typed session on `date` in `venue`, with `doses` as the file writes them.
pub(super) fn session_typed<'a>(typed: &'a Typed, venue: &'a str, date: &'a str, doses: &'a str) -> TypedSession<'a> {
    TypedSession {
        venue,
        date,
        start: typed.one("start"),
        end: typed.one("end"),
        slot_minutes: typed.one("slot_minutes"),
        capacity: typed.one("capacity"),
        vaccine: typed.one("vaccine"),
        doses,
        phone_share: typed.one("phone_share"),
    }
}

/// What is wrong, each with the field that has the name of its column.
pub(super) fn add_line_errors(errors: &mut FormErrors, wrong: &[LineError]) {
    for error in wrong {
        let field = error.column.map_or("", Column::name);
        let label = error.column.map_or_else(String::new, |column| format!("{}：", label_of(column)));
        errors.add(field, format!("{label}{}", error.reason.text(Lang::Ja)));
    }
}

/// What a field of a form is called: as the file calls its column, but for those that a form has in other words.
const fn label_of(column: Column) -> &'static str {
    match column {
        Column::SlotMinutes => "1枠の長さ（分）",
        Column::Capacity => "1枠の定員",
        Column::PhoneShare => "1枠の電話枠",
        column => column.name_ja(),
    }
}
