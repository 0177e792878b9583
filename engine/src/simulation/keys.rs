//! What the request keys did, by the journal, and how long each is remembered. It shares no rule with the engine.

use std::collections::BTreeMap;

use crate::core::ids::{BookingNumber, RequestKey, ResidentNo};
use crate::core::leg::Leg;
use crate::core::time::Instant;

/// How long a key is remembered.
const KEY_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

/// What a key did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Remembered {
    pub(super) seq: u64,
    pub(super) at: Instant,
    pub(super) moved: bool,
    pub(super) answer: Vec<(BookingNumber, Leg)>,
}

impl Remembered {
    const fn is_kept(&self, now: Instant) -> bool {
        now.ms_since(self.at) < KEY_MS
    }
}

/// All that was ever done with a key, oldest first for each person. After its seven days a key may book anew.
#[derive(Debug, Default)]
pub(super) struct Keys(BTreeMap<ResidentNo, Vec<(RequestKey, Remembered)>>);

impl Keys {
    /// Notes what a key did; false if it is remembered at that time and may not do anything.
    pub(super) fn remember(&mut self, resident: ResidentNo, key: &RequestKey, done: Remembered) -> bool {
        let is_new = self.at(resident, key, done.at).is_none();
        self.0.entry(resident).or_default().push((key.clone(), done));
        is_new
    }

    fn all(&self, resident: ResidentNo) -> &[(RequestKey, Remembered)] {
        self.0.get(&resident).map(Vec::as_slice).unwrap_or_default()
    }

    /// What the key did, if that is remembered at `now`.
    pub(super) fn at(&self, resident: ResidentNo, key: &RequestKey, now: Instant) -> Option<&Remembered> {
        self.since(resident, key, now).last()
    }

    /// All that was remembered of the key at some moment since `call`: an answer that comes late is about one of them. Mostly that
    /// is one; two only if somebody's answer was on its way for longer than a key is kept.
    pub(super) fn since(
        &self,
        resident: ResidentNo,
        key: &RequestKey,
        call: Instant,
    ) -> impl Iterator<Item = &Remembered> {
        let own = self.all(resident).iter().filter(move |(own, done)| own == key && done.is_kept(call));
        own.map(|(_, done)| done)
    }

    /// How many keys are remembered at `now`.
    pub(super) fn count(&self, resident: ResidentNo, now: Instant) -> usize {
        self.all(resident).iter().filter(|(_, done)| done.is_kept(now)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: ResidentNo = ResidentNo(1);

    fn done(seq: u64, at: Instant) -> Remembered {
        Remembered { seq, at, moved: false, answer: vec![] }
    }

    #[test]
    fn a_late_answer_may_be_about_what_the_key_did_before_it_lapsed_and_booked_anew() {
        let key = RequestKey::new("k").expect("a key");
        let (start, lapsed) = (Instant(0), Instant(0).plus_days(7));
        let mut keys = Keys::default();
        assert!(keys.remember(ME, &key, done(1, start)));
        assert!(keys.remember(ME, &key, done(2, lapsed)), "seven days are over");
        let since = |call| keys.since(ME, &key, call).map(|done| done.seq).collect::<Vec<_>>();
        assert_eq!(since(lapsed.plus_ms(-1)), [1, 2], "asked while the first was remembered");
        assert_eq!(since(lapsed), [2], "asked afterwards");
        assert_eq!(keys.at(ME, &key, lapsed), Some(&done(2, lapsed)));
        assert_eq!(keys.count(ME, lapsed), 1);
    }

    #[test]
    fn a_key_that_is_remembered_may_not_book_again() {
        let key = RequestKey::new("k").expect("a key");
        let mut keys = Keys::default();
        assert!(keys.remember(ME, &key, done(1, Instant(0))));
        assert!(!keys.remember(ME, &key, done(2, Instant(0).plus_days(7).plus_ms(-1))));
        assert!(keys.remember(ResidentNo(2), &key, done(3, Instant(0))), "another person's key is another one");
    }
}
