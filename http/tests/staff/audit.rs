//! The audit's pages: what they say, what they do not say unless asked, and that looking is itself in them.

use sesshu_engine::AuditQuery;
use sesshu_engine::core::event::{By, Entry, Event};
use sesshu_engine::core::event_kind::EventKind;
use sesshu_engine::core::ids::{CityId, ResidentNo};
use sesshu_engine::core::staff::{ExportKind, StaffRole, View};

use super::browser::Page;
use super::city::City;

const HANAKO: &str = "インザイ　ハナコ";
const HER_ID: &str = "0012345670";

async fn by(city: &City, login: &str, kind: EventKind) -> Vec<Entry> {
    let query = AuditQuery { maker: Some(login.into()), kind: Some(kind), rows_max: 50, ..AuditQuery::default() };
    let page = city.engine.audit(query).await.expect("an answer");
    page.entries.into_iter().map(|(_, entry)| entry).collect()
}

/// Somebody at the command line records a dose that Hanako was given elsewhere.
async fn her_dose(city: &City) -> ResidentNo {
    let id = CityId::from_digits(HER_ID).expect("an ID");
    let row = sesshu_engine::roll::DoseRow {
        line: 2,
        id,
        dose: sesshu_engine::core::ids::DoseNo::FIRST,
        date: "2026-11-01".parse().expect("a date"),
        vaccine: "コミナティ".into(),
    };
    city.engine.import_doses(&[row], false, By::CommandLine { uid: 1_000 }).await.expect("recorded");
    city.engine.find(id).expect("on file")
}

fn viewed(entries: &[Entry]) -> Vec<(Vec<u32>, View)> {
    let events = entries.iter().flat_map(|entry| &entry.events);
    let viewed = events.filter_map(|event| match event {
        Event::PeopleViewed { residents, view } => Some((residents.iter().map(|no| no.0).collect(), *view)),
        _ => None,
    });
    viewed.collect()
}

fn says_all(page: &Page, texts: &[&str]) {
    for text in texts {
        assert!(page.says(text), "{text} is not in {}", page.html);
    }
}

#[tokio::test]
async fn entries_are_told_in_japanese_by_pseudonym_and_names_only_to_those_who_ask_for_them() {
    let city = City::open().await;
    let her = her_dose(&city).await;
    let mut admin = city.signed_in(StaffRole::Admin).await;
    let page = admin.get("/audit").await;
    says_all(
        &page,
        &["ほかで受けた1回目の接種を登録しました：令和8年11月1日（日）、コミナティ", "コマンド（利用者番号1000）"],
    );
    says_all(&page, &["名簿を取り込みました（新しい人3人、変更0人、名簿から外れた人0人）", "接種会3件を公開しました"]);
    says_all(&page, &["職員「ops1」の登録を変更しました（運用）", &format!("仮名番号 {her}")]);
    assert!(!page.says(HANAKO) && !page.says(HER_ID));
    assert_eq!(viewed(&by(&city, "admin1", EventKind::View).await), [], "nobody was looked at");
    let named = admin.get("/audit?names=1&kind=roll").await;
    says_all(&named, &[HANAKO]);
    assert!(!named.says(HER_ID));
    assert_eq!(viewed(&by(&city, "admin1", EventKind::View).await), [(vec![her.0], View::Audit)]);
    for role in [StaffRole::Operator, StaffRole::Venue] {
        let mut other = city.signed_in(role).await;
        for path in ["/audit", "/audit/entry/1", "/audit/chain", "/audit/export"] {
            assert_eq!(other.get(path).await.status, 403, "{path}");
        }
        for path in ["/audit/person", "/audit/chain", "/audit/export"] {
            assert_eq!(other.post(path, &[]).await.status, 403, "{path}");
        }
    }
    city.close();
}

#[tokio::test]
async fn a_person_is_found_by_their_id_which_stands_in_no_address_and_the_look_is_in_the_audit() {
    let city = City::open().await;
    let her = her_dose(&city).await;
    let mut ops = city.signed_in(StaffRole::Ops).await;
    let found = ops.post_only("/audit/person", &[("id", "００１２３４５６７０")]).await;
    assert_eq!(found.location(), format!("/audit?person={her}&kind=view"));
    let page = ops.get(&format!("/audit?person={her}&kind=view")).await;
    says_all(&page, &[HANAKO, "あてはまる記録はありません"]);
    let again = ops.get(&format!("/audit?person={her}&kind=view")).await;
    says_all(&again, &["1人の情報を見ました：この記録の画面", "ops1"]);
    let views = viewed(&by(&city, "ops1", EventKind::View).await);
    assert_eq!(views, [(vec![her.0], View::Audit), (vec![her.0], View::Audit)]);
    for (typed, says) in
        [("", "接種券番号を数字で"), ("abc", "接種券番号を数字で"), ("9999999999", "登録されていません")]
    {
        let wrong = ops.post_only("/audit/person", &[("id", typed)]).await;
        assert_eq!(wrong.status, 400);
        says_all(&wrong, &[says, "id=\"errors\"", &format!("value=\"{typed}\"")]);
    }
    city.close();
}

#[tokio::test]
async fn an_entry_is_shown_whole_and_one_that_is_missing_or_of_a_resident_is_not_found() {
    let city = City::open().await;
    let her = her_dose(&city).await;
    let seq = city.engine.figures().journal_seq;
    let mut admin = city.signed_in(StaffRole::Admin).await;
    says_all(&admin.get(&format!("/audit/entry/{seq}")).await, &[HANAKO, "コマンド（利用者番号1000）"]);
    assert_eq!(viewed(&by(&city, "admin1", EventKind::View).await), [(vec![her.0], View::Audit)]);
    let ended = sesshu_engine::core::resident::EndedLogin { token: 1, expires_at: city.engine.now() };
    city.engine.end_login(her, ended).await.expect("ended");
    let of_her = city.engine.figures().journal_seq;
    for seq in [of_her.to_string(), "0".into(), "99999".into(), "x".into(), u64::MAX.to_string()] {
        assert_eq!(admin.get(&format!("/audit/entry/{seq}")).await.status, 404, "{seq}");
    }
    city.close();
}

#[tokio::test]
async fn a_filter_that_cannot_be_comes_back_with_what_was_typed() {
    let city = City::open().await;
    let mut admin = city.signed_in(StaffRole::Admin).await;
    let page = admin.get("/audit?from=2026-12-02T09:00&to=2026-12-01T09:00&call=12&maker=ops1").await;
    assert_eq!(page.status, 400);
    says_all(
        &page,
        &["終わりの日時は、始まりの日時よりあとに", "通話番号は16桁", "value=\"2026-12-02T09:00\"", "value=\"12\""],
    );
    says_all(&page, &["<option value=\"ops1\" selected>"]);
    city.close();
}

#[tokio::test]
async fn long_lists_go_on_from_page_to_page() {
    let city = City::open().await;
    her_dose(&city).await;
    let mut admin = city.signed_in(StaffRole::Admin).await;
    for _ in 0..60 {
        admin.get("/audit?names=1&kind=roll").await;
    }
    let first = admin.get("/audit?maker=admin1&kind=view").await;
    assert_eq!(first.html.matches("scope=\"row\"").count(), 50);
    let older = first.html.split("href=\"").find(|after| after.contains("before=")).expect("a link").split('"').next();
    let second = admin.get(&older.expect("an address").replace("&#38;", "&")).await;
    assert_eq!(second.html.matches("scope=\"row\"").count(), 10);
    assert!(!second.says("before="), "that is all");
    city.close();
}

#[tokio::test]
async fn a_file_is_given_for_a_reason_and_is_in_the_audit_before() {
    let city = City::open().await;
    her_dose(&city).await;
    let mut admin = city.signed_in(StaffRole::Admin).await;
    let (from, to) = (("from", "2026-12-01T00:00"), ("to", "2026-12-02T00:00"));
    let without = admin.post_only("/audit/export", &[from, to, ("kind", "roll"), ("maker", "command line")]).await;
    assert_eq!(without.status, 400);
    says_all(&without, &["書き出す目的を選んでください", "value=\"2026-12-01T00:00\"", "value=\"command line\""]);
    assert_eq!(by(&city, "admin1", EventKind::Export).await.len(), 0);
    let fields = [from, to, ("kind", "roll"), ("maker", "command line"), ("reason", "inquiry")];
    let file = admin.post_only("/audit/export", &fields).await;
    assert_eq!(file.status, 200);
    assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(file.headers["content-disposition"], "attachment; filename=\"audit-2026-12-01.csv\"");
    let lines: Vec<&str> = file.html.trim_end().split("\r\n").collect();
    assert_eq!(lines.len(), 2, "a heading and a dose: {}", file.html);
    assert!(lines[0].starts_with("\u{feff}記録番号,") && lines[1].contains("ほかで受けた1回目の接種"));
    assert!(!file.says(HANAKO) && !file.says(HER_ID));
    let exported = by(&city, "admin1", EventKind::Export).await;
    assert!(matches!(&exported[0].events[..], [Event::Exported { what: ExportKind::Audit, rows: 1, .. }]));
    city.close();
}

#[tokio::test]
async fn the_chain_is_verified_beside_the_page_one_run_at_a_time() {
    let city = City::open().await;
    let mut admin = city.signed_in(StaffRole::Admin).await;
    assert!(admin.get("/audit/chain").await.says("検証を始める"));
    let begun = admin.post("/audit/chain", &[]).await;
    assert!(begun.says("検証しています") && begun.says("admin1") && begun.headers.contains_key("refresh"));
    assert!(!begun.says("<button>検証を始める"), "one at a time");
    let ended = loop {
        let page = admin.get("/audit/chain").await;
        if !page.says("検証しています") {
            break page;
        }
        tokio::task::yield_now().await;
    };
    says_all(&ended, &["正常：", "記録はすべてつながっていて", "検証を始める"]);
    assert!(!ended.headers.contains_key("refresh"));
    city.close();
}
