//! Passwords for everybody who has none: made and hashed in chunks, so that the caller can store each chunk and go on after
//! an interruption where it stopped.

use std::num::NonZeroUsize;
use std::sync::mpsc;

use zeroize::Zeroizing;

use super::password::{new_password, normalise_password};
use super::secret::{PasswordHasher, SecretError, StoredPassword};
use crate::priority::{Work, breathe, this_thread_is_for};

/// A chunk that is stored in one go: some seconds of hashing.
pub const ISSUE_CHUNK: usize = 500;

/// Why passwords could not be issued. Nothing of the chunk counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// A hash could not be made.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A hashing thread panicked.
    #[error("a hashing thread panicked")]
    Panicked,
}

/// A new password, printed once and kept as a hash.
pub struct IssuedPassword {
    /// As it is printed, with hyphens.
    pub plain: Zeroizing<String>,
    /// As it is stored.
    pub stored: StoredPassword,
}

/// A password stays out of logs.
impl std::fmt::Debug for IssuedPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IssuedPassword(…)")
    }
}

/// Makes `count` passwords (at best [`ISSUE_CHUNK`] at a time) on `threads` threads. `progress` is told, on the calling
/// thread, how many are done. Blocks for about 20 ms of one core for each password with the default parameters.
///
/// # Errors
/// If a hash or random bytes cannot be had.
pub fn issue_passwords(
    count: usize,
    threads: NonZeroUsize,
    hasher: &PasswordHasher,
    mut progress: impl FnMut(usize),
) -> Result<Vec<IssuedPassword>, IssueError> {
    let (done, made) = mpsc::sync_channel(count);
    let threads = threads.get().min(count);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|number| {
                let done = done.clone();
                scope.spawn(move || {
                    this_thread_is_for(Work::Hashing);
                    let mut memory = Vec::new();
                    for _ in (number..count).step_by(threads) {
                        let issued = issue_one(hasher, &mut memory);
                        breathe();
                        let failed = issued.is_err();
                        if done.send(issued).is_err() || failed {
                            break;
                        }
                    }
                })
            })
            .collect();
        drop(done);
        let mut issued = Vec::with_capacity(count);
        for one in made {
            // Returning drops the receiver, so the other threads stop at their next password.
            issued.push(one?);
            progress(issued.len());
        }
        let panicked = workers.into_iter().filter_map(|worker| worker.join().err()).count();
        if panicked > 0 || issued.len() < count { Err(IssueError::Panicked) } else { Ok(issued) }
    })
}

fn issue_one(hasher: &PasswordHasher, memory: &mut Vec<argon2::Block>) -> Result<IssuedPassword, SecretError> {
    let plain = new_password().map_err(|_| SecretError::Random)?;
    let normalised = normalise_password(&plain).map_err(|_| SecretError::Parameters)?;
    Ok(IssuedPassword { stored: hasher.store(&normalised, memory)?, plain })
}

#[cfg(test)]
mod tests {
    use super::super::secret::cheap_hasher;
    use super::*;

    #[test]
    fn each_issued_password_opens_its_own_lock() {
        let hasher = cheap_hasher();
        let threads = NonZeroUsize::new(3).expect("not zero");
        let mut told = Vec::new();
        let issued = issue_passwords(10, threads, &hasher, |done| told.push(done)).expect("passwords");
        assert_eq!(told, (1..=10).collect::<Vec<_>>());
        let mut memory = Vec::new();
        for one in &issued {
            let typed = normalise_password(&one.plain.to_uppercase()).expect("a password");
            assert_eq!(hasher.verify(&typed, &one.stored, &mut memory), Ok(true));
        }
        assert_eq!(hasher.verify("cdfghjkmnpr", &issued[0].stored, &mut memory), Ok(false));
        assert!(issue_passwords(0, threads, &hasher, |_| ()).expect("nothing").is_empty());
    }
}
