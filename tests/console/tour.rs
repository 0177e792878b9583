//! A tour of every screen that a role reaches by following links from its first page: each is looked at by axe-core and photographed.
//! Screens that only a form leads to are in the tests that send it.

use std::collections::{BTreeSet, VecDeque};

use sesshu_tests::report;

use crate::desk::{Desk, ENTER};
use crate::stage::play;

const SCREENS_MAX: usize = 80;
const LINKS: &str =
    "return [...document.querySelectorAll('main a[href], nav a[href]')].map((a) => a.getAttribute('href'));";

/// The kind of a screen: its path without what varies, and the names of what its address asks for.
fn kind(address: &str) -> String {
    let (path, query) = address.split('#').next().unwrap_or_default().split_once('?').unwrap_or((address, ""));
    let varies = |part: &str| part.bytes().any(|byte| byte.is_ascii_digit());
    let path = path.split('#').next().unwrap_or_default().split('/').map(|part| if varies(part) { "n" } else { part });
    let asked: BTreeSet<&str> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    let asked: Vec<&str> = asked.into_iter().filter(|name| !name.is_empty()).collect();
    let path = path.collect::<Vec<_>>().join("-");
    let path = if path == "-" { "home" } else { path.trim_matches('-') };
    if asked.is_empty() { path.to_owned() } else { format!("{path}_{}", asked.join("-")) }
}

/// Whether it is a page: not a file, not a stream, and not elsewhere.
fn is_page(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    path.starts_with('/') && !path.contains('.') && !path.ends_with("/events") && !path.starts_with("/assets/")
}

fn tour(role: &'static str, name: &'static str) {
    play(async |stage| {
        let mut desk = Desk::of(stage, &stage.city, name, &stage.city.new_staff(role)).await;
        if role == "operator" {
            // With a booking, so that its pages are reached too.
            desk.identify(&stage.city.resident()).await;
            for key in ['2', '9', ENTER] {
                desk.key_on(key).await;
            }
            desk.stop("done").await;
        }
        let mut seen = BTreeSet::new();
        let mut ahead = VecDeque::from(["/".to_owned()]);
        while let Some(address) = ahead.pop_front() {
            if !seen.insert(kind(&address)) {
                continue;
            }
            assert!(seen.len() <= SCREENS_MAX, "too many screens: {seen:#?}");
            desk.open(&address).await;
            desk.stop(&kind(&address)).await;
            let links = desk.ask(LINKS).await;
            let links = links.as_array().into_iter().flatten().filter_map(|link| link.as_str());
            ahead.extend(links.filter(|link| is_page(link)).map(str::to_owned));
        }
        report(&format!("{name}: {} screens", seen.len()));
        desk.end();
    });
}

#[test]
fn every_screen_of_an_operator_is_accessible() {
    tour("operator", "tour-operator");
}

#[test]
fn every_screen_of_a_venue_is_accessible() {
    tour("venue", "tour-venue");
}

#[test]
fn every_screen_of_an_admin_is_accessible() {
    tour("admin", "tour-admin");
}

#[test]
fn every_screen_of_ops_is_accessible() {
    tour("ops", "tour-ops");
}

#[test]
fn screens_that_only_a_form_leads_to_are_accessible_too() {
    play(async |stage| {
        let mut desk = Desk::of(stage, &stage.city, "forms", &stage.city.new_staff("admin")).await;
        let resident = stage.city.resident();
        desk.open("/report").await;
        desk.press("form[action='/report'] button").await;
        desk.stop("report-missing").await;
        for (field, text) in [("id", &resident.id), ("name", &resident.name_kana), ("born", &resident.birth_date)] {
            desk.fill(&format!("#{field}"), text).await;
        }
        desk.press("form[action='/report'] button").await;
        desk.says(&[&resident.name_kana, &resident.id]).await;
        desk.stop("report").await;
        desk.open("/accounts").await;
        desk.fill("#login", "tour-of-secrets").await;
        desk.tick("input[name=role][value=venue]").await;
        desk.press("form[action='/accounts'] button").await;
        desk.stop("secrets").await;
        desk.open("/exports").await;
        desk.press("form[action='/exports'] button").await;
        desk.stop("export-missing").await;
        desk.open("/sessions/new").await;
        desk.press("form[action='/sessions/new'] button").await;
        desk.stop("session-missing").await;
        desk.open("/passwords").await;
        desk.press("form[action='/passwords/make'] button").await;
        desk.stop("passwords-made").await;
        desk.open("/audit/chain").await;
        desk.press("form[action='/audit/chain'] button").await;
        desk.stop("chain").await;
        desk.end();
    });
}

#[test]
fn signing_in_is_accessible_in_each_of_its_states() {
    play(async |stage| {
        let mut desk = Desk::empty(stage, &stage.city, "sign-in").await;
        desk.stop_at("/login", "empty").await;
        desk.press("form[action='/login'] button").await;
        desk.stop("missing").await;
        let mut member = stage.city.new_staff("admin");
        let password = std::mem::replace(&mut member.password, "tanuki".to_owned());
        desk.sign_in(&member).await;
        desk.stop("wrong").await;
        member.password = password;
        desk.sign_in(&member).await;
        desk.stop("home").await;
        desk.stop_at("/nowhere", "not-found").await;
        desk.open("/").await;
        desk.press("form[action='/logout'] button").await;
        desk.stop("signed-out").await;
        desk.end();
    });
}
