//! Members of staff, as the list of a demo or the command that adds an account names them, and their authenticator app.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use totp_rs::Builder;

use super::city::City;
use super::client::{Answer, Client, Request};
use super::clock;
use super::page::PageForm;

/// Somebody who can sign in to the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffMember {
    /// The login name.
    pub login: String,
    /// The password.
    pub password: String,
    /// The secret of the one-time codes, in base32.
    pub totp_secret: String,
    /// The role.
    pub role: String,
}

impl StaffMember {
    /// The code that their authenticator app shows now. It counts once.
    #[must_use]
    pub fn code(&self) -> String {
        let secret: [u8; 20] = base32(&self.totp_secret).try_into().expect("twenty bytes");
        let totp = Builder::new().with_secret(secret).build().expect("a secret of at least 128 bits");
        totp.generate((clock::nanoseconds() / 1_000_000_000) as u64).to_string()
    }

    /// Signs in on `device`; gives the cookie that the console sets.
    pub async fn sign_in(&self, device: &mut Client) -> String {
        let empty = PageForm { action: "/login".to_owned(), fields: Vec::new() };
        let typed = empty.with("login", &self.login).with("password", &self.password).with("code", &self.code());
        let answer = device.send(Request::new("POST", "/login").text(FORM, typed.body())).await.expect(303);
        cookie(&answer)
    }
}

/// The content type of a form.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// The cookie that an answer sets, as it is sent back.
fn cookie(answer: &Answer) -> String {
    let set = answer.header("set-cookie").expect("whoever is signed in gets a cookie");
    set.split(';').next().unwrap_or_default().to_owned()
}

impl City {
    /// The member of staff `login` of the demo.
    #[must_use]
    pub fn demo_staff(&self, login: &str) -> StaffMember {
        let members = read_staff(&self.data().join("demo-staff.csv"));
        members.into_iter().find(|member| member.login == login).unwrap_or_else(|| panic!("no {login} in the demo"))
    }

    /// A new member of staff, whom no other test uses.
    #[must_use]
    pub fn new_staff(&self, role: &str) -> StaffMember {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        let login = format!("{role}-{}", NEXT.fetch_add(1, Ordering::Relaxed) + 100);
        let made = self.command(["staff", "add", &login, "--role", role, "--json"]).run().done().json();
        let text = |name: &str| made[name].as_str().unwrap_or_else(|| panic!("no {name} in {made}")).to_owned();
        StaffMember {
            login: text("login"),
            password: text("password"),
            totp_secret: text("totp_secret"),
            role: text("role"),
        }
    }
}

/// Reads `demo-staff.csv`.
fn read_staff(file: &Path) -> Vec<StaffMember> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("login,password,totp_secret,role"), "the header of {}", file.display());
    lines.map(read_line).collect()
}

fn read_line(line: &str) -> StaffMember {
    let mut fields = line.split(',').map(str::to_owned);
    let mut next = || fields.next().unwrap_or_else(|| panic!("four fields are expected: {line}"));
    StaffMember { login: next(), password: next(), totp_secret: next(), role: next() }
}

/// The bytes of a text in base32 (RFC 4648).
fn base32(text: &str) -> Vec<u8> {
    let digit = |letter: char| match letter {
        'A'..='Z' => u64::from(letter) - u64::from('A'),
        '2'..='7' => u64::from(letter) - u64::from('2') + 26,
        other => panic!("{other} is no letter of base32"),
    };
    let letters: Vec<char> = text.chars().collect();
    let bytes = letters.chunks(8).flat_map(|eight| {
        let bits = eight.iter().fold(0, |bits, letter| bits << 5 | digit(*letter)) << (5 * (8 - eight.len()));
        bits.to_be_bytes()[3..3 + eight.len() * 5 / 8].to_vec()
    });
    bytes.collect()
}

#[cfg(test)]
mod tests {
    use super::base32;

    #[test]
    fn a_secret_is_read_as_it_is_written() {
        for (text, bytes) in [("GEZDGNBVGY3TQOJQ", &b"1234567890"[..]), ("GEZDGNBV", b"12345"), ("GEZDG", b"123")] {
            assert_eq!(base32(text), bytes, "{text}");
        }
    }
}
