//! What can be booked next for the person on the line; or why not, in words for the phone.

use sesshu_engine::core::decide::NextDose;
use sesshu_engine::core::session::PublicState;
use sesshu_engine::view::{Me, SessionView};

use super::call::OnLine;
use super::spoken::dose_words;
use crate::staff::dates::{day_words, instant_words};
use crate::staff::desk::StaffDesk;

/// What can be booked next.
pub(super) enum Next {
    /// Nothing, and why.
    Nothing(String),
    /// This dose.
    Dose {
        next: NextDose,
        /// Which dose, and on which dates.
        says: String,
        /// Whether the dose after it can be booked in the same request.
        pair: bool,
    },
}

impl Next {
    pub(super) fn of(desk: &StaffDesk, line: &OnLine) -> Self {
        let me = &line.who.me;
        let Some(next) = me.next.filter(|_| !me.left_roll) else {
            return Self::Nothing(nothing_words(me));
        };
        if me.in_no_wave {
            return Self::Nothing("この方は、いま予約を受け付けている区分に入っていません。".into());
        }
        if let Some(opens_at) = me.opens_at {
            return Self::Nothing(format!("この方の区分の受付は、{}からです。", instant_words(opens_at)));
        }
        let sessions = desk.engine.places_by_phone(line.resident, next.dose, None, None);
        if sessions.iter().any(|session| session.state == PublicState::Open) {
            let pair = !desk.engine.pairs_by_phone(line.resident, next.dose).is_empty();
            return Self::Dose { next, says: dose_and_dates(next), pair };
        }
        Self::Nothing(format!("{}：{}", dose_and_dates(next), none_free_words(&sessions)))
    }
}

/// Why nothing is free in any of the sessions that suit.
pub(super) fn none_free_words(sessions: &[SessionView]) -> String {
    let opening = sessions.iter().filter(|session| session.state == PublicState::BeforeOpen);
    if let Some(opens_at) = opening.map(|session| session.opens_at).min() {
        return format!("受付前です。{}から予約できます。", instant_words(opens_at));
    }
    if sessions.iter().any(|session| session.state == PublicState::Full) {
        return "条件に合う枠は、電話用の枠も含めて、いますべて満員です。取消があると空きます。".into();
    }
    "年齢、接種の間隔、ワクチンの条件に合う接種会が、いまありません。".into()
}

fn nothing_words(me: &Me) -> String {
    if me.left_roll {
        return "市の名簿から外れているため、新しい予約はできません。いまの予約の確認と取消はできます。".into();
    }
    "予約できる回数は残っていません。".into()
}

fn dose_and_dates(next: NextDose) -> String {
    let (dose, from) = (dose_words(next.dose), day_words(next.from));
    match next.to {
        Some(to) => format!("{dose}（{from}から{}まで）", day_words(to)),
        None => format!("{dose}（{from}から）"),
    }
}
