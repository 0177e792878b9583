//! The call centre beside the public: an operator and residents want the same last place, and an operator works while everybody hammers
//! at the residents' listener. Over HTTP, each from a device or a desk of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sesshu_tests::{City, Client, Operator, Place, PlannedSession, Request, Resident, report, switches};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

const RESIDENTS_WHO_RACE: usize = 200;
const ROUNDS: usize = 6;
const TRIES_MAX: usize = 400;
const CALLS: usize = 5;
/// A generous bound: how fast it is, is measured by a bench.
const CALL_WITHIN: Duration = Duration::from_mins(1);

/// Books until there is an answer that stands. Whether it is the place.
async fn race(client: &mut Client, key: &str, place: &Place) -> bool {
    for _ in 0..TRIES_MAX {
        let answer = client.book(key, &place.dose(1)).await;
        match (answer.status, answer.code().as_deref()) {
            (201, _) => return true,
            (409, Some("full")) if answer.json()["retry_at"].is_null() => return false,
            (503, _) | (409, Some("full")) => tokio::time::sleep(Duration::from_millis(20)).await,
            (409, Some("already_booked")) => return false,
            _ => panic!("{} {}", answer.status, answer.text()),
        }
    }
    panic!("the place was held or the server busy {TRIES_MAX} times");
}

/// The same from the desk, with `resident` on the line.
async fn race_by_phone(desk: &mut Operator, place: &Place) -> bool {
    desk.hold(Some(place)).await.expect("an answer") && desk.book().await.expect("an answer")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_place_goes_to_exactly_one_of_an_operator_and_two_hundred_residents() {
    let city = City::demo().residents(RESIDENTS_WHO_RACE + ROUNDS + 1).start();
    let mut desk = Operator::sign_in(&city.new_staff("operator"), city.staff()).await;
    let people = city.people(RESIDENTS_WHO_RACE).await;
    let (mut by_phone, mut by_web) = (0, 0);
    for round in 0..ROUNDS {
        let plan = PlannedSession { end: "10:30", ..PlannedSession::new(&format!("最後の{round}"), 20, 1) };
        let place = city.open_one(plan).await.place(0);
        let caller = city.resident();
        desk.take_call().await.expect("an answer");
        assert!(desk.look_up(&caller).await.expect("an answer"), "{}", desk.page.text());
        let line = Arc::new(Barrier::new(people.len() + 1));
        let mut runners = JoinSet::new();
        for (_, client) in &people {
            let (mut client, place, line) = (client.another_device(), place.clone(), Arc::clone(&line));
            client.connect().await.expect("a connection");
            runners.spawn(async move {
                line.wait().await;
                race(&mut client, &format!("last-{round}"), &place).await
            });
        }
        line.wait().await;
        let won_by_phone = race_by_phone(&mut desk, &place).await;
        let won_by_web = runners.join_all().await.into_iter().filter(|won| *won).count();
        assert_eq!(usize::from(won_by_phone) + won_by_web, 1, "one place, round {round}");
        let heard = city.login(&caller).await.bookings().await;
        assert_eq!(heard.iter().any(|one| one["session"] == place.session), won_by_phone, "what the operator was told");
        if !won_by_phone {
            assert_eq!(desk.page.status, 409, "the operator is told so, and is offered others");
            assert!(desk.page.text().contains("近い枠"), "{}", desk.page.text());
        }
        by_phone += usize::from(won_by_phone);
        by_web += won_by_web;
        desk.end_call().await.expect("an answer");
    }
    assert_eq!(city.verify()["bookings_live"], ROUNDS);
    report(&format!(
        "the last place, an operator and {RESIDENTS_WHO_RACE} residents, {ROUNDS} rounds: {by_phone} by phone, {by_web} by web, each \
         place exactly once"
    ));
}

/// Everybody at the residents' listener, who ask without a pause.
struct Hammering {
    end: Arc<AtomicBool>,
    answers: Arc<AtomicUsize>,
    clients: JoinSet<()>,
}

impl Hammering {
    fn begin(people: &[(Resident, Client)], clients: usize, place: &Place) -> Self {
        let (end, answers) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let mut hammering = JoinSet::new();
        for index in 0..clients {
            let (mut client, place) = (people[index % people.len()].1.another_device(), place.clone());
            let (end, answers) = (Arc::clone(&end), Arc::clone(&answers));
            hammering.spawn(async move {
                let login = serde_json::json!({"id": "0000000000", "password": "guess-guess-g"});
                let requests = [
                    Request::new("POST", "/api/v1/bookings").key("again").json(&place.dose(1)),
                    Request::new("GET", "/"),
                    Request::new("POST", "/api/v1/login").json(&login),
                    Request::new("GET", "/api/v1/me"),
                ];
                client.connect().await.expect("a connection");
                let mut turns = requests.iter().cycle();
                while !end.load(Ordering::Relaxed)
                    && let Some(request) = turns.next()
                {
                    // Whatever is answered, and whether it is: they ask again.
                    if client.try_send(request).await.is_ok() {
                        answers.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        Self { end, answers, clients: hammering }
    }

    async fn end(self) -> usize {
        self.end.store(true, Ordering::Relaxed);
        self.clients.join_all().await;
        self.answers.load(Ordering::Relaxed)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operators_call_stays_usable_while_two_thousand_hammer_at_the_public() {
    let clients = switches::number("SESSHU_HAMMER_CLIENTS", 2_000);
    let city = City::demo().residents(CALLS + 60).start();
    let open = city.open_one(PlannedSession::new("広い会場", 12, 10_000)).await;
    let people = city.people(50).await;
    let member = city.new_staff("operator");
    let hammering = Hammering::begin(&people, clients, &open.place(0));
    let mut desk = tokio::time::timeout(CALL_WITHIN, Operator::sign_in(&member, city.staff())).await.expect("signs in");
    let mut slowest = Duration::ZERO;
    for _ in 0..CALLS {
        let caller = city.resident();
        let began = Instant::now();
        let call = async {
            desk.take_call().await.expect("an answer");
            assert!(desk.look_up(&caller).await.expect("an answer"), "{}", desk.page.text());
            desk.choose().await.expect("an answer");
            assert!(desk.hold(Some(&open.place(1))).await.expect("an answer"), "{}", desk.page.text());
            assert!(desk.book().await.expect("an answer"), "{}", desk.page.text());
            desk.end_call().await.expect("an answer");
        };
        tokio::time::timeout(CALL_WITHIN, call).await.expect("a call in time");
        slowest = slowest.max(began.elapsed());
    }
    let answers = hammering.end().await;
    assert!(answers > clients, "the residents' listener was asked all the time");
    let verified = city.verify();
    assert_eq!(verified["bookings_live"], people.len() + CALLS, "{verified}");
    report(&format!(
        "{clients} clients hammer at the public and get {answers} answers: {CALLS} of {CALLS} calls booked, the slowest in {:.0} ms",
        slowest.as_secs_f64() * 1000.0
    ));
}
