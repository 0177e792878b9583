//! The end of a campaign from the command line, with and without a running server, and a city for training.

use std::net::Ipv4Addr;

use serde_json::json;
use sesshu_tests::{City, Client, Sesshu};
use tempfile::TempDir;

/// A data folder of real people, though there are few of them.
struct Folder(TempDir);

impl Folder {
    fn with_people(people: usize) -> Self {
        let folder = Self(TempDir::with_prefix("sesshu-campaign-").expect("a temporary folder"));
        folder.run(["init"]).run().done();
        let mut roll = String::from("id,name_kana,birth_date,groups\n");
        for n in 0..people {
            roll.push_str(&format!("{n:010},サトウ　ハナコ,1960-04-02,\n"));
        }
        let file = folder.0.path().join("roll.csv");
        std::fs::write(&file, roll).expect("a file");
        folder.run(["residents", "import", "--yes"]).arg(&file).run().done();
        folder
    }

    fn run<const N: usize>(&self, arguments: [&str; N]) -> Sesshu {
        Sesshu::new(arguments).data(&self.0.path().join("data")).in_folder(self.0.path())
    }
}

const LISTENERS: [&str; 6] =
    ["--listen", "127.0.0.1:0", "--staff-listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"];

#[test]
fn a_campaign_is_closed_taken_back_and_erased_for_good() {
    let folder = Folder::with_people(3);
    folder.run(["campaign", "close"]).run().expect_code(1).says(&["3 people", "--yes"]);
    folder.run(["campaign", "reopen", "--yes"]).run().expect_code(1).says(&["not closed"]);
    let closed = folder.run(["campaign", "close", "--yes", "--json"]).run().done().json();
    assert_eq!((&closed["closed"], &closed["people"]), (&json!(true), &json!(3)), "{closed}");
    folder.run(["campaign", "close", "--yes"]).run().expect_code(1).says(&["closed already", "reopen"]);
    folder.run(["campaign", "reopen", "--yes"]).run().done();
    // With no days to keep, the day is today: the command, given again, erases.
    folder.run(["campaign", "close", "--keep-days", "0", "--yes"]).run().done();
    folder.run(["campaign", "reopen", "--yes"]).run().expect_code(1).says(&["cannot be taken back"]);
    folder.run(["resident", "report", "0000000001"]).run().done();
    folder.run(["campaign", "close"]).run().expect_code(1).says(&["3 people", "--yes"]);
    let erased = folder.run(["campaign", "close", "--yes", "--json"]).run().done().json();
    assert_eq!((&erased["erased"], &erased["left"], &erased["campaign_ended"]), (&json!(3), &json!(0), &json!(true)));
    folder.run(["resident", "report", "0000000001"]).run().expect_code(1);
    let verified = folder.run(["verify", "--json"]).run().done().json();
    assert_eq!((&verified["ok"], &verified["residents"]), (&json!(true), &json!(3)), "pseudonyms stay: {verified}");
}

#[test]
fn a_running_campaign_with_open_sessions_is_not_closed() {
    let city = City::demo().residents(20).start();
    city.command(["campaign", "close", "--yes"]).run().expect_code(1).says(&["still take bookings", "市民体育館"]);
    let japanese = city.command(["campaign", "close", "--yes"]).language("ja_JP.UTF-8").run().expect_code(1);
    japanese.says(&["終了できません"]);
    let _ = city.verify();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_city_for_training_says_so_on_every_page_and_goes_on_saying_so() {
    let mut city = City::demo().residents(20).training().start();
    for _ in 0..2 {
        let login = Client::new(city.staff(), Ipv4Addr::LOCALHOST).get("/login").await.expect(200).text();
        assert!(login.contains("研修用 本物のデータではありません"), "{login}");
        let top = city.device().get("/").await.expect(200).text();
        assert!(top.contains("研修用　本物の予約ではありません"), "{top}");
        // Also when it is served like any other folder.
        city.stop();
        city.restart();
    }
    let ordinary = City::demo().residents(20).start();
    let top = ordinary.device().get("/").await.expect(200).text();
    assert!(!top.contains("研修用"), "{top}");
}

#[test]
fn real_data_is_never_used_for_training() {
    let folder = Folder::with_people(1);
    let before = folder.run(["verify", "--json"]).run().done().json();
    folder.run(["demo", "--training"]).run().expect_code(1).says(&["nothing was touched"]);
    folder.run(["demo", "--training", "--keep"]).run().expect_code(1).says(&["nothing was touched"]);
    let config = folder.0.path().join("data/sesshu.toml");
    std::fs::write(&config, "[staff]\ntraining = true\n").expect("a configuration");
    let serve = LISTENERS.iter().fold(folder.run(["serve"]), Sesshu::arg);
    serve.run().expect_code(2).says(&["training", "real"]);
    assert_eq!(folder.run(["verify", "--json"]).run().done().json(), before);
}
