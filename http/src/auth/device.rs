//! The cookie of a browser that has logged in before. It opens nothing: it only gives that browser a throttle of its own for
//! the IDs that it has logged in with, so that a stranger's guesses cannot slow it down. A family shares one.
//!
//! The cookie holds the device's number and, for each ID, a MAC over both: nothing in it tells an ID.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sesshu_engine::core::ids::CityId;
use subtle::ConstantTimeEq;

const DEVICE_BYTES: usize = 8;
const MAC_BYTES: usize = 12;
/// How many people one browser is known for.
const PEOPLE_MAX: usize = 6;
const COOKIE_BYTES_MAX: usize = DEVICE_BYTES + PEOPLE_MAX * MAC_BYTES;
/// How long a browser is remembered, in seconds: 400 days, the most that browsers allow.
pub(crate) const DEVICE_SECONDS: i64 = 400 * 24 * 60 * 60;

/// The number of a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct DeviceNo(u64);

/// The key that signs device cookies.
pub(crate) struct DeviceKey([u8; 32]);

impl std::fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeviceKey(…)")
    }
}

impl DeviceKey {
    pub(crate) fn derive(secret: &[u8; 32]) -> Self {
        Self(blake3::derive_key("sesshu 2026 known device", secret))
    }

    /// The browser's number, if it has logged in with `id` before.
    pub(crate) fn known(&self, cookie: &str, id: CityId) -> Option<DeviceNo> {
        let (device, macs) = parts(cookie)?;
        let mac = self.mac(device, id);
        macs.iter().any(|known| bool::from(known.ct_eq(&mac))).then_some(device)
    }

    /// The cookie after a login with `id`; `cookie` is the one before, `fresh` the number for a new browser.
    pub(crate) fn after_login(&self, cookie: Option<&str>, id: CityId, fresh: u64) -> String {
        let (device, macs) = cookie.and_then(parts).unwrap_or((DeviceNo(fresh), Vec::new()));
        let own = self.mac(device, id);
        let others = macs.into_iter().filter(|mac| *mac != own).take(PEOPLE_MAX - 1);
        let mut bytes = Vec::with_capacity(COOKIE_BYTES_MAX);
        bytes.extend(device.0.to_le_bytes());
        bytes.extend(own);
        bytes.extend(others.flatten());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn mac(&self, device: DeviceNo, id: CityId) -> [u8; MAC_BYTES] {
        let text = format!("{}:{id}", device.0);
        let mut mac = [0; MAC_BYTES];
        mac.copy_from_slice(&blake3::keyed_hash(&self.0, text.as_bytes()).as_bytes()[..MAC_BYTES]);
        mac
    }
}

fn parts(cookie: &str) -> Option<(DeviceNo, Vec<[u8; MAC_BYTES]>)> {
    if cookie.len() > COOKIE_BYTES_MAX * 4 / 3 + 4 {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(cookie).ok()?;
    let (device, macs) = bytes.split_first_chunk::<DEVICE_BYTES>()?;
    let (macs, rest) = macs.as_chunks::<MAC_BYTES>();
    rest.is_empty().then(|| (DeviceNo(u64::from_le_bytes(*device)), macs.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(digits: &str) -> CityId {
        CityId::from_digits(digits).expect("an ID")
    }

    #[test]
    fn a_browser_is_known_for_the_people_who_logged_in_and_for_nobody_else() {
        let key = DeviceKey::derive(&[1; 32]);
        let first = key.after_login(None, id("1111"), 9);
        let both = key.after_login(Some(&first), id("2222"), 10);
        assert_eq!(key.known(&both, id("1111")), Some(DeviceNo(9)));
        assert_eq!(key.known(&both, id("2222")), Some(DeviceNo(9)));
        assert_eq!(key.known(&both, id("3333")), None);
        assert_eq!(DeviceKey::derive(&[2; 32]).known(&both, id("1111")), None);
        for wrong in ["", "AAAA", "!", &"A".repeat(5_000), &both[..both.len() - 1]] {
            assert_eq!(key.known(wrong, id("1111")), None, "{wrong}");
        }
    }

    #[test]
    fn a_seventh_person_displaces_the_one_longest_ago() {
        let key = DeviceKey::derive(&[1; 32]);
        let cookie = (0..7).fold(None, |cookie: Option<String>, n| {
            Some(key.after_login(cookie.as_deref(), id(&format!("100{n}")), 5))
        });
        let cookie = cookie.expect("a cookie");
        assert_eq!(key.known(&cookie, id("1000")), None);
        assert!((1..7).all(|n| key.known(&cookie, id(&format!("100{n}"))).is_some()));
    }
}
