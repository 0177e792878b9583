//! An operator in a call, with somebody on the line, and what else happens in the city meanwhile.

use sesshu_engine::AuditQuery;
use sesshu_engine::core::event::{By, Event};
use sesshu_engine::core::ids::{Channel, DoseNo, RequestKey, ResidentNo};
use sesshu_engine::core::leg::{Leg, Legs};
use sesshu_engine::core::staff::StaffRole;
use sesshu_engine::core::time::{ClockTime, Day};
use sesshu_engine::roll::SessionRow;

use super::browser::{Browser, Page};
use super::city::City;

pub(crate) const WHO: ResidentNo = ResidentNo(0);
pub(crate) const CLAIM: &str = "0012345670 インザイ ハナコ S35.4.2";
pub(crate) const SAID: [(&str, &str); 3] = [("said_id", "yes"), ("said_name", "yes"), ("said_birth", "yes")];

/// An operator's browser in a call, and the call's address.
pub(crate) async fn in_a_call(city: &City) -> (Browser, String) {
    let mut browser = city.signed_in(StaffRole::Operator).await;
    let page = browser.post("/calls", &[("reason", "book")]).await;
    assert_eq!(page.status, 200, "{}", page.html);
    (browser, page.address)
}

pub(crate) async fn look_up(browser: &mut Browser, call: &str, claim: &str, nth: &str) -> Page {
    let mut fields = vec![("claim", claim), ("nth", nth)];
    fields.extend(SAID);
    browser.post(call, &fields).await
}

/// An operator's browser with the first resident on the line, and the address of that person's pages.
pub(crate) async fn on_line(city: &City) -> (Browser, String) {
    let (mut browser, call) = in_a_call(city).await;
    let page = look_up(&mut browser, &call, CLAIM, "0").await;
    assert_eq!(page.address, format!("{call}/1"), "{}", page.html);
    (browser, page.address)
}

/// Sessions besides those that the city has: for both doses, one place in each of two slots.
pub(crate) async fn more_sessions(city: &City, days: &[&str]) {
    let row = |date: Day| SessionRow {
        line: 2,
        venue: "駅前ホール".to_owned(),
        date,
        start: ClockTime(9 * 60),
        end: ClockTime(10 * 60),
        slot_minutes: 30,
        capacity: 1,
        vaccine: "コミナティ".to_owned(),
        doses: vec![DoseNo::FIRST, DoseNo::new(2).expect("a dose")],
        phone_share: None,
    };
    let rows: Vec<SessionRow> = days.iter().map(|day| row(day.parse().expect("a date"))).collect();
    city.engine.import_sessions(&rows, false, By::System).await.expect("drafted");
    let now = city.engine.now();
    city.engine.publish(&city.engine.drafts(now), now, By::System).await.expect("published");
}

/// The first free place on `day`, as forms name it, with its leg.
pub(crate) fn place(city: &City, day: &str, dose: u8) -> (String, Leg) {
    let dose = DoseNo::new(dose).expect("a dose");
    let day: Day = day.parse().expect("a date");
    let sessions = city.engine.availability();
    let session = sessions.sessions.iter().find(|session| session.date == day).expect("a session");
    let leg = Leg { session: session.id, slot: session.slots[0].id, dose };
    (format!("{}-{}-{dose}", leg.session, leg.slot), leg)
}

/// Somebody else books `leg` on the web.
pub(crate) async fn taken_by(city: &City, who: u32, leg: Leg) {
    let (who, key) = (ResidentNo(who), RequestKey::new(&format!("web-{who}")).expect("a key"));
    let booked = city.engine.book(who, Legs::one(leg), key, By::Resident(who), Channel::Web).await;
    booked.expect("there is a place");
}

/// What the journal says that the first operator did, oldest first.
pub(crate) async fn journal(city: &City) -> Vec<(By, Vec<Event>)> {
    let query = AuditQuery { maker: Some("operator1".into()), rows_max: 500, ..AuditQuery::default() };
    let page = city.engine.audit(query).await.expect("readable");
    page.entries.into_iter().rev().map(|(_, entry)| (entry.by, entry.events)).collect()
}

pub(crate) fn number_in(page: &Page) -> String {
    let (_, after) = page.address.split_once("number=").expect("the address names it");
    after.split('&').next().unwrap_or_default().to_owned()
}
