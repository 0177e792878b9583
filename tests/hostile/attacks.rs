//! Attackers, one kind after the other, while real residents log in, each from a network of their own.
//!
//! Their first try is the first time that they send their password. If there is a line, they stand in it with the ticket that they are
//! given, as their page does by itself: whoever is let in at its end was let in at the first try. Whoever is sent away without a place
//! in a line, or cut off, was not.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sesshu_tests::{City, Client, PlannedSession, Request, Resident, report};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

use super::crowd::{Acting, Crowd};

/// Residents who log in during each attack, all at once: as many as a city has in a second of its opening.
const RESIDENTS: usize = 20;
/// Nobody stands in line for longer, also on a machine that has much else to do.
const IN_LINE_MAX: Duration = Duration::from_mins(2);
/// The header in which a place in the line is given and shown again.
const TICKET: &str = "x-sesshu-ticket";
/// Devices that attack.
const ATTACKERS: usize = 96;
/// So much is heard of an attack before the first resident comes.
const ANSWERS_BEFORE: usize = 200;
/// Of all residents so many percent are let in at their first try.
const LET_IN_PERCENT: usize = 99;

/// An attack: its name, and how it is begun.
type Attack = (&'static str, fn(&Scene) -> Vec<Crowd>);

const ATTACKS: [Attack; 5] = [
    ("stuffing over sequential IDs, one address", |scene| vec![stuffing(scene, |_| Ipv4Addr::new(127, 66, 0, 1))]),
    ("stuffing over sequential IDs, a thousand addresses of one network", |scene| {
        vec![stuffing(scene, |nth| Ipv4Addr::new(127, 67, (nth / 250 % 4) as u8, (nth % 250) as u8 + 1))]
    }),
    ("spraying one password over everybody's ID", |scene| vec![spraying(scene)]),
    ("slow heads, huge bodies, connections opened and closed, a bot that holds and lets go, all at once", |scene| {
        vec![slow_heads(scene), huge_bodies(scene), churn(scene), bot_with_a_login(scene)]
    }),
    ("a bot that logs in again and again with its own password", |scene| vec![bot_that_logs_in(scene)]),
];

/// What the attackers have to work with.
struct Scene {
    server: SocketAddr,
    /// A resident who attacks.
    own: Resident,
    token: Option<String>,
    /// Everybody's IDs: they may be guessed or known.
    ids: Vec<String>,
    place: Value,
}

fn login(id: &str, password: &str) -> Request {
    Request::new("POST", "/api/v1/login").json(&json!({"id": id, "password": password}))
}

/// Each attacker goes through IDs of its own; the thousand addresses take turns.
fn stuffing(scene: &Scene, source: fn(usize) -> Ipv4Addr) -> Crowd {
    let server = scene.server;
    Crowd::of(ATTACKERS, |lane, acting| async move {
        let mut turn = lane;
        while !acting.is_over() {
            let mut client = Client::new(server, source(turn));
            for _ in 0..8 {
                let _ = client.try_send(&login(&format!("{:010}", 4_000_000_000 + turn), "abcd-efgh-jkm")).await;
                acting.heard();
                turn += ATTACKERS;
            }
        }
    })
}

fn spraying(scene: &Scene) -> Crowd {
    Crowd::asking(ATTACKERS, |lane| {
        let ids = scene.ids.iter().skip(lane).step_by(ATTACKERS);
        let client = Client::new(scene.server, Ipv4Addr::new(127, 68, 0, lane as u8 + 1));
        (client, ids.map(|id| login(id, "sommer-2026")).collect())
    })
}

async fn raw(server: SocketAddr, source: Ipv4Addr) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().ok()?;
    socket.bind((source, 0).into()).ok()?;
    socket.connect(server).await.ok()
}

/// Connections that never finish the head of their request, as many as one address gets.
fn slow_heads(scene: &Scene) -> Crowd {
    let server = scene.server;
    Crowd::of(ATTACKERS * 4, |_, acting| async move {
        while !acting.is_over() {
            let Some(mut stream) = raw(server, Ipv4Addr::new(127, 69, 0, 1)).await else { continue };
            let _ = stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ").await;
            acting.heard();
            // Until the server has had enough.
            let _ = stream.read(&mut [0; 64]).await;
        }
    })
}

fn huge_bodies(scene: &Scene) -> Crowd {
    let server = scene.server;
    let bytes = "a".repeat(64 * 1024);
    Crowd::of(ATTACKERS, |lane, acting| {
        let head = "POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9000000\r\n\r\n";
        let bytes = bytes.clone();
        async move {
            while !acting.is_over() {
                let Some(mut stream) = raw(server, Ipv4Addr::new(127, 70, 0, lane as u8 + 1)).await else { continue };
                let _ = stream.write_all(head.as_bytes()).await;
                for _ in 0..16 {
                    if stream.write_all(bytes.as_bytes()).await.is_err() {
                        break;
                    }
                }
                let _ = stream.read(&mut [0; 64]).await;
                acting.heard();
            }
        }
    })
}

fn churn(scene: &Scene) -> Crowd {
    let server = scene.server;
    Crowd::of(ATTACKERS, |_, acting| async move {
        while !acting.is_over() {
            drop(raw(server, Ipv4Addr::new(127, 71, 0, 1)).await);
            acting.heard();
            tokio::task::yield_now().await;
        }
    })
}

fn bot_with_a_login(scene: &Scene) -> Crowd {
    let (server, place) = (scene.server, scene.place.clone());
    let token = scene.token.clone();
    Crowd::of(ATTACKERS, |lane, acting| {
        let mut client = Client::new(server, Ipv4Addr::new(127, 72, 0, lane as u8 + 1));
        client.token.clone_from(&token);
        hold_and_let_go(client, place.clone(), acting)
    })
}

async fn hold_and_let_go(mut client: Client, place: Value, acting: Acting) {
    let hold = Request::new("POST", "/api/v1/holds").json(&place);
    while !acting.is_over() {
        if let Ok(answer) = client.try_send(&hold).await
            && answer.status == 201
        {
            let number = answer.json()["hold"].as_str().unwrap_or_default().to_owned();
            let _ = client.try_send(&Request::new("DELETE", format!("/api/v1/holds/{number}"))).await;
        }
        acting.heard();
    }
}

fn bot_that_logs_in(scene: &Scene) -> Crowd {
    Crowd::asking(ATTACKERS, |lane| {
        let client = Client::new(scene.server, Ipv4Addr::new(127, 73, 0, lane as u8 + 1));
        (client, vec![login(&scene.own.id, &scene.own.password)])
    })
}

/// How a first try ended.
#[derive(Debug)]
enum Tried {
    LetIn {
        in_line: Duration,
    },
    /// With this status; 0 is a connection that was cut.
    SentAway(u16),
}

async fn first_try(resident: Resident, mut device: Client) -> Tried {
    let began = Instant::now();
    let mut request = login(&resident.id, &resident.password);
    let mut has_ticket = false;
    loop {
        let Ok(answer) = device.try_send(&request).await else { return Tried::SentAway(0) };
        let in_line = began.elapsed();
        if answer.status == 200 {
            return Tried::LetIn { in_line };
        }
        if let Some(ticket) = answer.header(TICKET) {
            request = login(&resident.id, &resident.password).header(TICKET, ticket);
            has_ticket = true;
        }
        // Somebody who has a ticket keeps it, also when there is too much to do to look at it.
        let again = answer.header("retry-after").and_then(|seconds| seconds.parse().ok());
        match again.filter(|_| has_ticket && answer.status == 503 && in_line < IN_LINE_MAX) {
            Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
            None => return Tried::SentAway(answer.status),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn during_each_attack_real_residents_log_in_at_the_first_try() {
    let city = City::demo().residents((ATTACKS.len() + 1) * RESIDENTS).start();
    let own = city.resident();
    let token = city.login(&own).await.token;
    let place = city.open_one(PlannedSession::new("狙われる会場", 30, 50)).await.place(0).dose(1);
    let listed = std::fs::read_to_string(city.data().join("demo-residents.csv")).expect("the demo's list");
    let ids = listed.lines().skip(1).filter_map(|line| line.split(',').next()).map(str::to_owned).collect();
    let scene = Scene { server: city.public(), own, token, ids, place };
    report("hostile: let in at the first try, longest in line  attack (what the others heard)");
    let (mut let_in, mut all) = (0, 0);
    for (name, begin) in ATTACKS {
        let attack = begin(&scene);
        for crowd in &attack {
            crowd.hears(ANSWERS_BEFORE).await;
        }
        let mut tries = JoinSet::new();
        for _ in 0..RESIDENTS {
            tries.spawn(first_try(city.resident(), city.device()));
        }
        let tries = tries.join_all().await;
        let mut answers = 0;
        for crowd in attack {
            answers += crowd.end().await;
        }
        let (mut inside, mut longest, mut others) = (0, Duration::ZERO, Vec::new());
        for tried in &tries {
            match tried {
                Tried::LetIn { in_line } => (inside, longest) = (inside + 1, longest.max(*in_line)),
                Tried::SentAway(status) => others.push(status),
            }
        }
        let (of, longest) = (tries.len(), longest.as_secs_f64());
        report(&format!("hostile: {inside:3} of {of:3} {longest:5.1} s  {name}: {answers} tries {others:?}"));
        (let_in, all) = (let_in + inside, all + of);
    }
    assert!(let_in * 100 >= all * LET_IN_PERCENT, "{let_in} of {all} residents were let in at their first try");
    let _ = city.verify();
}
