//! The stage of the residents' pages: the shared city, visits to it and to others, residents whom no other test uses.

use std::ops::Deref;
use std::sync::Arc;

use sesshu_tests::browser::{self, Scripts};
use sesshu_tests::{City, Resident};

use crate::visit::Visit;

/// Residents of the shared city: each test takes new ones.
const RESIDENTS: usize = 200;

/// The stage.
#[derive(Debug)]
pub(crate) struct Stage(Arc<browser::Stage>);

impl Stage {
    /// A visit to the shared city with a browser of its own, on a phone in Japanese.
    pub(crate) async fn visit(&self, scripts: Scripts) -> Visit<'_> {
        Visit::begin(self, &self.city, scripts).await
    }

    /// A visit to another city.
    pub(crate) async fn visit_to<'a>(&'a self, city: &'a City, scripts: Scripts) -> Visit<'a> {
        Visit::begin(self, city, scripts).await
    }

    /// A resident of the shared city whom no other test uses.
    pub(crate) fn resident(&self) -> Resident {
        self.city.resident()
    }
}

impl Deref for Stage {
    type Target = browser::Stage;

    fn deref(&self) -> &browser::Stage {
        &self.0
    }
}

/// Plays a test on the stage.
pub(crate) fn play(test: impl AsyncFnOnce(&Stage)) {
    let stage = Stage(browser::Stage::shared(|| City::demo().residents(RESIDENTS).start()));
    stage.runtime.block_on(test(&stage));
}
