//! The steps of a resident, as they stand on the pages: log in, choose, confirm, look at one's bookings. Only this file and the
//! tour know where things stand on a page.

use std::sync::atomic::{AtomicUsize, Ordering};

use fantoccini::Locator;
use fantoccini::elements::Element;
use serde_json::Value;
use sesshu_tests::browser::ENTER;
use sesshu_tests::{Place, Resident};

use crate::stage::Stage;
use crate::visit::Visit;

/// The form that keeps a place.
pub(crate) const PLACES: &str = "form#places";
/// The button that keeps what is chosen.
pub(crate) const GO_ON: &str = "form#places > button";
/// The buttons that offer places near the one that is gone.
pub(crate) const NEAREST: &str = "form.nearest button[name=place]";
/// The button that books what is kept.
pub(crate) const BOOK: &str = "form[action='/book'] button";
/// The button that changes a booking to what is kept.
pub(crate) const CHANGE: &str = "form[action='/change'] button";
/// The button that cancels.
pub(crate) const CANCEL: &str = "form[action^='/cancel'] button";
/// The button of the login.
pub(crate) const LOGIN: &str = "form[action='/login'] button";
/// The field of the ID.
pub(crate) const ID: &str = "input[name=id]";
/// The field of the password.
pub(crate) const PASSWORD: &str = "input[name=password]";
/// An error summary that is read aloud at once.
pub(crate) const ERRORS: &str = "#errors[role=alert]";

impl Visit<'_> {
    /// Fills the login form and sends it.
    pub(crate) async fn log_in_with(&mut self, id: &str, password: &str) {
        let field = self.find(ID).await;
        field.clear().await.expect("a field");
        field.send_keys(id).await.expect("a field takes text");
        self.type_into(PASSWORD, password).await;
        self.press(LOGIN).await;
    }

    /// Logs in, from the login page on to one's own page.
    pub(crate) async fn log_in(&mut self, resident: &Resident) {
        self.open("/login").await;
        self.log_in_with(&resident.id, &resident.password).await;
        assert_eq!(self.path().await, "/my", "{}", self.text().await);
    }

    /// The choice for one dose on one day.
    pub(crate) async fn open_choice(&mut self, dose: u8, date: &str) {
        self.open(&format!("/choose?dose={dose}&date={date}")).await;
    }

    /// Takes some place that is offered for each dose that the page offers, on to the confirmation: another one each time, as
    /// the tests beside this one take places too.
    pub(crate) async fn take_any(&mut self) {
        static TURN: AtomicUsize = AtomicUsize::new(0);
        let turn = TURN.fetch_add(1, Ordering::Relaxed);
        self.find(PLACES).await;
        for field in ["place", "second"] {
            let css = format!("{PLACES} input[name={field}]");
            let offered = self.browser.find_all(Locator::Css(&css)).await.expect("a page");
            if !offered.is_empty() {
                self.choose(&offered[turn % offered.len()]).await;
            }
        }
        self.press(GO_ON).await;
    }

    /// Takes this place, or these two, on to the confirmation.
    pub(crate) async fn take(&mut self, places: &[(&Place, u8)]) {
        for (place, dose) in places {
            self.choose(&self.find(&radio(place, *dose)).await).await;
        }
        self.press(GO_ON).await;
    }

    /// Makes a choice, which may have to be unfolded before.
    async fn choose(&self, radio: &Element) {
        if !radio.is_displayed().await.expect("a choice") {
            let summary = radio.find(Locator::XPath("ancestor::details/summary")).await.expect("what unfolds it");
            summary.send_keys(ENTER).await.expect("it unfolds");
        }
        radio.send_keys(" ").await.expect("a choice is made by the space bar");
    }

    /// Whether `place` is offered.
    pub(crate) async fn offers(&self, place: &Place, dose: u8) -> bool {
        self.has(&radio(place, dose)).await
    }

    /// Presses the one big button, and must be told that it is done.
    pub(crate) async fn book(&mut self) {
        self.press(BOOK).await;
        self.is_done().await;
    }

    /// The page is the one that proves a booking.
    pub(crate) async fn is_done(&self) {
        assert_eq!(self.path().await, "/done", "{}", self.text().await);
    }

    /// The booking numbers that the page shows, without the gaps for reading aloud, in order.
    pub(crate) async fn numbers(&self) -> Vec<String> {
        let mut numbers = Vec::new();
        for element in self.browser.find_all(Locator::Css(".number")).await.expect("a page") {
            numbers.push(digits(&element.text().await.expect("a text")));
        }
        numbers.sort();
        numbers
    }

    /// Logs out by the button that every page has.
    pub(crate) async fn log_out(&mut self) {
        self.press("header form[action='/logout'] button").await;
    }
}

fn radio(place: &Place, dose: u8) -> String {
    format!("{PLACES} input[value='{}-{}-{dose}']", place.session, place.slot)
}

/// A booking number as people write it, as its digits.
pub(crate) fn digits(number: &str) -> String {
    number.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The number of a booking that the JSON interface told.
pub(crate) fn number(booking: &Value) -> String {
    booking["number"].as_str().unwrap_or_else(|| panic!("no number in {booking}")).to_owned()
}

/// The live bookings of a person, as the JSON interface tells them.
pub(crate) async fn live(stage: &Stage, resident: &Resident) -> Vec<Value> {
    let mut bookings = stage.city.login(resident).await.bookings().await;
    bookings.retain(|booking| booking["state"] == "booked");
    bookings
}

/// The numbers of bookings as a page shows them, in order.
pub(crate) fn shown(bookings: &[Value]) -> Vec<String> {
    let mut numbers: Vec<String> = bookings.iter().map(|booking| digits(&number(booking))).collect();
    numbers.sort();
    numbers
}
