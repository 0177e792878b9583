//! The way from these pages to the monitor: whoever is signed in orders, and what is refused is said in words.

use std::sync::Arc;

use sesshu_monitor::MonitorHandle;
use sesshu_monitor::board::Board;
use sesshu_monitor::core::incident::Actor;
use sesshu_monitor::core::order::{Done, Order, OrderError};
use sesshu_monitor::core::time::WallMs;

use crate::staff::desk::{Staff, StaffDesk};
use crate::staff::problem::StaffProblem;

/// Why nothing is shown where no monitor runs.
pub(super) const NO_MONITOR: &str =
    "このサーバーでは監視が動いていません。サーバーの記録（journalctl -u sesshu）を確かめてください。";

impl StaffDesk {
    /// The monitor's picture, if one runs.
    pub(super) fn monitored(&self) -> Option<(&MonitorHandle, Arc<Board>)> {
        self.config.monitor.as_ref().map(|monitor| (monitor, monitor.board()))
    }

    /// Has the monitor do something.
    pub(super) async fn order(&self, order: Order) -> Result<Done, StaffProblem> {
        let monitor = self.config.monitor.as_ref().ok_or_else(|| StaffProblem::Conflict(NO_MONITOR.into()))?;
        monitor.order(order).await.map_err(|error| problem(&error))
    }

    /// The wall clock, as the monitor counts it.
    pub(super) fn wall(&self) -> WallMs {
        WallMs(self.engine.now().0)
    }
}

impl Staff {
    /// They, as the monitor names them.
    pub(super) fn actor(&self) -> Actor {
        format!("staff:{}", self.login).into()
    }
}

fn problem(error: &OrderError) -> StaffProblem {
    match error {
        OrderError::NoSuch(_) => StaffProblem::NotFound,
        OrderError::Over => StaffProblem::Conflict("すでに終わっています。何も変わっていません。".into()),
        OrderError::Invalid(what, why) => {
            tracing::warn!(%what, %why, "the monitor refuses what a page has let pass");
            StaffProblem::Conflict("監視が、この内容を受け付けませんでした。何も変わっていません。".into())
        }
        OrderError::TooMany(_) => StaffProblem::Conflict(
            "数が上限に達しています。不要なものを終了してから、もう一度操作してください。".into(),
        ),
        OrderError::Unavailable => StaffProblem::Unavailable,
    }
}
