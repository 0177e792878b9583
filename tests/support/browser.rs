//! Pages in a real browser: `chromedriver`, a stage that the tests of one file share, a tab with what a person does in any page, and
//! axe-core's eyes.

mod axe;
mod driver;
mod pictures;
mod stage;
mod tab;

pub use axe::Audit;
pub use driver::{Colours, Driver, Scripts, picture, set_colours, set_width};
pub use pictures::{photograph, screenshots};
pub use stage::Stage;
pub use tab::{ENTER, Tab};
