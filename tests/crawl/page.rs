//! A page as a browser's tokenizer reads it: its links, what it loads, its texts, and what is wrong with its form.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

/// Elements that have no content.
const VOID: [&str; 8] = ["meta", "link", "input", "br", "hr", "img", "wbr", "source"];
/// Attributes that people read or hear.
const READ: [&str; 5] = ["alt", "aria-label", "title", "placeholder", "content"];

/// What stands on a page.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// The language of the whole.
    pub(crate) lang: String,
    /// The title.
    pub(crate) title: String,
    /// How many main headings there are.
    pub(crate) main_headings: usize,
    /// Where its links lead.
    pub(crate) links: Vec<String>,
    /// What a browser loads with it: style sheets, scripts, icons, pictures.
    pub(crate) loads: Vec<Load>,
    /// Where its forms go.
    pub(crate) forms: Vec<String>,
    /// The ids of its elements.
    pub(crate) ids: Vec<String>,
    /// What people read of it, piece by piece.
    pub(crate) texts: Vec<String>,
    /// What is wrong with it.
    pub(crate) problems: Vec<String>,
    open: Vec<String>,
}

/// What is loaded with a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Load {
    /// By which element: `link`, `script`, `img`.
    pub(crate) by: String,
    /// What it is to its page, if that is said: `stylesheet`, `icon`.
    pub(crate) rel: String,
    /// Where it is.
    pub(crate) address: String,
}

impl Page {
    /// Reads a page.
    pub(crate) fn read(html: &str) -> Self {
        let tokenizer =
            Tokenizer::new(Sink::default(), TokenizerOpts { exact_errors: true, ..TokenizerOpts::default() });
        let input = BufferQueue::default();
        input.push_back(StrTendril::from_slice(html));
        let _ = tokenizer.feed(&input);
        tokenizer.end();
        let mut page = tokenizer.sink.0.into_inner();
        let open = std::mem::take(&mut page.open);
        page.problems.extend(open.iter().map(|name| format!("<{name}> is not closed")));
        let mut ids = page.ids.clone();
        ids.sort_unstable();
        let twice =
            ids.windows(2).filter(|two| two[0] == two[1]).map(|two| format!("the id {} is there twice", two[0]));
        page.problems.extend(twice);
        page
    }

    fn begin(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name = &*tag.name;
        let get =
            |wanted: &str| tag.attrs.iter().find(|own| &*own.name.local == wanted).map(|own| own.value.to_string());
        if tag.had_duplicate_attributes {
            self.problems.push(format!("<{name}> has an attribute twice"));
        }
        for own in &tag.attrs {
            let attribute = &*own.name.local;
            if attribute == "style" || attribute.starts_with("on") {
                self.problems.push(format!("<{name} {attribute}>: the content security policy forbids it"));
            }
            if READ.contains(&attribute) {
                self.texts.push(own.value.to_string());
            }
        }
        self.ids.extend(get("id"));
        match name {
            "html" => self.lang = get("lang").unwrap_or_default(),
            "h1" => self.main_headings += 1,
            "a" | "area" => self.links.extend(get("href")),
            "form" => self.forms.extend(get("action")),
            "link" => self.load(name, get("rel"), get("href")),
            "script" | "img" | "iframe" | "source" | "audio" | "video" | "embed" => self.load(name, None, get("src")),
            _ => {}
        }
        if !tag.self_closing && !VOID.contains(&name) {
            self.open.push(name.to_owned());
        }
        match name {
            "title" | "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
            "style" => TokenSinkResult::RawData(RawKind::Rawtext),
            "script" => TokenSinkResult::RawData(RawKind::ScriptData),
            _ => TokenSinkResult::Continue,
        }
    }

    fn load(&mut self, by: &str, rel: Option<String>, address: Option<String>) {
        if let Some(address) = address {
            self.loads.push(Load { by: by.to_owned(), rel: rel.unwrap_or_default(), address });
        } else if by == "script" {
            self.problems.push("a script within the page: the content security policy forbids it".to_owned());
        }
    }

    fn end(&mut self, name: &str) {
        if self.open.last().is_some_and(|open| open == name) {
            self.open.pop();
        } else {
            self.problems.push(format!("</{name}> closes {:?}", self.open.last()));
        }
    }

    fn text(&mut self, text: &str) {
        if self.open.iter().any(|name| matches!(name.as_str(), "script" | "style")) {
            return;
        }
        if self.open.last().is_some_and(|name| name == "title") && !self.open.iter().any(|name| name == "svg") {
            self.title.push_str(text);
        }
        if !text.trim().is_empty() {
            self.texts.push(text.to_owned());
        }
    }
}

#[derive(Default)]
struct Sink(RefCell<Page>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<()> {
        let mut page = self.0.borrow_mut();
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => return page.begin(&tag),
            Token::TagToken(tag) => page.end(&tag.name),
            Token::CharacterTokens(text) => page.text(&text),
            Token::ParseError(error) => page.problems.push(format!("line {line}: {error}")),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

#[test]
fn a_page_is_read_and_what_is_wrong_with_it_is_named() {
    let good = Page::read(
        "<!DOCTYPE html><html lang=\"ja\"><head><title>予約 &amp; 変更</title><link rel=\"stylesheet\" href=\"/a.css\">\
         <script src=\"/a.js\" defer></script></head><body><h1 id=\"top\">題</h1><a href=\"/my\">次</a><br>\
         <form action=\"/book\"><img src=\"/q.svg\" alt=\"印\"></form></body></html>",
    );
    assert_eq!(good.problems, Vec::<String>::new());
    assert_eq!((good.lang.as_str(), good.title.as_str(), good.main_headings), ("ja", "予約 & 変更", 1));
    assert_eq!((good.links, good.forms, good.ids), (vec!["/my".into()], vec!["/book".into()], vec!["top".into()]));
    assert_eq!(good.loads.iter().map(|load| load.address.as_str()).collect::<Vec<_>>(), ["/a.css", "/a.js", "/q.svg"]);
    assert!(good.texts.iter().any(|text| text == "印"));
    let wrong = Page::read("<p style=\"x\" id=\"a\"><b id=\"a\">text</p></b><script>alert()</script><i>");
    assert!(wrong.problems.len() >= 5, "{:?}", wrong.problems);
}
