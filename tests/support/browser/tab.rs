//! A tab at a listener of a city, and what a person does with any page: open, look for, type, press, read.

use std::net::SocketAddr;
use std::time::Duration;

use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::{Client, Locator};
use serde_json::Value;

use super::driver::{self, Scripts};
use super::stage::Stage;
use crate::{City, wait_until_async};

const PAGE_WITHIN: Duration = Duration::from_secs(20);
/// The Enter key, in the words of the `WebDriver` protocol. Without JavaScript a click has no way to say that it has ended;
/// Enter does the same.
pub const ENTER: &str = "\u{e007}";

/// The tab.
#[derive(Debug)]
pub struct Tab<'a> {
    stage: &'a Stage,
    host: SocketAddr,
    /// Whose pages are looked at.
    pub city: &'a City,
    /// The browser.
    pub browser: Client,
    /// Whether pages may run scripts in it.
    pub scripts: Scripts,
    /// How wide it is, in CSS pixels.
    pub width: u32,
    /// How many pages were loaded.
    pub loads: usize,
    /// How many keys were pressed, one after the other.
    pub keys: usize,
}

impl<'a> Tab<'a> {
    pub(super) async fn begin(
        stage: &'a Stage,
        city: &'a City,
        host: SocketAddr,
        browser: Client,
        scripts: Scripts,
        width: u32,
    ) -> Self {
        let mut tab = Self { stage, host, city, browser, scripts, width, loads: 0, keys: 0 };
        // Cookies know no ports: those of an earlier tab must go, and go only on a page of the host.
        tab.open("/").await;
        tab.browser.delete_all_cookies().await.expect("no cookies");
        tab.loads = 0;
        tab
    }

    /// Ends it; the browser may be used again.
    pub fn end(self) {
        self.stage.take_back(self.scripts, self.browser);
    }

    /// The address of a page.
    #[must_use]
    pub fn address(&self, path: &str) -> String {
        format!("http://{}{path}", self.host)
    }

    /// Opens a page by its address.
    pub async fn open(&mut self, path: &str) {
        self.loads += 1;
        self.browser.goto(&self.address(path)).await.expect("a page");
    }

    /// Makes the screen so wide.
    pub async fn set_width(&mut self, width: u32) {
        self.width = width;
        driver::set_width(&self.browser, width).await;
    }

    /// The path of the page.
    pub async fn path(&self) -> String {
        self.browser.current_url().await.expect("an address").path().to_owned()
    }

    /// The element that `css` names, as soon as it is there.
    pub async fn find(&self, css: &str) -> Element {
        match self.browser.wait().at_most(PAGE_WITHIN).for_element(Locator::Css(css)).await {
            Ok(element) => element,
            Err(error) => panic!("{css}: {error}\n{}", self.where_it_is().await),
        }
    }

    /// How many elements `css` names now.
    pub async fn count(&self, css: &str) -> usize {
        self.browser.find_all(Locator::Css(css)).await.expect("a page").len()
    }

    /// Whether `css` names anything now.
    pub async fn has(&self, css: &str) -> bool {
        self.count(css).await > 0
    }

    /// An attribute of the element that `css` names.
    pub async fn attribute(&self, css: &str, name: &str) -> Option<String> {
        self.find(css).await.attr(name).await.expect("an element")
    }

    /// The value of the field that `css` names.
    pub async fn value(&self, css: &str) -> String {
        self.find(css).await.prop("value").await.expect("a field").unwrap_or_default()
    }

    /// Types into a field.
    pub async fn type_into(&self, css: &str, text: &str) {
        self.find(css).await.send_keys(text).await.expect("a field takes text");
    }

    /// Presses a button or follows a link, and waits until its page has gone.
    pub async fn press(&mut self, css: &str) {
        let element = self.find(css).await;
        self.press_element(&element).await;
    }

    /// [`Self::press`] for an element that was found already.
    pub async fn press_element(&mut self, element: &Element) {
        let before = self.find("html").await;
        element.send_keys(ENTER).await.expect("a button takes Enter");
        self.gone(&before).await;
        self.loads += 1;
    }

    /// Presses one key, wherever the focus is.
    pub async fn key(&mut self, key: char) {
        self.keys += 1;
        let keys = KeyActions::new("keyboard".to_owned())
            .then(KeyAction::Down { value: key })
            .then(KeyAction::Up { value: key });
        self.browser.perform_actions(keys).await.expect("a key");
    }

    /// Presses a key that leads to another page.
    pub async fn key_on(&mut self, key: char) {
        let page = self.find("html").await;
        self.key(key).await;
        self.gone(&page).await;
        self.loads += 1;
        self.find("main").await;
    }

    /// Types wherever the focus is, key by key.
    pub async fn type_keys(&mut self, text: &str) {
        for key in text.chars() {
            self.key(key).await;
        }
    }

    /// Waits until the page of this element has gone.
    pub async fn gone(&self, element: &Element) {
        wait_until_async("the next page", PAGE_WITHIN, async || element.tag_name().await.is_err().then_some(())).await;
    }

    /// Waits until the element that `css` names says `text`.
    pub async fn until(&self, what: &str, limit: Duration, css: &str, text: &str) {
        let element = self.find(css).await;
        wait_until_async(what, limit, async || {
            (element.text().await.expect("a page that stays") == text).then_some(())
        })
        .await;
    }

    /// What the page says.
    pub async fn text(&self) -> String {
        self.find("main").await.text().await.expect("the text of the page")
    }

    /// What a script of the test answers. It runs even where pages may not run scripts.
    pub async fn ask(&self, script: &str) -> Value {
        self.browser.execute(script, vec![]).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Where a test has failed.
    pub async fn where_it_is(&self) -> String {
        let url = self.browser.current_url().await.map(|url| url.to_string()).unwrap_or_default();
        let source = self.browser.source().await.unwrap_or_default();
        format!("on {url}\n{source}")
    }

    /// What every page must have, whatever it shows.
    pub async fn check(&self) {
        assert_eq!(self.count("h1").await, 1, "one heading\n{}", self.where_it_is().await);
        let title = self.browser.title().await.expect("a page");
        assert!(!title.trim().is_empty(), "a title on {}", self.path().await);
        self.fits_width().await;
    }

    /// Nothing lies beyond the right edge.
    pub async fn fits_width(&self) {
        let width = self.ask("return document.documentElement.scrollWidth").await;
        let fits = width.as_u64() <= Some(u64::from(self.width));
        assert!(fits, "{} px wide on a screen of {} px: {}", width, self.width, self.path().await);
    }
}
