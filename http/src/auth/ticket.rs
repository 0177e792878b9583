//! Tickets for the line in front of the login: a place that the visitor keeps, signed, so that nothing is kept here for each of them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

const VERSION: u8 = 1;
/// Version, purpose, process, number, turn.
const PAYLOAD_BYTES: usize = 1 + 1 + 4 + 8 + 8;
const MAC_BYTES: usize = 16;
const TICKET_BYTES: usize = PAYLOAD_BYTES + MAC_BYTES;

/// What somebody logs in for. Each has a line of its own; it is what they say, and tells nobody whether they have a booking.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) enum Purpose {
    /// To book.
    #[default]
    Book,
    /// To see, change or cancel what they have booked.
    View,
}

impl Purpose {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Book, Self::View];

    /// Its name in addresses, forms and metrics.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Book => "book",
            Self::View => "view",
        }
    }

    /// The purpose of this name.
    pub(crate) fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.code() == code)
    }
}

/// A moment in the order of the line, in microseconds: when somebody came, or later, if their network sends more than its share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Turn(pub(crate) i64);

/// A place in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    /// Which ticket.
    pub(crate) no: u64,
    /// The process that counts it among those who wait.
    pub(crate) process: u32,
    /// In which line.
    pub(crate) purpose: Purpose,
    /// Where in it.
    pub(crate) turn: Turn,
}

/// The key that signs tickets.
pub(crate) struct TicketKey([u8; 32]);

impl std::fmt::Debug for TicketKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TicketKey(…)")
    }
}

impl TicketKey {
    pub(crate) fn derive(secret: &[u8; 32]) -> Self {
        Self(blake3::derive_key("sesshu 2026 login ticket", secret))
    }

    /// The text that says `ticket`.
    pub(crate) fn seal(&self, ticket: &Ticket) -> String {
        let mut bytes = [0; TICKET_BYTES];
        bytes[0] = VERSION;
        bytes[1] = ticket.purpose as u8;
        bytes[2..6].copy_from_slice(&ticket.process.to_le_bytes());
        bytes[6..14].copy_from_slice(&ticket.no.to_le_bytes());
        bytes[14..22].copy_from_slice(&ticket.turn.0.to_le_bytes());
        let mac = self.mac(&bytes[..PAYLOAD_BYTES]);
        bytes[PAYLOAD_BYTES..].copy_from_slice(&mac);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What `text` says, if it is a ticket of ours.
    pub(crate) fn open(&self, text: &str) -> Option<Ticket> {
        // The decoder wants room for whole groups of three bytes.
        let mut bytes = [0; TICKET_BYTES.next_multiple_of(3)];
        if text.len() > bytes.len() / 3 * 4 {
            return None;
        }
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        let (payload, mac) = bytes[..length].split_at_checked(PAYLOAD_BYTES)?;
        if payload[0] != VERSION || !bool::from(self.mac(payload).as_slice().ct_eq(mac)) {
            return None;
        }
        Some(Ticket {
            no: payload[6..14].try_into().map(u64::from_le_bytes).ok()?,
            process: payload[2..6].try_into().map(u32::from_le_bytes).ok()?,
            purpose: Purpose::ALL.into_iter().find(|purpose| *purpose as u8 == payload[1])?,
            turn: Turn(payload[14..22].try_into().map(i64::from_le_bytes).ok()?),
        })
    }

    fn mac(&self, payload: &[u8]) -> [u8; MAC_BYTES] {
        let mut mac = [0; MAC_BYTES];
        mac.copy_from_slice(&blake3::keyed_hash(&self.0, payload).as_bytes()[..MAC_BYTES]);
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_ticket_outlives_a_restart_and_is_none_in_another_city() {
        let ticket = Ticket { no: 5, process: 9, purpose: Purpose::View, turn: Turn(-7) };
        let text = TicketKey::derive(&[1; 32]).seal(&ticket);
        assert_eq!(TicketKey::derive(&[1; 32]).open(&text), Some(ticket));
        assert_eq!(TicketKey::derive(&[2; 32]).open(&text), None);
        let login = super::super::token::TokenKey::derive(&[1; 32]);
        assert_eq!(login.open(&text), None, "a ticket is no login");
    }

    proptest! {
        #[test]
        fn any_ticket_is_read_back_and_any_other_text_is_none(
            no in any::<u64>(),
            process in any::<u32>(),
            view in any::<bool>(),
            turn in any::<i64>(),
            at in any::<proptest::sample::Index>(),
            with in "[A-Za-z0-9_=+/ -]{0,6}",
            cut in 0..6_usize,
        ) {
            let key = TicketKey::derive(&[1; 32]);
            let ticket = Ticket { no, process, purpose: Purpose::ALL[usize::from(view)], turn: Turn(turn) };
            let sealed = key.seal(&ticket);
            prop_assert_eq!(key.open(&sealed), Some(ticket));
            let from = at.index(sealed.len() + 1);
            let mut other = sealed.clone();
            other.replace_range(from..(from + cut).min(sealed.len()), &with);
            prop_assert_eq!(key.open(&other).is_some(), other == sealed, "{}", other);
        }
    }
}
