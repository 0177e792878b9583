//! The style sheets, the script and the icon, under names that change with their content, so that browsers keep them for good.

use std::sync::LazyLock;

use axum::extract::{Path, Request, State};
use axum::response::Response;

use crate::asset::Asset;
use crate::problem::{Code, Problem};
use crate::public::desk::App;

static CSS: LazyLock<Asset> = LazyLock::new(|| Asset::css("sesshu", include_str!("../../../assets/sesshu.css")));
static SCRIPT: LazyLock<Asset> = LazyLock::new(|| Asset::script("sesshu", include_str!("../../../assets/sesshu.js")));
static ICON: LazyLock<Asset> = LazyLock::new(|| Asset::icon("icon", include_str!("../../../assets/icon.svg")));

/// The address of the style sheet.
pub(crate) fn css_href() -> &'static str {
    &CSS.href
}

/// The address of the script.
pub(crate) fn script_href() -> &'static str {
    &SCRIPT.href
}

/// The address of the icon.
pub(crate) fn icon_href() -> &'static str {
    &ICON.href
}

pub(crate) async fn get_asset(
    State(desk): State<App>,
    Path(file): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    if let Some(asset) = [&*CSS, &*SCRIPT, &*ICON].into_iter().find(|asset| asset.has_name(&file)) {
        return Ok(asset.answer(request.headers()));
    }
    let theme = desk.theme.sheet(&desk.engine.site()).filter(|sheet| sheet.has_name(&file)).ok_or(Code::NotFound)?;
    Ok(theme.answer(request.headers()))
}

/// What the style sheet and the script weigh on the wire.
#[cfg(test)]
pub(crate) fn gzip_bytes() -> (usize, usize) {
    let of = |asset: &Asset| asset.gzip_bytes();
    (of(&CSS), of(&SCRIPT))
}
