//! What the city and its people write by hand: the file of the pages, and contacts. What is read can be written and read again; what
//! is wrong is named by a line that the file has.

use sesshu_engine::core::site::Site;
use sesshu_engine::roll::{Lang, parse_contact, parse_site, write_site};

use crate::driver::Target;

/// The longest message about a place, in characters.
const MESSAGE_CHARS_MAX: usize = 250;

#[test]
fn what_is_read_of_the_pages_can_be_written_and_read_again() {
    const WORDS: &[&str] = &[
        "[theme]\n",
        "[bring]\n",
        "[[announcement]]\n",
        "[[venue]]\n",
        "[texts.ja-easy]\n",
        "main = \"#0017c1\"\n",
        "on_main = \"#fff\"\n",
        "id = \"a\"\n",
        "kind = \"urgent\"\n",
        "shown_from = 2026-12-01T09:00:00+09:00\n",
        "shown_until = \"2026-12-01 09:00\"\n",
        "title.en = \"Title\"\n",
        "body = { ja = \"本文\", en = \"Text\" }\n",
        "name = \"市民体育館\"\n",
        "address = \"中央1-1\"\n",
        "map_url = \"https://map.example.jp/\"\n",
        "access.ja = \"\"\"\n駅から\n\"\"\"\n",
        "\"top.lead\" = \"ようこそ\"\n",
        "ja = [\"接種券\"]\n",
        "\"\"\"",
        "'''",
        "\\u0000",
        "\\n",
    ];
    Target { name: "site", words: WORDS, runs: 3_000 }.hold(site);
}

fn site(bytes: &[u8]) {
    let file = parse_site(bytes);
    assert_eq!(parse_site(bytes), file, "read twice");
    let lines = 1 + bytes.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() as u64;
    for error in &file.errors {
        assert!((1..=lines).contains(&error.line), "line {} of {lines}", error.line);
        for lang in [Lang::Ja, Lang::En] {
            let text = error.reason.text(lang);
            assert!(!text.is_empty() && !text.contains(['\n', '\r', '\0']), "{text:?}");
            assert!(text.chars().count() <= MESSAGE_CHARS_MAX, "{text}");
        }
    }
    if !file.errors.is_empty() {
        return;
    }
    assert_eq!(file.site.problems(), []);
    let written = write_site(&file.site);
    let again = parse_site(written.as_bytes());
    assert_eq!((&again.errors, &again.site), (&Vec::new(), &file.site), "{written}");
    assert_eq!(file.site.changes_to(&again.site), []);
    let all = Site::default().changes_to(&file.site);
    assert_eq!(all.is_empty(), file.site.says_the_same(&Site::default()), "{all:?}");
    assert!(file.site.changes_to(&Site::default()).len() == all.len());
}

#[test]
fn a_contact_has_one_form() {
    const WORDS: &[&str] = &[
        "0476-42-5111",
        "０９０－１２３４－５６７８",
        "+81",
        "(0)",
        "ー",
        "@",
        "＠",
        "。",
        "example.jp",
        "hanako",
        "0120",
        "..",
    ];
    Target { name: "contacts", words: WORDS, runs: 60_000 }.hold(|bytes| contact(&String::from_utf8_lossy(bytes)));
}

fn contact(text: &str) {
    match parse_contact(text) {
        Ok(contact) => {
            assert!(contact.value().len() <= 254 && contact.value().bytes().all(|byte| byte.is_ascii_graphic()));
            assert_eq!(parse_contact(contact.value()), Ok(contact.clone()));
            assert_eq!(parse_contact(&format!("　{} ", contact.value())), Ok(contact));
        }
        Err(problem) => assert!(!problem.code().is_empty() && !problem.to_string().is_empty()),
    }
}
