//! The city's plan: drafts thrown away and taken up again, venues, vaccines and waves one by one, a proposal that a second person
//! publishes; sessions closed, opened again, and given less vaccine while people book.

mod support;

use std::sync::Arc;

use sesshu_engine::core::event::By;
use sesshu_engine::core::ids::{DoseNo, ResidentNo, SessionId, SlotNo, VenueId};
use sesshu_engine::core::refusal::RefusalCode;
use sesshu_engine::core::session::{PublicState, SessionPhase};
use sesshu_engine::core::setup::Wave;
use sesshu_engine::core::staff::Proposal;
use sesshu_engine::core::suspicion::Suspect;
use sesshu_engine::roll::parse_site;
use sesshu_engine::{CampaignError, EngineHandle, PlanProblem, VaccineSpec, WaveChange};
use support::{COMIRNATY, City, Plan, START, at, dose, leg, refused};

const STAFF: By = By::CommandLine { uid: 1_000 };
const ONE: SessionId = SessionId(1);
const OPENS: &str = "2026-12-02 09:00";

fn problem<T: std::fmt::Debug>(answer: Result<T, CampaignError>) -> PlanProblem {
    match answer {
        Err(CampaignError::Plan(problem)) => problem,
        other => panic!("{other:?}"),
    }
}

fn phase(city: &City, id: SessionId) -> SessionPhase {
    city.engine().planned_session(id).expect("a session").session.phase
}

fn seq(city: &City) -> u64 {
    city.engine().figures().journal_seq
}

fn proposal(city: &City) -> Proposal {
    city.engine().campaign_setup().proposal.clone().expect("a proposal")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_that_was_thrown_away_is_taken_up_again_by_hand_or_by_the_same_file() {
    let mut city = City::empty().await;
    let rows = [Plan::on("2026-12-05", 5).row(2, "会場"), Plan::on("2026-12-06", 5).row(3, "会場")];
    let drafted = async |city: &City| city.engine().import_sessions(&rows, false, STAFF).await.expect("drafted");
    drafted(&city).await;
    city.engine().change_stock(ONE, Some(12), STAFF).await.expect("the stock of a draft");
    city.engine().discard_drafts(&[ONE, SessionId(2)], STAFF).await.expect("thrown away");
    assert_eq!(phase(&city, ONE), SessionPhase::Discarded);
    assert_eq!(city.engine().drafts(at(OPENS)).sessions, []);
    assert!(city.engine().availability().sessions.is_empty());
    let again = city.engine().discard_drafts(&[ONE], STAFF).await;
    assert_eq!(problem(again), PlanProblem::NotADraft(ONE));
    city.restart().await;
    city.engine().restore_draft(ONE, STAFF).await.expect("taken up again");
    assert_eq!(problem(city.engine().restore_draft(ONE, STAFF).await), PlanProblem::NotADraft(ONE));
    let summary = drafted(&city).await;
    assert_eq!((summary.new, summary.unchanged), (1, 1), "the one is there again, the other one comes back");
    let kept = city.engine().planned_session(ONE).expect("a session").session.doses_total;
    assert_eq!(kept, Some(12), "a file says nothing of the stock");
    // All or none.
    city.engine().discard_drafts(&[ONE], STAFF).await.expect("thrown away");
    let both = city.engine().discard_drafts(&[SessionId(2), ONE], STAFF).await;
    assert_eq!(problem(both), PlanProblem::NotADraft(ONE));
    assert_eq!(phase(&city, SessionId(2)), SessionPhase::Draft);
    city.verify().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drafts_are_published_by_a_second_person_and_only_as_they_were_proposed() {
    let mut city = City::empty().await;
    city.draft(&[Plan::on("2026-12-05", 5), Plan::on("2026-12-30", 5)]).await;
    let engine = city.engine().clone();
    let shown = engine.drafts_digest();
    let passed = engine.propose(shown, at("2026-12-01 08:00"), "a").await;
    assert!(matches!(passed, Err(CampaignError::OpensInThePast)));
    engine.propose(shown, at(OPENS), "a").await.expect("proposed");
    let first = proposal(&city);
    assert_eq!((&*first.by, first.places, first.sessions.len()), ("a", 10, 2));
    assert_eq!(problem(engine.publish_proposed(&first, "a", true).await), PlanProblem::OwnProposal);
    // Any change of a draft ends it.
    engine.change_stock(ONE, Some(3), STAFF).await.expect("the stock of a draft");
    assert!(!engine.proposal_stands(&first));
    let changed = engine.publish_proposed(&first, "b", true).await;
    assert!(matches!(changed, Err(CampaignError::ChangedMeanwhile)));
    engine.propose(engine.drafts_digest(), at(OPENS), "b").await.expect("proposed anew");
    assert_eq!(problem(engine.publish_proposed(&first, "c", true).await), PlanProblem::NoProposal);
    engine.withdraw_proposal(&proposal(&city), STAFF).await.expect("withdrawn");
    assert_eq!(problem(engine.withdraw_proposal(&first, STAFF).await), PlanProblem::NoProposal);
    engine.propose(engine.drafts_digest(), at(OPENS), "b").await.expect("proposed again");
    // So does a venue's other name: it is what people would read.
    engine.rename_venue(VenueId(1), "別の会場", STAFF).await.expect("renamed");
    assert!(!engine.proposal_stands(&proposal(&city)));
    engine.propose(engine.drafts_digest(), at(OPENS), "b").await.expect("proposed again");
    drop(engine);
    city.restart().await;
    city.engine().publish_proposed(&proposal(&city), "a", true).await.expect("published");
    assert_eq!(phase(&city, ONE), SessionPhase::Published { opens_at: at(OPENS) });
    assert_eq!(city.engine().campaign_setup().proposal, None);
    // Where a second person is not asked for, the first one may.
    city.draft(&[Plan::on("2026-12-07", 5)]).await;
    city.engine().propose(city.engine().drafts_digest(), at(OPENS), "a").await.expect("proposed");
    city.engine().publish_proposed(&proposal(&city), "a", false).await.expect("published");
    // A proposal whose opening has passed opens nothing.
    city.draft(&[Plan::on("2026-12-08", 5)]).await;
    city.engine().propose(city.engine().drafts_digest(), at(OPENS), "a").await.expect("proposed");
    city.wait_until("2026-12-02 09:06");
    let late = city.engine().publish_proposed(&proposal(&city), "b", true).await;
    assert!(matches!(late, Err(CampaignError::OpensInThePast)));
    city.verify().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_looks_wrong_is_found_among_the_drafts_of_the_store() {
    let city = City::empty().await;
    city.draft(&[Plan { doses: vec![1], phone_share: 5, ..Plan::on("2026-12-05", 5) }]).await;
    let found: Vec<Suspect> = city.engine().suspicions(at("2026-12-01 23:00")).iter().map(|one| one.what).collect();
    assert_eq!(found, [Suspect::OpensAtNight, Suspect::PhoneOnly, Suspect::NoNextDose { dose: DoseNo::FIRST }]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_venue_keeps_its_details_under_another_name_and_no_two_have_one() {
    let city = City::empty().await;
    let engine = city.engine();
    let first = engine.add_venue(" 文化ホール ", STAFF).await.expect("added");
    let file = parse_site("[[venue]]\nname = \"文化ホール\"\naddress = \"大森\"\n".as_bytes());
    assert_eq!(file.errors, []);
    engine.change_site(file.site, 0, STAFF).await.expect("said");
    let second = engine.add_venue("保健センター", STAFF).await.expect("added");
    assert_ne!(first, second);
    assert_eq!(problem(engine.add_venue("保健センター", STAFF).await), PlanProblem::NameTaken);
    assert_eq!(problem(engine.rename_venue(second, "文化ホール", STAFF).await), PlanProblem::NameTaken);
    assert_eq!(problem(engine.add_venue(" ", STAFF).await), PlanProblem::NotAName(64));
    assert_eq!(problem(engine.rename_venue(VenueId(9), "x", STAFF).await), PlanProblem::NoSuchVenue);
    let written = seq(&city);
    engine.rename_venue(first, "文化ホール", STAFF).await.expect("as it is");
    assert_eq!(seq(&city), written, "the same name writes nothing");
    engine.rename_venue(first, "市民ホール", STAFF).await.expect("renamed");
    assert_eq!(engine.site().venues.keys().map(|name| &**name).collect::<Vec<_>>(), ["市民ホール"]);
    assert_eq!(engine.site().revision, 2);
    city.verify().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vaccine_is_changed_here_unless_the_configuration_says_what_it_is() {
    let city = City::empty().await;
    let engine = city.engine();
    let spec = VaccineSpec {
        name: "ノババックス".into(),
        doses: dose(2),
        interval_days_min: 21,
        interval_days_max: None,
        age_years_min: 12,
        doses_per_vial: 10,
    };
    let id = engine.add_vaccine(&spec, STAFF).await.expect("added");
    assert_eq!(problem(engine.add_vaccine(&spec, STAFF).await), PlanProblem::NameTaken);
    let taken = VaccineSpec { name: COMIRNATY.into(), ..spec.clone() };
    assert_eq!(problem(engine.add_vaccine(&taken, STAFF).await), PlanProblem::NameTaken);
    let configured = engine.campaign_setup().vaccines[0].id;
    assert!(engine.vaccine_is_configured(COMIRNATY) && !engine.vaccine_is_configured(&spec.name));
    assert_eq!(problem(engine.change_vaccine(configured, &spec, STAFF).await), PlanProblem::VaccineConfigured);
    let crossed = VaccineSpec { interval_days_max: Some(20), ..spec.clone() };
    assert_eq!(problem(engine.change_vaccine(id, &crossed, STAFF).await), PlanProblem::IntervalsCross);
    let empty = VaccineSpec { doses_per_vial: 0, ..spec.clone() };
    assert_eq!(problem(engine.change_vaccine(id, &empty, STAFF).await), PlanProblem::EmptyVial);
    city.draft(&[Plan { vaccine: "ノババックス", doses: vec![2], ..Plan::on("2026-12-05", 5) }]).await;
    let shorter = VaccineSpec { doses: dose(1), ..spec.clone() };
    assert_eq!(problem(engine.change_vaccine(id, &shorter, STAFF).await), PlanProblem::DoseIsGiven(2));
    // Another name is no change: files know the vaccine by its name.
    let longer = VaccineSpec { name: "別名".into(), interval_days_min: 28, ..spec };
    engine.change_vaccine(id, &longer, STAFF).await.expect("changed");
    let vaccine = engine.campaign_setup().vaccine(id).cloned().expect("a vaccine");
    assert_eq!((&*vaccine.name, vaccine.interval_days_min), ("ノババックス", 28));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waves_change_one_by_one_and_not_under_somebody_elses_hands() {
    let city = City::with(3, &[Plan::on("2026-12-05", 5)]).await;
    let engine = city.engine();
    let wave =
        |name: &str, born_to| Wave { name: name.into(), born_from: None, born_to, group: None, opens_at: at(START) };
    let old = wave("高齢者", Some(support::day("1950-04-01")));
    assert_eq!(engine.people_in_wave(&old), 0);
    assert_eq!(engine.people_in_wave(&wave("全員", None)), 3);
    let before = engine.waves_digest();
    engine.change_wave(WaveChange::Add(old.clone()), before, STAFF).await.expect("added");
    assert_eq!(refused(&city.book(0, &[leg(ONE, 0, 1)]).await), Some(RefusalCode::NotEligible));
    let stale = engine.change_wave(WaveChange::Remove(0), before, STAFF).await;
    assert!(matches!(stale, Err(CampaignError::ChangedMeanwhile)));
    let change = WaveChange::Change(0, Wave { born_to: None, ..old });
    engine.change_wave(change, engine.waves_digest(), STAFF).await.expect("changed");
    city.book(0, &[leg(ONE, 0, 1)]).await.expect("now they are in it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_session_takes_bookings_again_once_it_is_reopened() {
    let mut city = City::with(4, &[Plan::on("2026-12-05", 2), Plan::on("2026-12-06", 2)]).await;
    assert_eq!(problem(city.engine().reopen_session(ONE, STAFF).await), PlanProblem::NotClosed(ONE));
    city.book(0, &[leg(ONE, 0, 1)]).await.expect("open");
    let (closed, result) = city.engine().close_sessions(&[ONE, SessionId(2), ONE, SessionId(9)], STAFF).await;
    assert!(result.is_ok() && closed == 2);
    assert_eq!(refused(&city.book(1, &[leg(ONE, 0, 1)]).await), Some(RefusalCode::Closed));
    city.engine().reopen_session(ONE, STAFF).await.expect("reopened");
    assert_eq!(phase(&city, ONE), SessionPhase::Published { opens_at: at(START) });
    city.book(1, &[leg(ONE, 0, 1)]).await.expect("open again");
    assert_eq!(refused(&city.book(2, &[leg(ONE, 0, 1)]).await), Some(RefusalCode::Full), "what was booked stands");
    city.restart().await;
    assert_eq!(city.slot(SessionId(2), 0).state, PublicState::Closed);
    city.engine().reopen_session(SessionId(2), STAFF).await.expect("reopened after a restart");
    city.book(2, &[leg(SessionId(2), 0, 1)]).await.expect("open again");
    // What the city has cancelled stays so.
    assert_eq!(city.engine().bookings_to_cancel(ONE), 2);
    city.engine().begin_to_cancel(ONE, STAFF).await.expect("closed for good");
    assert_eq!(
        (phase(&city, ONE), city.engine().bookings_to_cancel(ONE)),
        (SessionPhase::Cancelled { opens_at: at(START) }, 2)
    );
    assert_eq!(problem(city.engine().reopen_session(ONE, STAFF).await), PlanProblem::NotClosed(ONE));
    assert_eq!(city.engine().cancel_session(ONE, STAFF).await.expect("the rest"), 2);
    assert_eq!(city.engine().bookings_to_cancel(ONE), 0);
    city.verify().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_closes_and_reopens_under_a_rush_gives_each_place_once_and_none_while_closed() {
    const PEOPLE: u32 = 400;
    const PLACES: u32 = 60;
    let city = Arc::new(City::with(PEOPLE, &[Plan::on("2026-12-05", PLACES)]).await);
    let rush: Vec<_> = (0..PEOPLE)
        .map(|who| {
            let city = Arc::clone(&city);
            tokio::spawn(async move { city.book(who, &[leg(ONE, 0, 1)]).await })
        })
        .collect();
    let engine: EngineHandle = city.engine().clone();
    for _ in 0..20 {
        engine.close_session(ONE, STAFF).await.expect("it is open");
        engine.reopen_session(ONE, STAFF).await.expect("it is closed");
    }
    let mut booked = 0;
    for one in rush {
        match one.await.expect("no panic") {
            Ok(_) => booked += 1,
            Err(refusal) => assert!(matches!(refusal.code, RefusalCode::Closed | RefusalCode::Full), "{refusal:?}"),
        }
    }
    // It is open at the end: whoever heard "closed" books what is left, to the last place and no further.
    for who in 0..PEOPLE {
        if city.live(who).is_empty() {
            let answer = city.book(who, &[leg(ONE, 0, 1)]).await;
            assert!(answer.is_ok() || refused(&answer) == Some(RefusalCode::Full), "{answer:?}");
            booked += u32::from(answer.is_ok());
        }
    }
    assert_eq!(booked, PLACES);
    // Each grant is judged by the session's phase at its entry.
    city.verify().await;
    city.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stock_never_falls_below_what_is_taken_however_many_book_meanwhile() {
    const ROUNDS: u32 = 12;
    const RIVALS: u32 = 24;
    let plan = Plan { slots: 2, ..Plan::on("2026-12-05", RIVALS) };
    let city = Arc::new(City::with(ROUNDS * RIVALS, &[plan]).await);
    let engine: EngineHandle = city.engine().clone();
    for round in 0..ROUNDS {
        engine.change_stock(ONE, None, STAFF).await.expect("without limit");
        let rivals: Vec<_> = (0..RIVALS)
            .map(|n| {
                let city = Arc::clone(&city);
                tokio::spawn(async move { city.book(round * RIVALS + n, &[leg(ONE, (n % 2) as u16, 1)]).await })
            })
            .collect();
        let counting = engine.clone();
        let shrinking = tokio::spawn(async move {
            for doses in 1..RIVALS {
                match counting.change_stock(ONE, Some(doses), STAFF).await {
                    Ok(()) => return Some(doses),
                    Err(CampaignError::Plan(PlanProblem::StockTooSmall(taken))) => assert!(taken > doses),
                    Err(other) => panic!("{other}"),
                }
            }
            None
        });
        let mut booked = 0;
        for rival in rivals {
            match rival.await.expect("no panic") {
                Ok(_) => booked += 1,
                Err(refusal) => assert_eq!(refusal.code, RefusalCode::Full),
            }
        }
        if let Some(doses) = shrinking.await.expect("no panic") {
            assert!(booked <= doses, "{booked} booked over {doses} doses in round {round}");
        }
        city.verify().await;
        for n in 0..RIVALS {
            for booking in city.live(round * RIVALS + n) {
                city.cancel(round * RIVALS + n, booking.number).await.expect("in time");
            }
        }
    }
    city.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stock_counts_holds_and_frees_places_when_it_grows() {
    let city = City::with(4, &[Plan { slots: 2, ..Plan::on("2026-12-05", 5) }]).await;
    let engine = city.engine();
    city.book(0, &[leg(ONE, 0, 1)]).await.expect("free");
    city.hold(1, &[leg(ONE, 1, 1)]).await.expect("free");
    let fewer = engine.change_stock(ONE, Some(1), STAFF).await;
    assert_eq!(problem(fewer), PlanProblem::StockTooSmall(2));
    engine.change_stock(ONE, Some(2), STAFF).await.expect("as many as are taken");
    assert_eq!(refused(&city.book(2, &[leg(ONE, 0, 1)]).await), Some(RefusalCode::Full));
    assert_eq!(city.slot(ONE, 0).free, 0);
    engine.change_stock(ONE, Some(3), STAFF).await.expect("more");
    city.book(2, &[leg(ONE, 0, 1)]).await.expect("there is one more");
    let planned = engine.planned_session(ONE).expect("a session");
    assert_eq!((planned.places(), planned.booked_in_all(), planned.held_in_all()), (10, 2, 1));
    assert_eq!(problem(engine.change_stock(ONE, Some(1_000_001), STAFF).await), PlanProblem::StockTooLarge(1_000_000));
    // A closed session still has one clerk who decides.
    engine.close_session(ONE, STAFF).await.expect("closed");
    assert_eq!(problem(engine.change_stock(ONE, Some(2), STAFF).await), PlanProblem::StockTooSmall(3));
    engine.change_capacity(ONE, SlotNo(0), 4, STAFF).await.expect("fewer places");
    engine.cancel_session(ONE, STAFF).await.expect("cancelled");
    assert!(matches!(engine.change_stock(ONE, None, STAFF).await, Err(CampaignError::NotOpen(ONE))));
    assert_eq!(engine.me(ResidentNo(0)).map(|me| me.bookings.len()), Some(1));
    city.verify().await;
}
