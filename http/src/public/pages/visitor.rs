//! Who looks at a page, how, and where.

use axum::body::Body;
use axum::extract::Request;
use axum::http::Uri;
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE, HeaderMap, HeaderValue};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::frame::Frame;
use super::reading::{Reading, Said};
use crate::auth::token::Login;
use crate::config::Client;
use crate::problem::{Code, Problem, Step};
use crate::public::body::{read_form, read_query};
use crate::public::desk::Desk;

/// A visitor of a page.
#[derive(Debug)]
pub(crate) struct Visitor {
    pub(crate) reading: Reading,
    said: Said,
    pub(crate) client: Client,
    /// The visitor's login, if it stands.
    login: Option<Login>,
    parts: Parts,
}

impl Visitor {
    /// Who sends `request`, and what body they send.
    pub(crate) fn of(desk: &Desk, request: Request) -> (Self, Body) {
        let (parts, body) = request.into_parts();
        let (reading, said) = Reading::of(&parts.uri, parts.headers.get(COOKIE), parts.headers.get(ACCEPT_LANGUAGE));
        let client = desk.config.client(&parts.extensions, &parts.headers);
        let login = desk.login_of(&parts.headers, client.https).ok();
        (Self { reading, said, client, login, parts }, body)
    }

    /// What stands around the page.
    pub(crate) fn frame<'a>(&'a self, desk: &'a Desk) -> Frame<'a> {
        Frame::new(desk, self.reading, &self.parts.uri, self.is_logged_in())
    }

    /// Whether somebody is logged in.
    pub(crate) const fn is_logged_in(&self) -> bool {
        self.login.is_some()
    }

    /// The visitor's login.
    pub(crate) fn login(&self) -> Result<Login, Problem> {
        self.login.ok_or_else(|| Code::LoginRequired.into())
    }

    /// The login of somebody who is about to do `step`. If it has expired, they hear that nothing was done, and come back to
    /// `again`.
    pub(crate) fn login_for(&self, step: Step, again: &str) -> Result<Login, Problem> {
        self.login().map_err(|problem| Problem { not_done: Some(step), ..problem.go_on_at(again) })
    }

    /// What the visitor sends with a form.
    pub(crate) async fn form<T: DeserializeOwned>(&self, desk: &Desk, body: Body) -> Result<T, Problem> {
        read_form(&desk.config, &self.parts.headers, body).await
    }

    /// What the address asks for.
    pub(crate) fn query<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        read_query(&self.parts.uri)
    }

    pub(crate) const fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    pub(crate) const fn uri(&self) -> &Uri {
        &self.parts.uri
    }

    /// The cookies that keep what the visitor has just said about their reading.
    pub(super) fn cookies(&self) -> impl Iterator<Item = HeaderValue> {
        self.said.cookies(self.client.https)
    }
}

/// The parameter `name` of an address, as it stands there.
pub(crate) fn parameter<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    let pairs = uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.into_iter().find_map(|(key, value)| (key == name).then_some(value))
}
