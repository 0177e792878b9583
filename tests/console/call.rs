//! Calls, with the keyboard alone.

use std::time::Instant;

use sesshu_tests::{PlannedSession, report};

use crate::desk::{Desk, ENTER};
use crate::stage::play;

/// The digits of the booking number on the page that spells it.
async fn number(desk: &Desk<'_>) -> String {
    let spelled = desk.find(".spelled").await.text().await.expect("a text");
    spelled.chars().filter(char::is_ascii_digit).collect()
}

#[test]
fn a_place_is_booked_from_search_to_number_by_keyboard_alone() {
    play(async |stage| {
        let resident = stage.city.resident();
        let member = stage.city.new_staff("operator");
        let mut desk = Desk::of(stage, &stage.city, "call", &member).await;
        desk.open("/calls").await;
        let (keys, began) = (desk.keys, Instant::now());
        desk.key_on('1').await;
        let searched = Instant::now();
        desk.claim(&resident).await;
        // The second choice is one dose alone, then the first place, then the big button.
        desk.key_on('2').await;
        desk.key_on('1').await;
        desk.key_on(ENTER).await;
        let number = number(&desk).await;
        let (took, from_search) = (began.elapsed(), searched.elapsed());
        let typed = format!("{} {} {}", resident.id, resident.name_kana, resident.birth_date).chars().count() - 1;
        report(&format!(
            "a call by keyboard: {} keys, {typed} of them what the caller said; {:.1} s of machine time from the search to the number \
             (key by key through the browser), {:.1} s with the opening of the call",
            desk.keys - keys,
            from_search.as_secs_f64(),
            took.as_secs_f64()
        ));
        let booked = stage.city.login(&resident).await.bookings().await;
        assert_eq!(booked[0]["number"].as_str().map(|number| number.replace('-', "")), Some(number));
        // On to the end of the call: Enter goes to its end, the first key says that it is done.
        desk.key_on(ENTER).await;
        desk.key_on('1').await;
        desk.says(&["電話を終えました"]).await;
        desk.end();
    });
}

#[test]
fn a_place_that_is_lost_while_people_talk_leads_to_the_next_three() {
    play(async |stage| {
        let plan = PlannedSession::new("取り合いの会場", 11, 1);
        let session = stage.city.open_one(plan.clone()).await;
        let resident = stage.city.resident();
        let mut desk = Desk::of(stage, &stage.city, "conflict", &stage.city.new_staff("operator")).await;
        desk.identify(&resident).await;
        let base = desk.path().await;
        desk.open(&format!("{base}/places?dose=1&venue={}&day={}", session.venue(), plan.date)).await;
        let mut other = stage.city.someone().await;
        other.book("first", &session.place(0).dose(1)).await.expect(201);
        desk.key_on('1').await;
        desk.says(&["その枠は取れませんでした", "満員"]).await;
        assert_eq!(desk.count("button[name=place]").await, 3, "{}", desk.text().await);
        desk.stop("refused").await;
        desk.key_on('1').await;
        desk.key_on(ENTER).await;
        let number = number(&desk).await;
        let booked = stage.city.login(&resident).await.bookings().await;
        assert_eq!(booked[0]["number"].as_str().map(|number| number.replace('-', "")), Some(number));
        desk.end();
    });
}

#[test]
fn a_place_is_changed_and_cancelled_for_a_caller_and_the_caller_sees_it_at_home() {
    play(async |stage| {
        let resident = stage.city.resident();
        let mut desk = Desk::of(stage, &stage.city, "change", &stage.city.new_staff("operator")).await;
        desk.identify(&resident).await;
        for key in ['2', '1', ENTER] {
            desk.key_on(key).await;
        }
        let first = number(&desk).await;
        desk.key_on('\u{e00c}').await;
        desk.press("a[href*='changes=']").await;
        desk.stop("choose").await;
        desk.key_on('2').await;
        desk.stop("confirm").await;
        desk.key_on(ENTER).await;
        desk.says(&["予約を変更しました"]).await;
        assert_eq!(number(&desk).await, first, "the number stays");
        desk.key_on('\u{e00c}').await;
        desk.press("a[href*='/cancel/']").await;
        desk.stop("cancel").await;
        desk.press("form[action*='/cancel/'] button").await;
        desk.says(&["予約を取り消しました"]).await;
        desk.stop("cancelled").await;
        let booked = stage.city.login(&resident).await.bookings().await;
        assert_eq!(booked[0]["state"], "cancelled");
        desk.end();
    });
}
