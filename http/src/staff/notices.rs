//! `/notices`: what people are told of failures and planned work, how it goes on, and the record of who was told.

mod list;
mod new;
mod one;
mod record;
mod typed;
mod words;

pub(super) use list::get_list;
pub(super) use new::{get_new, post_new};
pub(super) use one::{get_one, post_called, post_one};
pub(super) use record::get_record;
pub(super) use words::{Banner, banner_of};

use sesshu_monitor::MonitorHandle;
use sesshu_monitor::core::order::{Done, Order, OrderError};

use super::desk::StaffDesk;
use super::form::FormErrors;
use super::problem::StaffProblem;

impl StaffDesk {
    /// The monitor, which keeps the notices; without one the console cannot say anything.
    fn monitor(&self) -> Result<&MonitorHandle, StaffProblem> {
        let missing = || StaffProblem::Conflict("監視が動いていないため、お知らせを扱えません。".into());
        self.config.monitor.as_ref().ok_or_else(missing)
    }

    /// Has the monitor do `order`; what is wrong with it is said of the form's fields.
    async fn ask_monitor(&self, order: Order) -> Result<Result<Done, FormErrors>, StaffProblem> {
        match self.monitor()?.order(order).await {
            Ok(done) => Ok(Ok(done)),
            Err(OrderError::NoSuch(_)) => Err(StaffProblem::NotFound),
            Err(OrderError::Over) => Err(StaffProblem::Conflict("このお知らせは、すでに終わっています。".into())),
            Err(OrderError::TooMany(_)) => Err(StaffProblem::Conflict(
                "進行中のお知らせ、または続報が多すぎます。終わったお知らせを終了してください。".into(),
            )),
            Err(OrderError::Unavailable) => Err(StaffProblem::Busy),
            Err(OrderError::Invalid(what, _)) => Ok(Err(words::wrong(&what))),
        }
    }
}
