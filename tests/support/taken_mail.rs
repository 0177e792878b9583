//! Reads a mail as a mail program does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::smtp_sink::TakenMail;

impl TakenMail {
    /// A header's value, unfolded and as it came.
    #[must_use]
    pub fn header(&self, name: &str) -> String {
        let head = self.raw.split("\n\n").next().unwrap_or_default().replace("\n ", " ").replace("\n\t", " ");
        let found = head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        });
        found.unwrap_or_default()
    }

    /// The subject as people read it.
    #[must_use]
    pub fn subject(&self) -> String {
        let value = self.header("Subject");
        let mut text = String::new();
        let mut was_encoded = false;
        for word in value.split(' ') {
            let encoded = word.strip_prefix("=?utf-8?b?").and_then(|word| word.strip_suffix("?="));
            // Between two encoded words there is no space.
            let goes_on = was_encoded && encoded.is_some();
            if !text.is_empty() && !goes_on {
                text.push(' ');
            }
            match encoded.map(|encoded| STANDARD.decode(encoded).unwrap_or_default()) {
                Some(bytes) => text.push_str(&String::from_utf8_lossy(&bytes)),
                None => text.push_str(word),
            }
            was_encoded = encoded.is_some();
        }
        text
    }

    /// The text as people read it.
    #[must_use]
    pub fn body(&self) -> String {
        let body = self.raw.split_once("\n\n").map_or("", |(_, body)| body);
        match self.header("Content-Transfer-Encoding").as_str() {
            "base64" => {
                let digits: String = body.split_whitespace().collect();
                String::from_utf8_lossy(&STANDARD.decode(digits).unwrap_or_default()).replace("\r\n", "\n")
            }
            "quoted-printable" => quoted(&body.replace("=\n", "")),
            _ => body.to_owned(),
        }
    }
}

fn quoted(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = (*first == b'=').then(|| tail.get(..2)).flatten();
        let byte = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
