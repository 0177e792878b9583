//! Who somebody is: the one way from what they say of themself to a person.

use super::EngineHandle;
use crate::core::ids::ResidentNo;
use crate::roll::{Identity, kana_search_key};

/// What a name is compared with when the ID is nobody's, so that it takes the same time.
const NOBODYS_NAME: &str = "インザイ　ハナコ";

impl EngineHandle {
    /// The person whom all of `identity` fits; nobody if anything of it does not. An ID that is nobody's takes the same work as one
    /// that is somebody else's.
    #[must_use]
    pub fn identify(&self, identity: &Identity) -> Option<ResidentNo> {
        let no = self.index().by_id(identity.id);
        let on_file = no.and_then(|no| {
            self.index().resident(no, |entry| (entry.person.name_kana.clone(), entry.person.birth_date))
        });
        let (name, birth_date) = on_file.unwrap_or_else(|| (NOBODYS_NAME.into(), identity.birth_date));
        let same_name = kana_search_key(&name) == kana_search_key(&identity.name_kana);
        let same_birth = birth_date == identity.birth_date;
        no.filter(|_| same_name & same_birth)
    }
}
