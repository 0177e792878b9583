//! What all tests of the browser share: one city, one chromedriver, and browsers that are used again. Made for the first test
//! that wants it, and gone with the last.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use fantoccini::Client;
use sesshu_tests::{City, Resident};
use tokio::runtime::Runtime;

use crate::driver::Colours;
use crate::driver::{Driver, Scripts, set_colours, set_width};
use crate::visit::Visit;

/// Residents of the shared city: each test takes new ones.
const RESIDENTS: usize = 200;

/// The stage. Fields end in this order: the browsers before their driver, the server last.
#[derive(Debug)]
pub(crate) struct Stage {
    idle: Mutex<Vec<(Scripts, Client)>>,
    driver: Driver,
    pub(crate) city: City,
    runtime: Runtime,
}

static SHARED: Mutex<Weak<Stage>> = Mutex::new(Weak::new());

impl Stage {
    fn shared() -> Arc<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let stage = Arc::new(Self {
                idle: Mutex::default(),
                driver: Driver::start(),
                city: City::demo().residents(RESIDENTS).start(),
                runtime: Runtime::new().expect("a runtime"),
            });
            *shared = Arc::downgrade(&stage);
            stage
        })
    }

    /// A visit to the shared city with a browser of its own, on a phone in Japanese.
    pub(crate) async fn visit(&self, scripts: Scripts) -> Visit<'_> {
        self.visit_to(&self.city, scripts).await
    }

    /// A visit to another city.
    pub(crate) async fn visit_to<'a>(&'a self, city: &'a City, scripts: Scripts) -> Visit<'a> {
        let idle = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            let at = idle.iter().position(|(own, _)| *own == scripts);
            at.map(|at| idle.swap_remove(at).1)
        };
        let browser = match idle {
            Some(browser) => browser,
            None => self.driver.browser(scripts).await,
        };
        set_width(&browser, Visit::PHONE).await;
        set_colours(&browser, Colours::AsUsual).await;
        // Cookies do not know ports: those of another city's visitor must go.
        Visit::begin(self, city, browser, scripts).await
    }

    /// Takes back the browser of a visit that went well.
    pub(crate) fn take_back(&self, scripts: Scripts, browser: Client) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((scripts, browser));
    }

    /// A resident of the shared city whom no other test uses.
    pub(crate) fn resident(&self) -> Resident {
        self.city.resident()
    }
}

/// Plays a test on the stage.
pub(crate) fn play(test: impl AsyncFnOnce(&Stage)) {
    let stage = Stage::shared();
    stage.runtime.block_on(test(&stage));
}
