//! The waiting room: before an opening, while others come first, when it is one's turn, and when nobody waits.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::browser::{Browser, Page};
use super::city::City;

const WAIT: &str = "/wait?back=/choose%3Fdose%3D1";
/// How often somebody is asked for who cannot stand where they should at once: the usher has a thread of its own.
const TRIES_MAX: usize = 1_000_000;

async fn standing(browser: &mut Browser) -> Value {
    serde_json::from_str(&browser.get("/api/v1/queue").await.html).expect("JSON")
}

/// Where each of `people` stands.
async fn standings(people: &mut [Browser]) -> Vec<Value> {
    let mut standings = Vec::new();
    for browser in people {
        standings.push(standing(browser).await);
    }
    standings
}

/// The same once so many of them may go on.
async fn until_open(people: &mut [Browser], open: usize) -> Vec<Value> {
    for _ in 0..TRIES_MAX {
        let asked = standings(people).await;
        if asked.iter().filter(|standing| standing["state"] == "open").count() == open {
            // Whoever was asked before the others were let in heard of the line as it was.
            return standings(people).await;
        }
        tokio::task::yield_now().await;
    }
    panic!("nobody is let in");
}

/// Three people who are logged in ten minutes before the opening, and in its draw.
async fn before_the_opening(city: &City) -> Vec<Browser> {
    let mut people = vec![city.logged_in(0).await, city.logged_in(1).await, city.logged_in(2).await];
    city.a_moment_later();
    until_open(&mut people, 0).await;
    people
}

fn refresh(page: &Page) -> &str {
    page.headers["refresh"].to_str().expect("text")
}

/// What the JSON interface answers.
async fn post(city: &City, path: &str, token: &str, body: &Value) -> (StatusCode, HeaderMap, Value) {
    let request = Request::post(path)
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"))
        .header("idempotency-key", "a")
        .body(Body::from(body.to_string()))
        .expect("a request");
    let Ok(answer) = city.router.clone().oneshot(request).await;
    let (parts, body) = answer.into_parts();
    let bytes = to_bytes(body, 1 << 16).await.expect("a body");
    (parts.status, parts.headers, serde_json::from_slice(&bytes).expect("JSON"))
}

#[tokio::test]
async fn before_the_opening_whoever_is_in_the_draw_reads_so_and_that_nobody_need_hurry() {
    let city = City::about_to_open().await;
    let mut people = before_the_opening(&city).await;
    let browser = &mut people[0];
    let choose = browser.get("/choose?dose=1").await;
    let my = browser.get("/my").await;
    let wait = browser.get(WAIT).await;
    assert_eq!((choose.path(), wait.path()), ("/choose", "/wait"));
    for page in [&choose, &my, &wait] {
        for said in ["抽選に入っています", "早く来ても", "午前9時10分", "href=\"/draw\"", "role=\"status\""]
        {
            assert!(page.says(said), "{}: {said}: {}", page.address, page.html);
        }
    }
    assert!(refresh(&choose).ends_with("; url=/wait?back=/choose%3Fdose%3D1"), "{}", refresh(&choose));
    let seconds: u32 = refresh(&my).parse().expect("seconds");
    assert!((600..610).contains(&seconds), "some seconds after the opening: {seconds}");
    assert!(wait.says("受付開始をお待ちください") && refresh(&wait).parse::<u32>().is_ok_and(|seconds| seconds < 340));
    let english = browser.get(&format!("{WAIT}&lang=en")).await;
    assert!(english.says("You are in the draw") && english.says("10 minutes left"), "{}", english.html);
    let easy = browser.get(&format!("{WAIT}&lang=ja-easy&furigana=off")).await;
    assert!(easy.says("くじ（抽選）に 入っています"), "{}", easy.html);

    let mut nobody = city.browser();
    assert!(nobody.get("/").await.says("抽選で予約の順番が決まります"));
    assert_eq!(nobody.get(WAIT).await.path(), "/login");
    let draws: Value = serde_json::from_str(&nobody.get("/api/v1/queue/draw").await.html).expect("JSON");
    let next = &draws["next"];
    assert_eq!((&next["opens_at"], &next["seed"]), (&json!("2026-12-01T09:10:00+09:00"), &Value::Null));
    assert_eq!(draws["last"], Value::Null);
    let commitment = next["commitment"].as_str().expect("a commitment");
    let page = nobody.get("/draw").await;
    assert!(page.says(commitment) && !page.says("b3sum"), "{}", page.html);
    city.close();
}

#[tokio::test]
async fn whoever_waits_reads_where_they_stand_wherever_they_turn_and_goes_on_when_it_is_their_turn() {
    let city = City::about_to_open().await;
    let mut people = before_the_opening(&city).await;
    let (id, password) = &city.people[0];
    let (_, _, login) = post(&city, "/api/v1/login", "", &json!({"id": id, "password": password})).await;
    let token = login["token"].as_str().expect("a token").to_owned();
    city.clock.advance_ms(10 * 60 * 1_000);
    let standings = until_open(&mut people, 1).await;
    let waits = standings.iter().position(|standing| standing["state"] == "waiting").expect("somebody waits");
    let (figures, browser) = (&standings[waits], &mut people[waits]);
    assert!(figures["ahead"].as_u64() < Some(2) && figures["in_draw"] == true, "{figures}");
    assert_eq!(figures["opens_at"], "2026-12-01T09:10:00+09:00");

    // A person's own bookings and every form lead there, and nothing that was chosen is lost.
    let choose = browser.get("/choose?dose=1&date=2026-12-12").await;
    let held = browser.post("/hold", &[("place", "1-0-1"), ("back", "/choose?dose=1&venue=1")]).await;
    let booked = browser.post("/book", &[("place", "1-0-1"), ("key", "b")]).await;
    for (page, back) in [
        (&choose, "/wait?back=/choose%3Fdose%3D1%26date%3D2026-12-12"),
        (&held, "/wait?back=/choose%3Fdose%3D1%26venue%3D1"),
        (&booked, "/wait?back=/choose%3Fdose%3D1%26date%3D2026-12-05"),
    ] {
        assert_eq!((page.status, &*page.address), (StatusCode::OK, back), "{}", page.html);
        for said in ["順番をお待ちください", "<title>順番待ち（前に", "残りの枠", "/my", "/draw", "抽選で決まりました"]
        {
            assert!(page.says(said), "{said}: {}", page.html);
        }
        assert!(refresh(page).parse::<u32>().is_ok_and(|seconds| seconds > 0), "{}", refresh(page));
    }
    let my = browser.get("/my").await;
    assert!(my.says("新しい予約は、順番に受け付けています") && my.says("href=\"/wait?back="), "{}", my.html);
    for (lang, said) in [("en", "Please wait for your turn"), ("ja-easy", "順番を 待ってください"), ("ja", "順番を")]
    {
        let page = browser.get(&format!("{WAIT}&lang={lang}&furigana=off")).await;
        assert!(page.says(said), "{said}: {}", page.html);
    }

    assert!(city.browser().get("/").await.says("いま、新しい予約は順番に受け付けています"));

    // The one who was let in chooses.
    let goes = standings.iter().position(|standing| standing["state"] == "open").expect("somebody goes on");
    let choose = people[goes].get(WAIT).await;
    assert!(choose.path() == "/choose" && choose.says("あなたの順番です"), "{}", choose.html);
    let confirm = people[goes].post("/hold", &[("place", &choose.field("place"))]).await;
    assert_eq!(confirm.path(), "/confirm", "{}", confirm.html);

    // The same in JSON, for whoever of them is person 0.
    if goes != 0 {
        let place = json!({"session": "1", "slot": "1", "dose": 1});
        for path in ["/api/v1/holds", "/api/v1/bookings"] {
            let (status, headers, problem) = post(&city, path, &token, &place).await;
            assert_eq!((status, &problem["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("queued")), "{problem}");
            for figure in ["ahead", "estimate_seconds", "places_left"] {
                assert!(problem[figure].is_u64(), "{figure}: {problem}");
            }
            assert!(headers["retry-after"].to_str().is_ok_and(|seconds| seconds.parse::<u32>().is_ok()));
        }
    }
    city.clock.advance_ms(1_000);
    until_open(&mut people, 2).await;
    city.clock.advance_ms(1_000);
    until_open(&mut people, 3).await;
    let turn = people[waits].get(WAIT).await;
    assert!(turn.path() == "/choose" && turn.says("あなたの順番です"), "{}", turn.html);
    city.close();
}

#[tokio::test]
async fn after_the_opening_anybody_can_check_the_draw_and_their_own_number() {
    let city = City::about_to_open().await;
    let mut people = before_the_opening(&city).await;
    let next: Value = serde_json::from_str(&people[0].get("/api/v1/queue/draw").await.html).expect("JSON");
    city.clock.advance_ms(10 * 60 * 1_000);
    until_open(&mut people, 1).await;
    let draws: Value = serde_json::from_str(&people[0].get("/api/v1/queue/draw").await.html).expect("JSON");
    let last = &draws["last"];
    assert_eq!(last["commitment"], next["next"]["commitment"], "what was published before");
    let text = last["seed"].as_str().expect("a seed");
    let seed: Vec<u8> =
        (0..64).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("digits")).collect();
    assert_eq!(blake3::hash(&seed).to_hex().as_str(), last["commitment"]);
    let counts = last["people_by_first_byte"].as_array().expect("counts");
    assert_eq!(counts.iter().filter_map(Value::as_u64).sum::<u64>(), 3);
    let key: [u8; 32] = seed.try_into().expect("32 bytes");
    for (browser, (id, _)) in people.iter_mut().zip(&city.people) {
        let number = blake3::keyed_hash(&key, id.as_bytes()).to_hex();
        let page = browser.get("/draw").await;
        assert!(page.says(&number[..16]) && page.says(text) && page.says("b3sum --keyed id"), "{}", page.html);
    }
    let mut nobody = city.browser();
    let page = nobody.get("/draw").await;
    assert!(page.says(text) && page.says("/login?next=/draw"), "{}", page.html);

    // The next opening does not hide what is to be checked of the last one.
    city.opens_more_in(24 * 60).await;
    city.a_moment_later();
    let mut page = nobody.get("/draw").await;
    for _ in 0..TRIES_MAX {
        if page.says("次の受付の抽選") {
            break;
        }
        tokio::task::yield_now().await;
        page = nobody.get("/draw").await;
    }
    assert!(page.says("次の受付の抽選") && page.says("前回の受付の抽選") && page.says(text), "{}", page.html);
    city.close();
}

#[tokio::test]
async fn when_nobody_waits_the_room_is_not_seen() {
    let city = City::open().await;
    let mut browser = city.logged_in(0).await;
    for address in ["/", "/my", "/choose?dose=1"] {
        let page = browser.get(address).await;
        assert!(!page.says("順番") && !page.says("抽選") && !page.headers.contains_key("refresh"), "{}", page.html);
    }
    assert_eq!(browser.get(WAIT).await.address, "/choose?dose=1&turn=1");
    for address in ["/wait", "/wait?back=//evil.example", "/wait?back=/logout", "/wait?back=/choose%3Fa=%22"] {
        assert_eq!(browser.get(address).await.address, "/choose", "{address}");
    }
    assert_eq!(standing(&mut browser).await["state"], "open");
    city.close();
}
