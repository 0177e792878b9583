//! Login tokens: signed and stateless. The engine says whether one that is genuine still stands.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sesshu_engine::core::ids::ResidentNo;
use sesshu_engine::core::time::Instant;
use subtle::ConstantTimeEq;

use super::ticket::Turn;

/// A login as it usually is.
const VERSION: u8 = 1;
/// One that may take a new place only from a turn on, which follows the rest.
const VERSION_WITH_TURN: u8 = 2;
/// Version, resident, generation, token id, issued at, expires at.
const PLAIN_BYTES: usize = 1 + 4 + 4 + 8 + 8 + 8;
const TURN_BYTES: usize = 8;
const MAC_BYTES: usize = 16;
const TOKEN_BYTES_MAX: usize = PLAIN_BYTES + TURN_BYTES + MAC_BYTES;

/// What a token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Login {
    /// Who.
    pub(crate) resident: ResidentNo,
    /// The generation of the password that was used.
    pub(crate) generation: u32,
    /// Which token.
    pub(crate) token: u64,
    /// When it was issued.
    pub(crate) issued_at: Instant,
    /// Until when it counts.
    pub(crate) expires_at: Instant,
    /// The turn from which on it may take new places, for somebody who went in to see, change or cancel while others waited.
    pub(crate) books_from: Option<Turn>,
}

/// The key that signs tokens.
pub(crate) struct TokenKey([u8; 32]);

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKey(…)")
    }
}

impl TokenKey {
    pub(crate) fn derive(secret: &[u8; 32]) -> Self {
        Self(blake3::derive_key("sesshu 2026 login token", secret))
    }

    /// The token that says `login`.
    pub(crate) fn seal(&self, login: &Login) -> String {
        let mut bytes = [0; TOKEN_BYTES_MAX];
        bytes[0] = if login.books_from.is_some() { VERSION_WITH_TURN } else { VERSION };
        bytes[1..5].copy_from_slice(&login.resident.0.to_le_bytes());
        bytes[5..9].copy_from_slice(&login.generation.to_le_bytes());
        bytes[9..17].copy_from_slice(&login.token.to_le_bytes());
        bytes[17..25].copy_from_slice(&login.issued_at.0.to_le_bytes());
        bytes[25..33].copy_from_slice(&login.expires_at.0.to_le_bytes());
        let mut length = PLAIN_BYTES;
        if let Some(turn) = login.books_from {
            bytes[length..length + TURN_BYTES].copy_from_slice(&turn.0.to_le_bytes());
            length += TURN_BYTES;
        }
        let mac = self.mac(&bytes[..length]);
        bytes[length..length + MAC_BYTES].copy_from_slice(&mac);
        URL_SAFE_NO_PAD.encode(&bytes[..length + MAC_BYTES])
    }

    /// What `token` says, if it is one of ours.
    pub(crate) fn open(&self, token: &str) -> Option<Login> {
        // The decoder wants room for whole groups of three bytes.
        let mut bytes = [0; TOKEN_BYTES_MAX.next_multiple_of(3)];
        if token.len() > bytes.len() / 3 * 4 {
            return None;
        }
        let length = URL_SAFE_NO_PAD.decode_slice(token, &mut bytes).ok()?;
        let payload_bytes = match bytes[0] {
            VERSION => PLAIN_BYTES,
            VERSION_WITH_TURN => PLAIN_BYTES + TURN_BYTES,
            _ => return None,
        };
        let (payload, mac) = bytes[..length].split_at_checked(payload_bytes)?;
        if !bool::from(self.mac(payload).as_slice().ct_eq(mac)) {
            return None;
        }
        let long = |at: usize| payload[at..at + 8].try_into().map(u64::from_le_bytes).ok();
        let short = |at: usize| payload[at..at + 4].try_into().map(u32::from_le_bytes).ok();
        Some(Login {
            resident: ResidentNo(short(1)?),
            generation: short(5)?,
            token: long(9)?,
            issued_at: Instant(long(17)? as i64),
            expires_at: Instant(long(25)? as i64),
            books_from: if payload_bytes > PLAIN_BYTES { Some(Turn(long(PLAIN_BYTES)? as i64)) } else { None },
        })
    }

    fn mac(&self, payload: &[u8]) -> [u8; MAC_BYTES] {
        let mut mac = [0; MAC_BYTES];
        mac.copy_from_slice(&blake3::keyed_hash(&self.0, payload).as_bytes()[..MAC_BYTES]);
        mac
    }
}

/// A login token for `resident` in a rehearsal, where most people count as logged in beforehand: the real token `granted`, sealed
/// anew for somebody else under the number `token`. None unless `granted` is a token of this `key`.
///
/// It needs the secret key of the data folder *and* a login that its server has just granted, so nobody who lacks either can
/// make one; no route and no listener calls it.
#[must_use]
pub fn rehearsal_token(key: &[u8; 32], granted: &str, resident: ResidentNo, token: u64) -> Option<String> {
    let key = TokenKey::derive(key);
    let login = key.open(granted)?;
    Some(key.seal(&Login { resident, token, books_from: None, ..login }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn login() -> Login {
        Login {
            resident: ResidentNo(77),
            generation: 3,
            token: u64::MAX - 5,
            issued_at: Instant(1_800_000_000_000),
            expires_at: Instant(1_800_007_200_000),
            books_from: None,
        }
    }

    #[test]
    fn a_token_survives_a_restart_with_the_same_key_only() {
        let token = TokenKey::derive(&[1; 32]).seal(&login());
        assert_eq!(TokenKey::derive(&[1; 32]).open(&token), Some(login()));
        assert_eq!(TokenKey::derive(&[2; 32]).open(&token), None);
    }

    proptest! {
        #[test]
        fn any_login_is_read_back_and_any_other_text_is_none(
            resident in any::<u32>(),
            generation in any::<u32>(),
            token in any::<u64>(),
            times in any::<[i64; 2]>(),
            turn in any::<Option<i64>>(),
            at in any::<proptest::sample::Index>(),
            with in "[A-Za-z0-9_=+/ -]{0,6}",
            cut in 0..6_usize,
        ) {
            let (key, [issued_at, expires_at]) = (TokenKey::derive(&[1; 32]), times.map(Instant));
            let login = Login {
                resident: ResidentNo(resident),
                generation,
                token,
                issued_at,
                expires_at,
                books_from: turn.map(Turn),
            };
            let sealed = key.seal(&login);
            prop_assert_eq!(key.open(&sealed), Some(login));
            let from = at.index(sealed.len() + 1);
            let mut other = sealed.clone();
            other.replace_range(from..(from + cut).min(sealed.len()), &with);
            prop_assert_eq!(key.open(&other).is_some(), other == sealed, "{}", other);
        }
    }

    #[test]
    fn a_token_that_was_touched_anywhere_is_none() {
        let key = TokenKey::derive(&[1; 32]);
        let token = key.seal(&login());
        for at in 0..token.len() {
            let mut touched = token.clone().into_bytes();
            touched[at] = if touched[at] == b'A' { b'B' } else { b'A' };
            let touched = String::from_utf8(touched).expect("ASCII");
            assert!(key.open(&touched).is_none_or(|open| touched == token && open == login()), "byte {at}");
            assert_eq!(key.open(&token[..at]), None);
        }
        for wrong in ["", "A", "=", "あ", &format!("{token}A"), &format!("{token}AAAAAAAA"), &"A".repeat(10_000)] {
            assert_eq!(key.open(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_login_without_a_turn_is_read_as_it_was_written_before_there_were_turns() {
        let key = TokenKey::derive(&[1; 32]);
        let token = key.seal(&login());
        assert_eq!(token.len(), (33 + 16_usize).div_ceil(3) * 4 - 2, "the first version, byte by byte");
        let turned = Login { books_from: Some(Turn(5)), ..login() };
        assert_eq!(key.open(&key.seal(&turned)), Some(turned));
        assert_eq!(key.open(&key.seal(&turned)[..token.len()]), None, "cut back to the first version");
    }

    #[test]
    fn a_rehearsal_token_is_made_from_a_granted_one_only() {
        let granted = TokenKey::derive(&[1; 32]).seal(&login());
        let token = rehearsal_token(&[1; 32], &granted, ResidentNo(5), 9).expect("a token");
        let expected = Login { resident: ResidentNo(5), token: 9, ..login() };
        assert_eq!(TokenKey::derive(&[1; 32]).open(&token), Some(expected));
        assert_eq!(rehearsal_token(&[2; 32], &granted, ResidentNo(5), 9), None);
        assert_eq!(rehearsal_token(&[1; 32], "", ResidentNo(5), 9), None);
    }
}
