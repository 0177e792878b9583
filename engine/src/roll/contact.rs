//! A contact as a person types it: a phone number of Japan, or a mail address.
//!
//! Numbers: the Ministry's plan (電気通信番号計画): 0 and nine more digits for fixed lines, 0 and ten more for mobile and IP phones.
//! Mail addresses: what reaches somebody, not all that RFC 5322 allows; the dots that Japanese carriers once gave out before the @ are
//! real, though the RFC forbids them.

use crate::core::contact::{Contact, ContactKind};

use super::text::{is_hyphen, plain};

/// The longest text, in characters, that is looked at when somebody types a contact.
pub const TYPED_CONTACT_CHARS_MAX: usize = 320;
/// The longest part before the @, in bytes (RFC 5321).
const LOCAL_BYTES_MAX: usize = 64;
/// The longest mail address, in bytes (RFC 5321).
const MAIL_BYTES_MAX: usize = 254;
/// The longest label of a domain, in bytes (RFC 1035).
const LABEL_BYTES_MAX: usize = 63;

/// Why a text is no contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContactProblem {
    /// There is nothing.
    #[error("a phone number or mail address is missing")]
    Empty,
    /// It is longer than any contact.
    #[error("this is too long for a phone number or mail address")]
    TooLong,
    /// A phone number with this character in it.
    #[error("a phone number has digits only; a mail address has an @")]
    NotDigits(char),
    /// A phone number that does not begin with 0 or +81.
    #[error("a phone number of Japan begins with 0")]
    NoLeadingZero,
    /// A phone number of another country.
    #[error("only phone numbers of Japan can be called")]
    Foreign,
    /// A phone number with this many digits: too few or too many for its kind.
    #[error("a phone number has 10 digits, a mobile one 11; this has {0}")]
    PhoneLength(usize),
    /// A number that reaches a service, not a person.
    #[error("this is not the number of a person's phone")]
    NotAPersons,
    /// A mail address with this character in it.
    #[error("a mail address cannot contain this character")]
    MailCharacter(char),
    /// A mail address without a part before the @, with a wrong one, or with a second @.
    #[error("the part before the @ of a mail address is missing or wrong")]
    MailLocal,
    /// A mail address without a domain, or with a wrong one.
    #[error("the part after the @ of a mail address is missing or wrong")]
    MailDomain,
}

impl ContactProblem {
    /// The stable name by which pages find their words.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong => "too_long",
            Self::NotDigits(_) => "not_digits",
            Self::NoLeadingZero => "no_leading_zero",
            Self::Foreign => "foreign",
            Self::PhoneLength(_) => "phone_length",
            Self::NotAPersons => "not_a_persons",
            Self::MailCharacter(_) => "mail_character",
            Self::MailLocal => "mail_local",
            Self::MailDomain => "mail_domain",
        }
    }
}

/// Reads a contact that a person typed, in characters of any width: what has an @ is a mail address, all else a phone number.
///
/// # Errors
/// With the first thing that is wrong.
pub fn parse_contact(typed: &str) -> Result<Contact, ContactProblem> {
    if typed.chars().nth(TYPED_CONTACT_CHARS_MAX).is_some() {
        return Err(ContactProblem::TooLong);
    }
    let text = plain(typed);
    if text.is_empty() {
        return Err(ContactProblem::Empty);
    }
    if text.contains('@') { mail(&text) } else { phone(&text) }
}

fn phone(text: &str) -> Result<Contact, ContactProblem> {
    let separates = |c: char| c.is_whitespace() || is_hyphen(c) || matches!(c, '(' | ')' | '.' | '・');
    let dense: String = text.chars().filter(|&c| !separates(c)).collect();
    let digits = match dense.strip_prefix('+') {
        None => dense,
        Some(international) => match international.strip_prefix("81") {
            // +81 90 …, and as it is often written, +81 (0)90 ….
            Some(national) => format!("0{}", national.strip_prefix('0').unwrap_or(national)),
            None if international.starts_with(|c: char| c.is_ascii_digit()) => return Err(ContactProblem::Foreign),
            None => dense,
        },
    };
    if let Some(other) = digits.chars().find(|c| !c.is_ascii_digit()) {
        return Err(ContactProblem::NotDigits(other));
    }
    if digits.is_empty() {
        return Err(ContactProblem::Empty);
    }
    if !digits.starts_with('0') {
        return Err(ContactProblem::NoLeadingZero);
    }
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| digits.starts_with(prefix));
    if begins(&["00"]) {
        return Err(ContactProblem::Foreign);
    }
    if begins(&["0120", "0170", "0180", "020", "0570", "0800", "0990"]) {
        return Err(ContactProblem::NotAPersons);
    }
    let wanted = if begins(&["050", "060", "070", "080", "090"]) { 11 } else { 10 };
    if digits.len() == wanted {
        Ok(Contact::new(ContactKind::Phone, digits))
    } else {
        Err(ContactProblem::PhoneLength(digits.len()))
    }
}

fn mail(text: &str) -> Result<Contact, ContactProblem> {
    // A Japanese keyboard types 。 where a dot is meant.
    let text = text.replace(['。', '｡'], ".");
    if let Some(other) = text.chars().find(|c| !c.is_ascii_graphic()) {
        return Err(ContactProblem::MailCharacter(other));
    }
    let (local, domain) = text.split_once('@').ok_or(ContactProblem::MailLocal)?;
    if domain.contains('@') || local.is_empty() || local.len() > LOCAL_BYTES_MAX || local.starts_with('.') {
        return Err(ContactProblem::MailLocal);
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c);
    if let Some(other) = local.chars().find(|&c| !allowed(c)) {
        return Err(ContactProblem::MailCharacter(other));
    }
    let domain = domain.to_ascii_lowercase();
    if let Some(other) = domain.chars().find(|&c| !c.is_ascii_alphanumeric() && c != '.' && c != '-') {
        return Err(ContactProblem::MailCharacter(other));
    }
    let mut labels = 0;
    for label in domain.split('.') {
        labels += 1;
        if label.is_empty() || label.len() > LABEL_BYTES_MAX || label.starts_with('-') || label.ends_with('-') {
            return Err(ContactProblem::MailDomain);
        }
    }
    let top = domain.rsplit('.').next().unwrap_or_default();
    if labels < 2 || top.len() < 2 || top.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ContactProblem::MailDomain);
    }
    let address = format!("{local}@{domain}");
    if address.len() > MAIL_BYTES_MAX {
        Err(ContactProblem::TooLong)
    } else {
        Ok(Contact::new(ContactKind::Mail, address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<(ContactKind, String), ContactProblem> {
        parse_contact(text).map(|contact| (contact.kind(), contact.value().to_owned()))
    }

    #[test]
    fn phone_numbers_of_japan_are_read_in_every_form() {
        let cases = [
            ("0476-42-5111", "0476425111"),
            ("０４７６－４２－５１１１", "0476425111"),
            ("03(1234)5678", "0312345678"),
            ("（03）1234ー5678", "0312345678"),
            (" 090 1234 5678 ", "09012345678"),
            ("０９０１２３４５６７８", "09012345678"),
            ("+81 90-1234-5678", "09012345678"),
            ("＋８１ (0)90 1234 5678", "09012345678"),
            ("+81-3-1234-5678", "0312345678"),
            ("050‐1234‐5678", "05012345678"),
            ("070.1234.5678", "07012345678"),
        ];
        for (text, number) in cases {
            assert_eq!(read(text), Ok((ContactKind::Phone, number.into())), "{text}");
        }
    }

    #[test]
    fn mail_addresses_are_read_as_typed_but_for_width_and_the_domains_case() {
        let cases = [
            ("Hanako.Sato@Example.JP", "Hanako.Sato@example.jp"),
            ("ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ", "hanako@example.jp"),
            ("hanako@example。co。jp", "hanako@example.co.jp"),
            ("hanako+sesshu@mail.example.com", "hanako+sesshu@mail.example.com"),
            ("ha..nako.@example.ne.jp", "ha..nako.@example.ne.jp"),
            ("a@xn--eckwd4c7cu47r2wf.jp", "a@xn--eckwd4c7cu47r2wf.jp"),
        ];
        for (text, address) in cases {
            assert_eq!(read(text), Ok((ContactKind::Mail, address.into())), "{text}");
        }
    }

    #[test]
    fn whatever_cannot_be_reached_is_refused_with_its_reason() {
        let long = format!("{}@example.jp", "a".repeat(65));
        let longer = format!("a@{}.jp", ["b".repeat(60).as_str(); 5].join("."));
        let cases = [
            ("", ContactProblem::Empty),
            ("　 ", ContactProblem::Empty),
            ("-", ContactProblem::Empty),
            ("0476-42-51111", ContactProblem::PhoneLength(11)),
            ("090-1234-567", ContactProblem::PhoneLength(10)),
            ("09012345678901234567890", ContactProblem::PhoneLength(23)),
            ("90-1234-5678", ContactProblem::NoLeadingZero),
            ("+1 202 555 0100", ContactProblem::Foreign),
            ("+", ContactProblem::NotDigits('+')),
            ("0120-000-000", ContactProblem::NotAPersons),
            ("001-1-202-555-0100", ContactProblem::Foreign),
            ("090-1234-567a", ContactProblem::NotDigits('a')),
            ("花子", ContactProblem::NotDigits('花')),
            ("٠٩٠١٢٣٤٥٦٧٨", ContactProblem::NotDigits('٠')),
            ("@example.jp", ContactProblem::MailLocal),
            (".a@example.jp", ContactProblem::MailLocal),
            ("a@b@example.jp", ContactProblem::MailLocal),
            (&long, ContactProblem::MailLocal),
            ("a b@example.jp", ContactProblem::MailCharacter(' ')),
            ("花子@example.jp", ContactProblem::MailCharacter('花')),
            ("\"a\"@example.jp", ContactProblem::MailCharacter('"')),
            ("a@exa_mple.jp", ContactProblem::MailCharacter('_')),
            ("a@example.jp\r\nBcc: b@example.jp", ContactProblem::MailCharacter('\r')),
            ("a@example", ContactProblem::MailDomain),
            ("a@", ContactProblem::MailDomain),
            ("a@.jp", ContactProblem::MailDomain),
            ("a@example..jp", ContactProblem::MailDomain),
            ("a@-example.jp", ContactProblem::MailDomain),
            ("a@192.0.2.1", ContactProblem::MailDomain),
            (&longer, ContactProblem::TooLong),
        ];
        for (text, problem) in cases {
            assert_eq!(read(text), Err(problem), "{text}");
        }
        let codes: std::collections::HashSet<&str> = cases.iter().map(|(_, problem)| problem.code()).collect();
        assert_eq!(codes.len(), 10, "every reason has a case and a name of its own");
    }

    proptest! {
        #[test]
        fn any_text_is_a_contact_or_refused_and_one_that_is_read_again_is_the_same(
            text in "\\PC{0,40}|[0-9０-９+＋ー() -]{0,24}|[a-z.。@＠_-]{0,20}@[a-zA-Z.-]{0,20}",
        ) {
            if let Ok(contact) = parse_contact(&text) {
                prop_assert_eq!(parse_contact(contact.value()), Ok(contact.clone()));
                prop_assert!(contact.value().len() <= MAIL_BYTES_MAX && contact.value().bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }
}
