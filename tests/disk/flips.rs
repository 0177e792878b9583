//! Bits that flip in the store while the server is stopped: it refuses to start, or `verify` says so, or nothing has changed.
//! Never a wrong answer.

use std::path::Path;

use serde_json::Value;
use sesshu_tests::{City, Client, PlannedSession, Request, report, switches};

const PEOPLE: usize = 24;
const PAGE: usize = 4096;

/// What a flip did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    RefusedAtOpen,
    FoundByVerify,
    Harmless,
    /// `verify`, or the server, ends without a reason: by an internal error or a signal.
    Panicked,
    /// The server answers wrongly, or has other data, and `verify` says ok.
    Unnoticed,
}

/// A stopped city with bookings, and what its people were told last.
struct Sound {
    city: City,
    people: Vec<(Client, Value)>,
    verified: Value,
    store: Vec<u8>,
}

async fn sound_city() -> Sound {
    let mut city = City::demo().residents(PEOPLE).start();
    let session = city.open_one(PlannedSession::new("化けたビットの会場", 30, PEOPLE)).await;
    let mut people = Vec::new();
    for (number, (_, mut client)) in city.people(PEOPLE).await.into_iter().enumerate() {
        client.book("b", &session.place(0).dose(1)).await.expect(201);
        if number % 3 == 0 {
            let booking = client.bookings().await.remove(0);
            client
                .move_booking(booking["number"].as_str().expect("a number"), "m", &session.place(1).here())
                .await
                .expect(200);
        }
        let me = client.get("/api/v1/me").await.expect(200).json();
        people.push((client, me));
    }
    city.stop();
    let verified = city.verify();
    let store = std::fs::read(store_of(city.data())).expect("the store");
    Sound { city, people, verified, store }
}

fn store_of(data: &Path) -> std::path::PathBuf {
    data.join("sesshu.redb")
}

/// Whether everybody who is answered is answered as before.
async fn answers_are_right(sound: &mut Sound) -> bool {
    for (client, me) in &mut sound.people {
        let mut client = client.moved_to(sound.city.public());
        if let Ok(answer) = client.try_send(&Request::new("GET", "/api/v1/me")).await
            && answer.status == 200
            && answer.json() != *me
        {
            return false;
        }
    }
    true
}

/// Flips bit `bit` of byte `at`, and looks at what becomes of it.
async fn flip(sound: &mut Sound, at: usize, bit: usize) -> Ended {
    let mut flipped = sound.store.clone();
    flipped[at] ^= 1 << bit;
    let path = store_of(sound.city.data());
    std::fs::write(&path, &flipped).expect("the store is written");
    let verify = sound.city.command(["verify", "--json"]).run();
    let found = verify.code != Some(0);
    // `verify` must leave the file as it is.
    assert!(std::fs::read(&path).is_ok_and(|now| now == flipped), "`verify` has written");
    let started = sound.city.try_restart();
    let right = started.is_err() || answers_are_right(sound).await;
    if started.is_ok() {
        sound.city.kill9();
    }
    let same = !found && verify.json() == sound.verified;
    let noticed = found || (right && same);
    if !noticed {
        let as_before = if right { "as before" } else { "wrong" };
        report(&format!("disk: byte {at}, bit {bit}: answers {as_before}, and `verify` says {}", verify.stdout.trim()));
        return Ended::Unnoticed;
    }
    if !matches!(verify.code, Some(0 | 1 | 75)) || started.as_ref().is_err_and(|why| !is_a_refusal(why)) {
        report(&format!("disk: byte {at}, bit {bit}: `verify` ends with {:?}, the server {started:?}", verify.code));
        return Ended::Panicked;
    }
    match started {
        Err(_) => Ended::RefusedAtOpen,
        Ok(()) if found => Ended::FoundByVerify,
        Ok(()) => Ended::Harmless,
    }
}

/// Whether the server ended as one that says why: a check failed, or the store is not available.
fn is_a_refusal(why: &str) -> bool {
    ["exit status: 1 ", "exit status: 75 "].iter().any(|code| why.contains(code))
}

/// A byte of a page that is not empty.
fn used_byte(store: &[u8], dice: &mut switches::Dice) -> usize {
    let used: Vec<usize> = (0..store.len() / PAGE)
        .filter(|page| store[page * PAGE..(page + 1) * PAGE].iter().any(|byte| *byte != 0))
        .collect();
    let page = *dice.pick(&used) * PAGE;
    let bytes: Vec<usize> = (page..page + PAGE).filter(|at| store[*at] != 0).collect();
    *dice.pick(&bytes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_bit_is_refused_found_or_harmless() {
    let flips = switches::number("SESSHU_FLIPS", 40);
    let mut dice = switches::dice("disk: flipped bits");
    let mut sound = sound_city().await;
    let mark = std::fs::read(sound.city.data().join("high-water")).expect("the mark");
    let mut ended = Vec::new();
    for _ in 0..flips {
        let at = used_byte(&sound.store, &mut dice);
        let bit = dice.below(8);
        ended.push(flip(&mut sound, at, bit).await);
        std::fs::write(sound.city.data().join("high-water"), &mark).expect("the mark as it was");
    }
    let count = |kind: Ended| ended.iter().filter(|one| **one == kind).count();
    report(&format!(
        "disk: {flips} flipped bits in {} KiB: refused at open {}, served and found by verify {}, harmless {}, panicked {}, unnoticed {}",
        sound.store.len() / 1024,
        count(Ended::RefusedAtOpen),
        count(Ended::FoundByVerify),
        count(Ended::Harmless),
        count(Ended::Panicked),
        count(Ended::Unnoticed)
    ));
    assert_eq!(count(Ended::Panicked), 0, "whoever cannot read a store says why");
    assert_eq!(count(Ended::Unnoticed), 0, "nothing that was flipped goes unnoticed");
    std::fs::write(store_of(sound.city.data()), &sound.store).expect("the store as it was");
    sound.city.restart();
    assert!(answers_are_right(&mut sound).await);
    sound.city.stop();
}
