//! `/audit/chain`: verifies the whole journal and all that was derived from it, one run at a time, and shows what came of it. A run
//! takes seconds to minutes, so it goes on beside the page.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{HeaderName, HeaderValue};
use axum::response::Response;
use sesshu_engine::VerifyReport;
use sesshu_engine::core::time::Instant;
use tokio::time::Instant as TokioInstant;

use super::rows::with_seconds;
use crate::staff::desk::{Console, Staff};
use crate::staff::frame::Frame;
use crate::staff::page::{go_to, page};
use crate::staff::problem::StaffProblem;

const REFRESH: HeaderName = HeaderName::from_static("refresh");
/// While a run goes on, its page looks again after so many seconds.
const LOOK_AGAIN: HeaderValue = HeaderValue::from_static("5");

/// The run that goes on, and the last one that ended.
#[derive(Default)]
pub(in crate::staff) struct ChainCheck(Mutex<Runs>);

#[derive(Default, Clone)]
struct Runs {
    running: Option<Begun>,
    ended: Option<Ended>,
}

#[derive(Clone)]
struct Begun {
    by: Box<str>,
    at: Instant,
}

#[derive(Clone)]
struct Ended {
    begun: Begun,
    took: Duration,
    /// None if the store could not be read.
    report: Option<Arc<VerifyReport>>,
}

impl ChainCheck {
    fn runs(&self) -> Runs {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins a run; tells whether it did, as one may be going on.
    fn begin(&self, begun: Begun) -> bool {
        let mut runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let begins = runs.running.is_none();
        runs.running.get_or_insert(begun);
        begins
    }

    fn end(&self, took: Duration, report: Option<VerifyReport>) {
        let mut runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(begun) = runs.running.take() {
            runs.ended = Some(Ended { begun, took, report: report.map(Arc::new) });
        }
    }
}

#[derive(Template)]
#[template(path = "staff/audit/chain.html")]
struct ChainPage<'a> {
    f: Frame<'a>,
    running: Option<Begun>,
    ended: Option<Ended>,
}

impl Begun {
    fn when(&self) -> String {
        with_seconds(self.at)
    }
}

impl Ended {
    fn seconds(&self) -> String {
        format!("{:.1}", self.took.as_secs_f64())
    }
}

pub(in crate::staff) async fn get_chain(State(desk): State<Console>, staff: Staff) -> Result<Response, StaffProblem> {
    let Runs { running, ended } = desk.chain.runs();
    let goes_on = running.is_some();
    let mut answer = page(StatusCode::OK, &ChainPage { f: desk.frame(Some(&staff)), running, ended })?;
    if goes_on {
        answer.headers_mut().insert(REFRESH, LOOK_AGAIN);
    }
    Ok(answer)
}

pub(in crate::staff) async fn post_chain(State(desk): State<Console>, staff: Staff) -> Result<Response, StaffProblem> {
    desk.exports_go_on()?;
    if desk.chain.begin(Begun { by: staff.login, at: desk.engine.now() }) {
        let (engine, chain) = (desk.engine.clone(), Arc::clone(&desk.chain));
        tokio::spawn(async move {
            let started = TokioInstant::now();
            let report = engine.verify().await;
            if let Err(error) = &report {
                tracing::error!(%error, "the journal cannot be verified");
            }
            chain.end(started.elapsed(), report.ok());
        });
    }
    Ok(go_to("/audit/chain"))
}
