//! The plan at the console: drafts by form, pattern and table, publishing by two people, capacity and vaccine, closing, cancelling,
//! waves, venues, vaccines.

use sesshu_engine::core::event::By;
use sesshu_engine::core::ids::{Channel, DoseNo, RequestKey, ResidentNo, SessionId, SlotNo};
use sesshu_engine::core::leg::{Leg, Legs};
use sesshu_engine::core::resident::BookingState;
use sesshu_engine::core::session::SessionPhase;
use sesshu_engine::core::staff::StaffRole;
use sesshu_http::StaffConfig;

use super::browser::{Browser, Page};
use super::city::City;

const ONE: &[(&str, &str)] = &[
    ("venue", "市民体育館"),
    ("date", "2027-01-16"),
    ("start", "09:00"),
    ("end", "12:00"),
    ("slot_minutes", "30"),
    ("capacity", "20"),
    ("vaccine", "コミナティ"),
    ("doses", "1"),
    ("doses", "2"),
    ("phone_share", "5"),
];

const PATTERN: &[(&str, &str)] = &[
    ("venue", "市民体育館"),
    ("from", "2027-01-04"),
    ("to", "2027-01-31"),
    ("weekday", "sat"),
    ("weekday", "sun"),
    ("except", "2027-01-31"),
    ("start", "09:00"),
    ("end", "12:00"),
    ("slot_minutes", "30"),
    ("capacity", "20"),
    ("vaccine", "コミナティ"),
    ("doses", "1"),
    ("doses", "2"),
];

/// These fields, with some of them otherwise.
fn with<'a>(fields: &[(&'a str, &'a str)], changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = fields.iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    kept.chain(changes).copied().collect()
}

/// The value of the hidden field `name` on a page.
fn hidden(page: &Page, name: &str) -> String {
    let marked = format!("name=\"{name}\" value=\"");
    let at = page.html.find(&marked).unwrap_or_else(|| panic!("no field {name}: {}", page.html)) + marked.len();
    page.html[at..].split('"').next().expect("a value").to_owned()
}

async fn book(city: &City, who: u32, session: u32, slot: u16) {
    let leg = Leg { session: SessionId(session), slot: SlotNo(slot), dose: DoseNo::FIRST };
    let (who, key) = (ResidentNo(who), RequestKey::new(&format!("key-{who}")).expect("a key"));
    let booked = city.engine.book(who, Legs::one(leg), key, By::Resident(who), Channel::Web).await;
    booked.expect("it is booked");
}

fn phase(city: &City, session: u32) -> SessionPhase {
    city.engine.planned_session(SessionId(session)).expect("a session").session.phase
}

async fn admin(city: &City) -> Browser {
    city.signed_in(StaffRole::Admin).await
}

#[tokio::test]
async fn a_session_is_drafted_changed_thrown_away_and_taken_back() {
    let city = City::open().await;
    let mut admin = admin(&city).await;
    let wrong =
        admin.post("/sessions/new", &with(ONE, &[("capacity", "0"), ("date", ""), ("slot_minutes", "31")])).await;
    assert_eq!(wrong.status, 400);
    for says in ["href=\"#capacity\"", "href=\"#date\"", "href=\"#slot_minutes\"", "value=\"09:00\"", "エラー："] {
        assert!(wrong.says(says), "{says}: {}", wrong.html);
    }
    let made = admin.post("/sessions/new", ONE).await;
    assert!(made.says("下書きを作りました") && made.says("令和9年1月16日（土）"), "{}", made.html);
    let again = admin.post("/sessions/new", ONE).await;
    assert!(again.says("下書きが、すでにあります"), "{}", again.html);
    let published = admin.post("/sessions/new", &with(ONE, &[("date", "2026-12-05"), ("start", "11:30")])).await;
    assert!(published.says("すでに公開されています"), "{}", published.html);
    assert!(admin.get("/sessions/new?draft=4").await.says("value=\"20\""));
    let longer = with(ONE, &[("draft", "4"), ("end", "13:00"), ("venue", "別の会場")]);
    assert!(admin.post("/sessions/new", &longer).await.says("下書きを変えました"));
    let draft = city.engine.planned_session(SessionId(4)).expect("a session");
    assert_eq!((draft.places(), draft.session.venue.0), (160, 1), "what it is known by stays");
    assert_eq!(admin.get("/sessions/new?draft=1").await.status, 404, "a published session is no draft");
    let one = admin.get("/sessions/4").await;
    assert!(one.says("下書きを破棄する") && !one.says("新しい定員"), "{}", one.html);
    assert!(admin.post("/sessions/drafts/discard", &[]).await.says("破棄する下書きを選んでください"));
    let gone = admin.post("/sessions/drafts/discard", &[("id", "4")]).await;
    assert!(gone.says("下書きを破棄しました") && gone.says("元に戻す"), "{}", gone.html);
    assert!(admin.post("/sessions/drafts/restore", &[("id", "4")]).await.says("下書きを元に戻しました"));
    assert_eq!(phase(&city, 4), SessionPhase::Draft);
    let stale = admin.post("/sessions/drafts/restore", &[("id", "4")]).await;
    assert_eq!(stale.status, 409);
    city.close();
}

#[tokio::test]
async fn a_pattern_shows_what_it_makes_before_it_makes_it() {
    let city = City::open().await;
    let mut admin = admin(&city).await;
    let wrong = admin.post("/sessions/pattern", &with(PATTERN, &[("venue", ""), ("to", "2027-01-01")])).await;
    assert!(wrong.status == 400 && wrong.says("会場を1つ以上") && wrong.says("href=\"#to\""), "{}", wrong.html);
    let shown = admin.post("/sessions/pattern", &with(PATTERN, &[("step", "check")])).await;
    assert!(shown.says("1会場 × 7日 ＝ 7回") && shown.says("840人分"), "{}", shown.html);
    assert_eq!(city.engine.planned_sessions().len(), 3, "nothing is drafted yet");
    let back = admin.post("/sessions/pattern", &with(PATTERN, &[("step", "edit")])).await;
    assert!(back.says("value=\"2027-01-04\"") && back.says("value=\"sat\" checked"), "{}", back.html);
    let made = admin.post("/sessions/pattern", &with(PATTERN, &[("step", "draft")])).await;
    assert!(made.says("7回、合わせて840人分"), "{}", made.html);
    let again = admin.post("/sessions/pattern", &with(PATTERN, &[("step", "check")])).await;
    assert!(again.says("新しく作られるものはありません"), "{}", again.html);
    assert!(admin.get("/sessions?month=2027-01").await.says("0／120"));
    city.close();
}

#[tokio::test]
async fn a_table_is_read_with_every_wrong_line_and_drafted_after_a_second_look() {
    let city = City::open().await;
    let mut admin = admin(&city).await;
    let header = "会場,日付,開始,終了,枠分,定員,ワクチン,回数\n";
    let wrong = format!(
        "{header}保健センター,2027-01-16,9:00,12:00,30,20,コミナティ,1\nx,2027-13-01,9:00,12:00,30,0,モデルナ,1\n"
    );
    let page = admin.upload("/sessions/sheet", &[("text", ""), ("step", "check")], wrong.as_bytes()).await;
    assert_eq!(page.status, 400);
    assert!(page.says("誤りのある行") && page.says("保健センター,2027-01-16"), "{}", page.html);
    let right = format!("{header}保健センター,R9.1.16,9:00,12:00,30,20,コミナティ,1;2\n");
    let page = admin.upload("/sessions/sheet", &[("step", "check")], &encode_cp932(&right)).await;
    assert!(page.says("CP932") && page.says("120人分") && page.says("1回を下書きにする"), "{}", page.html);
    assert_eq!(city.engine.planned_sessions().len(), 3);
    let page = admin.upload("/sessions/sheet", &[("text", &right), ("step", "draft")], b"").await;
    assert!(page.says("下書きを作りました") && page.says("保健センター"), "{}", page.html);
    let nothing = admin.upload("/sessions/sheet", &[("text", " "), ("step", "check")], b"").await;
    assert!(nothing.status == 400 && nothing.says("ファイルを選ぶか"), "{}", nothing.html);
    let large = admin.upload("/sessions/sheet", &[("step", "check")], &vec![b'a'; (1 << 20) + 1]).await;
    assert_eq!(large.status, 413);
    city.close();
}

/// The few characters that the table has, as CP932 writes them.
fn encode_cp932(text: &str) -> Vec<u8> {
    let known = [
        ('会', [0x89, 0xef]),
        ('場', [0x8f, 0xea]),
        ('日', [0x93, 0xfa]),
        ('付', [0x95, 0x74]),
        ('開', [0x8a, 0x4a]),
        ('始', [0x8e, 0x6e]),
        ('終', [0x8f, 0x49]),
        ('了', [0x97, 0xb9]),
        ('枠', [0x98, 0x67]),
        ('分', [0x95, 0xaa]),
        ('定', [0x92, 0xe8]),
        ('員', [0x88, 0xf5]),
        ('ワ', [0x83, 0x8f]),
        ('ク', [0x83, 0x4e]),
        ('チ', [0x83, 0x60]),
        ('ン', [0x83, 0x93]),
        ('回', [0x89, 0xf1]),
        ('数', [0x90, 0x94]),
        ('保', [0x95, 0xdb]),
        ('健', [0x8c, 0x92]),
        ('セ', [0x83, 0x5a]),
        ('タ', [0x83, 0x5e]),
        ('ー', [0x81, 0x5b]),
        ('コ', [0x83, 0x52]),
        ('ミ', [0x83, 0x7e]),
        ('ナ', [0x83, 0x69]),
        ('テ', [0x83, 0x65]),
        ('ィ', [0x83, 0x42]),
    ];
    let mut bytes = Vec::new();
    for c in text.chars() {
        match known.iter().find(|(own, _)| *own == c) {
            Some((_, pair)) => bytes.extend(pair),
            None => bytes.push(u8::try_from(c).expect("ASCII, or known")),
        }
    }
    bytes
}

#[tokio::test]
async fn drafts_are_proposed_by_one_person_and_published_by_another() {
    let city = City::open().await;
    let mut first = city.signed_in_as("admin1").await;
    let mut second = city.signed_in_as("admin2").await;
    assert!(first.get("/publish").await.says("公開する下書きはありません"));
    first.post("/sessions/pattern", &with(PATTERN, &[("step", "draft")])).await;
    let unread = first.get("/publish?opens_at=あした").await;
    assert!(unread.status == 400 && unread.says("受付開始の日時を入力してください"), "{}", unread.html);
    let check = first.get("/publish?opens_at=2026-12-02T23:00").await;
    assert!(check.says("令和9年1月9日（土）ほか6日に 840人分"), "{}", check.html);
    assert!(check.says("受付開始が夜間"), "{}", check.html);
    let check = first.get("/publish?opens_at=2026-12-02T09:00").await;
    assert!(!check.says("受付開始が夜間"));
    let seen = hidden(&check, "seen");
    let stale = first.post("/publish/propose", &[("opens_at", "2026-12-02T09:00"), ("seen", "x")]).await;
    assert!(stale.says("データが変わりました"), "{}", stale.html);
    let proposed = first.post("/publish/propose", &[("opens_at", "2026-12-02T09:00"), ("seen", &seen)]).await;
    assert!(proposed.says("申請した人とは別の管理者"), "{}", proposed.html);
    let seen = hidden(&proposed, "seen");
    let own = first.post("/publish", &[("seen", &seen), ("count", "840")]).await;
    assert!(own.says("申請した人は公開できません"), "{}", own.html);
    let shown = second.get("/publish").await;
    assert!(shown.says("公開する人数を入力") && shown.says("admin1"), "{}", shown.html);
    let wrong = second.post("/publish", &[("seen", &seen), ("count", "84")]).await;
    assert!(wrong.status == 400 && wrong.says("value=\"84\"") && wrong.says("href=\"#count\""), "{}", wrong.html);
    // A change of a draft ends it.
    first.post("/sessions/drafts/discard", &[("id", "4")]).await;
    let changed = second.post("/publish", &[("seen", &seen), ("count", "840")]).await;
    assert!(changed.says("データが変わりました") && changed.says("この申請では公開できません"), "{}", changed.html);
    assert!(second.post("/publish/withdraw", &[("seen", &seen)]).await.says("申請を取り下げました"));
    let gone = second.post("/publish", &[("seen", &seen), ("count", "840")]).await;
    assert!(gone.says("取り下げられたか"), "{}", gone.html);
    let check = second.get("/publish?opens_at=2026-12-02T09:00").await;
    second.post("/publish/propose", &[("opens_at", "2026-12-02T09:00"), ("seen", &hidden(&check, "seen"))]).await;
    let seen = hidden(&first.get("/publish").await, "seen");
    let published = first.post("/publish", &[("seen", &seen), ("count", "７２０")]).await;
    assert!(published.says("公開しました"), "{}", published.html);
    let opens_at = "2026-12-02 09:00".parse().expect("an instant");
    assert_eq!(phase(&city, 5), SessionPhase::Published { opens_at });
    assert_eq!(phase(&city, 4), SessionPhase::Discarded);
    city.close();
}

#[tokio::test]
async fn a_tiny_town_publishes_alone_if_it_is_configured_so() {
    let city = City::open_with(StaffConfig { two_person_publish: false, ..StaffConfig::default() }).await;
    let mut admin = admin(&city).await;
    admin.post("/sessions/new", ONE).await;
    let check = admin.get("/publish?opens_at=2026-12-02T09:00").await;
    assert!(!check.says("もう一人の管理者"));
    let proposed =
        admin.post("/publish/propose", &[("opens_at", "2026-12-02T09:00"), ("seen", &hidden(&check, "seen"))]).await;
    let published = admin.post("/publish", &[("seen", &hidden(&proposed, "seen")), ("count", "120")]).await;
    assert!(published.says("公開しました"), "{}", published.html);
    city.close();
}

#[tokio::test]
async fn a_capacity_changes_after_it_was_shown_who_is_booked_and_never_below() {
    let city = City::open().await;
    let mut admin = admin(&city).await;
    book(&city, 0, 1, 0).await;
    let below = admin.post("/sessions/1/capacity", &[("capacity-0", "0"), ("capacity-1", "x")]).await;
    assert_eq!(below.status, 400);
    assert!(
        below.says("1人分あります") && below.says("href=\"#capacity-1\"") && below.says("value=\"x\""),
        "{}",
        below.html
    );
    let same = admin.post("/sessions/1/capacity", &[("capacity-0", "2"), ("capacity-1", "2")]).await;
    assert!(same.says("いまの定員と同じです"), "{}", same.html);
    let shown = admin.post("/sessions/1/capacity", &[("capacity-0", "1"), ("capacity-1", "5")]).await;
    assert!(shown.status == 200 && shown.says("4人 → 6人"), "{}", shown.html);
    let apply = [("step", "apply"), ("capacity-0", "1"), ("was-0", "2"), ("capacity-1", "5"), ("was-1", "2")];
    assert!(admin.post("/sessions/1/capacity", &apply).await.says("定員を変えました"));
    let capacities = |city: &City| {
        let planned = city.engine.planned_session(SessionId(1)).expect("a session");
        planned.session.slots.iter().map(|slot| slot.capacity).collect::<Vec<_>>()
    };
    assert_eq!(capacities(&city), [1, 5]);
    assert!(admin.post("/sessions/1/capacity", &apply).await.says("データが変わりました"), "what was shown is over");
    assert_eq!(capacities(&city), [1, 5]);
    // One slot of two: the second look names it alone.
    let shown = admin.post("/sessions/1/capacity", &[("capacity-0", "1"), ("capacity-1", "6")]).await;
    assert!(!shown.says("capacity-0"), "{}", shown.html);
    let one = [("step", "apply"), ("capacity-1", "6"), ("was-1", "5")];
    assert!(admin.post("/sessions/1/capacity", &one).await.says("定員を変えました"));
    assert_eq!(capacities(&city), [1, 6]);
    let emptied = admin.post("/sessions/1/capacity", &[("capacity-0", ""), ("capacity-1", "6")]).await;
    assert!(emptied.status == 400 && emptied.says("href=\"#capacity-0\""), "{}", emptied.html);
    city.close();
}

#[tokio::test]
async fn vaccine_is_counted_in_vials_or_doses_and_never_below_what_is_booked() {
    let city = City::open().await;
    let mut admin = admin(&city).await;
    book(&city, 0, 1, 0).await;
    book(&city, 1, 1, 1).await;
    let page = admin.get("/sessions/1").await;
    assert!(page.says("上限なし") && page.says("1瓶（最後の瓶の余り4回分）"), "{}", page.html);
    let few = admin.post("/sessions/1/stock", &[("unit", "doses"), ("amount", "1")]).await;
    assert!(few.status == 400 && few.says("すでに2人の予約") && few.says("value=\"1\""), "{}", few.html);
    for wrong in [
        [("unit", "vials"), ("amount", "-1")],
        [("unit", "vials"), ("amount", "999999999")],
        [("unit", ""), ("amount", "1")],
    ] {
        assert_eq!(admin.post("/sessions/1/stock", &wrong).await.status, 400, "{wrong:?}");
    }
    let vials = admin.post("/sessions/1/stock", &[("unit", "vials"), ("amount", "２")]).await;
    assert!(vials.says("2瓶 × 6回 ＝ 12回分"), "{}", vials.html);
    let short = admin.post("/sessions/1/stock", &[("unit", "doses"), ("amount", "3")]).await;
    assert!(short.says("0瓶 × 6回 ＋ 3回 ＝ 3回分") && short.says("1人分（この分は受け付けません）"), "{}", short.html);
    assert!(admin.post("/sessions/1/stock", &[("unit", "none"), ("amount", "")]).await.says("上限なし（"));
    city.close();
}

#[tokio::test]
async fn sessions_are_closed_at_once_by_their_count_and_opened_again() {
    let city = City::open().await;
    let mut admin = admin(&city).await;
    let shown = admin.get("/sessions/close?day=2026-12-05").await;
    assert!(shown.says("<strong>1回</strong>の接種会が対象"), "{}", shown.html);
    let wrong = admin.post("/sessions/close", &[("venue", ""), ("day", ""), ("count", "1")]).await;
    assert!(wrong.status == 400 && wrong.says("止める接種会の数（3）"), "{}", wrong.html);
    assert!(matches!(phase(&city, 1), SessionPhase::Published { .. }));
    let day = admin.post("/sessions/close", &[("day", "2026-12-05"), ("count", "1")]).await;
    assert!(day.says("受付を止めました"), "{}", day.html);
    let closed =
        |city: &City| (1..=3).map(|id| matches!(phase(city, id), SessionPhase::Closed { .. })).collect::<Vec<_>>();
    assert_eq!(closed(&city), [true, false, false]);
    admin.post("/sessions/close", &[("count", "2")]).await;
    assert_eq!(closed(&city), [true, true, true]);
    assert!(admin.post("/sessions/close", &[("count", "0")]).await.says("受付を止める接種会がありません"));
    let open = admin.post("/sessions/reopen", &[("id", "1"), ("id", "3")]).await;
    assert!(open.says("受付を再開しました"), "{}", open.html);
    assert_eq!(closed(&city), [false, true, false]);
    assert!(admin.post("/sessions/reopen", &[("id", "1")]).await.says("受付終了の状態ではありません"));
    assert!(admin.post("/sessions/1/close", &[]).await.says("受付を再開する"));
    assert!(admin.post("/sessions/1/reopen", &[]).await.says("受付を再開しました"));
    assert_eq!(closed(&city), [false, true, false]);
    city.close();
}

#[tokio::test]
async fn a_session_is_cancelled_by_the_number_of_its_bookings() {
    let city = City::open().await;
    let mut admin = admin(&city).await;
    book(&city, 0, 1, 0).await;
    book(&city, 1, 1, 1).await;
    let shown = admin.get("/sessions/1/cancel").await;
    assert!(shown.says("2件") && shown.says("元に戻せません"), "{}", shown.html);
    let wrong = admin.post("/sessions/1/cancel", &[("count", "3")]).await;
    assert!(wrong.status == 400 && matches!(phase(&city, 1), SessionPhase::Published { .. }), "{}", wrong.html);
    let answer = admin.post_only("/sessions/1/cancel", &[("count", "2")]).await;
    assert_eq!(answer.location(), "/sessions/1?done=cancel");
    while city.engine.bookings_to_cancel(SessionId(1)) > 0 {
        tokio::task::yield_now().await;
    }
    let page = admin.get("/sessions/1").await;
    assert!(page.says("中止されました") && page.says("/follow-up"), "{}", page.html);
    let states = city.engine.me(ResidentNo(0)).expect("on file").bookings;
    assert_eq!(states[0].state, BookingState::CancelledByCity);
    assert_eq!(admin.get("/sessions/1/cancel").await.status, 409);
    // Going on when nothing is left changes nothing.
    assert_eq!(admin.post("/sessions/1/cancel/rest", &[]).await.status, 200);
    assert_eq!(admin.post("/sessions/2/cancel/rest", &[]).await.status, 404);
    // Without bookings the count is none.
    assert_eq!(admin.post("/sessions/2/cancel", &[("count", "0")]).await.status, 200);
    city.close();
}

#[tokio::test]
async fn bookings_that_are_left_after_a_fault_are_cancelled_from_the_page() {
    let city = City::open().await;
    let mut admin = admin(&city).await;
    book(&city, 0, 1, 0).await;
    city.engine.begin_to_cancel(SessionId(1), By::System).await.expect("the first half");
    let page = admin.get("/sessions/1").await;
    assert!(page.says("あと<strong>1</strong>件") && page.says("取消を続ける"), "{}", page.html);
    admin.post_only("/sessions/1/cancel/rest", &[]).await;
    while city.engine.bookings_to_cancel(SessionId(1)) > 0 {
        tokio::task::yield_now().await;
    }
    assert!(admin.get("/sessions/1").await.says("中止されました"));
    city.close();
}

#[tokio::test]
async fn waves_are_put_one_by_one_and_removed_by_the_number_of_their_people() {
    let city = City::open().await;
    let mut admin = admin(&city).await;
    let seen = hidden(&admin.get("/waves/new").await, "seen");
    let fields = [("name", "高齢者"), ("born_to", "S36.4.1"), ("opens_at", "2026-12-01T09:00"), ("seen", &seen)];
    let wrong = admin.post("/waves/new", &with(&fields, &[("opens_at", ""), ("born_to", "x")])).await;
    assert!(
        wrong.status == 400 && wrong.says("href=\"#opens_at\"") && wrong.says("value=\"高齢者\""),
        "{}",
        wrong.html
    );
    assert!(admin.post("/waves/new", &fields).await.says("優先区分を加えました"));
    let stale = admin.post("/waves/new", &with(&fields, &[("name", "一般")])).await;
    assert!(stale.says("データが変わりました"), "{}", stale.html);
    let seen = hidden(&stale, "seen");
    // Nobody is in it: shown once, then done.
    let nobody = with(&fields, &[("name", "医療"), ("group", "医療従事者"), ("seen", &seen)]);
    let asked = admin.post("/waves/new", &nobody).await;
    assert!(asked.status == 200 && asked.says("1人もいません"), "{}", asked.html);
    let list = admin.post("/waves/new", &with(&nobody, &[("sure", "yes")])).await;
    assert!(list.says("優先区分を加えました") && list.says("3人"), "{}", list.html);
    let seen = hidden(&list, "seen");
    assert!(admin.post("/waves/2/earlier", &[("seen", &seen)]).await.says("順番を変えました"));
    assert_eq!(city.engine.campaign_setup().waves[0].name, "医療");
    let page = admin.get("/waves/2/remove").await;
    let seen = hidden(&page, "seen");
    assert!(page.says("予約できなくなります"), "{}", page.html);
    assert_eq!(admin.post("/waves/2/remove", &[("seen", &seen), ("count", "2")]).await.status, 400);
    assert!(admin.post("/waves/2/remove", &[("seen", &seen), ("count", "3")]).await.says("優先区分を削除しました"));
    assert!(admin.get("/waves/1/remove").await.says("名簿の全員が予約できる"));
    assert_eq!(admin.get("/waves/2").await.status, 404);
    city.close();
}

#[tokio::test]
async fn venues_and_vaccines_are_added_and_changed_but_for_what_is_configured() {
    let city = City::open().await;
    let mut admin = admin(&city).await;
    assert!(admin.post("/venues", &[("name", "文化ホール")]).await.says("会場を登録しました"));
    let taken = admin.post("/venues", &[("name", "文化ホール")]).await;
    assert!(taken.status == 400 && taken.says("同じ名前") && taken.says("value=\"文化ホール\""), "{}", taken.html);
    assert!(admin.post("/venues/2", &[("name", "市民ホール")]).await.says("会場の名前を変えました"));
    assert_eq!(admin.post("/venues/2", &[("name", "")]).await.status, 400);
    let fields = [("name", "ノババックス"), ("doses", "2"), ("interval_min", "21"), ("age", "12"), ("vial", "10")];
    let wrong = admin.post("/vaccines/new", &with(&fields, &[("doses", "0"), ("interval_max", "20")])).await;
    assert!(wrong.status == 400 && wrong.says("href=\"#doses\""), "{}", wrong.html);
    let crossed = admin.post("/vaccines/new", &with(&fields, &[("interval_max", "20")])).await;
    assert!(crossed.says("href=\"#interval_max\""), "{}", crossed.html);
    assert!(admin.post("/vaccines/new", &fields).await.says("ワクチンを登録しました"));
    let list = admin.post("/vaccines/2", &with(&fields, &[("vial", "5"), ("name", "別名")])).await;
    assert!(list.says("ワクチンの決まりを変えました") && list.says("ノババックス") && list.says("sesshu.toml"));
    let configured = admin.get("/vaccines/1").await;
    assert!(configured.status == 409 && configured.says("設定ファイル"), "{}", configured.html);
    city.close();
}

#[tokio::test]
async fn lists_show_every_state_and_every_filter_leads_somewhere() {
    let city = City::open().await;
    let mut admin = admin(&city).await;
    book(&city, 0, 1, 0).await;
    let month = admin.get("/sessions").await;
    assert!(month.says("2026年12月") && month.says("市民体育館") && month.says("1／4"), "{}", month.html);
    assert!(admin.get("/sessions?month=2027-06").await.says("この月に接種会はありません"));
    assert_eq!(admin.get("/sessions?month=x").await.status, 200, "what is no month shows the next one");
    let list = admin.get("/sessions/list?state=open").await;
    assert!(list.says("3回の接種会"), "{}", list.html);
    assert!(admin.get("/sessions/list?venue=9").await.says("当てはまる接種会はありません"));
    assert!(admin.get("/sessions/list?from=2026-12-06&to=2026-12-12&page=7").await.says("1回の接種会"));
    for path in ["/sessions/9", "/sessions/x", "/sessions/9/cancel", "/venues/9", "/vaccines/9", "/waves/1", "/waves/0"]
    {
        assert_eq!(admin.get(path).await.status, 404, "{path}");
    }
    city.close();
}
