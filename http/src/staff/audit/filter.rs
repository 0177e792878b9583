//! What is asked of the audit, as an address and as a query. The ID of a person never stands in it: a person is their pseudonym.

use std::fmt::Write as _;

use serde::Deserialize;
use sesshu_engine::AuditQuery;
use sesshu_engine::core::event_kind::EventKind;
use sesshu_engine::core::ids::ResidentNo;
use sesshu_engine::core::staff::CallId;
use sesshu_engine::core::time::Instant;

use crate::staff::form::FormErrors;

/// The filter as it was typed; empty fields do not narrow anything.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::staff) struct Filter {
    pub(super) maker: String,
    pub(super) person: String,
    pub(super) call: String,
    pub(super) kind: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) before: String,
    /// Not empty: names are to be shown.
    pub(super) names: String,
}

impl Filter {
    /// The query for at most `rows_max` entries, or what is wrong with the filter.
    pub(super) fn query(&self, rows_max: usize) -> Result<AuditQuery, FormErrors> {
        let mut errors = FormErrors::default();
        let mut instant = |field, text: &str| {
            let parsed = given(text).map(str::parse::<Instant>).transpose();
            parsed.unwrap_or_else(|_| {
                errors.add(field, "日時を 2026-12-01 09:00 の形で入力してください。");
                None
            })
        };
        let (from, to) = (instant("from", &self.from), instant("to", &self.to));
        if let (Some(from), Some(to)) = (from, to)
            && to <= from
        {
            errors.add("to", "終わりの日時は、始まりの日時よりあとにしてください。");
        }
        let call = given(&self.call).map(str::parse::<CallId>).transpose().unwrap_or_else(|_| {
            errors.add("call", "通話番号は16桁の英数字です。記録の一覧から写してください。");
            None
        });
        let kind = given(&self.kind).map(EventKind::of_code);
        let person = given(&self.person).map(str::parse::<ResidentNo>);
        let before = given(&self.before).map(str::parse::<u64>);
        if kind == Some(None) || matches!(person, Some(Err(_))) || matches!(before, Some(Err(_))) {
            errors.add("", "この絞り込みは使えません。もう一度選んでください。");
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(AuditQuery {
            person: person.and_then(Result::ok),
            maker: given(&self.maker).map(Into::into),
            call,
            kind: kind.flatten(),
            from,
            to,
            before: before.and_then(Result::ok),
            rows_max,
        })
    }

    /// The filter's address below `path`.
    pub(super) fn href(&self, path: &str) -> String {
        let fields = [
            ("maker", &self.maker),
            ("person", &self.person),
            ("call", &self.call),
            ("kind", &self.kind),
            ("from", &self.from),
            ("to", &self.to),
            ("before", &self.before),
            ("names", &self.names),
        ];
        let mut href = path.to_owned();
        let mut joint = '?';
        for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
            // Writing to a text does not fail.
            let _ = write!(href, "{joint}{name}={}", encoded(value));
            joint = '&';
        }
        href
    }
}

/// What was typed, if anything was.
pub(super) fn given(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.is_empty()).then_some(text)
}

/// `text` as a part of an address.
pub(super) fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_filter_asks_for_everything_and_each_field_narrows() {
        let all = Filter::default();
        assert_eq!(all.query(7), Ok(AuditQuery { rows_max: 7, ..AuditQuery::default() }));
        let filter = Filter {
            maker: "sato".into(),
            person: "12".into(),
            call: "00000000000000ff".into(),
            kind: "view".into(),
            from: "2026-12-01T09:00".into(),
            to: "2026-12-02 09:00".into(),
            before: "99".into(),
            names: "1".into(),
        };
        let query = AuditQuery {
            person: Some(ResidentNo(12)),
            maker: Some("sato".into()),
            call: Some(CallId(255)),
            kind: Some(EventKind::View),
            from: "2026-12-01 09:00".parse().ok(),
            to: "2026-12-02 09:00".parse().ok(),
            before: Some(99),
            rows_max: 7,
        };
        assert_eq!(filter.query(7), Ok(query));
        assert_eq!(
            filter.href("/audit"),
            "/audit?maker=sato&person=12&call=00000000000000ff&kind=view&from=2026-12-01T09%3A00&to=2026-12-02%2009%3A00\
             &before=99&names=1"
        );
    }

    #[test]
    fn what_cannot_be_is_named_at_its_field() {
        let wrong = Filter { from: "明日".into(), call: "12".into(), ..Filter::default() };
        let errors = wrong.query(1).expect_err("wrong");
        assert!(errors.of("from").is_some() && errors.of("call").is_some() && errors.of("to").is_none());
        let turned = Filter { from: "2026-12-02 09:00".into(), to: "2026-12-01 09:00".into(), ..Filter::default() };
        assert!(turned.query(1).expect_err("turned").of("to").is_some());
        for other in [
            Filter { kind: "x".into(), ..Filter::default() },
            Filter { person: "-1".into(), ..Filter::default() },
            Filter { before: "x".into(), ..Filter::default() },
        ] {
            assert!(other.query(1).expect_err("wrong").of("").is_some());
        }
    }
}
