//! A style sheet, script or picture under a name that changes with its content, so that browsers keep it for good.

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::response::Response;
use flate2::Compression;

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

    /// A script.
    pub(crate) fn script(name: &str, text: &str) -> Self {
        Self::new(name, "js", "text/javascript; charset=utf-8", text)
    }

    /// A picture for the browser's tab.
    pub(crate) fn icon(name: &str, text: &str) -> Self {
        Self::new(name, "svg", "image/svg+xml", text)
    }

    fn new(name: &str, ending: &str, content_type: &'static str, text: &str) -> Self {
        let hash = blake3::hash(text.as_bytes()).to_hex();
        let kind = Kind { content_type, cache_control: "public, max-age=31536000, immutable", vary: "Accept-Encoding" };
        let href = format!("/assets/{name}-{}.{ending}", &hash[..16]).into();
        Self { href, kind, ready: Ready::new(text.into(), Compression::best()) }
    }

    pub(crate) fn has_name(&self, file: &str) -> bool {
        self.href.strip_prefix("/assets/") == Some(file)
    }

    /// The file as answer to a request with these `headers`.
    pub(crate) fn answer(&self, headers: &HeaderMap) -> Response {
        self.ready.answer(headers, self.kind)
    }

    /// What it weighs on the wire.
    #[cfg(test)]
    pub(crate) fn gzip_bytes(&self) -> usize {
        self.ready.bytes().1.expect("a file that shrinks").len()
    }
}
