//! `/site/texts`: the wordings of the resident pages, page by page, and the city's own instead.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::site::{LangCode, Site};

use super::super::desk::{Console, Staff, StaffDesk};
use super::super::form::{FormErrors, StaffForm, StaffQuery};
use super::super::frame::Frame;
use super::super::page::{go_to, page};
use super::super::problem::StaffProblem;
use super::site_form::{Field, Typed, fields, revision, text};
use crate::lang::Lang;
use crate::texts::page_text_keys;

/// Each page with what its texts' keys begin with.
const PAGES: &[(&str, &str)] = &[
    ("top", "最初の画面"),
    ("login", "ログイン"),
    ("login_wait", "ログインの順番待ち"),
    ("before", "受付開始の前"),
    ("wait", "予約の順番待ち"),
    ("draw", "順番の抽選"),
    ("switch", "止めているときの案内"),
    ("choose", "日時を選ぶ"),
    ("confirm", "確認"),
    ("done", "予約の完了"),
    ("my", "予約の確認"),
    ("cancel", "取り消し"),
    ("contact", "連絡先"),
    ("logout", "ログアウト"),
    ("family", "ご家族の予約"),
    ("slip", "予約票"),
    ("calendar", "カレンダー"),
    ("bring", "持ち物"),
    ("next", "次の回の案内"),
    ("frame", "すべての画面の枠"),
    ("notice", "障害・保守のお知らせ"),
    ("away", "つながらないときの画面"),
    ("word", "共通の言葉"),
    ("state", "空きの状態"),
    ("booking", "予約の状態"),
    ("place", "会場"),
    ("refused", "予約できなかったとき"),
    ("problem", "困ったとき"),
    ("wrong", "入力の誤り"),
];

#[derive(Template)]
#[template(path = "staff/data/texts.html")]
struct TextsPage<'a> {
    f: Frame<'a>,
    /// Code, words, whether it is this one.
    pages: Vec<(&'static str, &'static str, bool)>,
    words: &'static str,
    done: bool,
    texts: Vec<Line>,
}

struct Line {
    key: &'static str,
    /// The pages' own text in Japanese, without furigana.
    said: String,
    /// The city's, by language.
    own: Vec<(&'static str, &'static str, String)>,
}

#[derive(Template)]
#[template(path = "staff/data/text.html")]
struct TextPage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    key: &'a str,
    page: &'a str,
    revision: u64,
    /// The pages' own text beside the field for the city's.
    fields: Vec<(String, Field)>,
    values: Vec<String>,
}

#[derive(Deserialize)]
pub(in crate::staff) struct TextsQuery {
    #[serde(default)]
    page: String,
    #[serde(default)]
    done: String,
}

pub(in crate::staff) async fn get_texts(
    State(desk): State<Console>,
    staff: Staff,
    StaffQuery(query): StaffQuery<TextsQuery>,
) -> Result<Response, StaffProblem> {
    let asked = if query.page.is_empty() { PAGES[0].0 } else { &query.page };
    let (code, words) = *PAGES.iter().find(|(code, _)| *code == asked).ok_or(StaffProblem::NotFound)?;
    let site = desk.engine.site();
    let of_page = |key: &&String| page_of(key) == code;
    let line = |key: &'static String| {
        let own =
            Lang::all().filter_map(|lang| Some((lang.name(), lang.html(), site.text(lang.code(), key)?.to_owned())));
        Line { key, said: Lang::JA.say(key).into_owned(), own: own.collect() }
    };
    let shown = TextsPage {
        f: desk.frame(Some(&staff)),
        pages: PAGES.iter().map(|&(code, words)| (code, words, code == asked)).collect(),
        words,
        done: query.done == "saved",
        texts: page_text_keys().iter().filter(of_page).map(line).collect(),
    };
    page(StatusCode::OK, &shown)
}

/// What the keys of a page begin with.
fn page_of(key: &str) -> &str {
    key.split('.').next().unwrap_or_default()
}

/// The key of an address, if the pages have it.
fn known(key: &str) -> Result<&'static str, StaffProblem> {
    let keys = page_text_keys();
    keys.iter().find(|known| **known == *key).map(String::as_str).ok_or(StaffProblem::NotFound)
}

pub(in crate::staff) async fn get_text(
    State(desk): State<Console>,
    staff: Staff,
    Path(key): Path<String>,
) -> Result<Response, StaffProblem> {
    let site = desk.engine.site();
    let key = known(&key)?;
    let said = |lang: Lang| site.text(lang.code(), key).unwrap_or_default().to_owned();
    shown(&desk, &staff, StatusCode::OK, FormErrors::default(), key, fields("text", said))
}

fn shown(
    desk: &StaffDesk,
    staff: &Staff,
    status: StatusCode,
    errors: FormErrors,
    key: &str,
    fields: Vec<Field>,
) -> Result<Response, StaffProblem> {
    let ours = Lang::all().map(|lang| lang.markup(key).0.into_owned());
    let text = TextPage {
        f: desk.frame(Some(staff)),
        errors,
        key,
        page: page_of(key),
        revision: desk.engine.site().revision,
        values: values(&Lang::JA.markup(key).0).into_iter().collect(),
        fields: ours.zip(fields).collect(),
    };
    page(status, &text)
}

/// The names of the values that a text has a place for, as it writes them.
fn values(text: &str) -> BTreeSet<String> {
    let names = text.split("%{").skip(1).filter_map(|after| after.split_once('}'));
    names.map(|(name, _)| format!("%{{{name}}}")).collect()
}

pub(in crate::staff) async fn post_text(
    State(desk): State<Console>,
    staff: Staff,
    Path(key): Path<String>,
    StaffForm(typed): StaffForm<Typed>,
) -> Result<Response, StaffProblem> {
    let key = known(&key)?;
    let mut next = Site::clone(&desk.engine.site());
    let mut errors = FormErrors::default();
    let known_values = values(&Lang::JA.markup(key).0);
    for lang in Lang::all() {
        let field = format!("text-{}", lang.code());
        let said = text(&typed, &field);
        if let Some(unknown) = values(&said).difference(&known_values).next() {
            errors.add(field, format!("{unknown} に入る値は、この文言にはありません。"));
        }
        put(&mut next, lang, key, &said);
    }
    let outcome = if errors.is_empty() { desk.say(next, revision(&typed), &staff, 1).await? } else { Err(errors) };
    match outcome {
        Ok(()) => Ok(go_to(&format!("/site/texts?page={}&done=saved", page_of(key)))),
        Err(errors) => {
            let errors = at_fields(&errors, key);
            let typed = fields("text", |lang| text(&typed, &format!("text-{}", lang.code())));
            shown(&desk, &staff, StatusCode::BAD_REQUEST, errors, key, typed)
        }
    }
}

/// Lets `site` say `said` for `key`; nothing is the pages' own text.
fn put(site: &mut Site, lang: Lang, key: &str, said: &str) {
    let Some(code) = LangCode::new(lang.code()) else { return };
    let mut texts = site.texts.remove(&code).unwrap_or_default();
    if said.is_empty() {
        texts.remove(key);
    } else {
        texts.insert(key.into(), said.into());
    }
    // A language without wordings is not there at all.
    if !texts.is_empty() {
        site.texts.insert(code, texts);
    }
}

/// The places of a site's texts are named by language and key; the fields by language.
fn at_fields(errors: &FormErrors, key: &str) -> FormErrors {
    let mut placed = FormErrors::default();
    for error in errors.iter() {
        let lang = error.field.strip_suffix(key).and_then(|lang| lang.strip_suffix('-'));
        let field = lang.map_or_else(|| error.field.to_string(), |lang| format!("text-{lang}"));
        placed.add(field, error.says.clone());
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_stands_on_a_page_and_every_page_has_some() {
        for key in page_text_keys() {
            assert!(PAGES.iter().any(|(code, _)| *code == page_of(key)), "{key}");
        }
        for (code, _) in PAGES {
            assert!(page_text_keys().iter().any(|key| page_of(key) == *code), "{code}");
        }
    }

    #[test]
    fn a_wording_is_put_and_taken_away_without_a_trace() {
        let mut site = Site::default();
        put(&mut site, Lang::JA, "top.title", "予約");
        assert_eq!(site.text("ja", "top.title"), Some("予約"));
        put(&mut site, Lang::JA, "top.title", "");
        assert!(site.says_the_same(&Site::default()));
        let mut errors = FormErrors::default();
        errors.add("ja-easy-top.title", "長すぎます。");
        assert_eq!(at_fields(&errors, "top.title").of("text-ja-easy"), Some("長すぎます。"));
    }

    #[test]
    fn the_values_of_a_text_are_named_as_they_are_written() {
        assert_eq!(values("%{at}から（%{left}）%{at}").into_iter().collect::<Vec<_>>(), ["%{at}", "%{left}"]);
    }
}
