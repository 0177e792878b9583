//! The style sheet and the icon, under names that change with their content, so that browsers keep them for good.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use crate::problem::{Code, Problem};

struct Asset {
    name: String,
    href: String,
    kind: &'static str,
    text: &'static str,
}

impl Asset {
    fn new(name: &str, ending: &str, kind: &'static str, text: &'static str) -> Self {
        let hash = blake3::hash(text.as_bytes()).to_hex();
        let name = format!("{name}-{}.{ending}", &hash[..16]);
        Self { href: format!("/assets/{name}"), name, kind, text }
    }
}

static CSS: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("sesshu", "css", "text/css; charset=utf-8", include_str!("../../../assets/sesshu.css"))
});
static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_str!("../../../assets/icon.svg")));

/// The address of the style sheet.
pub(crate) fn css_href() -> &'static str {
    &CSS.href
}

/// The address of the icon.
pub(crate) fn icon_href() -> &'static str {
    &ICON.href
}

pub(crate) async fn get_asset(Path(file): Path<String>) -> Result<Response, Problem> {
    let asset = [&*CSS, &*ICON].into_iter().find(|asset| asset.name == file).ok_or(Code::NotFound)?;
    let headers = [(CONTENT_TYPE, asset.kind), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    Ok((headers, asset.text).into_response())
}
