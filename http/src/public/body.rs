//! Reading a request's body, within its bounds of size and time, and saying exactly what is wrong with it.

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::{Pin, pin};

use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{Form, FromRequest, Query, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName};
use axum::http::{Method, Uri};
use futures_util::future::poll_immediate;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use sesshu_engine::core::ids::RequestKey;

use crate::config::PublicConfig;
use crate::problem::{Code, Problem, What, Wrong};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// While very many bodies are waited for, each has this part of the usual time: they are not people's.
const HURRIED_PART: u32 = 5;

/// The whole body.
pub(crate) async fn read_body(config: &PublicConfig, headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > config.body_bytes_max as u64) {
        return Err(Code::TooLarge.into());
    }
    let mut whole = pin!(whole(body, config.body_bytes_max));
    // A small body came with its head, as a rule: then nobody needs a clock.
    let read = if let Some(read) = poll_immediate(whole.as_mut()).await {
        read
    } else {
        let (_waits, hurries) = config.load.wait_for_body();
        let timeout = if hurries { config.body_read_timeout / HURRIED_PART } else { config.body_read_timeout };
        tokio::time::timeout(timeout, whole).await.map_err(|_| Code::TooSlow)?
    };
    read.map_err(|unread| match unread {
        Unread::Broken => Problem::invalid(What::Body),
        Unread::TooLarge => Code::TooLarge.into(),
    })
}

/// Why a body was not read to its end.
enum Unread {
    /// The connection broke, or what came was no body.
    Broken,
    /// It passed the bound.
    TooLarge,
}

/// All of `body`. One that arrives in one piece, as small ones do, is not copied.
async fn whole(mut body: Body, bytes_max: usize) -> Result<Bytes, Unread> {
    let mut first = Bytes::new();
    let mut rest: Vec<u8> = Vec::new();
    while !body.is_end_stream() {
        let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await else { break };
        let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
        if first.len().max(rest.len()) + data.len() > bytes_max {
            return Err(Unread::TooLarge);
        }
        if first.is_empty() {
            first = data;
        } else {
            if rest.is_empty() {
                rest.extend_from_slice(&first);
            }
            rest.extend_from_slice(&data);
        }
    }
    Ok(if rest.is_empty() { first } else { rest.into() })
}

/// A JSON body as `T`.
pub(crate) fn read_json<'a, T: Deserialize<'a>>(headers: &HeaderMap, bytes: &'a [u8]) -> Result<T, Problem> {
    if !is_json(headers) {
        return Err(Problem::invalid(What::ContentType));
    }
    let read = serde_json::from_slice(bytes).map(|Object(body)| body);
    read.map_err(|error| Problem::invalid(Wrong::of_json(&error)))
}

/// A JSON object as `T`. What serde derives takes a list of the fields' values as well; nobody was promised that.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(fields)).map(Object)
            }
        }
        deserializer.deserialize_map(Fields(PhantomData))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|text| text.split(';').next()).map(str::trim);
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"))
}

/// A form of a page as `T`.
pub(crate) async fn read_form<T: DeserializeOwned>(
    config: &PublicConfig,
    headers: &HeaderMap,
    body: Body,
) -> Result<T, Problem> {
    let mut form = Request::new(Body::from(read_body(config, headers, body).await?));
    *form.method_mut() = Method::POST;
    form.headers_mut().extend(headers.get(CONTENT_TYPE).map(|kind| (CONTENT_TYPE, kind.clone())));
    match Form::<T>::from_request(form, &()).await {
        Ok(Form(form)) => Ok(form),
        Err(rejected) => Err(Problem::invalid(Wrong::of_form(&rejected.body_text()))),
    }
}

/// The query of an address as `T`.
pub(crate) fn read_query<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    match Query::<T>::try_from_uri(uri) {
        Ok(Query(query)) => Ok(query),
        Err(rejected) => Err(Problem::invalid(Wrong::of_form(&rejected.body_text()))),
    }
}

/// The request key in `Idempotency-Key`.
pub(crate) fn request_key(headers: &HeaderMap) -> Result<RequestKey, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let key = values.next().and_then(|value| RequestKey::new(value.to_str().ok()?));
    key.filter(|_| values.next().is_none()).ok_or_else(|| Problem::invalid(What::RequestKey))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_request_key_is_one_header_of_visible_ascii() {
        let with = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("idempotency-key", HeaderValue::from_static(value));
            }
            request_key(&headers).map(|key| key.as_str().to_owned()).ok()
        };
        assert_eq!(with(&["abc-1"]).as_deref(), Some("abc-1"));
        for wrong in [
            &[][..],
            &[""],
            &["a b"],
            &["a", "a"],
            &[concat!("0123456789012345678901234567890123456789", "0123456789012345678901234")],
        ] {
            assert_eq!(with(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn the_values_of_an_object_in_a_list_are_no_object() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Two {
            one: String,
            other: u8,
        }

        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let read = |json: &'static str| read_json::<Two>(&headers, json.as_bytes());
        let two = read(r#"{"one":"a","other":2}"#).expect("an object");
        assert_eq!((two.one.as_str(), two.other), ("a", 2));
        for wrong in [r#"["a",2]"#, r#"{"one":"a","other":2,"third":3}"#, r#"{"one":"a"}"#, r#""a""#, "null"] {
            assert_eq!(read(wrong).map_err(|problem| problem.code).err(), Some(Code::Invalid), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_body_over_the_bound_is_too_large_with_or_without_its_length() {
        let config = PublicConfig { body_bytes_max: 4, ..PublicConfig::default() };
        let mut headers = HeaderMap::new();
        let large = || Body::from("12345");
        let code = |read: Result<Bytes, Problem>| read.map_err(|problem| problem.code);
        assert_eq!(code(read_body(&config, &headers, large()).await), Err(Code::TooLarge));
        assert_eq!(code(read_body(&config, &headers, Body::from("1234")).await), Ok(Bytes::from("1234")));
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("5"));
        assert_eq!(code(read_body(&config, &headers, large()).await), Err(Code::TooLarge));
    }
}
