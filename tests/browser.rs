//! A resident's way through the pages in a real browser: log in → choose → confirm → done → cancel. On a phone of 360 px and a
//! screen of 1280 px, in Japanese and in English, and with JavaScript switched off: the pages must not need it. Every step
//! leaves a picture in `target/screenshots/`.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::json;
use sesshu_tests::{City, Resident};

const PAGE_WITHIN: Duration = Duration::from_secs(20);
/// The Enter key, in the words of the `WebDriver` protocol. Without JavaScript a click has no way to say that it has ended;
/// Enter does the same, and shows that the keyboard alone is enough.
const ENTER: &str = "\u{e007}";

/// `chromedriver` with the browsers it starts: ended together.
struct Driver {
    process: Child,
    address: String,
}

impl Driver {
    fn start() -> Self {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| {
                panic!("chromedriver does not start ({error}): install Debian's chromium and chromium-driver, as tests/run does")
            });
        let output = process.stdout.take().expect("its output");
        let port = BufReader::new(output).lines().map_while(Result::ok).find_map(|line| {
            let port = line.split("started successfully on port ").nth(1)?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let port = port.expect("chromedriver says its port");
        Self { process, address: format!("http://127.0.0.1:{port}") }
    }

    /// A browser of this width that prefers `language` and runs no scripts.
    async fn browser(&self, language: &str, width: u32) -> Client {
        let options = json!({
            "args": ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars",
                     format!("--lang={language}")],
            "prefs": {
                "intl.accept_languages": language,
                "profile.managed_default_content_settings.javascript": 2,
            },
            "mobileEmulation": {"deviceMetrics": {"width": width, "height": 900, "pixelRatio": 1.0}},
        });
        let mut capabilities = Capabilities::new();
        capabilities.insert("browserName".to_owned(), json!("chrome"));
        capabilities.insert("goog:chromeOptions".to_owned(), options);
        ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&self.address)
            .await
            .expect("chromium starts: install Debian's chromium, as tests/run does")
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Browsers that a failed test has left are in its group.
        let _ = kill_process_group(Pid::from_child(&self.process), Signal::KILL);
        let _ = self.process.wait();
    }
}

/// One visit: a browser at a city.
struct Visit<'a> {
    browser: Client,
    city: &'a City,
    language: &'static str,
    width: u32,
    steps: u32,
}

impl Visit<'_> {
    async fn open(&self, path: &str) {
        self.browser.goto(&format!("http://{}{path}", self.city.public())).await.expect("a page");
    }

    async fn path(&self) -> String {
        self.browser.current_url().await.expect("an address").path().to_owned()
    }

    /// The element that `css` names, as soon as it is there.
    async fn find(&self, css: &str) -> Element {
        match self.browser.wait().at_most(PAGE_WITHIN).for_element(Locator::Css(css)).await {
            Ok(element) => element,
            Err(error) => {
                let source = self.browser.source().await.unwrap_or_default();
                panic!("{css} on {}: {error}\n{source}", self.path().await)
            }
        }
    }

    async fn count(&self, css: &str) -> usize {
        self.browser.find_all(Locator::Css(css)).await.expect("a page").len()
    }

    async fn type_into(&self, css: &str, text: &str) {
        self.find(css).await.send_keys(text).await.expect("a field takes text");
    }

    /// Presses a button, and waits until its page has gone.
    async fn press(&self, css: &str) {
        let before = self.find("html").await;
        self.find(css).await.send_keys(ENTER).await.expect("a button takes Enter");
        sesshu_tests::wait_until_async("the next page", PAGE_WITHIN, async || {
            before.tag_name().await.is_err().then_some(())
        })
        .await;
    }

    async fn text(&self) -> String {
        self.find("main").await.text().await.expect("the text of the page")
    }

    /// What every page must be, and a picture of it.
    async fn look(&mut self, step: &str) {
        let language = self.find("html").await.attr("lang").await.expect("a page").unwrap_or_default();
        assert_eq!(language.split('-').next(), Some(self.language), "the language of {}", self.path().await);
        assert_eq!(self.count("h1").await, 1, "one heading on {}", self.path().await);
        let title = self.browser.title().await.expect("a page");
        assert!(!title.trim().is_empty(), "a title on {}", self.path().await);
        let widths =
            self.browser.execute("return [document.documentElement.scrollWidth, window.innerWidth]", vec![]).await;
        let widths = widths.expect("its widths");
        assert!(widths[0].as_u64() <= Some(u64::from(self.width)), "{} scrolls sideways: {widths}", self.path().await);
        self.steps += 1;
        let name = format!("{}-{}-{}-{step}.png", self.language, self.width, self.steps);
        let picture = self.browser.screenshot().await.expect("a picture");
        std::fs::write(screenshots().join(name), picture).expect("a file");
    }

    async fn log_in(&mut self, resident: &Resident, password: &str) {
        self.open("/login").await;
        let field = self.find("input[name=password]").await;
        assert_eq!(field.attr("type").await.expect("a field").as_deref(), Some("password"), "the password is masked");
        assert_eq!(field.attr("autocomplete").await.expect("a field").as_deref(), Some("current-password"));
        self.type_into("input[name=id]", &resident.id).await;
        self.type_into("input[name=password]", password).await;
        self.look("login").await;
        self.press("form[action^='/login'] button").await;
    }
}

fn screenshots() -> PathBuf {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| checkout.join("target"), PathBuf::from);
    let folder = target.join("screenshots");
    std::fs::create_dir_all(&folder).expect("a folder for the pictures");
    folder
}

async fn books_and_cancels(language: &'static str, width: u32) {
    let city = City::shared(100);
    let driver = Driver::start();
    let browser = driver.browser(language, width).await;
    let mut visit = Visit { browser, city: &city, language, width, steps: 0 };
    let resident = city.resident();

    visit.open("/").await;
    visit.look("top").await;
    visit.log_in(&resident, &resident.password).await;
    assert_ne!(visit.path().await, "/login", "{}", visit.text().await);
    assert!(visit.text().await.contains(&resident.name_kana) || visit.count("header").await > 0);

    if visit.count("form[action='/hold']").await == 0 {
        visit.press("a[href='/choose?dose=1']").await;
    }
    visit.find("form[action='/hold'] button").await;
    visit.look("choose").await;
    if visit.count("form[action='/hold'] input[type=radio]").await > 0 {
        visit.type_into("form[action='/hold'] input[type=radio]", " ").await;
    }
    visit.press("form[action='/hold'] button").await;

    visit.find("form[action='/book'] button").await;
    visit.look("confirm").await;
    visit.press("form[action='/book'] button").await;

    assert_eq!(visit.path().await, "/done", "{}", visit.text().await);
    visit.look("done").await;
    let done = visit.text().await;
    let booked = city.login(&resident).await.bookings().await;
    let number = booked[0]["number"].as_str().expect("a number").to_owned();
    // The page groups the digits for reading aloud.
    let shown = visit.find(".number").await.text().await.expect("a text").replace(|c: char| !c.is_alphanumeric(), "");
    assert_eq!(shown, number.replace(|c: char| !c.is_alphanumeric(), ""), "the page shows the number: {done}");

    visit.open("/my").await;
    let cancel = format!("/cancel/{number}");
    visit.find(&format!("a[href='{cancel}']")).await;
    visit.look("my").await;
    visit.open(&cancel).await;
    visit.find("form[action^='/cancel'] button").await;
    visit.look("cancel").await;
    visit.press("form[action^='/cancel'] button").await;
    visit.look("cancelled").await;
    visit.open("/my").await;
    assert_eq!(visit.count("a[href^='/cancel/']").await, 0, "nothing is left to cancel");
    let after = city.login(&resident).await.bookings().await;
    assert!(after.iter().all(|booking| booking["state"] == "cancelled"), "{after:?}");
    visit.browser.close().await.expect("the browser closes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resident_books_and_cancels_on_a_phone_in_japanese() {
    books_and_cancels("ja", 360).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resident_books_and_cancels_on_a_phone_in_english() {
    books_and_cancels("en", 360).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resident_books_and_cancels_on_a_wide_screen_in_japanese() {
    books_and_cancels("ja", 1280).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resident_books_and_cancels_on_a_wide_screen_in_english() {
    books_and_cancels("en", 1280).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_told_and_the_typed_id_stays() {
    let city = City::shared(100);
    let driver = Driver::start();
    let browser = driver.browser("ja", 360).await;
    let mut visit = Visit { browser, city: &city, language: "ja", width: 360, steps: 0 };
    let resident = city.resident();
    visit.log_in(&resident, "wrong-wrong-w").await;
    visit.look("wrong-password").await;
    assert_eq!(
        visit.find("input[name=id]").await.prop("value").await.expect("a field").as_deref(),
        Some(&*resident.id)
    );
    assert_eq!(visit.find("input[name=password]").await.prop("value").await.expect("a field").as_deref(), Some(""));
    assert!(visit.count("[role=alert]").await > 0, "an error summary that is read aloud");
    visit.browser.close().await.expect("the browser closes");
}
