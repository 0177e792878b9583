//! Who is signed in: kept here, in memory, and nowhere else. A browser carries a random token; we keep only its hash, so that
//! whoever reads our memory cannot sign in with it. A restart signs everybody out.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sesshu_engine::core::time::Instant;

/// How many may be signed in at once; one more lets go of whoever has been idle longest.
const SIGN_INS_MAX: usize = 2_000;
const TOKEN_BYTES: usize = 32;
const MINUTE_MS: i64 = 60 * 1_000;

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SignIn {
    pub(super) login: Box<str>,
    /// The generation of the account's secrets and rights that was signed in with.
    pub(super) generation: u32,
    pub(super) began_at: Instant,
    seen_at: Instant,
}

/// Everybody who is signed in.
pub(super) struct SignIns {
    by_hash: Mutex<HashMap<[u8; 32], SignIn>>,
    idle_ms_max: i64,
    whole_ms_max: i64,
}

impl SignIns {
    pub(super) fn new(idle_minutes: u32, absolute_hours: u32) -> Self {
        Self {
            by_hash: Mutex::default(),
            idle_ms_max: i64::from(idle_minutes) * MINUTE_MS,
            whole_ms_max: i64::from(absolute_hours) * 60 * MINUTE_MS,
        }
    }

    /// Signs `login` in; gives the token for the browser.
    pub(super) fn begin(&self, login: &str, generation: u32, now: Instant) -> Result<String, getrandom::Error> {
        let mut random = [0; TOKEN_BYTES];
        getrandom::fill(&mut random)?;
        let token = URL_SAFE_NO_PAD.encode(random);
        let mut all = self.lock();
        all.retain(|_, sign_in| self.stands(sign_in, now));
        if all.len() >= SIGN_INS_MAX {
            let idlest = all.iter().min_by_key(|(_, sign_in)| sign_in.seen_at).map(|(hash, _)| *hash);
            idlest.and_then(|hash| all.remove(&hash));
        }
        all.insert(hash(&token), SignIn { login: login.into(), generation, began_at: now, seen_at: now });
        Ok(token)
    }

    /// Who is signed in with `token`. Being seen begins their idle time anew.
    pub(super) fn see(&self, token: &str, now: Instant) -> Option<SignIn> {
        let mut all = self.lock();
        let hash = hash(token);
        let sign_in = all.get_mut(&hash)?;
        if !self.stands(sign_in, now) {
            all.remove(&hash);
            return None;
        }
        sign_in.seen_at = now;
        Some(sign_in.clone())
    }

    /// Ends what began with `token`; says whose it was.
    pub(super) fn end(&self, token: &str) -> Option<Box<str>> {
        self.lock().remove(&hash(token)).map(|sign_in| sign_in.login)
    }

    fn stands(&self, sign_in: &SignIn, now: Instant) -> bool {
        now.ms_since(sign_in.seen_at) < self.idle_ms_max && now.ms_since(sign_in.began_at) < self.whole_ms_max
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], SignIn>> {
        self.by_hash.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash(token: &str) -> [u8; 32] {
    *blake3::hash(token.as_bytes()).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant(1_800_000_000_000);

    #[test]
    fn idle_people_and_those_who_are_in_for_a_whole_day_are_signed_out() {
        let sign_ins = SignIns::new(30, 12);
        let token = sign_ins.begin("sato", 1, NOW).expect("a token");
        let mut now = NOW;
        while now.ms_since(NOW) < (12 * 60 - 29) * MINUTE_MS {
            now = now.plus_minutes(29);
            assert!(sign_ins.see(&token, now).is_some(), "seen in time");
        }
        assert_eq!(sign_ins.see(&token, NOW.plus_minutes(12 * 60)), None);
        let token = sign_ins.begin("sato", 1, NOW).expect("a token");
        assert_eq!(sign_ins.see(&token, NOW.plus_minutes(30)), None);
        assert_eq!(sign_ins.see(&token, NOW), None, "what has ended stays so");
    }

    #[test]
    fn there_is_room_for_a_bounded_number_and_the_idlest_goes() {
        let sign_ins = SignIns::new(30, 12);
        let first = sign_ins.begin("first", 1, NOW).expect("a token");
        let second = sign_ins.begin("second", 1, NOW).expect("a token");
        sign_ins.see(&first, NOW.plus_minutes(1)).expect("signed in");
        for _ in 2..=SIGN_INS_MAX {
            sign_ins.begin("other", 1, NOW.plus_minutes(2)).expect("a token");
        }
        assert_eq!(sign_ins.lock().len(), SIGN_INS_MAX);
        assert!(sign_ins.see(&first, NOW.plus_minutes(2)).is_some());
        assert_eq!(sign_ins.see(&second, NOW.plus_minutes(2)), None);
    }

    #[test]
    fn a_token_is_kept_as_its_hash_only_and_another_text_is_nobody() {
        let sign_ins = SignIns::new(30, 12);
        let token = sign_ins.begin("sato", 7, NOW).expect("a token");
        assert_eq!(URL_SAFE_NO_PAD.decode(&token).expect("base64").len(), TOKEN_BYTES);
        assert!(!sign_ins.lock().keys().any(|hash| token.contains(&URL_SAFE_NO_PAD.encode(hash))));
        for other in ["", "a", &token[1..], &format!("{token}A")] {
            assert_eq!(sign_ins.see(other, NOW), None);
        }
        let found = sign_ins.see(&token, NOW).map(|sign_in| (sign_in.login, sign_in.generation));
        assert_eq!(found, Some(("sato".into(), 7)));
        sign_ins.end(&token);
        assert_eq!(sign_ins.see(&token, NOW), None);
    }
}
