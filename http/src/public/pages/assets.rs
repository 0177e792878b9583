//! The style sheets, the script and the icon, under names that change with their content, so that browsers keep them for good.

use std::sync::{Arc, LazyLock};

use axum::extract::{Path, Request, State};
use axum::response::Response;
use flate2::Compression;

use crate::problem::{Code, Problem};
use crate::public::desk::App;
use crate::ready::{Kind, Ready};

/// A file that pages name.
pub(crate) struct Asset {
    pub(crate) href: Arc<str>,
    kind: Kind,
    ready: Ready,
}

impl Asset {
    /// A style sheet.
    pub(crate) fn css(name: &str, text: &str) -> Self {
        Self::new(name, "css", "text/css; charset=utf-8", text)
    }

    fn new(name: &str, ending: &str, content_type: &'static str, text: &str) -> Self {
        let hash = blake3::hash(text.as_bytes()).to_hex();
        let kind = Kind { content_type, cache_control: "public, max-age=31536000, immutable", vary: "Accept-Encoding" };
        let href = format!("/assets/{name}-{}.{ending}", &hash[..16]).into();
        Self { href, kind, ready: Ready::new(text.into(), Compression::best()) }
    }

    fn has_name(&self, file: &str) -> bool {
        self.href.strip_prefix("/assets/") == Some(file)
    }
}

static CSS: LazyLock<Asset> = LazyLock::new(|| Asset::css("sesshu", include_str!("../../../assets/sesshu.css")));
static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("sesshu", "js", "text/javascript; charset=utf-8", include_str!("../../../assets/sesshu.js"))
});
static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_str!("../../../assets/icon.svg")));

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
        return Ok(asset.ready.answer(request.headers(), asset.kind));
    }
    let theme = desk.theme.sheet(&desk.engine.site()).filter(|sheet| sheet.has_name(&file)).ok_or(Code::NotFound)?;
    Ok(theme.ready.answer(request.headers(), theme.kind))
}

/// What the style sheet and the script weigh on the wire.
#[cfg(test)]
pub(crate) fn gzip_bytes() -> (usize, usize) {
    let of = |asset: &Asset| asset.ready.bytes().1.expect("a file that shrinks").len();
    (of(&CSS), of(&SCRIPT))
}
