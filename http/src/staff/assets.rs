//! The console's style sheet, script and icon.

use std::sync::LazyLock;

use axum::extract::{Path, Request};
use axum::response::Response;

use super::problem::StaffProblem;
use crate::asset::Asset;

static CSS: LazyLock<Asset> = LazyLock::new(|| Asset::css("staff", include_str!("../../assets/staff.css")));
static SCRIPT: LazyLock<Asset> = LazyLock::new(|| Asset::script("staff", include_str!("../../assets/staff.js")));
static ICON: LazyLock<Asset> = LazyLock::new(|| Asset::icon("icon", include_str!("../../assets/icon.svg")));

/// The address of the style sheet.
pub(super) fn css_href() -> &'static str {
    &CSS.href
}

/// The address of the script.
pub(super) fn script_href() -> &'static str {
    &SCRIPT.href
}

/// The address of the icon.
pub(super) fn icon_href() -> &'static str {
    &ICON.href
}

pub(super) async fn get_asset(Path(file): Path<String>, request: Request) -> Result<Response, StaffProblem> {
    let asset = [&*CSS, &*SCRIPT, &*ICON].into_iter().find(|asset| asset.has_name(&file));
    asset.map(|asset| asset.answer(request.headers())).ok_or(StaffProblem::NotFound)
}
