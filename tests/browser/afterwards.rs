//! After the booking: the slip on one sheet, the calendar file, and a contact that is never shown again.

use fantoccini::wd::{PrintConfiguration, PrintSize};
use sesshu_tests::Resident;
use sesshu_tests::browser::{Scripts, screenshots};

use crate::stage::{Stage, play};
use crate::steps::{ERRORS, number};
use crate::visit::Visit;

/// A visit of somebody who has a booking, and its number.
async fn with_booking<'a>(stage: &'a Stage, resident: &Resident, scripts: Scripts) -> (Visit<'a>, String) {
    let mut device = stage.city.login(resident).await;
    let place = stage.city.sessions(1).await.pop().expect("a session").place(0);
    let booked = device.book("k", &place.dose(1)).await.expect(201).json();
    let mut visit = stage.visit(scripts).await;
    visit.log_in(resident).await;
    (visit, number(&booked["bookings"][0]))
}

#[test]
fn the_slip_prints_on_one_sheet_and_the_calendar_file_names_the_venue_and_not_the_person() {
    play(async |stage| {
        let resident = stage.resident();
        let (mut visit, number) = with_booking(stage, &resident, Scripts::On).await;
        visit.press(&format!("main a[href='/my/{number}']")).await;
        visit.check().await;
        assert!(visit.has("svg.qr[role=img]").await, "a QR code with a name");
        let paper = PrintConfiguration::builder().size(PrintSize::A4).build().expect("a sheet");
        let sheet = visit.browser.print(paper).await.expect("a PDF");
        std::fs::write(screenshots().join("slip.pdf"), &sheet).expect("a file");
        let sheet = String::from_utf8_lossy(&sheet);
        let pages = sheet.matches("/Type /Page\n").count();
        assert_eq!(pages, 1, "the slip is one sheet of paper");
        let mut device = stage.city.login(&resident).await;
        let file = device.get(&format!("/my/{number}/calendar.ics")).await.expect(200);
        assert!(file.header("content-type").is_some_and(|kind| kind.starts_with("text/calendar")));
        let (text, bookings) = (file.text(), device.bookings().await);
        // Long lines of a calendar file go on after a line break and a space.
        let text = text.replace("\r\n ", "");
        assert!(text.contains(bookings[0]["venue"]["name"].as_str().expect("a venue")), "{text}");
        assert!(!text.contains(&resident.name_kana) && !text.contains(&resident.id), "{text}");
        let mut other = stage.city.someone().await;
        other.get(&format!("/my/{number}/calendar.ics")).await.expect(404);
        visit.end();
    });
}

#[test]
fn a_contact_is_given_with_consent_never_shown_again_and_deleted() {
    const CONTACT: &str = "hanako@example.jp";
    play(async |stage| {
        let resident = stage.resident();
        let (mut visit, _) = with_booking(stage, &resident, Scripts::Off).await;
        visit.press("main a[href='/contact']").await;
        visit.ask("document.querySelector(\"form[action='/contact']\").noValidate = true").await;
        visit.type_into("#contact", "nobody at all").await;
        visit.press("form[action='/contact'] button").await;
        visit.check().await;
        assert_eq!(visit.count(&format!("{ERRORS} li")).await, 2, "no contact, no consent\n{}", visit.text().await);
        assert_eq!(visit.value("#contact").await, "nobody at all", "what was typed stays");
        let field = visit.find("#contact").await;
        field.clear().await.expect("a field");
        field.send_keys(CONTACT).await.expect("a field takes text");
        visit.type_into("#consent", " ").await;
        visit.press("form[action='/contact'] button").await;
        assert!(visit.has("form[action='/contact/delete']").await, "{}", visit.text().await);
        for path in ["/contact", "/my", "/api/v1/me"] {
            visit.open(path).await;
            let source = visit.browser.source().await.expect("a page");
            assert!(!source.contains(CONTACT), "{path} shows it");
        }
        visit.open("/contact").await;
        visit.press("form[action='/contact/delete'] button").await;
        assert!(visit.has("[role=status]").await && visit.has("#contact").await, "{}", visit.text().await);
        visit.end();
    });
}
