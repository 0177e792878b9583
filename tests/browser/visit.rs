//! One visit: a browser at a city, and what a person does with any page: open, look for, type, press, read.

use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::{Client, Locator};
use serde_json::Value;
use sesshu_tests::{City, wait_until_async};

use crate::driver::{self, Scripts};
use crate::language::Language;
use crate::stage::Stage;

const PAGE_WITHIN: Duration = Duration::from_secs(20);
/// The Enter key, in the words of the `WebDriver` protocol. Without JavaScript a click has no way to say that it has ended;
/// Enter does the same.
pub(crate) const ENTER: &str = "\u{e007}";

/// The visit.
#[derive(Debug)]
pub(crate) struct Visit<'a> {
    stage: &'a Stage,
    pub(crate) city: &'a City,
    pub(crate) browser: Client,
    pub(crate) scripts: Scripts,
    pub(crate) language: Language,
    pub(crate) width: u32,
    /// How many pages were loaded.
    pub(crate) loads: usize,
}

impl<'a> Visit<'a> {
    /// Widths of screens, in CSS pixels.
    pub(crate) const PHONE: u32 = 360;
    pub(crate) const DESKTOP: u32 = 1280;

    pub(crate) async fn begin(stage: &'a Stage, city: &'a City, browser: Client, scripts: Scripts) -> Self {
        let mut visit =
            Self { stage, city, browser, scripts, language: Language::JAPANESE, width: Self::PHONE, loads: 0 };
        // Cookies know no ports: those of an earlier visit must go, and go only on a page of the host.
        visit.open("/").await;
        visit.browser.delete_all_cookies().await.expect("no cookies");
        visit.loads = 0;
        visit
    }

    /// Ends the visit; the browser may be used again.
    pub(crate) fn end(self) {
        self.stage.take_back(self.scripts, self.browser);
    }

    /// The address of a page.
    pub(crate) fn address(&self, path: &str) -> String {
        format!("http://{}{path}", self.city.public())
    }

    /// Opens a page by its address.
    pub(crate) async fn open(&mut self, path: &str) {
        self.loads += 1;
        self.browser.goto(&self.address(path)).await.expect("a page");
    }

    /// Chooses a language, as the links of every page do.
    pub(crate) async fn speak(&mut self, language: Language) {
        self.language = language;
        self.open(&format!("/?lang={}", language.code)).await;
    }

    /// Makes the screen so wide.
    pub(crate) async fn set_width(&mut self, width: u32) {
        self.width = width;
        driver::set_width(&self.browser, width).await;
    }

    /// The path of the page.
    pub(crate) async fn path(&self) -> String {
        self.browser.current_url().await.expect("an address").path().to_owned()
    }

    /// The element that `css` names, as soon as it is there.
    pub(crate) async fn find(&self, css: &str) -> Element {
        match self.browser.wait().at_most(PAGE_WITHIN).for_element(Locator::Css(css)).await {
            Ok(element) => element,
            Err(error) => panic!("{css}: {error}\n{}", self.where_it_is().await),
        }
    }

    /// How many elements `css` names now.
    pub(crate) async fn count(&self, css: &str) -> usize {
        self.browser.find_all(Locator::Css(css)).await.expect("a page").len()
    }

    /// Whether `css` names anything now.
    pub(crate) async fn has(&self, css: &str) -> bool {
        self.count(css).await > 0
    }

    /// An attribute of the element that `css` names.
    pub(crate) async fn attribute(&self, css: &str, name: &str) -> Option<String> {
        self.find(css).await.attr(name).await.expect("an element")
    }

    /// The value of the field that `css` names.
    pub(crate) async fn value(&self, css: &str) -> String {
        self.find(css).await.prop("value").await.expect("a field").unwrap_or_default()
    }

    /// Types into a field.
    pub(crate) async fn type_into(&self, css: &str, text: &str) {
        self.find(css).await.send_keys(text).await.expect("a field takes text");
    }

    /// Presses a button or follows a link, and waits until its page has gone.
    pub(crate) async fn press(&mut self, css: &str) {
        let element = self.find(css).await;
        self.press_element(&element).await;
    }

    /// [`Self::press`] for an element that was found already.
    pub(crate) async fn press_element(&mut self, element: &Element) {
        let before = self.find("html").await;
        element.send_keys(ENTER).await.expect("a button takes Enter");
        self.gone(&before).await;
        self.loads += 1;
    }

    /// Waits until the page of this element has gone.
    pub(crate) async fn gone(&self, element: &Element) {
        wait_until_async("the next page", PAGE_WITHIN, async || element.tag_name().await.is_err().then_some(())).await;
    }

    /// Waits until the element that `css` names says `text`.
    pub(crate) async fn until(&self, what: &str, limit: Duration, css: &str, text: &str) {
        let element = self.find(css).await;
        wait_until_async(what, limit, async || {
            (element.text().await.expect("a page that stays") == text).then_some(())
        })
        .await;
    }

    /// What the page says.
    pub(crate) async fn text(&self) -> String {
        self.find("main").await.text().await.expect("the text of the page")
    }

    /// What a script of the test answers. It runs even where pages may not run scripts.
    pub(crate) async fn ask(&self, script: &str) -> Value {
        self.browser.execute(script, vec![]).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Where a test has failed.
    pub(crate) async fn where_it_is(&self) -> String {
        let url = self.browser.current_url().await.map(|url| url.to_string()).unwrap_or_default();
        let source = self.browser.source().await.unwrap_or_default();
        format!("on {url}\n{source}")
    }

    /// What every page must be, whatever it shows.
    pub(crate) async fn check(&self) {
        let language = self.attribute("html", "lang").await.unwrap_or_default();
        assert_eq!(language.split('-').next(), Some(self.language.primary), "the language of {}", self.path().await);
        assert_eq!(self.count("h1").await, 1, "one heading\n{}", self.where_it_is().await);
        let title = self.browser.title().await.expect("a page");
        assert!(!title.trim().is_empty(), "a title on {}", self.path().await);
        self.fits_width().await;
    }

    /// Nothing lies beyond the right edge.
    pub(crate) async fn fits_width(&self) {
        let width = self.ask("return document.documentElement.scrollWidth").await;
        let fits = width.as_u64() <= Some(u64::from(self.width));
        assert!(fits, "{} px wide on a screen of {} px: {}", width, self.width, self.path().await);
    }
}
