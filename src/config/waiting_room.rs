//! The waiting room: how long before an opening people take part in its draw, and how many are admitted.

use serde::Deserialize;
use sesshu_engine::core::pace::{PaceRules, WaitingRules};

/// The section `[waiting_room]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WaitingRoom {
    pub(crate) draw_minutes: u16,
    pub(crate) first_people: u32,
    pub(crate) start_per_second: u32,
    pub(crate) per_second_min: u32,
    pub(crate) per_second_max: u32,
}

impl Default for WaitingRoom {
    fn default() -> Self {
        let WaitingRules { draw_minutes, pace } = WaitingRules::default();
        let PaceRules { first_people, start_per_second, per_second_min, per_second_max } = pace;
        Self { draw_minutes, first_people, start_per_second, per_second_min, per_second_max }
    }
}

impl WaitingRoom {
    /// The most people that a city may admit at once, or in a second.
    const PEOPLE_MAX: u32 = 1_000_000;

    /// The rules for the engine.
    pub(crate) const fn rules(&self) -> WaitingRules {
        let Self { draw_minutes, first_people, start_per_second, per_second_min, per_second_max } = *self;
        WaitingRules {
            draw_minutes,
            pace: PaceRules { first_people, start_per_second, per_second_min, per_second_max },
        }
    }

    /// The key with a value that cannot be, and why.
    pub(super) fn wrong(&self) -> Option<(&'static str, &'static str)> {
        if !(1..=1_440).contains(&self.draw_minutes) {
            return Some(("draw_minutes", "must be from 1 to 1440"));
        }
        if self.first_people > Self::PEOPLE_MAX {
            return Some(("first_people", "must be from 0 to 1000000"));
        }
        if !(1..=Self::PEOPLE_MAX).contains(&self.per_second_min) {
            return Some(("per_second_min", "must be from 1 to 1000000"));
        }
        if !(self.per_second_min..=Self::PEOPLE_MAX).contains(&self.per_second_max) {
            return Some(("per_second_max", "must be from per_second_min to 1000000"));
        }
        if !(self.per_second_min..=self.per_second_max).contains(&self.start_per_second) {
            return Some(("start_per_second", "must be from per_second_min to per_second_max"));
        }
        None
    }
}
