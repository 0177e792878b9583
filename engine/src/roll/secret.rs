//! How a password is kept: as an argon2id hash with a salt of its own and a pepper of the city.
//!
//! Parameters: OWASP Password Storage Cheat Sheet, argon2id with 19 MiB, two passes, one lane.

use std::fmt;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

pub use crate::core::credential::StoredPassword;

const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// How costly a hash is. The same parameters must be used for all hashes of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordHashParams {
    /// Memory of one hash, in KiB; at least 8 for each lane.
    pub memory_kib: u32,
    /// Passes over the memory; at least 1.
    pub passes: u32,
    /// Lanes, computed one after the other; at least 1.
    pub lanes: u32,
}

impl Default for PasswordHashParams {
    fn default() -> Self {
        Self { memory_kib: 19_456, passes: 2, lanes: 1 }
    }
}

/// Why no hash could be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// argon2 does not accept the parameters. Correct the configuration.
    #[error("argon2 refuses the parameters or the input")]
    Parameters,
    /// The system gave no random bytes for a salt.
    #[error("no random bytes")]
    Random,
}

/// Hashes and verifies passwords with one set of parameters and one pepper.
pub struct PasswordHasher {
    params: Params,
    pepper: Zeroizing<[u8; 32]>,
}

/// The pepper stays out of logs.
impl fmt::Debug for PasswordHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordHasher").field("params", &self.params).finish_non_exhaustive()
    }
}

impl PasswordHasher {
    /// A hasher. The `pepper` is a secret of the city that is kept apart from the store of hashes.
    ///
    /// # Errors
    /// If argon2 does not accept the parameters.
    pub fn new(params: PasswordHashParams, pepper: Zeroizing<[u8; 32]>) -> Result<Self, SecretError> {
        let PasswordHashParams { memory_kib, passes, lanes } = params;
        let params = Params::new(memory_kib, passes, lanes, Some(HASH_BYTES)).map_err(|_| SecretError::Parameters)?;
        Ok(Self { params, pepper })
    }

    /// Hashes a password that has been normalised. `memory` is grown to what is needed and can be used again; what it
    /// holds afterwards is not secret enough to guess a password from, and is overwritten by the next hash.
    ///
    /// # Errors
    /// If argon2 refuses the input, which it does only for gigabytes.
    pub fn hash_password(
        &self,
        normalised: &str,
        salt: &[u8; SALT_BYTES],
        memory: &mut Vec<Block>,
    ) -> Result<[u8; HASH_BYTES], SecretError> {
        memory.resize(self.params.block_count(), Block::new());
        let argon2 =
            Argon2::new_with_secret(&self.pepper[..], Algorithm::Argon2id, Version::V0x13, self.params.clone())
                .map_err(|_| SecretError::Parameters)?;
        let mut hash = [0; HASH_BYTES];
        argon2
            .hash_password_into_with_memory(normalised.as_bytes(), salt, &mut hash, &mut memory[..])
            .map_err(|_| SecretError::Parameters)?;
        Ok(hash)
    }

    /// Hashes a password that has been normalised, with a new salt.
    ///
    /// # Errors
    /// As [`PasswordHasher::hash_password`], and if the system gives no random bytes.
    pub fn store(&self, normalised: &str, memory: &mut Vec<Block>) -> Result<StoredPassword, SecretError> {
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt).map_err(|_| SecretError::Random)?;
        Ok(StoredPassword { salt, hash: self.hash_password(normalised, &salt, memory)? })
    }

    /// Whether a normalised password is the stored one; the comparison takes the same time whatever the answer.
    ///
    /// # Errors
    /// As [`PasswordHasher::hash_password`].
    pub fn verify(
        &self,
        normalised: &str,
        stored: &StoredPassword,
        memory: &mut Vec<Block>,
    ) -> Result<bool, SecretError> {
        let hash = self.hash_password(normalised, &stored.salt, memory)?;
        Ok(hash.ct_eq(&stored.hash).into())
    }
}

/// A hasher cheap enough for tests.
#[cfg(test)]
pub(super) fn cheap_hasher() -> PasswordHasher {
    let params = PasswordHashParams { memory_kib: 64, passes: 1, lanes: 1 };
    PasswordHasher::new(params, Zeroizing::new([7; 32])).expect("valid parameters")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_is_verified() {
        let hasher = cheap_hasher();
        let mut memory = Vec::new();
        let stored = hasher.store("cdfghjkmnpr", &mut memory).expect("a hash");
        assert_eq!(hasher.verify("cdfghjkmnpr", &stored, &mut memory), Ok(true));
        assert_eq!(hasher.verify("cdfghjkmnpt", &stored, &mut memory), Ok(false));
        assert_eq!(hasher.verify("", &stored, &mut memory), Ok(false));
        let again = hasher.store("cdfghjkmnpr", &mut memory).expect("a hash");
        assert_ne!(stored, again, "each has its own salt");
        assert_eq!(format!("{stored:?}{hasher:?}").matches("7, 7").count(), 0);
    }

    #[test]
    fn hashes_depend_on_salt_and_pepper_and_not_on_old_memory() {
        let hasher = cheap_hasher();
        let params = PasswordHashParams { memory_kib: 64, passes: 1, lanes: 1 };
        let other = PasswordHasher::new(params, Zeroizing::new([8; 32])).expect("valid parameters");
        let (mut fresh, mut used) = (Vec::new(), Vec::new());
        hasher.hash_password("another", &[3; 16], &mut used).expect("a hash");
        let hash = hasher.hash_password("cdfg", &[1; 16], &mut fresh).expect("a hash");
        assert_eq!(hasher.hash_password("cdfg", &[1; 16], &mut used), Ok(hash));
        assert_ne!(hasher.hash_password("cdfg", &[2; 16], &mut used), Ok(hash));
        assert_ne!(other.hash_password("cdfg", &[1; 16], &mut used), Ok(hash));
    }

    #[test]
    fn impossible_parameters_are_refused() {
        for (memory_kib, passes, lanes) in [(7, 1, 1), (64, 0, 1), (64, 1, 0)] {
            let params = PasswordHashParams { memory_kib, passes, lanes };
            assert!(PasswordHasher::new(params, Zeroizing::new([0; 32])).is_err());
        }
        assert!(PasswordHasher::new(PasswordHashParams::default(), Zeroizing::new([0; 32])).is_ok());
    }
}
