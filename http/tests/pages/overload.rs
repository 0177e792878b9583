//! The residents' listener over a socket while there is too much to do, and clients that are slow on purpose.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use sesshu_http::{Auth, Guard, Load, LoadLimits, PublicConfig, ServeOptions, public_router, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::city::City;

/// A listener; ended when dropped.
struct Served {
    address: SocketAddr,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn served(city: &City, config: PublicConfig) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let auth = Arc::new(Auth::new(&[7; 32], config.login_queue));
    let guard = Some(Guard::new(city.engine.clone(), Arc::clone(&auth), &config));
    let router = public_router(city.engine.clone(), auth, config);
    let options = ServeOptions { guard, ..ServeOptions::default() };
    Served { address, serving: tokio::spawn(serve(listener, router, options, std::future::pending())) }
}

/// A listener that lets nobody in.
fn closed(city: &City) -> Served {
    let nobody = LoadLimits { requests_in_flight_min: 0, requests_in_flight_max: 0, ..LoadLimits::default() };
    served(city, PublicConfig { load: Load::new(nobody), ..PublicConfig::default() })
}

/// Sends `requests` on one connection, the last of which closes it, and gives all that is heard.
async fn talk(address: SocketAddr, requests: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(requests.as_bytes()).await.expect("it is sent");
    let mut heard = String::new();
    let _ = stream.read_to_string(&mut heard).await;
    heard
}

#[tokio::test]
async fn whoever_is_too_much_hears_so_at_once_and_keeps_the_connection() {
    let city = City::open().await;
    let served = closed(&city);
    let body = r#"{"id":"0012345670","password":"x"}"#;
    let heard = talk(
        served.address,
        &format!(
            "POST /api/v1/login HTTP/1.1\r\nhost: x\r\naccept-language: en\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}GET /my?lang=ja HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
            body.len()
        ),
    )
    .await;
    let answers: Vec<&str> = heard.split("HTTP/1.1 503").skip(1).collect();
    assert_eq!(answers.len(), 2, "{heard}");
    assert!(answers[0].contains(r#""code":"busy""#) && answers[0].contains("Very busy"), "{heard}");
    assert!(
        answers[1].contains("混み合っています") || answers[1].contains("<rb>") || answers[1].contains("<ruby>"),
        "{heard}"
    );
    for answer in answers {
        for header in ["retry-after: ", "cache-control: no-store", "x-content-type-options: nosniff"] {
            assert!(answer.contains(header), "{header}: {answer}");
        }
    }
}

#[tokio::test]
async fn whoever_is_let_in_finds_everything_as_it_is() {
    let city = City::open().await;
    let served = served(&city, PublicConfig::default());
    let heard = talk(served.address, "GET /login HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(heard.starts_with("HTTP/1.1 200") && heard.contains("content-security-policy"), "{heard}");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let city = City::open().await;
    let served =
        served(&city, PublicConfig { body_read_timeout: Duration::from_millis(30), ..PublicConfig::default() });
    let begun =
        "POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 60\r\n\r\n{";
    let heard = talk(served.address, begun).await;
    assert!(heard.starts_with("HTTP/1.1 408") && heard.contains("too_slow"), "{heard}");
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_answered_and_its_outcome_is_not_known() {
    let city = City::open().await;
    let served = served(&city, PublicConfig { request_timeout: Duration::from_millis(30), ..PublicConfig::default() });
    // Its body does not come, and that alone would be waited for far longer.
    let request = "POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: 60\r\n\r\n{";
    let heard = talk(served.address, request).await;
    assert!(heard.starts_with("HTTP/1.1 503") && heard.contains(r#""code":"unavailable""#), "{heard}");
}

#[tokio::test]
async fn an_address_is_no_merit_and_a_login_is() {
    let city = City::open().await;
    let one = LoadLimits { requests_in_flight_min: 1, requests_in_flight_max: 1, ..LoadLimits::default() };
    let (usual, full) = (
        served(&city, PublicConfig::default()),
        served(&city, PublicConfig { load: Load::new(one), ..PublicConfig::default() }),
    );
    let (id, password) = &city.people[0];
    let body = format!(r#"{{"id":"{id}","password":"{password}"}}"#);
    let login = format!(
        "POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let granted = talk(usual.address, &login).await;
    let token = granted.split(r#""token":""#).nth(1).and_then(|rest| rest.split('"').next()).expect("a token");
    let release = async |token: &str| {
        let request = format!(
            "DELETE /api/v1/holds/12 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
        );
        talk(full.address, &request).await
    };
    let stranger = release(&token.replace(|digit: char| digit.is_ascii_digit(), "x")).await;
    assert!(stranger.starts_with("HTTP/1.1 503"), "{stranger}");
    let known = release(token).await;
    assert!(known.starts_with("HTTP/1.1 404"), "{known}");
    // Nobody asks without any pause but a program, however slow this machine is.
    let mut turns = 0;
    while !release(token).await.starts_with("HTTP/1.1 503") {
        turns += 1;
        assert!(turns < 5_000, "a program is told from a person");
    }
}
