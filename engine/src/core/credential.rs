//! Secrets as they are stored: never the password, only what verifies it.

use serde::{Deserialize, Serialize};

/// A password's salt and its argon2id hash under the store's pepper.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPassword {
    /// Random, one for each password.
    pub salt: [u8; 16],
    /// The argon2id output.
    pub hash: [u8; 32],
}

/// Secrets stay out of logs.
impl std::fmt::Debug for StoredPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoredPassword(…)")
    }
}

/// What a member of staff signs in with: always both.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffSecret {
    /// The password.
    pub password: StoredPassword,
    /// The secret of the time-based one-time passwords (RFC 6238), 160 bits.
    pub totp_secret: [u8; 20],
}

/// Secrets stay out of logs.
impl std::fmt::Debug for StaffSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StaffSecret(…)")
    }
}
