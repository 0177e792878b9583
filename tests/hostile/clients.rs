//! Clients that are slow, large or talk nonsense. Each is cut off or answered, and the server goes on serving everybody else.

use std::time::{Duration, Instant};

use serde_json::json;
use sesshu_tests::{City, PlannedSession, Request};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A head of a request has to arrive within 15 seconds, a body within 10; a slow machine gets as much again.
const CUT_OFF_WITHIN: Duration = Duration::from_secs(30);

/// Sends `bytes` on a new connection and reads what comes until the server closes it. None if it does not in time.
async fn talk(city: &City, bytes: &[u8]) -> Option<String> {
    let mut stream = TcpStream::connect(city.public()).await.expect("a connection");
    // The server may close before it has read all: that is its right.
    let _ = stream.write_all(bytes).await;
    read_to_end(&mut stream).await
}

async fn read_to_end(stream: &mut TcpStream) -> Option<String> {
    let mut answer = Vec::new();
    let ended = tokio::time::timeout(CUT_OFF_WITHIN, async {
        let mut piece = [0; 4096];
        // A reset is an end as well.
        while let Ok(length @ 1..) = stream.read(&mut piece).await {
            answer.extend_from_slice(&piece[..length]);
        }
    });
    ended.await.ok()?;
    Some(String::from_utf8_lossy(&answer).into_owned())
}

async fn still_serves(city: &City) {
    city.device().get("/api/v1/sessions?dose=1").await.expect(200);
    city.someone().await.get("/api/v1/me").await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_trickles_is_cut_off_while_others_are_served() {
    let city = City::shared(100);
    let start = Instant::now();
    let mut slow = Vec::new();
    for _ in 0..200 {
        let mut stream = TcpStream::connect(city.public()).await.expect("a connection");
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ").await.expect("the beginning of a head");
        slow.push(stream);
    }
    still_serves(&city).await;
    for stream in &mut slow {
        let answer = read_to_end(stream).await;
        assert!(answer.is_some(), "a connection with half a head is still open after {:?}", start.elapsed());
    }
    assert!(start.elapsed() < CUT_OFF_WITHIN, "cut off together, not one after the other: {:?}", start.elapsed());
    still_serves(&city).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_never_comes_is_cut_off() {
    let city = City::shared(100);
    let head = "POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 60\r\n\r\n{\"id\":";
    let answer = talk(&city, head.as_bytes()).await.expect("the connection ends in time");
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408") || answer.starts_with("HTTP/1.1 400"), "{answer}");
    still_serves(&city).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_body_is_too_large_whether_its_length_is_told_or_not() {
    let city = City::shared(100);
    let body = json!({"id": "1".repeat(3_000_000), "password": "x"}).to_string();
    let mut device = city.device();
    // The answer may come before all is sent, and the connection be closed: then only the next request counts.
    if let Ok(answer) = device.try_send(&Request::new("POST", "/api/v1/login").text("application/json", body)).await {
        answer.expect(413);
    }
    let chunk = "a".repeat(65_536);
    let mut bytes =
        b"POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..32 {
        bytes.extend_from_slice(format!("{:x}\r\n{chunk}\r\n", chunk.len()).as_bytes());
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    let answer = talk(&city, &bytes).await.expect("the connection ends in time");
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413"), "{answer}");
    still_serves(&city).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_head_is_refused() {
    let city = City::shared(100);
    let long_value = format!("GET / HTTP/1.1\r\nhost: x\r\nx-long: {}\r\n\r\n", "a".repeat(200_000));
    let many_fields = format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "x-more: 1\r\n".repeat(5_000));
    let long_path = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(200_000));
    for head in [long_value, many_fields, long_path] {
        let answer = talk(&city, head.as_bytes()).await.expect("the connection ends in time");
        let refused = ["431", "414", "400"].iter().any(|status| answer.starts_with(&format!("HTTP/1.1 {status}")));
        assert!(answer.is_empty() || refused, "{answer}");
    }
    still_serves(&city).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nonsense_is_no_request() {
    let city = City::shared(100);
    let nonsense: [&[u8]; 7] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\0\0\0\0\0\0\0\0\0\0\0\0\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\nhost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcdef",
        "こんにちは\r\n\r\n".as_bytes(),
    ];
    for bytes in nonsense {
        let answer = talk(&city, bytes).await;
        let answer = answer.unwrap_or_else(|| panic!("{:?} keeps a connection", String::from_utf8_lossy(bytes)));
        assert!(!answer.starts_with("HTTP/1.1 2") && !answer.starts_with("HTTP/1.1 5"), "{answer}");
    }
    still_serves(&city).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_cookies_headers_and_paths_are_no_login_and_no_error() {
    let city = City::shared(100);
    let odd = ["", "=", ";;;", "sesshu", "a=\"", "login=%00%ff", &"x=1; ".repeat(500)];
    for value in odd {
        for header in ["cookie", "authorization"] {
            let answer = city.device().send(Request::new("GET", "/api/v1/me").header(header, value)).await;
            answer.refused(401, "login_required");
        }
    }
    // A ticket that is none is a place at the end of the line, and while nobody waits no place is needed.
    let resident = city.resident();
    let body = json!({"id": resident.id, "password": resident.password});
    for ticket in ["", "AAAA", "=", &"A".repeat(52), &"A".repeat(4_000)] {
        let look =
            Request::new("GET", "/login").header("cookie", format!("sesshu-ticket={ticket}; sesshu-id={ticket}"));
        city.device().send(look).await.expect(200);
        let login = Request::new("POST", "/api/v1/login").json(&body).header("x-sesshu-ticket", ticket);
        city.device().send(login).await.expect(200);
    }
    for path in
        ["/%00", "/../../etc/passwd", "/api/v1/bookings/%2e%2e", "/api/v1/%ff", "//", "/api/v1/sessions?dose=1&dose=2"]
    {
        let status = city.device().get(path).await.status;
        assert!((300..500).contains(&status), "{path}: {status}");
    }
    for method in ["PATCH", "TRACE", "OPTIONS", "PUT"] {
        let status = city.device().send(Request::new(method, "/api/v1/login")).await.status;
        assert!((400..500).contains(&status), "{method}: {status}");
    }
    still_serves(&city).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_that_hangs_up_has_booked_once_or_not_at_all() {
    let city = City::shared(100);
    let place = city.open_one(PlannedSession::new("切れる電話の会場", 30, 50)).await.place(0);
    for turn in 0..20 {
        let mut client = city.someone().await;
        let token = client.token.clone().expect("a token");
        let body = place.dose(1).to_string();
        let request = format!(
            "POST /api/v1/bookings HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nidempotency-key: hang-{turn}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut phone = TcpStream::connect(city.public()).await.expect("a connection");
        phone.write_all(request.as_bytes()).await.expect("a whole request");
        drop(phone);
        let answer = client.book(&format!("hang-{turn}"), &place.dose(1)).await;
        assert!(matches!(answer.status, 200 | 201), "the same key again: {}", answer.text());
        assert_eq!(client.bookings().await.len(), 1);
    }
    let _ = city.verify();
}
