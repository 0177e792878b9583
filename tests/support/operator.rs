//! Somebody at the console, one page after the other, as a browser asks for them; above all an operator with a call.

use std::io::Error;
use std::net::{Ipv4Addr, SocketAddr};

use super::client::{Answer, Client, Request};
use super::page::PageForm;
use super::resident::Resident;
use super::session::Place;
use super::staff::{FORM, StaffMember};

/// Whoever is signed in.
#[derive(Debug)]
pub struct Operator {
    device: Client,
    cookie: String,
    /// The page that they look at.
    pub page: Answer,
    /// Its address.
    pub address: String,
}

impl Operator {
    /// Signs `member` in at the console `staff`, on a desk of its own; they look at the first page.
    pub async fn sign_in(member: &StaffMember, staff: SocketAddr) -> Self {
        let mut device = Client::new(staff, Ipv4Addr::new(127, 1, 1, 1));
        let cookie = member.sign_in(&mut device).await;
        let request = Request::new("GET", "/").header("cookie", cookie.as_str());
        let page = device.send(request).await.expect(200);
        Self { device, cookie, page, address: "/".to_owned() }
    }

    /// The cookie of their browser.
    #[must_use]
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    /// Opens a page, fills its form to `action` in and sends it; the console must take it.
    pub async fn must_send(&mut self, page: &str, action: &str, fields: &[(&str, &str)]) {
        self.open(page).await.expect("a page");
        let form = fields.iter().fold(self.form(action), |form, (name, value)| form.with(name, value));
        self.send(&form).await.expect("an answer");
        assert_eq!(self.page.status, 200, "{action}\n{}", self.page.text());
    }

    /// Opens a page.
    pub async fn open(&mut self, address: &str) -> Result<(), Error> {
        let request = Request::new("GET", address).header("cookie", self.cookie.as_str());
        self.page = self.device.try_send(&request).await?;
        address.clone_into(&mut self.address);
        Ok(())
    }

    /// Sends a form and goes where it leads.
    pub async fn send(&mut self, form: &PageForm) -> Result<(), Error> {
        let request = Request::new("POST", form.action.as_str()).header("cookie", self.cookie.as_str());
        let answer = self.device.try_send(&request.text(FORM, form.body())).await?;
        if answer.status == 303 {
            let next = answer.header("location").unwrap_or_default().to_owned();
            return self.open(&next).await;
        }
        form.action.clone_into(&mut self.address);
        self.page = answer;
        Ok(())
    }

    /// The form of the page whose address ends so.
    #[must_use]
    pub fn form(&self, action: &str) -> PageForm {
        let html = self.page.text();
        PageForm::to(&html, action).unwrap_or_else(|| {
            panic!("no form to {action} on {}: {} {:?}\n{html}", self.address, self.page.status, self.page.headers)
        })
    }

    /// Takes a call of somebody who wants to book.
    pub async fn take_call(&mut self) -> Result<(), Error> {
        self.open("/calls").await?;
        let form = self.form("/calls").with("reason", "book");
        self.send(&form).await
    }

    /// Looks `resident` up, who says all three of it. Returns whether they were found.
    pub async fn look_up(&mut self, resident: &Resident) -> Result<bool, Error> {
        let search = self.address.clone();
        let said = ["said_id", "said_name", "said_birth"];
        let form = said.into_iter().fold(self.form(&search), |form, said| form.with(said, "yes"));
        let claim = format!("{} {} {}", resident.id, resident.name_kana.replace('　', ""), resident.birth_date);
        self.send(&form.with("claim", &claim)).await?;
        Ok(self.page.status == 200 && self.address.len() > search.len())
    }

    /// From the person's page on to the places for dose 1.
    pub async fn choose(&mut self) -> Result<(), Error> {
        let base = self.person();
        self.open(&format!("{base}/places?dose=1")).await
    }

    /// Keeps this place, or the first one that is offered. Returns whether it is kept.
    pub async fn hold(&mut self, place: Option<&Place>) -> Result<bool, Error> {
        let form = PageForm { action: format!("{}/hold", self.person()), fields: Vec::new() };
        let first = || self.form("/hold").values("place").next().map(str::to_owned);
        let place = place.map(|place| format!("{}-{}-1", place.session, place.slot)).or_else(first);
        let Some(place) = place else { return Ok(false) };
        self.send(&form.with("place", &place)).await?;
        Ok(self.page.status == 200 && self.address.contains("/confirm/"))
    }

    /// Books what was read back. Returns whether it is booked.
    pub async fn book(&mut self) -> Result<bool, Error> {
        let form = self.form("/book");
        self.send(&form).await?;
        Ok(self.page.status == 200 && self.address.contains("/done?"))
    }

    /// Ends the call.
    pub async fn end_call(&mut self) -> Result<(), Error> {
        let call = self.address.split('/').nth(2).unwrap_or_default();
        let action = format!("/calls/{call}/end");
        self.send(&PageForm { action, fields: vec![("outcome".to_owned(), "done".to_owned())] }).await
    }

    /// The address of the pages about whoever is on the line.
    fn person(&self) -> String {
        let parts: Vec<&str> = self.address.split(['/', '?']).take(4).collect();
        parts.join("/")
    }
}
