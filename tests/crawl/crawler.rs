//! Follows every link, as a browser with cookies would, and looks at every page.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use sesshu_tests::{Answer, City, Client, Request};

use super::page::{Load, Page};

/// Pages that are looked at below one path: a choice has a page for every date.
const PAGES_PER_PATH_MAX: usize = 120;

/// A crawl from `/`, in one language, by one person or nobody.
pub(crate) struct Crawler {
    device: Client,
    language: &'static str,
    primary: &'static str,
    token: Option<String>,
    /// Who looks, for messages.
    who: &'static str,
    /// Address → what is found there.
    pub(crate) seen: BTreeMap<String, u16>,
    loaded: BTreeSet<String>,
    pub(crate) pages: usize,
    problems: Vec<String>,
}

impl Crawler {
    pub(crate) fn new(
        city: &City,
        (language, primary): (&'static str, &'static str),
        who: &'static str,
        token: Option<String>,
    ) -> Self {
        Self {
            device: city.device(),
            language,
            primary,
            token,
            who,
            seen: BTreeMap::new(),
            loaded: BTreeSet::new(),
            pages: 0,
            problems: Vec::new(),
        }
    }

    /// Everything that can be reached from here, and from `more`. Fails with all that is wrong.
    pub(crate) async fn crawl(&mut self, more: &[&str]) {
        let mut waiting: VecDeque<String> =
            std::iter::once("/").chain(more.iter().copied()).map(str::to_owned).collect();
        let mut per_path: BTreeMap<String, usize> = BTreeMap::new();
        while let Some(address) = waiting.pop_front() {
            let path = address.split('?').next().unwrap_or_default().to_owned();
            let count = per_path.entry(path).or_default();
            if self.seen.contains_key(&address) || *count >= PAGES_PER_PATH_MAX {
                continue;
            }
            *count += 1;
            waiting.extend(self.visit(&address).await);
        }
        assert!(self.problems.is_empty(), "{}, {}:\n{}", self.language, self.who, self.problems.join("\n"));
    }

    /// Asks for an address as a browser does.
    pub(crate) async fn get(&mut self, address: &str) -> Answer {
        let login = self.token.as_ref().map(|token| format!("; sesshu={token}")).unwrap_or_default();
        let request = Request::new("GET", address)
            .header("cookie", format!("sesshu-lang={}{login}", self.language))
            .header("accept", "text/html,*/*;q=0.8");
        self.device.send(request).await
    }

    /// Looks at one address, and gives those that it links to.
    async fn visit(&mut self, address: &str) -> Vec<String> {
        let answer = self.get(address).await;
        self.seen.insert(address.to_owned(), answer.status);
        let kind = answer.header("content-type").unwrap_or_default().to_owned();
        match answer.status {
            200 if kind.starts_with("text/html") => self.look(address, &answer).await,
            200 => Vec::new(),
            303 => self.own(address, answer.header("location").unwrap_or_default()).into_iter().collect(),
            status => {
                self.problems.push(format!("{address}: a dead link ({status})"));
                Vec::new()
            }
        }
    }

    async fn look(&mut self, address: &str, answer: &Answer) -> Vec<String> {
        self.pages += 1;
        let page = Page::read(&answer.text());
        let mut problems = page.problems.clone();
        problems.extend(wrong_headers(answer));
        if !matches!(page.lang.split('-').next(), Some(primary) if primary == self.primary) {
            problems.push(format!("lang is {:?}", page.lang));
        }
        if page.title.trim().is_empty() || page.main_headings != 1 {
            problems.push(format!("the title {:?} and {} main headings", page.title, page.main_headings));
        }
        problems.extend(page.texts.iter().filter(|text| is_untranslated(text)).map(|text| format!("a key: {text:?}")));
        self.problems.extend(problems.into_iter().map(|problem| format!("{address}: {problem}")));
        for load in &page.loads {
            self.load(address, load).await;
        }
        for form in &page.forms {
            self.own(address, form);
        }
        let own = format!("lang={}", self.language);
        if page.links.iter().any(|link| link.split(['?', '&']).any(|pair| pair == own)) {
            self.problems.push(format!("{address}: it is not in the language that it should be in, but offers it"));
        }
        let mut found = Vec::new();
        for link in &page.links {
            if let Some(fragment) = link.strip_prefix('#') {
                if !page.ids.iter().any(|id| id == fragment) {
                    self.problems.push(format!("{address}: nothing has the id {fragment}"));
                }
            } else if !(link.starts_with("tel:") || link.starts_with("mailto:") || link.starts_with("https://")) {
                found.extend(self.own(address, link).filter(|link| !self.is_other_language(link)));
            }
        }
        found
    }

    /// The address of ours that `link` names; anything else is a problem.
    fn own(&mut self, from: &str, link: &str) -> Option<String> {
        let path = from.split('?').next().unwrap_or_default();
        let link = link.split('#').next().unwrap_or_default();
        if link.starts_with('/') && !link.starts_with("//") {
            Some(link.to_owned())
        } else if link.starts_with('?') {
            Some(format!("{path}{link}"))
        } else {
            self.problems.push(format!("{from}: {link:?} leads away"));
            None
        }
    }

    /// Links that switch the language are followed by the crawl of that language.
    fn is_other_language(&self, link: &str) -> bool {
        let said = link.split(['?', '&']).find_map(|pair| pair.strip_prefix("lang="));
        said.is_some_and(|said| said != self.language)
    }

    /// What a page loads is ours, is there, and may be kept for good.
    async fn load(&mut self, from: &str, load: &Load) {
        let Some(address) = self.own(from, &load.address) else { return };
        if !self.loaded.insert(address.clone()) {
            return;
        }
        let answer = self.get(&address).await;
        let kept = answer.header("cache-control").unwrap_or_default();
        let for_good = kept.contains("immutable") || load.by == "img";
        if answer.status != 200 || answer.body.is_empty() || !for_good {
            self.problems.push(format!("{from} loads {address}: {}, kept {kept:?}", answer.status));
        }
    }
}

/// Security headers that are missing or lax.
fn wrong_headers(answer: &Answer) -> Vec<String> {
    let mut problems = Vec::new();
    let policy = answer.header("content-security-policy").unwrap_or_default();
    for wanted in ["default-src 'none'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"] {
        if !policy.split(';').any(|part| part.trim() == wanted) {
            problems.push(format!("the content security policy lacks {wanted}: {policy}"));
        }
    }
    for lax in ["unsafe", "http:", "https:", "*", "data:"] {
        if policy.contains(lax) {
            problems.push(format!("the content security policy allows {lax}: {policy}"));
        }
    }
    for (name, value) in [("x-content-type-options", "nosniff"), ("x-frame-options", "DENY")] {
        if answer.header(name) != Some(value) {
            problems.push(format!("{name} is {:?}", answer.header(name)));
        }
    }
    problems
}

/// Whether a text looks like the key of a text, or has a gap that nobody filled.
pub(crate) fn is_untranslated(text: &str) -> bool {
    let is_key = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let mut parts = word.split('.');
        let part = |part: &str| part.len() > 1 && part.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        word.contains('.') && parts.all(part)
    };
    text.contains("%{") || text.contains("{{") || text.split_whitespace().any(is_key)
}

#[test]
fn keys_are_told_from_texts() {
    for key in ["top.title", "problem.not_found.detail", "残り%{free}", "(ja.top.title)"] {
        assert!(is_untranslated(key), "{key}");
    }
    for text in ["9:00 a.m. to 5:00 p.m.", "Comirnaty 0.3 ml.", "See e.g. the letter.", "○ 空きあり", "end.Start"]
    {
        assert!(!is_untranslated(text), "{text}");
    }
}
