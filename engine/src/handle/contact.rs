//! Contacts: given and deleted by the person or for them. Each change is one entry, decided inside the resident's gate.

use tokio::sync::oneshot;

use super::{EngineHandle, wait_for};
use crate::actors::Ticket;
use crate::core::contact::Contact;
use crate::core::event::{By, Entry, Event};
use crate::core::ids::{Channel, ResidentNo};
use crate::core::refusal::{Refusal, RefusalCode};
use crate::gate::GatePass;
use crate::ledger::Beside;

impl EngineHandle {
    /// Keeps a contact, durably, in place of the one before. The caller has asked for the person's consent. The same contact again
    /// changes nothing. It goes on if this future is dropped.
    ///
    /// Refused are `NotEligible` for somebody who is not on file and `TooManyChanges`.
    pub async fn give_contact(&self, resident: ResidentNo, contact: Contact, by: By) -> Result<(), Refusal> {
        let pass = self.pass(resident).await?;
        let now = self.now();
        let held = self.person(resident, |entry, _| {
            if entry.contact.as_ref() == Some(&contact) {
                return Ok(true);
            }
            if entry.record.contact.may_be_given(now) { Ok(false) } else { Err(RefusalCode::TooManyChanges.into()) }
        })?;
        if held {
            return Ok(());
        }
        self.change_contact(pass, resident, Some(contact), by, Event::ContactGiven { resident }).await
    }

    /// Erases a person's contact, durably. Deleting none changes nothing. It goes on if this future is dropped.
    pub async fn delete_contact(&self, resident: ResidentNo, by: By) -> Result<(), Refusal> {
        let pass = self.pass(resident).await?;
        if !self.person(resident, |entry, _| Ok(entry.contact.is_some()))? {
            return Ok(());
        }
        self.change_contact(pass, resident, None, by, Event::ContactDeleted { resident }).await
    }

    /// Whether a contact of this person is held: all that their own pages say of it.
    #[must_use]
    pub fn has_contact(&self, resident: ResidentNo) -> bool {
        self.index().resident(resident, |entry| entry.contact.is_some()).unwrap_or(false)
    }

    async fn change_contact(
        &self,
        pass: GatePass,
        resident: ResidentNo,
        contact: Option<Contact>,
        by: By,
        event: Event,
    ) -> Result<(), Refusal> {
        let channel = if matches!(by, By::Resident(_)) { Channel::Web } else { Channel::City };
        let permit = self.permit(channel)?;
        let (reply, outcome) = oneshot::channel();
        let ticket = Ticket { reply: Some(reply), pass: Some(pass), permit: Some(permit), ..Ticket::default() };
        let entry = Entry { at: self.now(), by, key: None, events: vec![event] };
        let beside = Beside { contacts: vec![(resident, contact)], ..Beside::default() };
        self.submit(entry, Some(beside), ticket)?;
        wait_for(outcome).await?;
        Ok(())
    }
}
