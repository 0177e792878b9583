//! The city's pages as a file that can be changed and imported again: what `parse_site` reads.

use std::fmt::Write as _;

use crate::core::site::{Site, Worded};

/// `site` as the text of a file. Reading it gives a site that says the same.
#[must_use]
pub fn write_site(site: &Site) -> String {
    let mut text = String::from("# 画面に表示する市の情報です。書きかえて `sesshu site import` で取り込みます。\n");
    let ok = write_to(&mut text, site);
    debug_assert!(ok.is_ok(), "writing to a string does not fail");
    text
}

fn write_to(text: &mut String, site: &Site) -> std::fmt::Result {
    if let Some(theme) = site.theme {
        writeln!(text, "\n[theme]\nmain = \"{}\"\non_main = \"{}\"", theme.main, theme.on_main)?;
    }
    if let Some(bring) = &site.bring {
        writeln!(text, "\n[bring]")?;
        each(bring, |lang, lines| {
            writeln!(text, "{lang} = [")?;
            lines.iter().try_for_each(|line| writeln!(text, "  {},", quoted(line)))?;
            writeln!(text, "]")
        })?;
    }
    for one in &site.announcements {
        writeln!(text, "\n[[announcement]]\nid = {}\nkind = \"{}\"", quoted(&one.id), one.kind.code())?;
        for (key, instant) in [("shown_from", one.shown_from), ("shown_until", one.shown_until)] {
            if let Some(instant) = instant {
                writeln!(text, "{key} = \"{}\"", instant.to_rfc3339())?;
            }
        }
        words(text, "title", &one.title)?;
        words(text, "body", &one.body)?;
    }
    for (name, details) in &site.venues {
        writeln!(text, "\n[[venue]]\nname = {}", quoted(name))?;
        if let Some(url) = &details.map_url {
            writeln!(text, "map_url = {}", quoted(url))?;
        }
        words(text, "address", &details.address)?;
        if let Some(access) = &details.access {
            words(text, "access", access)?;
        }
    }
    for (lang, texts) in &site.texts {
        writeln!(text, "\n[texts.{lang}]")?;
        texts.iter().try_for_each(|(key, said)| writeln!(text, "{} = {}", quoted(key), quoted(said)))?;
    }
    Ok(())
}

fn each<T>(words: &Worded<T>, mut one: impl FnMut(&str, &T) -> std::fmt::Result) -> std::fmt::Result {
    one("ja", &words.ja)?;
    words.others.iter().try_for_each(|(lang, said)| one(lang.as_str(), said))
}

/// Dotted keys, so that each language has a line of its own.
fn words(text: &mut String, key: &str, words: &Worded<Box<str>>) -> std::fmt::Result {
    each(words, |lang, said| writeln!(text, "{key}.{lang} = {}", quoted(said)))
}

/// A TOML string: on one line, or over the lines that it has.
fn quoted(said: &str) -> String {
    let mut escaped = String::with_capacity(said.len() + 8);
    for c in said.chars() {
        match c {
            '"' | '\\' => escaped.extend(['\\', c]),
            '\n' => escaped.push('\n'),
            c if c.is_control() => escaped.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => escaped.push(c),
        }
    }
    if said.contains('\n') { format!("\"\"\"\n{escaped}\"\"\"") } else { format!("\"{escaped}\"") }
}
