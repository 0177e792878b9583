//! What lies beside each generation as `NAME.json`, and what `backup list --json` shows of it.

use serde::{Deserialize, Serialize};
use sesshu_engine::core::time::Instant;

use super::name::Generation;

/// The version of the manifest and of the file that it speaks of. A newer one is refused.
pub const VERSION: u32 = 1;

/// Why a generation was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// By the schedule: one for each backup day is kept.
    Daily,
    /// By a person, or before an upgrade: an extra one.
    Manual,
}

/// Why a generation was taken that no backup day asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// Somebody wanted it.
    Asked,
    /// Another version of the program is about to open the store.
    Upgrade,
    /// A day has passed, although the wall clock does not say so: it was set back. A daily generation with this reason stands for a
    /// backup day of its own.
    #[serde(rename = "clock-set")]
    ClockSet,
}

/// One table of the store, or one file beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// How many rows it has; 1 for a file.
    pub rows: u64,
    /// blake3 of its rows in order, in hex.
    pub digest: String,
}

/// Counts of a store, as `sesshu verify` prints them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Residents on file.
    pub residents: u64,
    /// Sessions, drafts too.
    pub sessions: u64,
    /// Bookings that use a place.
    pub bookings_live: u64,
    /// Entries in the journal.
    pub entries: u64,
}

/// What a restore into a scratch folder showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// When.
    #[serde(with = "instant")]
    pub at: Instant,
    /// The digest of the restored data: that of `sesshu verify`.
    pub digest: String,
    /// The counts of the restored data.
    pub counts: Counts,
    /// How long restoring took, in milliseconds.
    pub restore_ms: u64,
    /// How long verifying took, in milliseconds.
    pub verify_ms: u64,
}

/// One generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`VERSION`].
    pub version: u32,
    /// Its name.
    pub name: Generation,
    /// Its file, beside the manifest.
    pub file: String,
    /// Why it was taken.
    pub kind: Kind,
    /// Why one was taken that no backup day asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Who asked for it: `schedule`, `uid:0`, `staff:LOGIN`, `upgrade`.
    pub by: String,
    /// The snapshot's instant.
    #[serde(with = "instant")]
    pub taken_at: Instant,
    /// The version of the program that took it.
    pub program: String,
    /// The version of the stored format.
    pub format: u8,
    /// The store, in hex.
    pub store: String,
    /// The journal's last entry.
    pub seq: u64,
    /// The journal's chain after it, in hex.
    pub chain: String,
    /// Tables and files with their digests.
    pub parts: Vec<Part>,
    /// The size of the file, in bytes.
    pub bytes: u64,
    /// The size of what is in it, before it was compressed, in bytes.
    pub plain_bytes: u64,
    /// blake3 of the file, in hex.
    pub blake3: String,
    /// To whom it is encrypted (`age1…`); empty if it is not.
    pub recipients: Vec<String>,
    /// blake3 of the manifest of the generation before, as that was first written, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// What its restore showed; none until it was restored and checked. Only a proven generation counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// When it was last read whole and found to be what was written.
    #[serde(default, with = "maybe_instant", skip_serializing_if = "Option::is_none")]
    pub read_again_at: Option<Instant>,
    /// What is wrong with it, since when it is known to be damaged. A damaged generation is never chosen by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub damage: Option<Damage>,
}

/// A generation that is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Damage {
    /// When it was found.
    #[serde(with = "instant")]
    pub found_at: Instant,
    /// What is wrong, in words.
    pub what: String,
}

impl Manifest {
    /// Whether it was restored and checked, and nothing was found wrong since.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        self.proof.is_some() && self.damage.is_none()
    }
}

/// Instants as RFC 3339 with the city's offset.
mod instant {
    use serde::{Deserialize, Deserializer, Serializer};
    use sesshu_engine::core::time::Instant;

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
    pub(super) fn serialize<S: Serializer>(at: &Instant, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&at.to_rfc3339())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Instant, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The same for one that may be missing.
mod maybe_instant {
    use serde::{Deserialize, Deserializer, Serializer};
    use sesshu_engine::core::time::Instant;

    #[allow(clippy::ref_option, reason = "the form that serde asks for")]
    pub(super) fn serialize<S: Serializer>(at: &Option<Instant>, serializer: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => serializer.serialize_str(&at.to_rfc3339()),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Instant>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
    }
}
