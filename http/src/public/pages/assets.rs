//! The style sheet and the icon, under names that change with their content, so that browsers keep them for good.

use std::sync::LazyLock;

use axum::extract::{Path, Request};
use axum::response::Response;
use flate2::Compression;

use crate::problem::{Code, Problem};
use crate::ready::{Kind, Ready};

struct Asset {
    name: String,
    href: String,
    kind: Kind,
    ready: Ready,
}

impl Asset {
    fn new(name: &str, ending: &str, content_type: &'static str, text: &'static str) -> Self {
        let hash = blake3::hash(text.as_bytes()).to_hex();
        let name = format!("{name}-{}.{ending}", &hash[..16]);
        let kind = Kind { content_type, cache_control: "public, max-age=31536000, immutable", vary: "Accept-Encoding" };
        Self { href: format!("/assets/{name}"), name, kind, ready: Ready::new(text.into(), Compression::best()) }
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

pub(crate) async fn get_asset(Path(file): Path<String>, request: Request) -> Result<Response, Problem> {
    let asset = [&*CSS, &*ICON].into_iter().find(|asset| asset.name == file).ok_or(Code::NotFound)?;
    Ok(asset.ready.answer(request.headers(), asset.kind))
}

#[cfg(test)]
pub(crate) fn css_gzip_bytes() -> usize {
    CSS.ready.bytes().1.expect("a style sheet that shrinks").len()
}
