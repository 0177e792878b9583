//! The city's data: every form that an admin fills, what it refuses, what it shows once, and what it leaves in the audit.

use std::time::Duration;

use sesshu_engine::AuditQuery;
use sesshu_engine::core::event::Event;
use sesshu_engine::core::ids::{Channel, DoseNo, ResidentNo, SessionId, SlotNo};
use sesshu_engine::core::leg::{Leg, Legs};
use sesshu_engine::core::staff::{ExportKind, ExportReason, StaffRole, View};

use super::browser::{Browser, Page};
use super::city::City;

const HEADER: &str = "券番号,氏名カナ,生年月日,区分\r\n";

async fn admin() -> (City, Browser) {
    let city = City::open().await;
    let browser = city.signed_in_as("admin1").await;
    (city, browser)
}

/// The events that admin1 made after signing in, oldest first.
async fn events(city: &City) -> Vec<Event> {
    let query = AuditQuery { maker: Some("admin1".into()), rows_max: 200, ..AuditQuery::default() };
    let page = city.engine.audit(query).await.expect("readable");
    page.entries.into_iter().rev().flat_map(|(_, entry)| entry.events).collect()
}

fn viewed(events: &[Event], wanted: View) -> Vec<usize> {
    let people = events.iter().filter_map(|event| match event {
        Event::PeopleViewed { residents, view } if *view == wanted => Some(residents.len()),
        Event::PersonViewed { view, .. } if *view == wanted => Some(1),
        _ => None,
    });
    people.collect()
}

async fn book(city: &City, who: u32, channel: Channel) {
    let leg = Leg { session: SessionId(1), slot: SlotNo(0), dose: DoseNo::FIRST };
    let key = sesshu_engine::core::ids::RequestKey::new(&format!("key-{who}")).expect("a key");
    let by = sesshu_engine::core::event::By::Resident(ResidentNo(who));
    city.engine.book(ResidentNo(who), Legs::one(leg), key, by, channel).await.expect("booked");
}

fn is(page: &Page, status: u16, words: &[&str]) {
    assert_eq!(page.status, status, "{}", page.html);
    for word in words {
        assert!(page.says(word), "{word} in {}", page.html);
    }
}

#[tokio::test]
async fn a_roll_is_shown_first_and_taken_when_its_count_is_typed() {
    let (city, mut browser) = admin().await;
    book(&city, 2, Channel::Web).await;
    let file = format!(
        "{HEADER}0012345670,インザイ　ハナコ,1960-04-02,\r\n0012345671,ヨソノ　ジロウ,1960-04-02,\r\n0012345679,ｱﾀﾗｼｲ ﾋﾄ,S25.4.1,\r\n"
    );
    let page = browser.upload("/imports/roll", &[], file.as_bytes()).await;
    is(&page, 200, &["名簿の取り込み：差分の確認", "UTF-8", "予約があるのに名簿から外れる人（1人）", "0012345672"]);
    assert_eq!(viewed(&events(&city).await, View::Import), [1], "whoever has a booking and goes was seen");
    let before = city.engine.figures().journal_seq;
    let wrong = browser.post("/imports/confirm", &[("count", "4")]).await;
    is(&wrong, 400, &["上の「変わる件数」と同じ数を入力してください。", "aria-invalid"]);
    let done = browser.post("/imports/confirm", &[("count", "３")]).await;
    is(&done, 200, &["名簿を取り込みました。"]);
    let import = events(&city).await.into_iter().find_map(|event| match event {
        Event::RollImported { added, changed, gone, .. } => Some((added.len(), changed.len(), gone.len())),
        _ => None,
    });
    assert_eq!(import, Some((1, 1, 1)));
    assert!(city.engine.figures().journal_seq > before);
    let again = browser.upload("/imports/roll", &[], file.as_bytes()).await;
    is(&again, 200, &["取り込むものはありません"]);
    let dropped = browser.post("/imports/drop", &[]).await;
    is(&dropped, 200, &["取り込みをやめました"]);
    is(&browser.get("/imports/check").await, 200, &["確認待ちのファイルはありません"]);
    city.close();
}

#[tokio::test]
async fn wrong_lines_are_said_by_line_column_and_reason_and_nothing_is_taken() {
    let (city, mut browser) = admin().await;
    let file = format!("{HEADER}0012345670,インザイ　ハナコ,1960-13-02,\r\n12,,1960-04-02,\r\n");
    let page = browser.upload("/imports/roll", &[], file.as_bytes()).await;
    is(&page, 200, &["誤り（", "生年月日", "何も取り込んでいません"]);
    assert!(!page.says("action=\"/imports/confirm\""), "it cannot be confirmed");
    let csv = browser.get_only("/imports/errors.csv").await;
    assert!(csv.html.starts_with("\u{feff}行,列,理由\r\n2,生年月日,"), "{}", csv.html);
    assert!(csv.headers["content-disposition"].to_str().expect("text").starts_with("attachment"));
    let forced = browser.post("/imports/confirm", &[("count", "0")]).await;
    is(&forced, 409, &["誤りが"]);
    assert!(city.engine.me(ResidentNo(1)).is_some_and(|me| !me.left_roll));
    is(&browser.upload("/imports/roll", &[], b"").await, 400, &["ファイルを選んでください。"]);
    is(&browser.post("/imports/roll", &[("file", "x")]).await, 400, &["読み取れませんでした"]);
    let partial = browser.upload("/imports/roll", &[("partial", "yes")], HEADER.as_bytes()).await;
    is(&partial, 200, &["取り込むものはありません"]);
    let empty = browser.upload("/imports/roll", &[], HEADER.as_bytes()).await;
    is(&empty, 200, &["名簿全体を空にすることはできません"]);
    city.close();
}

#[tokio::test]
async fn doses_given_elsewhere_are_taken_in_the_same_way() {
    let (city, mut browser) = admin().await;
    let header = "券番号,回,接種日,ワクチン\r\n";
    let unknown = format!("{header}9999999999,1,2026-11-01,コミナティ\r\n");
    is(&browser.upload("/imports/doses", &[], unknown.as_bytes()).await, 200, &["券番号", "何も取り込んでいません"]);
    let file = format!("{header}0012345670,1,2026-11-01,コミナティ\r\n");
    is(&browser.upload("/imports/doses", &[], file.as_bytes()).await, 200, &["接種記録の取り込み", "新規または変更"]);
    is(&browser.post("/imports/confirm", &[("count", "1")]).await, 200, &["接種記録を取り込みました。"]);
    let next = city.engine.me(ResidentNo(0)).and_then(|me| me.next).map(|next| next.dose.get());
    assert_eq!(next, Some(2));
    city.close();
}

/// Opens /passwords until it says this: the work is done on another thread.
async fn until_it_says(browser: &mut Browser, words: &str) -> Page {
    let waiting = async {
        loop {
            let page = browser.get("/passwords").await;
            if page.says(words) {
                return page;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("it is made in time")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passwords_count_once_their_list_is_said_to_be_safe() {
    let (city, mut browser) = admin().await;
    is(&browser.get("/passwords").await, 200, &["まだパスワードのない人</dt><dd>3人"]);
    is(&browser.post("/passwords/make", &[("who", "requested")]).await, 400, &["対象になる人がいません"]);
    browser.post("/passwords/make", &[("who", "all")]).await;
    until_it_says(&mut browser, "印刷用の一覧を保存する").await;
    let mut other = city.signed_in_as("admin2").await;
    is(&other.get("/passwords").await, 200, &["admin1 さんが作業しています"]);
    is(&other.post("/passwords/list", &[("encoding", "utf-8")]).await, 409, &["保存できる一覧がありません"]);
    let list = browser.post_only("/passwords/list", &[("encoding", "utf-8")]).await;
    assert!(list.html.starts_with("\u{feff}id,name_kana,password\r\n0012345670,インザイ　ハナコ,"), "{}", list.html);
    assert_eq!(viewed(&events(&city).await, View::Passwords), [3]);
    is(&browser.post("/passwords/list", &[("encoding", "utf-8")]).await, 409, &["1回しか保存できません"]);
    let line = list.html.lines().nth(1).expect("a line").to_owned();
    let password = line.rsplit(',').next().expect("a password").trim().to_owned();
    let id = sesshu_engine::core::ids::CityId::from_digits("0012345670").expect("an ID");
    assert!(
        city.engine.login(Some(id), &password, sesshu_engine::HashLane::Resident).await.is_err(),
        "nothing counts yet"
    );
    is(&browser.post("/passwords/confirm", &[("count", "2")]).await, 400, &["一覧の人数と同じ数"]);
    is(&browser.post("/passwords/confirm", &[("count", "3")]).await, 200, &["パスワードを発行しました", "0人"]);
    assert!(city.engine.login(Some(id), &password, sesshu_engine::HashLane::Resident).await.is_ok());
    city.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_passwords_change_nothing() {
    let (city, mut browser) = admin().await;
    browser.post("/passwords/make", &[("who", "all")]).await;
    until_it_says(&mut browser, "印刷用の一覧を保存する").await;
    is(&browser.post("/passwords/drop", &[]).await, 200, &["破棄しました", "3人"]);
    is(&browser.post("/passwords/confirm", &[("count", "3")]).await, 409, &["発行を待っているパスワードがありません"]);
    assert_eq!(city.engine.without_password(None).len(), 3);
    city.close();
}

#[tokio::test]
async fn an_account_is_added_with_secrets_that_are_shown_once() {
    let (city, mut browser) = admin().await;
    let wrong = browser.post("/accounts", &[("login", "Sato"), ("role", "operator")]).await;
    is(&wrong, 409, &["半角の英小文字", "value=\"Sato\"", "value=\"operator\" checked"]);
    is(&browser.post("/accounts", &[]).await, 400, &["役割を選んでください。", "ログイン名を入力してください。"]);
    is(&browser.post("/accounts", &[("login", "ops1"), ("role", "ops")]).await, 409, &["すでにあります"]);
    let bound = browser.post("/accounts", &[("login", "sato"), ("role", "ops"), ("venue", "1")]).await;
    is(&bound, 409, &["会場を限れるのは"]);
    let shown = browser.post("/accounts", &[("login", "sato"), ("role", "venue"), ("venue", "1")]).await;
    is(&shown, 200, &["sato の新しいパスワード", "QR コード", "1回しか表示できません"]);
    assert_eq!(shown.address, "/secrets");
    is(&browser.get("/secrets").await, 200, &["パスワードは1回しか表示できません"]);
    is(&browser.get("/accounts/sato").await, 200, &["市民体育館"]);
    is(&browser.post("/accounts/sato/venue", &[("venue", "")]).await, 200, &["会場を変更しました", "限らない"]);
    is(&browser.get("/accounts/nobody").await, 404, &[]);
    city.close();
}

#[tokio::test]
async fn an_account_is_disabled_enabled_and_reset_but_never_ones_own_disabled() {
    let (city, mut browser) = admin().await;
    let mut ops = city.signed_in_as("ops1").await;
    is(&browser.post("/accounts/ops1/disable", &[]).await, 200, &["停止しました", "停止中"]);
    assert_eq!(ops.get_only("/").await.status, 303, "signed out at once");
    is(&browser.post("/accounts/ops1/reset", &[("typed", "ops1")]).await, 409, &["先に停止を解除"]);
    is(&browser.post("/accounts/ops1/enable", &[]).await, 200, &["停止を解除しました"]);
    is(&browser.post("/accounts/admin1/disable", &[]).await, 409, &["自分のアカウントは停止できません"]);
    is(&browser.post("/accounts/ops1/reset", &[("typed", "ops")]).await, 400, &["そのとおりに入力"]);
    is(&browser.post("/accounts/ops1/reset", &[("typed", "ops1")]).await, 200, &["ops1 の新しいパスワード"]);
    assert!(city.engine.verify_staff_password("ops1", super::city::PASSWORD).await.is_ok_and(|fits| !fits));
    city.close();
}

#[tokio::test]
async fn an_export_is_noted_with_its_people_and_its_reason() {
    let (city, mut browser) = admin().await;
    book(&city, 0, Channel::Web).await;
    let date = city.engine.now().city_day().plus_days(4).to_string();
    let form = |what: &'static str, encoding: &'static str| {
        vec![
            ("what", what),
            ("from", &*date),
            ("to", &*date),
            ("venue", "1"),
            ("reason", "venue"),
            ("encoding", encoding),
        ]
    };
    is(&browser.post("/exports", &[]).await, 400, &["書き出すものを選んで", "目的を選んで", "最初の日を"]);
    let counts = browser.post_only("/exports", &form("bookings_per_day", "utf-8")).await;
    assert!(counts.html.contains("市民体育館,4,1,1,0,0,0,0,0,0,0\r\n"), "{}", counts.html);
    let list = browser.post_only("/exports", &form("day_list", "cp932")).await;
    assert_eq!(list.headers["content-type"], "text/csv; charset=Shift_JIS");
    assert!(list.bytes.windows(4).any(|bytes| bytes == [0x83, 0x43, 0x83, 0x93]), "イン in CP932");
    let national = browser.post_only("/exports", &form("national_counts", "utf-8")).await;
    assert_eq!(national.html, "\u{feff}接種日,会場,ワクチン,回,年齢区分,接種回数\r\n");
    let events = events(&city).await;
    let exported: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Exported { what, reason, rows } => Some((*what, *reason, *rows)),
            _ => None,
        })
        .collect();
    let venue = ExportReason::Venue;
    let all = [
        (ExportKind::BookingsPerDay, venue, 1),
        (ExportKind::DayList, venue, 1),
        (ExportKind::NationalCounts, venue, 0),
    ];
    assert_eq!(exported, all);
    assert_eq!(viewed(&events, View::Export), [1]);
    city.close();
}

#[tokio::test]
async fn a_report_needs_id_name_and_birth_date_together_and_is_a_view_each_time() {
    let (city, mut browser) = admin().await;
    let ask = |born: &'static str| [("id", "0012345670"), ("name", "ｲﾝｻﾞｲ ﾊﾅｺ"), ("born", born)];
    is(&browser.post("/report", &[]).await, 400, &["券番号を", "氏名を", "生年月日を"]);
    let nobody = browser.post("/report", &ask("1960-04-03")).await;
    is(&nobody, 404, &["3つが合う人は、登録されていません", "value=\"0012345670\""]);
    let page = browser.post("/report", &ask("S35.4.2")).await;
    is(&page, 200, &["保有個人情報の開示", "インザイ　ハナコ", "職員 admin1", "1960年4月2日（土）"]);
    assert!(!page.address.contains("0012345670"), "no ID in an address");
    is(&browser.get("/report/person").await, 200, &["この人の情報を見た記録（2件）"]);
    assert_eq!(viewed(&events(&city).await, View::Report), [1, 1]);
    browser.post("/report/close", &[]).await;
    is(&browser.get("/report/person").await, 200, &["もう一度入力してください"]);
    city.close();
}

#[tokio::test]
async fn an_announcement_is_seen_before_it_is_said_and_can_be_taken_back() {
    let (city, mut browser) = admin().await;
    let form = |what: &'static str, title: &'static str| {
        let fields = [("revision", "0"), ("do", what), ("kind", "urgent"), ("title-ja", title), ("body-ja", "本文")];
        fields.to_vec()
    };
    let preview = browser.post("/site/announcements", &form("preview", "中止します")).await;
    is(&preview, 200, &["まだ保存していません", "banner urgent", "value=\"中止します\""]);
    assert!(city.engine.site().announcements.is_empty());
    is(&browser.post("/site/announcements", &form("save", "")).await, 400, &["文字がありません。", "title-ja-error"]);
    is(
        &browser.post("/site/announcements", &form("save", "中止します")).await,
        200,
        &["保存しました", "中止します", "○ 表示中"],
    );
    let id = city.engine.site().announcements[0].id.clone();
    let stale = browser.post(&format!("/site/announcements/{id}"), &form("save", "再開します")).await;
    is(&stale, 400, &["データが変わりました", "value=\"再開します\"", "name=\"revision\" value=\"1\""]);
    let mut fresh = form("save", "再開します");
    fresh[0] = ("revision", "1");
    fresh.push(("shown_from", "2026-12-05T09:30"));
    is(&browser.post(&format!("/site/announcements/{id}"), &fresh).await, 200, &["再開します", "これから"]);
    is(&browser.post("/site/undo", &[("revision", "2")]).await, 200, &["1つ前の内容に戻しました", "中止します"]);
    let delete = format!("/site/announcements/{id}/delete");
    is(&browser.post(&delete, &[("revision", "3")]).await, 200, &["お知らせを削除しました"]);
    is(&browser.post(&delete, &[("revision", "4")]).await, 404, &[]);
    city.close();
}

#[tokio::test]
async fn a_wording_a_venue_and_colours_are_said_at_once_and_checked() {
    let (city, mut browser) = admin().await;
    is(&browser.get("/site/texts").await, 200, &["top.title"]);
    is(&browser.get("/site/texts?page=nothing").await, 404, &[]);
    is(&browser.get("/site/texts/no.such").await, 404, &[]);
    let text = |said: &'static str, revision: &'static str| [("revision", revision), ("text-ja", said)];
    is(&browser.post("/site/texts/top.title", &text("市の%{nothing}", "0")).await, 400, &["%{nothing} に入る値は"]);
    is(&browser.post("/site/texts/top.title", &text("市の予約", "0")).await, 200, &["保存しました", "市の予約"]);
    is(&browser.post("/site/texts/top.title", &text("", "1")).await, 200, &["保存しました"]);
    assert!(city.engine.site().texts.is_empty());
    let venue = [("revision", "2"), ("map_url", "http://a.example"), ("address-ja", "市内1番地")];
    is(&browser.post("/site/venues/1", &venue).await, 400, &["https://", "map_url-error"]);
    let venue = [("revision", "2"), ("map_url", ""), ("address-ja", "市内1番地")];
    is(&browser.post("/site/venues/1", &venue).await, 200, &["保存しました"]);
    is(&browser.get("/site/venues").await, 200, &["市内1番地"]);
    is(&browser.get("/site/venues/99").await, 404, &[]);
    let look = |main: &'static str, what: &'static str| {
        [("revision", "3"), ("do", what), ("main", main), ("bring-ja", "接種券\r\n\r\n身分証")]
    };
    is(&browser.post("/site/look", &look("#ffff00", "preview")).await, 200, &["1.07:1", "#ffff00"]);
    is(&browser.post("/site/look", &look("#ffff00", "save")).await, 400, &["コントラスト比", "main-error"]);
    is(&browser.post("/site/look", &look("blue", "save")).await, 400, &["#0017c1 のような色"]);
    is(&browser.post("/site/look", &look("#0017c1", "save")).await, 200, &["保存しました"]);
    let bring = city.engine.site().bring.as_ref().map(|bring| bring.ja.len());
    assert_eq!(bring, Some(2));
    city.close();
}

#[tokio::test]
async fn the_whole_of_the_pages_goes_out_and_comes_in_as_a_file() {
    let (city, mut browser) = admin().await;
    is(&browser.upload("/site/file", &[], b"[[announcement]]\nid = 1\n").await, 400, &["誤りが", "announcement"]);
    let file =
        "[[announcement]]\nid = \"a\"\ntitle = \"お知らせ\"\nbody = \"本文\"\n\n[texts.ja]\n\"no.such\" = \"x\"\n";
    let page = browser.upload("/site/file", &[], file.as_bytes()).await;
    is(&page, 200, &["画面の内容の違い", "お知らせ a：追加", "この文言はありません"]);
    is(&browser.post("/site/file/confirm", &[]).await, 200, &["保存しました"]);
    let toml = browser.get_only("/site/file.toml").await;
    assert!(toml.says("title.ja = \"お知らせ\""), "{}", toml.html);
    let same = browser.upload("/site/file", &[], &toml.bytes).await;
    is(&same, 200, &["変わるものはありません"]);
    city.close();
}

#[tokio::test]
async fn what_an_admin_keeps_is_nobody_elses() {
    let (city, mut browser) = admin().await;
    browser.upload("/imports/roll", &[], HEADER.as_bytes()).await;
    browser.post("/report", &[("id", "0012345670"), ("name", "インザイハナコ"), ("born", "1960-04-02")]).await;
    let mut other = city.signed_in_as("admin2").await;
    is(&other.get("/imports/check").await, 200, &["確認待ちのファイルはありません"]);
    is(&other.get_only("/imports/errors.csv").await, 404, &[]);
    is(&other.get("/report/person").await, 200, &["もう一度入力してください"]);
    let mut operator = city.signed_in(StaffRole::Operator).await;
    is(&operator.get_only("/report/person").await, 403, &[]);
    city.close();
}
