//! Logging in and out: what helps, what is said, and what is left behind on a shared device.

use std::collections::BTreeSet;

use sesshu_tests::browser::Scripts;

use crate::stage::play;
use crate::steps::{ERRORS, ID, LOGIN, PASSWORD};

#[test]
fn a_wrong_password_is_told_and_the_typed_id_stays() {
    play(async |stage| {
        let resident = stage.resident();
        let mut visit = stage.visit(Scripts::Off).await;
        visit.open("/login").await;
        visit.log_in_with(&resident.id, "wrong-wrong-w").await;
        visit.check().await;
        assert_eq!(visit.value(ID).await, resident.id);
        assert_eq!(visit.value(PASSWORD).await, "");
        assert!(visit.has(ERRORS).await, "an error summary that is read aloud");
        let told = visit.text().await.replace(&resident.id, "");
        // An ID that does not exist is told the same.
        visit.open("/login").await;
        visit.log_in_with("0000000000", "wrong-wrong-w").await;
        assert_eq!(visit.text().await.replace("0000000000", ""), told);
        visit.end();
    });
}

#[test]
fn passwords_are_masked_and_password_managers_and_pasting_work() {
    play(async |stage| {
        let mut visit = stage.visit(Scripts::On).await;
        visit.open("/login").await;
        assert_eq!(visit.attribute(PASSWORD, "type").await.as_deref(), Some("password"));
        assert_eq!(visit.attribute(PASSWORD, "autocomplete").await.as_deref(), Some("current-password"));
        assert_eq!(visit.attribute(ID, "autocomplete").await.as_deref(), Some("username"));
        for field in [ID, PASSWORD] {
            let taken = format!(
                "return document.querySelector('{field}').dispatchEvent(new ClipboardEvent('paste', {{bubbles: true, cancelable: true}}))"
            );
            assert_eq!(visit.ask(&taken).await, true, "pasting into {field} is not stopped");
            assert_eq!(visit.attribute(field, "placeholder").await, None, "labels stand above fields");
        }
        visit.end();
    });
}

#[test]
fn ids_may_be_typed_with_full_width_digits_and_hyphens() {
    play(async |stage| {
        let resident = stage.resident();
        let wide: String = resident
            .id
            .chars()
            .map(|c| c.to_digit(10).and_then(|digit| char::from_u32(0xFF10 + digit)).unwrap_or(c))
            .collect();
        let split = wide.char_indices().nth(4).map_or(0, |(at, _)| at);
        let mut visit = stage.visit(Scripts::Off).await;
        visit.open("/login").await;
        visit.log_in_with(&format!("{}－{}", &wide[..split], &wide[split..]), &resident.password).await;
        assert!(!visit.has(LOGIN).await, "{}", visit.text().await);
        visit.end();
    });
}

#[test]
fn after_logout_the_person_is_gone_from_the_device_and_the_next_one_logs_in() {
    play(async |stage| {
        let (first, next) = (stage.resident(), stage.resident());
        let mut visit = stage.visit(Scripts::On).await;
        visit.log_in(&first).await;
        visit.open("/my").await;
        assert!(visit.text().await.contains(&first.name_kana));
        visit.log_out().await;
        for _ in 0..2 {
            visit.browser.back().await.expect("the page before");
            let source = visit.browser.source().await.expect("a page");
            assert!(!source.contains(&first.name_kana), "the browser still shows the previous person\n{source}");
        }
        visit.log_in(&next).await;
        visit.open("/my").await;
        let text = visit.text().await;
        assert!(text.contains(&next.name_kana), "{text}");
        visit.end();
    });
}

#[test]
fn empty_fields_and_too_many_tries_are_told() {
    play(async |stage| {
        let resident = stage.resident();
        let mut visit = stage.visit(Scripts::Off).await;
        visit.open("/login").await;
        // Without the browser's own check, as browsers that have none send it.
        visit.ask("document.querySelector(\"form[action^='/login']\").noValidate = true").await;
        visit.press(LOGIN).await;
        visit.check().await;
        for field in [ID, PASSWORD] {
            assert_eq!(visit.attribute(field, "aria-invalid").await.as_deref(), Some("true"), "{field}");
            let described = visit.attribute(field, "aria-describedby").await.unwrap_or_default();
            for id in described.split_whitespace() {
                assert_eq!(visit.count(&format!("#{id}")).await, 1, "{field} is described by #{id}");
            }
        }
        // After some wrong passwords something else is said: to wait.
        let mut told = BTreeSet::new();
        for _ in 0..8 {
            visit.open("/login").await;
            visit.log_in_with(&resident.id, "wrong-wrong-w").await;
            visit.check().await;
            told.insert(visit.find(ERRORS).await.text().await.expect("a text"));
        }
        assert!(told.len() > 1, "whoever guesses has to wait: {told:?}");
        visit.end();
    });
}
