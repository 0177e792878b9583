//! A session that the city cancels, and the list of people to reach.

use sesshu_tests::PlannedSession;

use crate::desk::Desk;
use crate::stage::play;

#[test]
fn a_cancelled_session_leaves_a_list_of_people_who_are_reached_one_by_one() {
    play(async |stage| {
        let city = &stage.city;
        let session = city.open_one(PlannedSession::new("中止の会場", 15, 5)).await;
        let mut people = Vec::new();
        for _ in 0..2 {
            let resident = city.resident();
            city.login(&resident).await.book("k", &session.place(0).dose(1)).await.expect(201);
            people.push(resident);
        }
        let mut desk = Desk::of(stage, city, "cancelled", &city.new_staff("admin")).await;
        desk.stop_at(&format!("/sessions/{}", session.id()), "session").await;
        desk.stop_at(&format!("/sessions/{}/cancel", session.id()), "preview").await;
        desk.fill("#count", "1").await;
        desk.press("button.danger").await;
        desk.says(&["取り消される予約の数（2）"]).await;
        desk.stop("other-count").await;
        desk.fill("#count", "2").await;
        desk.press("button.danger").await;
        desk.stop("done").await;
        for resident in &people {
            let bookings = city.login(resident).await.bookings().await;
            assert_eq!(bookings[0]["state"], "cancelled_by_city");
        }
        desk.open("/follow-up?why=cancelled_by_city&done=0&skip=0").await;
        for resident in &people {
            desk.says(&[&resident.name_kana]).await;
        }
        desk.stop("follow-up").await;
        let row = format!("//tr[contains(., '{}')]//button[@value='told']", people[0].name_kana);
        let told = desk.browser.find(fantoccini::Locator::XPath(&row)).await.expect("a button");
        desk.press_element(&told).await;
        let text = desk.text().await;
        assert!(!text.contains(&people[0].name_kana) && text.contains(&people[1].name_kana), "{text}");
        desk.stop_at("/follow-up?why=cancelled_by_city&done=1&skip=0", "follow-up-done").await;
        desk.says(&[&people[0].name_kana]).await;
        desk.end();
    });
}
