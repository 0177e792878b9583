//! The keyboard alone: Tab, space bar, Enter, and letters for the two fields.

use std::time::Duration;

use serde_json::json;
use sesshu_tests::browser::Scripts;
use sesshu_tests::{report, wait_until_async};

use crate::stage::{Stage, play};
use crate::steps::{BOOK, GO_ON, ID, LOGIN, PASSWORD, PLACES, live, shown};
use crate::visit::Visit;

const TAB: char = '\u{e004}';
const ENTER: char = '\u{e007}';
const DOWN: char = '\u{e015}';
const TABS_MAX: usize = 60;
const SCROLLED_WITHIN: Duration = Duration::from_secs(3);

/// A person with a keyboard and no pointer.
struct Keyboard<'a> {
    visit: Visit<'a>,
}

impl Keyboard<'_> {
    /// Tabs until the focus is on what `css` names. Every stop on the way must show that it is one.
    async fn tab_to(&mut self, css: &str) {
        for _ in 0..TABS_MAX {
            let focused = self.visit.browser.execute(FOCUS, vec![json!(css)]).await.expect("a page");
            if focused["is_wanted"] == true {
                return;
            }
            self.visit.key(TAB).await;
            let what = format!("the focus is seen after {} keys on {}", self.visit.keys, self.visit.path().await);
            // The page scrolls to it smoothly.
            wait_until_async(&what, SCROLLED_WITHIN, async || {
                let at = self.visit.browser.execute(FOCUS, vec![json!(css)]).await.expect("a page");
                (at["shows"] == true && at["on_screen"] == true).then_some(())
            })
            .await;
        }
        panic!("{css} is not reached by {TABS_MAX} tabs\n{}", self.visit.where_it_is().await);
    }
}

const FOCUS: &str = r"
const element = document.activeElement;
const style = getComputedStyle(element);
const box = element.getBoundingClientRect();
const label = element.closest('label');
const ring = (style) => (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
return {
  is_wanted: element.matches(arguments[0]),
  shows: element === document.body || ring(style) || (label !== null && ring(getComputedStyle(label))),
  on_screen: element === document.body || (box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth),
  html: element.outerHTML.slice(0, 200),
};
";

async fn books(stage: &Stage, scripts: Scripts, width: u32, later: usize) {
    let resident = stage.resident();
    let mut visit = stage.visit(scripts).await;
    visit.set_width(width).await;
    visit.open("/").await;
    let mut keyboard = Keyboard { visit };
    keyboard.visit.key(TAB).await;
    let skips = keyboard.visit.ask("return document.activeElement.getAttribute('href')").await;
    assert_eq!(skips, "#main", "the first stop skips to the content");
    keyboard.tab_to("#book").await;
    keyboard.visit.key_on(ENTER).await;
    let (keys, loads) = (keyboard.visit.keys, keyboard.visit.loads);
    keyboard.tab_to(ID).await;
    keyboard.visit.type_keys(&resident.id).await;
    keyboard.tab_to(PASSWORD).await;
    keyboard.visit.type_keys(&resident.password).await;
    keyboard.tab_to(LOGIN).await;
    keyboard.visit.key_on(ENTER).await;
    for field in ["place", "second"] {
        let radio = format!("{PLACES} input[name={field}]");
        if keyboard.visit.has(&radio).await {
            keyboard.tab_to(&radio).await;
            keyboard.visit.key(' ').await;
            // The arrows go on to a later time; each test takes its own.
            for _ in 0..later {
                keyboard.visit.key(DOWN).await;
            }
        }
    }
    keyboard.tab_to(GO_ON).await;
    keyboard.visit.key_on(ENTER).await;
    keyboard.tab_to(BOOK).await;
    keyboard.visit.key_on(ENTER).await;
    keyboard.visit.is_done().await;
    let loads = keyboard.visit.loads - loads;
    let typed = resident.id.chars().count() + resident.password.chars().count();
    report(&format!(
        "keyboard alone, {width} px: {} keys beside the {typed} of ID and password, {loads} page loads from the login page to the \
         booking number",
        keyboard.visit.keys - keys - typed
    ));
    assert_eq!(keyboard.visit.numbers().await, shown(&live(stage, &resident).await));
    keyboard.visit.end();
}

#[test]
fn a_place_is_booked_by_keyboard_alone_on_a_small_screen() {
    play(async |stage| books(stage, Scripts::On, Visit::PHONE, 3).await);
}

#[test]
fn a_place_is_booked_by_keyboard_alone_on_a_wide_screen_without_javascript() {
    play(async |stage| books(stage, Scripts::Off, Visit::DESKTOP, 5).await);
}
