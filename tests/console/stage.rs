//! The stage of the console: the city that the tests share.

use sesshu_tests::City;
use sesshu_tests::browser::Stage;

/// Residents of the shared city: each test takes new ones.
const RESIDENTS: usize = 200;

/// Plays a test on the stage.
pub(crate) fn play(test: impl AsyncFnOnce(&Stage)) {
    let stage = Stage::shared(|| City::demo().residents(RESIDENTS).start());
    stage.runtime.block_on(test(&stage));
}
