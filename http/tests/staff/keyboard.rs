//! An operator's keyboard: pages are gone through by the keys that stand on them, and what is pressed is counted.

use std::time::{Duration, Instant};

use super::browser::{Browser, Page};

/// A browser of which only the keyboard is used.
pub(crate) struct Keyboard {
    browser: Browser,
    pub(crate) page: Page,
    /// What is typed into the page's field, by its name.
    typed: Vec<(String, String)>,
    pub(crate) keystrokes: usize,
    /// How long the console took to answer, in all.
    pub(crate) waited: Duration,
}

impl Keyboard {
    /// Opens the page at `address`, which takes no key yet.
    pub(crate) async fn at(mut browser: Browser, address: &str) -> Self {
        let page = browser.get(address).await;
        Self { browser, page, typed: Vec::new(), keystrokes: 0, waited: Duration::ZERO }
    }

    /// Presses the key that stands on a link, a button or a tick box.
    pub(crate) async fn press(&mut self, key: &str) {
        self.keystrokes += 1;
        self.activate(&format!("data-key=\"{key}\"")).await;
    }

    /// Presses Enter on what has the focus when the page opens.
    pub(crate) async fn enter(&mut self) {
        self.keystrokes += 1;
        self.activate("autofocus").await;
    }

    /// Types into the field that has the focus when the page opens.
    pub(crate) fn type_into_field(&mut self, text: &str) {
        let (tag, _) = self.tag_with("autofocus");
        let name = attribute(&tag, "name").expect("a field has a name");
        self.keystrokes += text.chars().count();
        self.typed.push((name, text.to_owned()));
    }

    /// Presses Tab, which leads from the field to the tick boxes.
    pub(crate) fn tab(&mut self) {
        self.keystrokes += 1;
    }

    async fn activate(&mut self, mark: &str) {
        let (tag, at) = self.tag_with(mark);
        if tag.starts_with("<a ") {
            let href =
                attribute(&tag, "href").expect("a link leads somewhere").replace("&amp;", "&").replace("&#38;", "&");
            let began = Instant::now();
            self.page = self.browser.get(&href).await;
            self.waited += began.elapsed();
        } else if tag.contains("type=\"checkbox\"") {
            let name = attribute(&tag, "name").expect("a tick box has a name");
            self.typed.push((name, attribute(&tag, "value").expect("a tick box has a value")));
        } else {
            self.send(&tag, at).await;
        }
    }

    /// Sends the form around `tag`, with the value of the button if it has one.
    async fn send(&mut self, tag: &str, at: usize) {
        let before = &self.page.html[..at];
        let from = before.rfind("<form").expect("it stands in a form");
        let form = &self.page.html[from..];
        let form = &form[..form.find("</form>").expect("the form ends")];
        let opening = &form[..form.find('>').expect("a tag ends")];
        let action = attribute(opening, "action").expect("a form is sent somewhere");
        let mut fields: Vec<(String, String)> = form
            .split('<')
            .filter(|tag| tag.starts_with("input") && tag.contains("type=\"hidden\""))
            .filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value")?)))
            .collect();
        if tag.starts_with("<button") {
            fields.extend(attribute(tag, "name").zip(attribute(tag, "value")));
        }
        fields.append(&mut self.typed);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let began = Instant::now();
        self.page = self.browser.post(&action, &fields).await;
        self.waited += began.elapsed();
    }

    /// The first tag with this mark, and where it stands.
    fn tag_with(&self, mark: &str) -> (String, usize) {
        let html = &self.page.html;
        let at = html.find(mark).unwrap_or_else(|| panic!("nothing on {} has {mark}:\n{html}", self.page.address));
        let from = html[..at].rfind('<').expect("it stands in a tag");
        let to = from + html[from..].find('>').expect("the tag ends");
        (html[from..to].to_owned(), from)
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, after) = tag.split_once(&format!(" {name}=\""))?;
    after.split_once('"').map(|(value, _)| value.to_owned())
}
