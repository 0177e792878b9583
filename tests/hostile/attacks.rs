//! Attackers, one kind after the other, while real residents log in, each from a network of their own.
//!
//! Their first try is the first time that they send their password. If there is a line, they stand in it with the ticket that they are
//! given, as their page does by itself: whoever is let in at its end was let in at the first try. Whoever is sent away without a place
//! in a line, or cut off, was not, and comes again when told to.
//!
//! Attacks on passwords must not cost a resident the first try. An attack on the server itself, which asks for as much as it can of
//! everything, may: then everybody is let in all the same, and how many of them at the first try is reported.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sesshu_tests::{City, Client, PlannedSession, Request, Resident, report};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

use super::TICKET;
use super::crowd::{Acting, Crowd};

/// Residents who log in during each attack, all at once: as many as a city has in a second of its opening.
const RESIDENTS: usize = 20;
/// Nobody stands in line for longer, also on a machine that has much else to do.
const IN_LINE_MAX: Duration = Duration::from_mins(2);
/// Devices that attack.
const ATTACKERS: usize = 96;
/// So much is heard of an attack before the first resident comes.
const ANSWERS_BEFORE: usize = 200;
/// Of all residents so many percent are let in at their first try while passwords are attacked.
const LET_IN_PERCENT: usize = 99;
/// When somebody comes again who was cut off.
const AGAIN_SECONDS: u64 = 1;

/// What an attack is after.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Aim {
    Passwords,
    Server,
}

/// An attack: its name, what it is after, and how it is begun.
type Attack = (&'static str, Aim, fn(&Scene) -> Vec<Crowd>);

const ATTACKS: [Attack; 5] = [
    ("stuffing over sequential IDs, one address", Aim::Passwords, |scene| {
        vec![stuffing(scene, |_| Ipv4Addr::new(127, 66, 0, 1))]
    }),
    ("stuffing over sequential IDs, a thousand addresses of one network", Aim::Passwords, |scene| {
        vec![stuffing(scene, |nth| Ipv4Addr::new(127, 67, (nth / 250 % 4) as u8, (nth % 250) as u8 + 1))]
    }),
    ("spraying one password over everybody's ID", Aim::Passwords, |scene| vec![spraying(scene)]),
    (
        "slow heads, huge bodies, connections opened and closed, a bot that holds and lets go, all at once",
        Aim::Server,
        |scene| vec![slow_heads(scene), huge_bodies(scene), churn(scene), bot_with_a_login(scene)],
    ),
    ("a bot that logs in again and again with its own password", Aim::Passwords, |scene| vec![bot_that_logs_in(scene)]),
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

/// How somebody got in.
#[derive(Debug)]
struct LetIn {
    after: Duration,
    /// What they heard who were sent away before, at the first time; 0 is a connection that was cut.
    sent_away: Option<u16>,
}

/// Comes until they are let in; none if that is too late.
async fn let_in(resident: Resident, mut device: Client) -> Option<LetIn> {
    let began = Instant::now();
    let mut request = login(&resident.id, &resident.password);
    let (mut has_ticket, mut sent_away) = (false, None);
    while began.elapsed() < IN_LINE_MAX {
        let mut seconds = AGAIN_SECONDS;
        match device.try_send(&request).await {
            Ok(answer) if answer.status == 200 => return Some(LetIn { after: began.elapsed(), sent_away }),
            Ok(answer) => {
                if let Some(ticket) = answer.header(TICKET) {
                    request = login(&resident.id, &resident.password).header(TICKET, ticket);
                    has_ticket = true;
                }
                // Somebody who has a ticket keeps it, also when there is too much to do to look at it.
                if !has_ticket || answer.status != 503 {
                    sent_away = sent_away.or(Some(answer.status));
                }
                seconds = answer.header("retry-after").and_then(|wait| wait.parse().ok()).unwrap_or(AGAIN_SECONDS);
            }
            Err(_) => sent_away = sent_away.or(Some(0)),
        }
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }
    None
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_attacked_real_residents_log_in_and_at_the_first_try_if_it_is_passwords() {
    let city = City::demo().residents((ATTACKS.len() + 1) * RESIDENTS).start();
    let own = city.resident();
    let token = city.login(&own).await.token;
    let place = city.open_one(PlannedSession::new("狙われる会場", 30, 50)).await.place(0).dose(1);
    let listed = std::fs::read_to_string(city.data().join("demo-residents.csv")).expect("the demo's list");
    let ids = listed.lines().skip(1).filter_map(|line| line.split(',').next()).map(str::to_owned).collect();
    let scene = Scene { server: city.public(), own, token, ids, place };
    report("hostile: let in at the first try, longest until in  attack (what the others heard first)");
    let (mut at_first, mut all) = (0, 0);
    for (name, aim, begin) in ATTACKS {
        let attack = begin(&scene);
        for crowd in &attack {
            crowd.hears(ANSWERS_BEFORE).await;
        }
        let mut tries = JoinSet::new();
        for _ in 0..RESIDENTS {
            tries.spawn(let_in(city.resident(), city.device()));
        }
        let inside: Vec<LetIn> = tries.join_all().await.into_iter().flatten().collect();
        let mut answers = 0;
        for crowd in attack {
            answers += crowd.end().await;
        }
        let others: Vec<u16> = inside.iter().filter_map(|one| one.sent_away).collect();
        let first = inside.len() - others.len();
        let longest = inside.iter().map(|one| one.after).max().unwrap_or_default().as_secs_f64();
        report(&format!("hostile: {first:3} of {RESIDENTS:3} {longest:5.1} s  {name}: {answers} tries {others:?}"));
        assert_eq!(inside.len(), RESIDENTS, "everybody is let in: {name}");
        if aim == Aim::Passwords {
            (at_first, all) = (at_first + first, all + RESIDENTS);
        }
    }
    assert!(at_first * 100 >= all * LET_IN_PERCENT, "{at_first} of {all} residents were let in at their first try");
    let _ = city.verify();
}
