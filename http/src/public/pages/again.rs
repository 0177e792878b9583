//! When a page asks again by itself: by a header, which does what a tag in the page would, and says it to the browser alone.

use std::sync::atomic::{AtomicU32, Ordering};

use axum::http::header::{HeaderName, HeaderValue};
use axum::response::Response;
use sesshu_engine::core::time::Instant;

const REFRESH: HeaderName = HeaderName::from_static("refresh");
/// Pages that wait for an opening come back within so many seconds after it, to the power of two: long enough that they do not all
/// come at once, short enough that nobody loses by coming last.
const AFTER_OPENING_BITS: u32 = 3;

/// The same answer, which asks for itself again after `seconds`.
pub(super) fn again_after(mut answer: Response, seconds: u32) -> Response {
    answer.headers_mut().insert(REFRESH, HeaderValue::from(seconds));
    answer
}

/// The same answer, which leads to `href` after `seconds`. An address that no header can say is left out.
pub(super) fn on_after(mut answer: Response, seconds: u32, href: &str) -> Response {
    if let Ok(value) = HeaderValue::try_from(format!("{seconds}; url={href}")) {
        answer.headers_mut().insert(REFRESH, value);
    }
    answer
}

/// A number below 2 to the power of `bits`, another one for each who asks: those who come together shall not come back together.
pub(super) fn spread(bits: u32) -> u32 {
    static TURN: AtomicU32 = AtomicU32::new(0);
    TURN.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9) >> (u32::BITS - bits)
}

/// In how many seconds it has opened, and a little later, spread.
pub(crate) fn after_opening_s(opens_at: Instant, now: Instant) -> u32 {
    let until_s = opens_at.ms_since(now).max(0).saturating_add(999) / 1_000;
    u32::try_from(until_s).unwrap_or(u32::MAX).saturating_add(1 + spread(AFTER_OPENING_BITS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn those_who_wait_for_an_opening_come_after_it_spread_over_eight_seconds() {
        let (now, opens_at) = (Instant(1_000_000), Instant(1_009_001));
        let waits: BTreeSet<u32> = (0..80).map(|_| after_opening_s(opens_at, now)).collect();
        assert_eq!(waits.into_iter().collect::<Vec<_>>(), (11..19).collect::<Vec<_>>());
        assert!((1..9).contains(&after_opening_s(now, opens_at)), "it has opened already");
    }
}
