//! Switches: each turn is noted once, also when the same one is brought again after a crash.

use super::EngineHandle;
use crate::core::event::{By, Event};
use crate::core::refusal::Refusal;
use crate::core::switch::SwitchTurned;

impl EngineHandle {
    /// The greatest number of a turn that is noted; 0 before the first.
    #[must_use]
    pub fn switches_noted(&self) -> u64 {
        self.index().setup().switches_noted
    }

    /// Notes durably how a switch was turned; `false` if this turn, or a later one, is noted already. Whoever heard that the outcome is
    /// not known brings it again: turns are brought in the order of their numbers.
    pub async fn note_switch(&self, turned: SwitchTurned, by: By) -> Result<bool, Refusal> {
        let turn = self.turn().await;
        if turned.number <= self.switches_noted() {
            return Ok(false);
        }
        self.append_in_turn(turn, by, vec![Event::SwitchTurned(turned)], None).await?;
        Ok(true)
    }
}
