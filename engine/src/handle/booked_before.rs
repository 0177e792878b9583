//! What a request key has booked before: asked by whoever takes no new bookings, so that a lost answer is given again all the same.

use super::EngineHandle;
use super::booking::remembered;
use crate::core::ids::{RequestKey, ResidentNo};
use crate::core::leg::Legs;
use crate::core::refusal::Refusal;
use crate::core::resident::Request;
use crate::view::Done;

impl EngineHandle {
    /// The first answer to `key`, if it has booked; none if it has not, and nothing is booked then. It waits for the resident's
    /// running change, which may be the one with this key.
    ///
    /// # Errors
    /// If the key has booked something else, or the change before does not end in time.
    pub async fn booked_before(
        &self,
        resident: ResidentNo,
        legs: &Legs,
        key: &RequestKey,
    ) -> Result<Option<Done>, Refusal> {
        let _pass = self.pass(resident).await?;
        let (now, request) = (self.now(), Request::Book(legs.clone()));
        let first = self.person(resident, |entry, _| remembered(&entry.record, key, &request, now))?;
        first.map(|first| self.first_answer(&first)).transpose()
    }
}
