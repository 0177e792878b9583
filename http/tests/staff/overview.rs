//! The overview: numbers, pictures with their tables, and messages for those who keep it open.

use std::time::Duration;

use axum::response::Response;
use futures_util::StreamExt;
use sesshu_engine::core::event::By;
use sesshu_engine::core::ids::{Channel, DoseNo, RequestKey, ResidentNo, SessionId, SlotNo};
use sesshu_engine::core::leg::{Leg, Legs};
use sesshu_engine::core::staff::StaffRole;
use sesshu_http::StaffConfig;
use tokio::sync::watch;

use super::city::City;

async fn book(city: &City, who: u32, channel: Channel) -> bool {
    let leg = Leg { session: SessionId(1), slot: SlotNo(0), dose: DoseNo::FIRST };
    let key = RequestKey::new("a-key").expect("a key");
    let who = ResidentNo(who);
    city.engine.book(who, Legs::one(leg), key, By::Resident(who), channel).await.is_ok()
}

/// The next message of a stream: its JSON, or none when it has ended.
async fn next(stream: &mut axum::body::BodyDataStream) -> Option<String> {
    let chunk = stream.next().await?.expect("a message");
    let text = String::from_utf8(chunk.to_vec()).expect("text");
    Some(text.strip_prefix("data: ").expect("data").trim_end().to_owned())
}

fn body(answer: Response) -> axum::body::BodyDataStream {
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    answer.into_body().into_data_stream()
}

#[tokio::test]
async fn those_who_watch_see_numbers_with_their_pictures_and_tables() {
    let city = City::open().await;
    assert!(book(&city, 0, Channel::Web).await && book(&city, 1, Channel::Phone).await);
    assert!(!book(&city, 2, Channel::Web).await, "two places");
    let mut admin = city.signed_in(StaffRole::Admin).await;
    let page = admin.get("/overview").await;
    assert_eq!(page.status, 200);
    for said in [
        "有効な予約（接種済みを含む）</dt><dd>2<",
        "class=\"bar\"",
        "<td class=\"count\">1</td><td class=\"count\">1</td><td class=\"count\">0</td><td class=\"count\">0</td><td class=\"count\">2</td>",
        "満員",
        "2 / 4",
        "名簿の全員",
        "66%",
        "断った理由",
        "ふだんと違う照会は記録されていません",
    ] {
        assert!(page.says(said), "{said} is not in {}", page.html);
    }
    assert!(!page.says("style=") && !page.says("インザイ"), "nothing inline, nobody named");
    let mut ops = city.signed_in(StaffRole::Ops).await;
    assert_eq!(ops.get("/overview").await.status, 200);
    for role in [StaffRole::Operator, StaffRole::Venue] {
        let mut other = city.signed_in(role).await;
        assert_eq!(other.get("/overview").await.status, 403);
        assert_eq!(other.get("/overview/events").await.status, 403);
    }
    city.close();
}

#[tokio::test]
async fn without_the_script_the_page_is_loaded_anew_unless_somebody_stops_that() {
    let city = City::open().await;
    let mut admin = city.signed_in(StaffRole::Admin).await;
    assert!(admin.get("/overview").await.says("http-equiv=\"refresh\""));
    assert!(!admin.get("/overview?auto=off").await.says("http-equiv=\"refresh\""));
    city.close();
}

#[tokio::test]
async fn who_keeps_it_open_hears_first_everything_then_what_changed_and_nothing_once_revoked() {
    let overview_every = Duration::from_millis(50);
    let city = City::open_with(StaffConfig { overview_every, ..StaffConfig::default() }).await;
    let admin = city.signed_in_as("admin2").await;
    let mut stream = body(admin.open("/overview/events").await);
    let first = next(&mut stream).await.expect("the first message");
    for id in ["figures", "alerts", "minutes", "forecasts", "fill", "busy", "refusals"] {
        assert!(first.contains(&format!("\"{id}\":")), "{id}");
    }
    let second = next(&mut stream).await.expect("the second message");
    assert!(second.contains("\"fragments\":{}"), "nothing has changed: {second}");
    assert!(book(&city, 0, Channel::Web).await);
    city.clock.advance_ms(2_000);
    let third = loop {
        let message = next(&mut stream).await.expect("another message");
        if !message.contains("\"fragments\":{}") {
            break message;
        }
    };
    assert!(third.contains("\"figures\":") && third.contains("\"fill\":") && !third.contains("\"alerts\":"), "{third}");
    city.disable("admin2", true).await;
    while next(&mut stream).await.is_some() {}
    drop((stream, admin));
    city.close();
}

#[tokio::test]
async fn only_so_many_listen_at_once_and_a_place_that_was_left_is_free() {
    let city = City::open().await;
    let admin = city.signed_in(StaffRole::Admin).await;
    let mut listening = Vec::new();
    for _ in 0..64 {
        listening.push(body(admin.open("/overview/events").await));
    }
    let one_more = admin.open("/overview/events").await;
    assert_eq!(one_more.status(), 503);
    listening.pop();
    drop(one_more);
    drop(body(admin.open("/overview/events").await));
    drop((listening, admin));
    city.close();
}

#[tokio::test]
async fn a_page_that_renews_itself_keeps_nobody_signed_in() {
    let city = City::open().await;
    let mut admin = city.signed_in(StaffRole::Admin).await;
    city.clock.advance_ms(29 * 60_000);
    drop(body(admin.open("/overview/events").await));
    assert_eq!(admin.get_only("/overview?auto=1").await.status, 200);
    city.clock.advance_ms(60_000);
    assert_eq!(admin.get_only("/overview?auto=1").await.location(), "/login?next=/overview%3Fauto%3D1");
    city.close();
}

#[tokio::test]
async fn when_the_server_stops_the_messages_end() {
    let (stop, stopping) = watch::channel(false);
    let city = City::open_with(StaffConfig { stopping: Some(stopping), ..StaffConfig::default() }).await;
    let admin = city.signed_in(StaffRole::Admin).await;
    let mut stream = body(admin.open("/overview/events").await);
    assert!(next(&mut stream).await.is_some());
    stop.send(true).expect("somebody listens");
    assert_eq!(next(&mut stream).await, None);
    drop((stream, admin));
    city.close();
}
