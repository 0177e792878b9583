//! The ops listener, and what the other listeners do not show of it.

use std::net::Ipv4Addr;

use sesshu_tests::{City, Client};

use super::city;

fn ops(city: &City) -> Client {
    Client::new(city.ops(), Ipv4Addr::LOCALHOST)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_serving_city_is_alive_and_ready() {
    let city = city();
    ops(&city).get("/health/live").await.expect(200);
    ops(&city).get("/health/ready").await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_are_prometheus_text_without_people() {
    let city = city();
    let resident = city.resident();
    let _ = city.login(&resident).await;
    let answer = ops(&city).get("/metrics").await.expect(200);
    assert!(answer.header("content-type").is_some_and(|value| value.starts_with("text/plain")), "{:?}", answer.headers);
    let text = answer.text();
    assert!(text.lines().any(|line| line.starts_with("# TYPE ")), "{text}");
    assert!(!text.contains(&resident.id) && !text.contains(&resident.name_kana), "a metric names a resident");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn residents_do_not_see_the_ops_listener() {
    let city = city();
    for path in ["/metrics", "/health/ready", "/health/live"] {
        assert_eq!(city.device().get(path).await.status, 404, "{path}");
    }
}
