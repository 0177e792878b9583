//! What all tests of one file in the browser share: one city, one chromedriver, and browsers that are used again. Made for the first
//! test that wants it, and gone with the last.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use fantoccini::Client;
use tokio::runtime::Runtime;

use super::driver::{Colours, Driver, Scripts, set_colours, set_width};
use super::tab::Tab;
use crate::City;

/// The stage. Fields end in this order: the browsers before their driver, the server last.
#[derive(Debug)]
pub struct Stage {
    idle: Mutex<Vec<(Scripts, Client)>>,
    driver: Driver,
    /// The city that the tests share.
    pub city: City,
    /// What the tests run on.
    pub runtime: Runtime,
}

static SHARED: Mutex<Weak<Stage>> = Mutex::new(Weak::new());

impl Stage {
    /// The stage, with `city` made for the first who wants it.
    pub fn shared(city: impl FnOnce() -> City) -> Arc<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let stage = Arc::new(Self {
                idle: Mutex::default(),
                driver: Driver::start(),
                city: city(),
                runtime: Runtime::new().expect("a runtime"),
            });
            *shared = Arc::downgrade(&stage);
            stage
        })
    }

    /// A tab in a browser of its own, which knows nobody, so wide, on the listener `host` of `city`.
    pub async fn tab<'a>(&'a self, city: &'a City, host: SocketAddr, scripts: Scripts, width: u32) -> Tab<'a> {
        let idle = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            let at = idle.iter().position(|(own, _)| *own == scripts);
            at.map(|at| idle.swap_remove(at).1)
        };
        let browser = match idle {
            Some(browser) => browser,
            None => self.driver.browser(scripts).await,
        };
        set_width(&browser, width).await;
        set_colours(&browser, Colours::AsUsual).await;
        Tab::begin(self, city, host, browser, scripts, width).await
    }

    /// Takes back the browser of a tab that went well.
    pub(super) fn take_back(&self, scripts: Scripts, browser: Client) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((scripts, browser));
    }
}
