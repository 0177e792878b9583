//! Until when a certificate is valid.

use x509_cert::Certificate;
use x509_cert::der::Decode;

use crate::core::time::WallMs;

/// The end of the certificate in these bytes (DER); none if they are none.
pub(super) fn valid_until(der: &[u8]) -> Option<WallMs> {
    let certificate = Certificate::from_der(der).ok()?;
    let end = certificate.tbs_certificate.validity.not_after.to_unix_duration();
    i64::try_from(end.as_millis()).ok().map(WallMs)
}

/// How many days of validity are left at `now`; negative after its end.
pub(super) fn days_left(until: WallMs, now: WallMs) -> f64 {
    until.0.saturating_sub(now.0) as f64 / 86_400_000.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_end_of_a_certificate_is_read() {
        let der = include_bytes!("certificate.der");
        assert_eq!(valid_until(der), Some(WallMs(2_111_057_468_000)), "Nov 23 12:51:08 2036 GMT");
        assert_eq!(valid_until(&der[..der.len() - 1]), None);
    }

    #[test]
    fn days_are_counted_to_the_end_and_behind_it() {
        let now = WallMs(1_000_000_000_000);
        assert!((days_left(WallMs(now.0 + 14 * 86_400_000), now) - 14.0).abs() < 1e-9);
        assert!(days_left(WallMs(now.0 - 1), now) < 0.0);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_certificate_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert_eq!(valid_until(&bytes), None);
        }
    }
}
