//! An answer as ready bytes: hashed and compressed once, when it is made, however many ask for it.

use std::io::Write as _;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH, VARY,
};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Below this size, in bytes, compression saves no packet.
const GZIP_BYTES_MIN: usize = 512;

/// What kind of answer it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) content_type: &'static str,
    pub(crate) cache_control: &'static str,
    /// The request's headers that it depends on.
    pub(crate) vary: &'static str,
}

/// The bytes, as they are and compressed.
#[derive(Debug, Clone)]
pub(crate) struct Ready {
    plain: Bytes,
    gzip: Option<Bytes>,
    /// A weak one: it stands for the content, in whatever encoding.
    etag: HeaderValue,
}

impl Ready {
    /// The answer with these bytes, compressed for many askers.
    pub(crate) fn new(bytes: Vec<u8>, level: Compression) -> Self {
        let gzip = gzip(&bytes, level);
        Self { gzip, ..Self::plain(bytes) }
    }

    /// The answer with these bytes, for one asker.
    pub(crate) fn plain(bytes: Vec<u8>) -> Self {
        let digest = blake3::hash(&bytes);
        let etag = format!("W/\"{}\"", URL_SAFE_NO_PAD.encode(&digest.as_bytes()[..16]));
        // Base64 between quotes is always a header; without a tag the answer would only be sent again.
        let etag = HeaderValue::try_from(etag).unwrap_or(HeaderValue::from_static("W/\"\""));
        Self { plain: bytes.into(), gzip: None, etag }
    }

    /// The answer: the bytes in an encoding that the asker reads, or 304 to whoever has them.
    pub(crate) fn answer(&self, headers: &HeaderMap, kind: Kind) -> Response {
        let gzip = self.gzip.as_ref().filter(|_| accepts_gzip(headers));
        let known = self.is_known(headers);
        let bytes = if known { Bytes::new() } else { gzip.unwrap_or(&self.plain).clone() };
        let mut response = Response::new(Body::from(bytes));
        let answer = response.headers_mut();
        answer.insert(ETAG, self.etag.clone());
        answer.insert(CACHE_CONTROL, HeaderValue::from_static(kind.cache_control));
        answer.insert(VARY, HeaderValue::from_static(kind.vary));
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        answer.insert(CONTENT_TYPE, HeaderValue::from_static(kind.content_type));
        if gzip.is_some() {
            answer.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }

    fn is_known(&self, headers: &HeaderMap) -> bool {
        let weak =
            |tag: &str| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == &self.etag.as_bytes()[2..];
        values(headers, &IF_NONE_MATCH).any(weak)
    }

    #[cfg(test)]
    pub(crate) fn bytes(&self) -> (Bytes, Option<Bytes>) {
        (self.plain.clone(), self.gzip.clone())
    }
}

/// The bytes compressed, if that makes them smaller.
fn gzip(bytes: &[u8], level: Compression) -> Option<Bytes> {
    if bytes.len() < GZIP_BYTES_MIN {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), level);
    encoder.write_all(bytes).ok()?;
    let gzip = encoder.finish().ok()?;
    (gzip.len() < bytes.len()).then(|| gzip.into())
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let mut any = None;
    for item in values(headers, &ACCEPT_ENCODING) {
        let (name, rest) = item.split_once(';').unwrap_or((item, ""));
        let quality = rest.trim().strip_prefix("q=").map_or(Some(1.0), |quality| quality.trim().parse::<f32>().ok());
        let wanted = quality.is_some_and(|quality| quality > 0.0);
        match name.trim() {
            name if name.eq_ignore_ascii_case("gzip") => return wanted,
            "*" => any = Some(wanted),
            _ => {}
        }
    }
    any.unwrap_or(false)
}

fn values<'a>(headers: &'a HeaderMap, name: &axum::http::HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|text| text.split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    const KIND: Kind = Kind { content_type: "text/plain", cache_control: "no-cache", vary: "Accept-Encoding" };

    fn asking(name: axum::http::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().expect("a header"))])
    }

    #[test]
    fn gzip_goes_to_those_who_read_it_and_says_so() {
        let ready = Ready::new(vec![b'x'; 2_000], Compression::fast());
        let cases = [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("*", true),
            ("", false),
            ("br", false),
            ("gzip;q=0", false),
            ("*;q=0", false),
            ("gzip;q=0, *", false),
            ("*, gzip;q=0", false),
        ];
        for (accepted, compressed) in cases {
            let answer = ready.answer(&asking(ACCEPT_ENCODING, accepted), KIND);
            assert_eq!(answer.headers().contains_key(CONTENT_ENCODING), compressed, "{accepted}");
            assert_eq!(answer.headers()[VARY], "Accept-Encoding");
        }
        let (plain, gzip) = ready.bytes();
        let mut read = Vec::new();
        flate2::read::GzDecoder::new(&*gzip.expect("gzip")).read_to_end(&mut read).expect("to be whole");
        assert_eq!(read, plain);
        assert!(Ready::new(b"small".into(), Compression::fast()).bytes().1.is_none());
    }

    #[test]
    fn whoever_has_it_hears_so_in_any_encoding() {
        let ready = Ready::new(vec![b'x'; 2_000], Compression::fast());
        let weak = ready.etag.to_str().expect("text").to_owned();
        let strong = weak.trim_start_matches("W/").to_owned();
        let cases = [
            (weak.clone(), 304),
            (strong, 304),
            (format!("\"x\", {weak}"), 304),
            ("*".into(), 304),
            ("\"x\"".into(), 200),
        ];
        for (sent, status) in cases {
            let mut headers = asking(IF_NONE_MATCH, &sent);
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
            let answer = ready.answer(&headers, KIND);
            assert_eq!(answer.status().as_u16(), status, "{sent}");
            assert_eq!(answer.headers()[ETAG], weak);
            assert_eq!(answer.headers()[VARY], "Accept-Encoding");
        }
        assert_eq!(ready.answer(&HeaderMap::new(), KIND).status(), StatusCode::OK);
    }
}
