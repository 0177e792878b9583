//! The machine is lost under load. What the second place has, brings everything back but the last moments, which the journal's
//! interval bounds; and a city that was set back goes on from there.

use std::path::Path;
use std::time::{Duration, Instant};

use sesshu_tests::{City, PlannedSession, Sesshu, clock, report, switches, wait_until, wait_until_async};
use tempfile::TempDir;

use super::people::Load;
use super::town::{Places, listed};

const PEOPLE: usize = 60;
const JOURNAL_SECONDS: u64 = 1;
/// So much may be lost: one interval, and the second in which it is shipped.
const LOST_MAX: Duration = Duration::from_secs(JOURNAL_SECONDS + 1);
const LIMIT: Duration = Duration::from_mins(1);

/// A city that ships its journal, with a first generation.
fn backed_up(places: &Places) -> City {
    let city = City::demo().residents(PEOPLE * 2 + 20).config(places.config("")).start();
    city.command(["backup", "now"]).arg("--config").arg(city.files().join("sesshu.toml")).run().done();
    city
}

/// Restores the newest generation with the journal from the second place, in place of the data that is gone.
fn restore_from_second(places: &Places, to: &Path) -> serde_json::Value {
    let list = Sesshu::new(["backup", "list", "--json", "--from"]).arg(&places.second).run().done().json();
    let newest = listed(&list).into_iter().find(|own| own.is_proven).expect("a proven copy");
    let restore = Sesshu::new(["backup", "restore", &newest.name, "--json", "--from"]).arg(&places.second);
    restore.arg("--to").arg(to).run().done().json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_that_is_lost_under_load_loses_the_last_moments_only() {
    let mut dice = switches::dice("lost");
    let folder = TempDir::with_prefix("sesshu-places-").expect("a folder");
    let places = Places::below(folder.path());
    let mut city = backed_up(&places);
    let place = city.open_one(PlannedSession::new("失われる会場", 30, PEOPLE)).await.place(0);
    let load = Load::start(&city, &place, PEOPLE).await;
    let enough = 400 + dice.below(800);
    wait_until_async("people book", LIMIT, async || (load.changes() >= enough).then_some(())).await;
    city.kill9();
    let gone_at = Instant::now();
    let people = load.end().await;
    std::fs::remove_dir_all(city.data()).expect("the data is lost");
    std::fs::remove_dir_all(&places.dir).expect("the backups of the machine are lost");

    let began = Instant::now();
    restore_from_second(&places, city.data());
    let restored_in = began.elapsed();
    city.restart();
    let served_in = began.elapsed();
    let _ = city.verify();
    let (mut acknowledged, mut restored, mut lost) = (0, 0, Duration::ZERO);
    for person in &people {
        let known = person.known(&city).await;
        acknowledged += person.heard.len();
        // The latest state that the city still knows; a change whose answer never came may be there, too.
        let found = person.heard.iter().rposition(|(_, booking)| *booking == known);
        let found = match found {
            Some(found) => found + 1,
            None if known.is_none() => 0,
            None => {
                assert!(person.is_open, "{}: {known:?} was never told", person.resident.id);
                person.heard.len()
            }
        };
        restored += found;
        if let Some((heard_at, _)) = person.heard.get(found) {
            let age = gone_at.saturating_duration_since(*heard_at);
            lost = lost.max(age);
            assert!(age <= LOST_MAX, "{}: what was told {age:?} before the loss is gone", person.resident.id);
        }
    }
    report(&format!(
        "lost: changes acknowledged {acknowledged}, restored {restored}, lost {}: those of the last {:.2} s (at most {} s); restored in \
         {:.1} s, served again in {:.1} s",
        acknowledged - restored,
        lost.as_secs_f64(),
        LOST_MAX.as_secs(),
        restored_in.as_secs_f64(),
        served_in.as_secs_f64()
    ));
    assert!(acknowledged >= enough, "people were told of {acknowledged} changes");
    city.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_city_that_was_set_back_in_time_goes_on_and_can_lose_its_machine_then() {
    let folder = TempDir::with_prefix("sesshu-places-").expect("a folder");
    let places = Places::below(folder.path());
    let mut city = backed_up(&places);
    let place = city.open_one(PlannedSession::new("戻る会場", 30, PEOPLE)).await.place(0);
    let mut people = city.people(3).await.into_iter();
    let mut next = || people.next().expect("somebody");
    let passes = || {
        let began = Instant::now();
        wait_until("the journal had its time", LIMIT, || (began.elapsed() > LOST_MAX).then_some(()));
    };
    let ((early, mut early_device), (late, mut late_device), (after, _)) = (next(), next(), next());
    early_device.book("early", &place.dose(1)).await.expect(201);
    passes();
    let instant = clock::instant_in(0);
    passes();
    late_device.book("late", &place.dose(1)).await.expect(201);
    passes();
    city.stop();

    let list = Sesshu::new(["backup", "list", "--json", "--from"]).arg(&places.second).run().done().json();
    let generation = listed(&list).remove(0).name;
    std::fs::remove_dir_all(city.data()).expect("the data goes");
    let restore = Sesshu::new(["backup", "restore", &generation, "--at", &instant, "--from"]).arg(&places.second);
    restore.arg("--to").arg(city.data()).run().done();
    city.restart();
    assert_eq!(city.login(&early).await.bookings().await.len(), 1, "it was before that instant");
    assert_eq!(city.login(&late).await.bookings().await.len(), 0, "it was after that instant");
    city.login(&after).await.book("after", &place.dose(1)).await.expect(201);
    passes();
    city.kill9();

    std::fs::remove_dir_all(city.data()).expect("the data is lost");
    std::fs::remove_dir_all(&places.dir).expect("the backups of the machine are lost");
    restore_from_second(&places, city.data());
    city.restart();
    let _ = city.verify();
    for (who, bookings) in [(&early, 1), (&late, 0), (&after, 1)] {
        assert_eq!(city.login(who).await.bookings().await.len(), bookings, "{}", who.id);
    }
    city.stop();
    report("lost: a city that was set back, went on and lost its machine has what it did since");
}
