//! What a form sends, and what is wrong with it.

use std::borrow::Cow;

use axum::extract::{Form, FromRequest, FromRequestParts, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::desk::Console;
use super::problem::StaffProblem;

/// A form as `T`. Fields that may be left out have a default; what people type is text until the page has looked at it.
#[derive(Debug)]
pub(super) struct StaffForm<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Console> for StaffForm<T> {
    type Rejection = StaffProblem;

    async fn from_request(request: Request, desk: &Console) -> Result<Self, StaffProblem> {
        match Form::<T>::from_request(request, desk).await {
            Ok(Form(form)) => Ok(Self(form)),
            Err(rejected) if rejected.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(StaffProblem::TooLarge),
            Err(_) => Err(StaffProblem::Invalid("送られた内容を読み取れませんでした。".into())),
        }
    }
}

/// What an address asks for, as `T`.
#[derive(Debug)]
pub(super) struct StaffQuery<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Console> for StaffQuery<T> {
    type Rejection = StaffProblem;

    async fn from_request_parts(parts: &mut Parts, _desk: &Console) -> Result<Self, StaffProblem> {
        match Query::<T>::try_from_uri(&parts.uri) {
            Ok(Query(query)) => Ok(Self(query)),
            Err(_) => Err(StaffProblem::Invalid("アドレスの内容を読み取れませんでした。".into())),
        }
    }
}

/// What is wrong with a form: first what its summary says, then each field's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FormErrors(Vec<FormError>);

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FormError {
    /// The `id` of the field; empty if it is about the whole form.
    pub(super) field: Cow<'static, str>,
    /// What is wrong and what to do, as a sentence in Japanese.
    pub(super) says: String,
}

impl FormErrors {
    /// Says that something is wrong with `field`.
    pub(super) fn add(&mut self, field: impl Into<Cow<'static, str>>, says: impl Into<String>) {
        self.0.push(FormError { field: field.into(), says: says.into() });
    }

    /// Something that is wrong with the whole form.
    pub(super) fn whole(says: impl Into<String>) -> Self {
        Self(vec![FormError { field: "".into(), says: says.into() }])
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, FormError> {
        self.0.iter()
    }

    /// What is wrong with `field`.
    pub(super) fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|error| error.field == field).map(|error| error.says.as_str())
    }
}
