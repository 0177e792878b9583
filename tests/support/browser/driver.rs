//! `chromedriver`, the browsers it starts, and what is asked of a browser below the level of `WebDriver`: its width, its
//! colours, a picture of a whole page.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use url::{ParseError, Url};

/// Whether pages may run scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scripts {
    /// They may.
    On,
    /// They may not.
    Off,
}

/// `chromedriver` with the browsers it starts: ended together.
#[derive(Debug)]
pub struct Driver {
    process: Child,
    address: String,
}

impl Driver {
    /// Starts it on a free port.
    #[must_use]
    pub fn start() -> Self {
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

    /// A browser in Japanese.
    pub async fn browser(&self, scripts: Scripts) -> Client {
        let scripts = match scripts {
            Scripts::On => 1,
            Scripts::Off => 2,
        };
        let options = json!({
            "args": ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars",
                     "--disable-background-networking", "--lang=ja"],
            "prefs": {
                "intl.accept_languages": "ja",
                "profile.managed_default_content_settings.javascript": scripts,
            },
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
        // The browsers are in its group.
        let _ = kill_process_group(Pid::from_child(&self.process), Signal::KILL);
        let _ = self.process.wait();
    }
}

/// A command of the Chrome `DevTools` protocol, which chromedriver passes on.
#[derive(Debug)]
struct DevTools {
    name: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base_url: &Url, session_id: Option<&str>) -> Result<Url, ParseError> {
        base_url.join(&format!("session/{}/goog/cdp/execute", session_id.unwrap_or_default()))
    }

    fn method_and_body(&self, _request_url: &Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({"cmd": self.name, "params": self.parameters}).to_string()))
    }
}

async fn devtools(browser: &Client, name: &'static str, parameters: Value) -> Value {
    let answer = browser.issue_cmd(DevTools { name, parameters }).await;
    answer.unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Makes the screen so wide: a phone below 600 px, else a desktop.
pub async fn set_width(browser: &Client, width: u32) {
    let screen = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600});
    devtools(browser, "Emulation.setDeviceMetricsOverride", screen).await;
}

/// What a person's system asks for in colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colours {
    /// Nothing.
    AsUsual,
    /// Light on dark.
    Dark,
    /// A few colours of its own, as people with low vision set them.
    Forced,
}

/// Shows pages in these colours.
pub async fn set_colours(browser: &Client, colours: Colours) {
    let (scheme, forced) = match colours {
        Colours::AsUsual => ("light", "none"),
        Colours::Dark => ("dark", "none"),
        Colours::Forced => ("dark", "active"),
    };
    let features =
        json!([{"name": "prefers-color-scheme", "value": scheme}, {"name": "forced-colors", "value": forced}]);
    devtools(browser, "Emulation.setEmulatedMedia", json!({"media": "", "features": features})).await;
}

/// A picture (PNG in base64) of the whole page, also of what lies below the screen.
pub async fn picture(browser: &Client) -> String {
    let answer =
        devtools(browser, "Page.captureScreenshot", json!({"format": "png", "captureBeyondViewport": true})).await;
    answer["data"].as_str().expect("a picture").to_owned()
}
