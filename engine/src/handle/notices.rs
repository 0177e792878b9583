//! Failure and maintenance notices: noted once for each saying, also when the same one is brought again after a crash.

use super::EngineHandle;
use crate::core::event::{By, Event};
use crate::core::notice::NoticeSaid;
use crate::core::refusal::Refusal;

impl EngineHandle {
    /// The greatest number of a saying that is noted; 0 before the first.
    #[must_use]
    pub fn notices_noted(&self) -> u64 {
        self.index().setup().notices_noted
    }

    /// Notes durably what was said; `false` if this saying, or a later one, is noted already. Whoever heard that the outcome is not known
    /// brings it again: sayings are brought in the order of their numbers.
    pub async fn note_notice(&self, said: NoticeSaid, by: By) -> Result<bool, Refusal> {
        let turn = self.turn().await;
        if said.number <= self.notices_noted() {
            return Ok(false);
        }
        self.append_in_turn(turn, by, vec![Event::NoticeNoted(Box::new(said))], None).await?;
        Ok(true)
    }
}
