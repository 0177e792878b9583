//! Switches on the console: what one means is shown in numbers before it is turned, everybody reads that it is off, and what can wait is
//! refused while it is.

use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use sesshu_engine::core::staff::StaffRole;
use sesshu_engine::core::switch::{Switch, SwitchPosition};
use sesshu_engine::core::time::Instant;
use sesshu_http::{
    Closed, StaffConfig, SwitchDesk, SwitchOrder, SwitchRefused, SwitchWish, Switches, SwitchesView, TurnView, Turned,
};

use super::city::City;

const NOW: Instant = Instant(1_796_083_200_000);

/// Switches that are turned in memory, and answer as they are told to.
#[derive(Debug)]
struct InMemory {
    switches: Switches,
    answer: Result<Turned, SwitchRefused>,
    view: Mutex<SwitchesView>,
}

impl SwitchDesk for InMemory {
    fn view(&self) -> SwitchesView {
        self.view.lock().expect("not poisoned").clone()
    }

    fn turn(&self, order: &SwitchOrder) -> Result<Turned, SwitchRefused> {
        self.answer?;
        let to = match order.to {
            SwitchWish::On => SwitchPosition::On,
            SwitchWish::Off { minutes } => {
                SwitchPosition::Off { until: minutes.map(|minutes| NOW.plus_minutes(i64::from(minutes))) }
            }
        };
        let closed = match to {
            SwitchPosition::On => None,
            SwitchPosition::Off { until } => Some(Closed { since: NOW, until }),
        };
        self.switches.set(order.switch, closed);
        let (by, reason) = (order.by.clone(), order.reason.clone());
        let turn = TurnView { switch: order.switch, to, at: NOW, by, reason };
        self.view.lock().expect("not poisoned").turns.insert(0, turn);
        self.answer
    }
}

async fn city_that(answer: Result<Turned, SwitchRefused>, view: SwitchesView) -> (City, Switches) {
    let switches = Switches::default();
    let desk = InMemory { switches: switches.clone(), answer, view: Mutex::new(view) };
    let desk: Arc<dyn SwitchDesk> = Arc::new(desk);
    let staff = StaffConfig { switches: switches.clone(), switch_desk: Some(desk), ..StaffConfig::default() };
    (City::open_with(staff).await, switches)
}

#[tokio::test]
async fn what_is_closed_is_asked_in_numbers_told_to_everybody_and_opened_again() {
    let (city, switches) = city_that(Ok(Turned::Saved), SwitchesView::default()).await;
    let mut ops = city.signed_in(StaffRole::Ops).await;
    let list = ops.get("/ops/switches").await;
    assert!(list.says("○ 動いています") && !list.says("× 止めています"), "{}", list.html);
    let asked = ops.get("/ops/switches?switch=new_bookings").await;
    for words in
        ["ウェブの新規予約を止めます", "人分です", "件の予約がありました", "仮押さえしています", "コールセンター"]
    {
        assert!(asked.says(words), "{words}: {}", asked.html);
    }
    let off = [("switch", "new_bookings"), ("to", "off"), ("minutes", "30")];
    let wrong = ops.post("/ops/switches", &off).await;
    assert!(wrong.status == StatusCode::BAD_REQUEST && wrong.says("id=\"reason-error\""), "{}", wrong.html);
    assert!(!switches.is_off(Switch::NewBookings));
    let done = ops.post("/ops/switches", &[&off[..], &[("reason", "混雑のため<確認>")]].concat()).await;
    for words in ["止めました", "× 止めています", "自動で再開します", "職員 ops1", "混雑のため&#60;確認&#62;"]
    {
        assert!(done.says(words), "{words}: {}", done.html);
    }
    assert!(switches.is_off(Switch::NewBookings));
    for role in [StaffRole::Operator, StaffRole::Venue, StaffRole::Admin, StaffRole::Ops] {
        let home = city.signed_in(role).await.get("/").await;
        assert!(home.says("「ウェブの新規予約」を止めています"), "{role:?}: {}", home.html);
    }
    let asked = ops.get("/ops/switches?switch=new_bookings").await;
    assert!(asked.says("ウェブの新規予約を再開します"), "{}", asked.html);
    let done = ops.post("/ops/switches", &[("switch", "new_bookings"), ("to", "on")]).await;
    assert!(done.says("再開しました") && !switches.is_off(Switch::NewBookings), "{}", done.html);
    city.close();
}

#[tokio::test]
async fn exports_and_other_heavy_work_are_refused_while_they_are_closed() {
    let (city, switches) = city_that(Ok(Turned::Saved), SwitchesView::default()).await;
    let mut admin = city.signed_in(StaffRole::Admin).await;
    switches.set(Switch::Exports, Some(Closed { since: NOW, until: None }));
    let forms =
        ["/exports", "/follow-up/export", "/audit/export", "/audit/chain", "/ops/backups/now", "/ops/backups/drill"];
    for address in forms {
        let refused = admin.post_only(address, &[]).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{address}");
        assert!(refused.says("「書き出しと重い作業」を止めているため"), "{address}: {}", refused.html);
    }
    switches.set(Switch::Exports, None);
    assert_ne!(admin.post_only("/exports", &[]).await.status, StatusCode::CONFLICT);
    city.close();
}

#[tokio::test]
async fn what_is_wrong_with_the_switches_is_said() {
    let view = SwitchesView { damaged: true, unsaved: Some("no room".into()), turns: Vec::new() };
    let (city, _) = city_that(Err(SwitchRefused::TooMany), view).await;
    let mut ops = city.signed_in(StaffRole::Ops).await;
    let page = ops.get("/ops/switches").await;
    assert!(page.says("壊れていました") && page.says("no room"), "{}", page.html);
    let off = [("switch", "lists"), ("to", "off"), ("reason", "試験")];
    assert_eq!(ops.post_only("/ops/switches", &off).await.status, StatusCode::CONFLICT);
    let refused = [
        ([("switch", "everything"), ("to", "off"), ("reason", "x")], StatusCode::NOT_FOUND),
        ([("switch", "lists"), ("to", "away"), ("reason", "x")], StatusCode::BAD_REQUEST),
    ];
    for (form, status) in refused {
        assert_eq!(ops.post_only("/ops/switches", &form).await.status, status, "{form:?}");
    }
    assert_eq!(ops.get("/ops/switches?switch=everything").await.status, StatusCode::NOT_FOUND);
    city.close();
}

#[tokio::test]
async fn a_console_that_cannot_turn_switches_says_so() {
    let city = City::open().await;
    let page = city.signed_in(StaffRole::Ops).await.get("/ops/switches").await;
    assert!(page.status == StatusCode::OK && page.says("停止と再開の操作ができません"), "{}", page.html);
    let off = [("switch", "lists"), ("to", "off"), ("reason", "x")];
    assert_eq!(
        city.signed_in(StaffRole::Ops).await.post_only("/ops/switches", &off).await.status,
        StatusCode::CONFLICT
    );
    city.close();
}
