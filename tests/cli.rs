//! The commands as operators and scripts meet them: exit codes, messages, and what they leave in the data folder, with and
//! without a running server.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use sesshu_tests::{City, Client, PlannedSession, Request, Sesshu, wait_until, wait_until_async};
use tempfile::TempDir;

struct Folder {
    folder: TempDir,
}

impl Folder {
    fn new() -> Self {
        Self { folder: TempDir::with_prefix("sesshu-cli-").expect("a temporary folder") }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Data as `init` leaves it.
    fn with_data() -> Self {
        let folder = Self::new();
        folder.run(["init"]).run().done();
        folder
    }

    fn run<const N: usize>(&self, arguments: [&str; N]) -> Sesshu {
        Sesshu::new(arguments).data(&self.data()).in_folder(self.folder.path())
    }

    fn config(&self) -> PathBuf {
        self.data().join("sesshu.toml")
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn wrong_use_exits_with_2_and_help_with_0() {
    for arguments in
        [&["no-such-command"][..], &["serve", "--no-such-option"], &["demo", "--residents", "many"], &["residents"]]
    {
        Sesshu::new(arguments).run().expect_code(2);
    }
    let help = Sesshu::new(["--help"]).run().done();
    for command in
        ["demo", "init", "serve", "residents", "sessions", "waves", "doses", "resident", "verify", "check-config"]
    {
        help.says(&[command]);
    }
    Sesshu::new(["--version"]).run().done().says(&["0."]);
}

#[test]
fn init_leaves_a_commented_configuration_that_is_right() {
    let folder = Folder::with_data();
    let text = read(&folder.config());
    assert!(text.lines().filter(|line| line.starts_with('#')).count() > 10, "every setting is explained:\n{text}");
    folder.run(["check-config"]).run().done();
    let report = folder.run(["verify", "--json"]).run().done().json();
    assert_eq!((&report["ok"], &report["residents"], &report["bookings_live"]), (&json!(true), &json!(0), &json!(0)));
}

#[test]
fn nothing_is_told_of_a_city_that_is_not_there() {
    let folder = Folder::new();
    for arguments in [
        &["alert", "list"][..],
        &["alert", "calls"],
        &["alert", "silence", "all", "--until", "2099-01-01 00:00", "--reason", "x"],
        &["alert", "test"],
        &["notice", "failure", "--ja", "x", "--yes"],
        &["notice", "list"],
        &["switch", "off", "new_bookings", "--reason", "x"],
        &["backup", "list"],
        &["backup", "verify"],
    ] {
        let refused = Sesshu::new(arguments).data(&folder.data()).run().expect_code(2);
        refused.says(&["no data folder", "--data"]);
    }
    assert!(!folder.data().exists(), "and none is made");
}

#[test]
fn a_store_that_is_no_more_is_unsound_and_trying_again_does_not_help() {
    let folder = Folder::with_data();
    let store = folder.data().join("sesshu.redb");
    let whole = std::fs::read(&store).expect("the store");
    let changed = |at: usize| [&whole[..at], &[whole[at] ^ 0xFF], &whole[at + 1..]].concat();
    // Pages that make the library panic: that is caught, and a line of the log.
    let torn: Vec<u8> = (0..).zip(&whole).map(|(at, byte)| if at < 4_096 { *byte } else { !byte }).collect();
    for damaged in [Vec::new(), changed(0), changed(64), whole[..5_000].to_vec(), torn] {
        std::fs::write(&store, damaged).expect("a writable store");
        let report = folder.run(["verify", "--json"]).run().expect_code(1);
        assert!(!report.both().contains("panicked at"), "{}", report.both());
        let report = report.json();
        assert_eq!((&report["ok"], &report["digest"]), (&json!(false), &json!(null)));
        assert_eq!(report["problems"].as_array().map(Vec::len), Some(1), "{report}");
        folder.run(["serve"]).run().expect_code(1);
        folder.run(["staff", "list"]).run().expect_code(1);
    }
}

#[test]
fn init_never_touches_data_that_is_there() {
    let folder = Folder::with_data();
    let changed = format!("{}\n# changed by the city\n", read(&folder.config()));
    std::fs::write(folder.config(), &changed).expect("a writable file");
    let again = folder.run(["init"]).run();
    assert_ne!(again.code, Some(0), "{}", again.both());
    assert_eq!(read(&folder.config()), changed);
}

#[test]
fn a_wrong_configuration_is_named_by_file_line_and_key() {
    let folder = Folder::with_data();
    let right = read(&folder.config());
    let wrong = [
        (format!("no_such_key = 1\n{right}"), vec!["sesshu.toml", "no_such_key", "1"]),
        (format!("# one\n# two\n[no_such_table]\nkey = 1\n{right}"), vec!["sesshu.toml", "no_such_table", "3"]),
        (format!("this is no toml\n{right}"), vec!["sesshu.toml", "1"]),
        ("# one\n[login]\nminutes = \"two hours\"\n".to_owned(), vec!["sesshu.toml", "3", "minutes"]),
        ("[login]\n# two\nminutes = 1\n".to_owned(), vec!["sesshu.toml", "3", "minutes"]),
        ("[rules]\nchange_deadline = \"25:00\"\n".to_owned(), vec!["sesshu.toml", "2", "change_deadline"]),
        ("[listen]\n\n\npublic = \"everywhere\"\n".to_owned(), vec!["sesshu.toml", "4", "public"]),
    ];
    for (text, words) in wrong {
        std::fs::write(folder.config(), text).expect("a writable file");
        for command in ["check-config", "serve"] {
            folder.run([command]).run().expect_code(2).says(&words);
        }
    }
    let elsewhere = folder.file("other.toml", "no_such_key = 1\n");
    folder
        .run(["check-config"])
        .arg("--config")
        .arg(&elsewhere)
        .run()
        .expect_code(2)
        .says(&["other.toml", "no_such_key"]);
    folder.run(["check-config", "--config", "missing.toml"]).run().expect_code(2).says(&["missing.toml"]);
}

#[test]
fn a_high_water_mark_needs_its_folder() {
    let folder = Folder::with_data();
    let mark = folder.folder.path().join("mark");
    std::fs::write(folder.config(), format!("[store]\nhigh_water = {:?}\n", mark.join("high-water")))
        .expect("a configuration");
    for command in ["check-config", "serve"] {
        folder.run([command]).run().expect_code(2).says(&["high_water", "missing"]);
    }
    std::fs::create_dir(&mark).expect("a folder");
    folder.run(["check-config"]).run().done();
    folder.run(["staff", "list"]).run().done();
}

#[test]
fn plain_http_is_served_on_loopback_only() {
    let folder = Folder::with_data();
    let outcome =
        folder.run(["serve", "--listen", "0.0.0.0:0", "--staff-listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"]);
    outcome.run().expect_code(2);
}

#[test]
fn a_second_server_on_the_same_data_is_told_to_try_again() {
    let city = City::demo().residents(20).start();
    let listeners = ["--listen", "127.0.0.1:0", "--staff-listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"];
    let second = Sesshu::new(["serve"].iter().chain(&listeners)).data(city.data()).run().expect_code(75);
    assert!(!second.stderr.trim().is_empty(), "it says why");
    let run: serde_json::Value = serde_json::from_str(&read(&city.data().join("run.json"))).expect("run.json is JSON");
    assert!(run["public"].as_str().is_some_and(|address| address.ends_with(&city.public().to_string())), "{run}");
    let _ = city.verify();
}

#[test]
fn a_server_that_stops_leaves_nothing_running_and_no_run_file() {
    let mut city = City::demo().residents(20).start();
    assert!(city.data().join("run.json").is_file());
    city.stop();
    assert!(!city.data().join("run.json").exists());
    city.restart();
    city.stop();
}

#[test]
fn serving_what_is_no_data_folder_is_refused() {
    let folder = Folder::new();
    let outcome = folder.run(["serve"]).run();
    assert!(matches!(outcome.code, Some(1 | 2 | 75)), "{:?}\n{}", outcome.code, outcome.both());
    assert!(!outcome.stderr.trim().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verify_says_the_same_with_and_without_a_server() {
    let mut city = City::demo().residents(50).start();
    let place = city.open_one(PlannedSession::new("数える会場", 30, 5)).await.place(0);
    for key in ["a", "b", "c"] {
        city.someone().await.book(key, &place.dose(1)).await.expect(201);
    }
    let with = city.verify();
    assert_eq!((&with["residents"], &with["bookings_live"]), (&json!(50), &json!(3)), "{with}");
    city.stop();
    let without = city.verify();
    for name in ["residents", "sessions", "bookings_live", "digest"] {
        assert_eq!(with[name], without[name], "{name}");
    }
    city.restart();
    assert_eq!(city.verify()["digest"], without["digest"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_tells_everything_held_about_one_person() {
    let mut city = City::demo().residents(20).start();
    let (resident, other) = (city.resident(), city.resident());
    let place = city.sessions(1).await.first().expect("a demo has sessions").place(0);
    let answer = city.login(&resident).await.book("k", &place.dose(1)).await.expect(201).json();
    let number = answer["bookings"][0]["number"].as_str().expect("a number").to_owned();
    for _ in 0..2 {
        let report = city.command(["resident", "report", &resident.id]).run().done();
        report.says(&[&resident.id, &resident.name_kana, &resident.birth_date, &number]);
        assert!(
            !report.stdout.contains(&other.name_kana) || other.name_kana == resident.name_kana,
            "{}",
            report.stdout
        );
        assert!(!report.stdout.contains("$argon2"), "no hash leaves the store");
        let _ = city.command(["resident", "report", &resident.id, "--json"]).run().done().json();
        city.command(["resident", "report", "99999999999999"]).run().expect_code(1);
        // And again without a server.
        if city.data().join("run.json").exists() {
            city.stop();
        }
    }
}

#[test]
fn sessions_are_drafts_until_they_are_published() {
    let city = City::demo().residents(20).start();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let vaccine = runtime.block_on(city.vaccine());
    let date = sesshu_tests::clock::date_in(40);
    let header = "会場,日付,開始,終了,枠分,定員,ワクチン,回数\r\n";
    let line = format!("下書きの会場,{date},9:00,10:00,30,7,{vaccine},1\r\n");
    let (encoded, _, _) = encoding_rs::SHIFT_JIS.encode(header);
    let (encoded_line, _, unmappable) = encoding_rs::SHIFT_JIS.encode(&line);
    assert!(!unmappable, "CP932 has every character of {line}");
    let file = city.files().join("drafts.csv");
    std::fs::write(&file, [encoded, encoded_line].concat()).expect("a file");
    let listed = || {
        let sessions = runtime.block_on(city.sessions(1));
        sessions.iter().any(|session| session.0["venue"]["name"] == "下書きの会場")
    };

    city.command(["sessions", "import"]).arg(&file).run().expect_code(1);
    city.command(["sessions", "import", "--dry-run"]).arg(&file).run().done();
    city.command(["sessions", "import", "--yes"]).arg(&file).run().done();
    city.command(["sessions", "import", "--yes"]).arg(&file).run().done();
    assert!(!listed(), "a draft is not shown");
    let opens_at = sesshu_tests::clock::instant_in(3600);
    let asked = city.command(["sessions", "publish", "--opens-at", &opens_at]).run().expect_code(1);
    asked.says(&["14", &date]);
    assert!(!listed(), "without a yes nothing is published");
    let unclear = city.command(["sessions", "publish", "--opens-at", "tomorrow morning", "--yes"]).run();
    assert!(matches!(unclear.code, Some(1 | 2)), "{}", unclear.both());
    assert!(!listed(), "an unclear time publishes nothing");
    city.command(["sessions", "publish", "--opens-at", &opens_at, "--yes"]).run().done().says(&["14", &date]);
    wait_until("the published session is listed", Duration::from_secs(10), || listed().then_some(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dose_given_elsewhere_makes_the_second_bookable() {
    let city = City::demo().residents(20).start();
    let second = city.open_one(PlannedSession::new("二回目だけの会場", 30, 5).doses("2")).await;
    let resident = city.resident();
    let mut client = city.login(&resident).await;
    client.book("k", &second.place(0).dose(2)).await.refused(409, "not_eligible");
    let vaccine = city.vaccine().await;
    let file = city.files().join("doses.csv");
    let date = sesshu_tests::clock::date_in(-10);
    std::fs::write(&file, format!("id,dose,date,vaccine\n{},1,{date},{vaccine}\n", resident.id)).expect("a file");
    city.command(["doses", "import", "--dry-run"]).arg(&file).run().done();
    client.book("k", &second.place(0).dose(2)).await.refused(409, "not_eligible");
    city.command(["doses", "import", "--yes"]).arg(&file).run().done();
    client.book("k", &second.place(0).dose(2)).await.expect(201);
    city.command(["doses", "import", "--yes"]).arg(&file).run().done();
    let _ = city.verify();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wave_decides_who_may_book_when() {
    let city = City::demo().residents(20).start();
    let session = city.open_one(PlannedSession::new("区分の会場", 30, 5)).await;
    let file = city.files().join("waves.csv");
    let opens_at = sesshu_tests::clock::instant_in(3600);
    std::fs::write(&file, format!("name,born_from,born_to,group,opens_at\n全員,,,,{opens_at}\n")).expect("a file");
    city.command(["waves", "import", "--dry-run"]).arg(&file).run().done();
    city.command(["waves", "import"]).arg(&file).run().expect_code(1);
    let mut client = city.someone().await;
    client.book("before", &session.place(0).dose(1)).await.expect(201);
    city.command(["waves", "import", "--yes"]).arg(&file).run().done();
    let answer = city.someone().await.book("after", &session.place(0).dose(1)).await;
    assert!(matches!(answer.code().as_deref(), Some("not_eligible")), "its wave opens in an hour: {}", answer.text());
    assert_eq!(client.bookings().await.len(), 1, "what is booked stays");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_longer_than_a_socket_may_have_works_like_any_other() {
    const LONG: &str =
        "接種会の予約システムのデータを置く長い名前のフォルダー/another-folder-with-a-name-that-is-rather-long-as-well";
    let mut city = City::demo().residents(20).below(LONG).start();
    city.open_one(PlannedSession::new("長い名前の会場", 30, 5)).await;
    let _ = city.verify();
    city.stop();
    let _ = city.verify();
}

#[test]
fn completions_are_printed_for_the_usual_shells() {
    for shell in ["bash", "zsh", "fish"] {
        Sesshu::new(["completions", shell]).run().done().says(&["sesshu"]);
    }
    Sesshu::new(["completions", "cobol"]).run().expect_code(2);
}

#[test]
fn a_demo_is_made_afresh_unless_it_is_kept() {
    let mut city = City::demo().residents(20).start();
    let (first, place) =
        (std::fs::read(city.data().join("demo-residents.csv")).expect("the logins"), city.data().to_owned());
    city.stop();
    city.restart();
    assert_eq!(std::fs::read(place.join("demo-residents.csv")).expect("the logins"), first, "serve keeps the demo");
    assert!(place.join("demo-staff.csv").is_file());
    let staff = read(&place.join("demo-staff.csv"));
    assert_eq!(staff.lines().next().map(str::trim), Some("login,password,totp_secret,role"));
}

#[test]
fn accounts_are_added_listed_and_disabled_and_the_last_admin_stays() {
    let folder = Folder::with_data();
    let added = folder.run(["staff", "add", "sato", "--role", "admin", "--json"]).run().done().json();
    assert_eq!((&added["login"], &added["role"]), (&json!("sato"), &json!("admin")), "{added}");
    assert_eq!(added["totp_secret"].as_str().map(str::len), Some(32));
    folder.run(["staff", "add", "sato", "--role", "ops"]).run().expect_code(1);
    folder.run(["staff", "add", "Sato", "--role", "ops"]).run().expect_code(2);
    folder.run(["staff", "disable", "sato"]).run().expect_code(1);
    folder.run(["staff", "add", "ito", "--role", "admin"]).run().done();
    folder.run(["staff", "disable", "sato"]).run().done();
    let list = folder.run(["staff", "list", "--json"]).run().done().json();
    let all = json!([
        { "login": "ito", "role": "admin", "venue": null, "disabled": false },
        { "login": "sato", "role": "admin", "venue": null, "disabled": true },
    ]);
    assert_eq!(list["accounts"], all);
    folder.run(["staff", "list"]).run().done().says(&["ito", "disabled"]);
    folder.run(["staff", "disable", "sato", "--undo"]).run().done();
    folder.run(["staff", "disable", "nobody"]).run().expect_code(1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_bookings_are_closed_and_opened_with_and_without_a_server_and_each_turn_is_noted_once() {
    let mut city = City::demo().residents(20).start();
    let session = city.open_one(PlannedSession::new("止める会場", 30, 5)).await;
    let place = session.place(0).dose(1);
    let (mut device, mut other) = (city.someone().await, city.someone().await);
    device.book("kept", &place).await.expect(201);
    let switch = |city: &City, arguments: &[&str]| city.command([&["switch"], arguments, &["--json"]].concat()).run();
    let off = switch(&city, &["off", "new_bookings", "--reason", "試験", "--for", "600"]).done().json();
    assert_eq!((&off["turned"], &off["unsaved"]), (&json!(true), &json!(null)), "{off}");
    assert_eq!((&off["switches"][0]["off"], &off["switches"][0]["reason"]), (&json!(true), &json!("試験")), "{off}");
    for path in ["/api/v1/holds", "/api/v1/bookings"] {
        let refused = other.send(Request::new("POST", path).key("new").json(&place)).await;
        assert!(refused.header("retry-after").is_some());
        let problem = refused.refused(503, "paused");
        assert_eq!(problem["retry_at"], off["switches"][0]["until"], "{problem}");
    }
    device.book("kept", &place).await.expect(200);
    let listed = city.command(["switch", "list"]).language("ja_JP.UTF-8").run().done();
    listed.says(&["× 停止中", "ウェブの新規予約", "試験"]);
    switch(&city, &["off", "everything"]).expect_code(2);
    switch(&city, &["off", "new_bookings", "--for", "0"]).expect_code(2);

    // Without a server, and without a store that could be opened.
    city.stop();
    let store = city.data().join("sesshu.redb");
    let away = city.data().join("away");
    std::fs::rename(&store, &away).expect("the store is away");
    assert_eq!(switch(&city, &["list"]).done().json()["switches"][0]["off"], true, "it stays off");
    switch(&city, &["off", "lists"]).done();
    assert_eq!(switch(&city, &["off", "lists"]).done().json()["turned"], false, "it is off already");
    std::fs::rename(&away, &store).expect("the store is back");
    city.restart();
    let mut other = city.someone().await;
    other.book("new", &place).await.refused(503, "paused");
    switch(&city, &["on", "new_bookings"]).done();
    other.book("new", &place).await.expect(201);
    let mut desk = Client::new(city.staff(), std::net::Ipv4Addr::LOCALHOST);
    let cookie = city.new_staff("ops").sign_in(&mut desk).await;
    let audit = wait_until_async("the journal to have every turn", Duration::from_secs(20), async || {
        let page =
            desk.send(Request::new("GET", "/audit?kind=switch").header("cookie", &cookie)).await.expect(200).text();
        page.contains("を再開しました").then_some(page)
    });
    let audit = audit.await;
    let turns =
        ["「ウェブの新規予約」を止めました", "「空きの即時表示」を止めました", "「ウェブの新規予約」を再開しました"];
    assert_eq!(turns.map(|turn| audit.matches(turn).count()), [1, 1, 1], "{audit}");
    assert!(!audit.contains("試験"), "why is not in the journal");
    city.stop();
    let verified = city.verify();
    assert_eq!(verified["ok"], true, "{verified}");
}

#[test]
fn doctor_says_what_is_not_fit_and_what_to_do() {
    let folder = Folder::with_data();
    let found = folder.run(["doctor", "--json"]).run().expect_code(1).json();
    assert_eq!(found["ok"], false, "nobody is told: {found}");
    let check = |found: &serde_json::Value, code: &str| {
        let checks = found["checks"].as_array().expect("checks");
        let check = checks.iter().find(|check| check["check"] == code).unwrap_or_else(|| panic!("{code} in {found}"));
        (check["mark"].as_str().expect("a mark").to_owned(), check["advice"].as_str().expect("advice").to_owned())
    };
    let (mark, advice) = check(&found, "contacts");
    assert!(mark == "bad" && advice.contains("alert test"), "{advice}");
    assert_eq!(check(&found, "configuration").0, "good");
    folder
        .run(["doctor"])
        .language("ja_JP.UTF-8")
        .run()
        .expect_code(1)
        .says(&["× 異常が起きても、だれにも知らせません"]);
    let contact =
        |name: &str| format!("[[monitor.contact]]\nname = \"{name}\"\nwebhook = \"https://hooks.example/1\"\n");
    std::fs::write(folder.config(), contact("当番") + &contact("係長")).expect("a configuration");
    let found = folder.run(["doctor", "--json"]).run().json();
    assert_eq!(check(&found, "contacts").0, "good");
    std::fs::write(folder.config(), "[monitor]\nevery_seconds = 0\n").expect("a configuration");
    let found = folder.run(["doctor", "--json"]).run().expect_code(1).json();
    let (mark, advice) = check(&found, "configuration");
    assert!(mark == "bad" && advice.contains("check-config"), "{found}");
}
