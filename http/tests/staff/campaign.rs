//! The end of a campaign: refused while people can still book, closed with the number typed, taken back, and what people find after
//! the erasing.

use sesshu_engine::core::event::By;
use sesshu_engine::core::staff::StaffRole;

use super::city::City;

/// A city whose sessions are closed.
async fn closed_city() -> City {
    let city = City::open().await;
    for open in city.engine.campaign_status().still_open {
        city.engine.close_session(open.id, By::System).await.expect("closed");
    }
    city
}

fn written(city: &City) -> u64 {
    city.engine.figures().journal_seq
}

#[tokio::test]
async fn sessions_that_are_still_open_are_named_and_there_is_no_form() {
    let city = City::open().await;
    let mut admin = city.signed_in(StaffRole::Admin).await;
    let page = admin.get("/campaign").await;
    assert!(page.says("まだ終了できません") && !page.says("action=\"/campaign/close\""), "{}", page.html);
    let before = written(&city);
    let refused = admin.post("/campaign/close", &[("keep_days", "90"), ("count", "3")]).await;
    assert_eq!((refused.status.as_u16(), written(&city)), (409, before), "{}", refused.html);
    city.close();
}

#[tokio::test]
async fn the_number_of_people_is_typed_and_what_is_typed_survives_an_error() {
    let city = closed_city().await;
    let mut admin = city.signed_in(StaffRole::Admin).await;
    let before = written(&city);
    for (keep_days, count) in [("90", ""), ("90", "2"), ("九十", "3"), ("3651", "3"), ("", "")] {
        let page = admin.post("/campaign/close", &[("keep_days", keep_days), ("count", count)]).await;
        assert_eq!(page.status, 400);
        for typed in [keep_days, count] {
            assert!(page.says(&format!("value=\"{typed}\"")), "{}", page.html);
        }
    }
    assert_eq!(written(&city), before);
    let page = admin.post("/campaign/close", &[("keep_days", "９０"), ("count", "３")]).await;
    assert!(page.says("事業を終了しました") && page.says("令和9年3月1日（月）"), "{}", page.html);
    let again = admin.post("/campaign/close", &[("keep_days", "90"), ("count", "3")]).await;
    assert!(again.status == 409 && again.says("すでに終了しています"), "{}", again.html);
    let page = admin.post("/campaign/reopen", &[]).await;
    assert!(page.says("終了を取り消しました"), "{}", page.html);
    let again = admin.post("/campaign/reopen", &[]).await;
    assert!(again.status == 409 && again.says("終了していません"), "{}", again.html);
    city.close();
}

#[tokio::test]
async fn on_the_day_the_end_cannot_be_taken_back_and_afterwards_nobody_is_on_file() {
    let city = closed_city().await;
    let mut admin = city.signed_in(StaffRole::Admin).await;
    admin.post("/campaign/close", &[("keep_days", "20"), ("count", "3")]).await;
    let days = city.engine.campaign_status().erase_on.expect("closed").days_since(city.engine.now().city_day());
    for _ in 0..days {
        city.clock.advance_ms(24 * 60 * 60 * 1_000);
    }
    let mut admin = city.signed_in(StaffRole::Admin).await;
    let page = admin.get("/campaign").await;
    assert!(page.says("個人情報を消去しています") && !page.says("action=\"/campaign/reopen\""), "{}", page.html);
    let late = admin.post("/campaign/reopen", &[]).await;
    assert!(late.status == 409 && late.says("取り消せません"), "{}", late.html);
    let erased = city.engine.erase_due(20, By::System).await.expect("erased");
    assert_eq!((erased.people, erased.campaign_ended), (3, true));
    let page = admin.get("/campaign").await;
    assert!(page.says("<dd>0人</dd>") && page.says("に終わりました"), "{}", page.html);
    assert!(city.engine.staff_account("admin1").is_some(), "staff accounts stay");
    city.close();
}

#[tokio::test]
async fn only_those_who_run_the_campaign_end_it() {
    let city = closed_city().await;
    let before = written(&city);
    for role in [StaffRole::Operator, StaffRole::Venue, StaffRole::Ops] {
        let mut staff = city.signed_in(role).await;
        let page = staff.post_only("/campaign/close", &[("keep_days", "90"), ("count", "3")]).await;
        assert_eq!(page.status, 403, "{role:?}");
        assert!(!staff.get("/").await.says("事業の終了"), "{role:?}");
    }
    assert!(city.engine.campaign_status().erase_on.is_none());
    assert!(written(&city) >= before);
    city.close();
}
