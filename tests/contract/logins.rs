//! `POST /login`, `POST /logout`.

use std::net::Ipv4Addr;

use serde_json::json;
use sesshu_tests::{Client, Request};

use super::{city, members};

const LOGIN: &str = "/api/v1/login";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_answers_the_kana_name_and_a_token_and_nothing_else() {
    let city = city();
    let resident = city.resident();
    let mut device = city.device();
    let answer = device.post(LOGIN, &json!({"id": resident.id, "password": resident.password})).await.expect(200);
    let body = answer.json();
    assert_eq!(members(&body), ["expires_at", "name_kana", "token"]);
    assert_eq!(body["name_kana"], resident.name_kana);
    assert!(answer.header("cache-control").is_some_and(|value| value.contains("no-store")), "{:?}", answer.headers);
    let cookie = answer.header("set-cookie").expect("the token also comes as a cookie");
    for attribute in ["HttpOnly", "SameSite=", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("; Secure") && !cookie.starts_with("__Host-"), "plain HTTP: {cookie}");
    let cookie = cookie.split(';').next().expect("a cookie").to_owned();
    let me = device.send(Request::new("GET", "/api/v1/me").header("cookie", cookie)).await.expect(200).json();
    assert_eq!(me["name_kana"], resident.name_kana);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_taken_as_people_type_it() {
    let city = city();
    let resident = city.resident();
    let wide = |text: &str| -> String {
        text.chars()
            .map(|c| if c.is_ascii_graphic() { char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c) } else { c })
            .collect()
    };
    let bare: String = resident.password.chars().filter(char::is_ascii_alphanumeric).collect();
    let typed = [
        (resident.id.clone(), resident.password.to_uppercase()),
        (resident.id.clone(), resident.password.to_lowercase()),
        (wide(&resident.id), wide(&resident.password)),
        (format!(" {} ", resident.id), bare.chars().flat_map(|c| [c, ' ']).collect()),
        (resident.id.clone(), bare.chars().flat_map(|c| [c, '-']).collect()),
    ];
    for (id, password) in typed {
        let answer = city.device().post(LOGIN, &json!({"id": id, "password": password})).await;
        assert_eq!(answer.status, 200, "{id:?} {password:?}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_malformed_login_is_invalid() {
    let city = city();
    let resident = city.resident();
    let right = json!({"id": resident.id, "password": resident.password});
    let with = |name: &str, value| {
        let mut body = right.clone();
        body[name] = value;
        body.to_string()
    };
    let bodies = [
        String::new(),
        "{".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        json!({"id": resident.id}).to_string(),
        with("id", json!(1_234_567)),
        with("password", json!(null)),
        with("remember", json!(true)),
    ];
    for body in bodies {
        let answer = city.device().send(Request::new("POST", LOGIN).text("application/json", body.clone())).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
        answer.refused(400, "invalid");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_id_answers_exactly_like_a_wrong_password() {
    let city = city();
    let resident = city.resident();
    let attempt = async |id: &str| {
        let mut device = Client::new(city.public(), Ipv4Addr::new(127, 250, 1, 1));
        device.post(LOGIN, &json!({"id": id, "password": "wrong-wrong-w"})).await
    };
    let known = attempt(&resident.id).await;
    known.refused(401, "invalid_credentials");
    for id in ["99999999999999999999", "0000000000", "12", "not-a-number"] {
        let unknown = attempt(id).await;
        assert_eq!((unknown.status, unknown.text()), (known.status, known.text()), "{id:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_is_slowed_down_and_hinders_nobody_else() {
    let city = city();
    let (victim, other) = (city.resident(), city.resident());
    // The victim's own device has logged in before the stranger begins.
    let mut own_device = city.login(&victim).await;
    let mut stranger = Client::new(city.public(), Ipv4Addr::new(127, 251, 1, 1));
    let mut guesses = 0;
    let slowed = loop {
        guesses += 1;
        assert!(guesses <= 100, "a hundred wrong passwords in a row are not slowed down");
        let answer = stranger.post(LOGIN, &json!({"id": victim.id, "password": format!("guess{guesses:06}")})).await;
        match answer.status {
            401 | 503 => {}
            _ => break answer,
        }
    };
    slowed.refused(429, "too_many_attempts");
    own_device.get("/api/v1/me").await.expect(200);
    let _ = city.login(&other).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_logout_ends_the_token() {
    let city = city();
    let resident = city.resident();
    let mut client = city.login(&resident).await;
    let mut other_device = city.login(&resident).await;
    client.send(Request::new("POST", "/api/v1/logout")).await.expect(204);
    client.get("/api/v1/me").await.refused(401, "login_required");
    client.send(Request::new("POST", "/api/v1/logout")).await.refused(401, "login_required");
    other_device.get("/api/v1/me").await.expect(200);
}
