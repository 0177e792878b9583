//! How somebody reads the pages: in which language, with furigana, in larger letters. It is said once and kept, also through a
//! booking.

use sesshu_tests::browser::Scripts;

use crate::language::Language;
use crate::stage::play;

#[test]
fn a_language_is_chosen_on_any_page_and_kept_until_the_booking_is_done() {
    play(async |stage| {
        for language in Language::ALL {
            let mut visit = stage.visit(Scripts::Off).await;
            let resident = stage.resident();
            visit.open("/login?next=/choose").await;
            visit.language = language;
            if language != Language::JAPANESE {
                visit.press(&format!("a[href^='/login?'][href*='lang={}']", language.code)).await;
            }
            visit.check().await;
            visit.log_in_with(&resident.id, &resident.password).await;
            visit.check().await;
            visit.take_any().await;
            visit.check().await;
            visit.book().await;
            visit.check().await;
            visit.end();
        }
    });
}

#[test]
fn furigana_and_larger_letters_are_switched_on_and_off_and_kept() {
    play(async |stage| {
        let mut visit = stage.visit(Scripts::On).await;
        visit.open("/").await;
        assert_eq!(visit.count("ruby").await, 0);
        visit.press("#furigana").await;
        assert!(visit.has("ruby rt").await);
        let size = "return parseFloat(getComputedStyle(document.body).fontSize)";
        let usual = visit.ask(size).await.as_f64().expect("a size");
        assert!(usual >= 18.0, "{usual} px");
        visit.press("#text-size").await;
        visit.open("/login").await;
        let larger = visit.ask(size).await.as_f64().expect("a size");
        assert!(larger >= usual * 1.2, "{larger} px after {usual} px");
        assert!(visit.has("ruby rt").await, "furigana stay as well");
        visit.check().await;
        visit.press("#furigana").await;
        visit.press("#text-size").await;
        assert_eq!(visit.count("ruby").await, 0);
        assert_eq!(visit.ask(size).await.as_f64(), Some(usual));
        visit.end();
    });
}

#[test]
fn buttons_are_large_and_texts_are_readable_on_a_phone() {
    play(async |stage| {
        let mut visit = stage.visit(Scripts::Off).await;
        for path in ["/", "/login"] {
            visit.open(path).await;
            let found = visit.ask(SIZES).await;
            assert_eq!(found, serde_json::json!([]), "{path}");
        }
        visit.end();
    });
}

/// What is smaller than the design rules want: text of 18 px with a line height of 1.75, main buttons 56 px high and as wide as
/// a phone's column.
const SIZES: &str = r"
const wrong = [];
const body = getComputedStyle(document.body);
if (parseFloat(body.fontSize) < 18) wrong.push(`text of ${body.fontSize}`);
const line = parseFloat(body.lineHeight) / parseFloat(body.fontSize);
if (line < 1.74) wrong.push(`a line height of ${line}`);
const column = document.querySelector('main h1').getBoundingClientRect().width;
for (const button of document.querySelectorAll('main a.button, main form > button')) {
  const box = button.getBoundingClientRect();
  if (box.height < 56 || box.width < column - 1) wrong.push(`${button.textContent.trim()}: ${box.width} x ${box.height}`);
}
return wrong;
";
