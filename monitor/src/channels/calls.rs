//! The calls that are going on, each with a secret by which its provider says how it went.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use crate::core::message::Outcome;

/// How many words about one call may wait to be read: answered, then acknowledged, each perhaps told twice.
const WORDS_WAITING_MAX: usize = 4;

type Digest = [u8; 32];

/// The calls that are going on; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Calls {
    // By the digest of the secret: how long a look-up takes says nothing about the secrets that there are.
    open: Arc<Mutex<HashMap<Digest, mpsc::Sender<Outcome>>>>,
}

/// One call; when it is dropped, its secret counts no more.
#[derive(Debug)]
pub(super) struct OpenCall {
    calls: Calls,
    /// The secret.
    pub(super) token: Box<str>,
    words: mpsc::Receiver<Outcome>,
}

impl Calls {
    /// Tells the call with the secret `token` how it went: [`Outcome::Delivered`] if it was answered. False if there is no such call, or
    /// if all was said about it.
    #[must_use]
    pub fn answered(&self, token: &str, outcome: Outcome) -> bool {
        let digest = *blake3::hash(token.as_bytes()).as_bytes();
        let mut open = self.lock();
        let Some(call) = open.get(&digest) else { return false };
        let told = call.try_send(outcome).is_ok();
        // Only an answer may be followed by something: the acknowledgement.
        if outcome != Outcome::Delivered {
            open.remove(&digest);
        }
        told
    }

    /// A new call; `Err` if the system has no random numbers.
    pub(super) fn open(&self) -> Result<OpenCall, getrandom::Error> {
        let mut secret = [0_u8; 16];
        getrandom::fill(&mut secret)?;
        let token: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let (sender, words) = mpsc::channel(WORDS_WAITING_MAX);
        self.lock().insert(*blake3::hash(token.as_bytes()).as_bytes(), sender);
        Ok(OpenCall { calls: self.clone(), token: token.into(), words })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Digest, mpsc::Sender<Outcome>>> {
        // Nothing that panics is done while it is locked.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenCall {
    /// What is said next of it; none if nothing more can be said.
    pub(super) async fn word(&mut self) -> Option<Outcome> {
        self.words.recv().await
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        self.calls.lock().remove(blake3::hash(self.token.as_bytes()).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_secret_counts_once_and_only_while_its_call_goes_on() {
        let calls = Calls::default();
        let mut call = calls.open().expect("random numbers");
        let token = call.token.clone();
        assert!(!calls.answered("guessed", Outcome::Acknowledged));
        assert!(calls.answered(&token, Outcome::Delivered), "answered");
        assert!(calls.answered(&token, Outcome::Acknowledged), "then acknowledged");
        assert!(!calls.answered(&token, Outcome::Acknowledged), "and no more");
        assert_eq!(call.word().await, Some(Outcome::Delivered));
        assert_eq!(call.word().await, Some(Outcome::Acknowledged));
        assert_eq!(call.word().await, None);

        let call = calls.open().expect("random numbers");
        let token = call.token.clone();
        drop(call);
        assert!(!calls.answered(&token, Outcome::Acknowledged));
        assert!(calls.lock().is_empty());
    }
}
