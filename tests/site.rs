//! The city's pages from the command line: what a file changes is shown first, the same file changes nothing, what is wrong is named
//! by line, with and without a running server.

use std::path::PathBuf;

use serde_json::{Value, json};
use sesshu_tests::{City, Sesshu};
use tempfile::TempDir;

const FILE: &str = r##"[theme]
main = "#004d40"

[bring]
ja = ["接種券"]

[[announcement]]
id = "opening"
title = { ja = "予約が始まります", en = "Bookings begin" }
body = "午前9時からです"

[[venue]]
name = "市民体育館"
address = "中央1-1"
"##;

struct Folder(TempDir);

impl Folder {
    fn with_data() -> Self {
        let folder = Self(TempDir::with_prefix("sesshu-site-").expect("a temporary folder"));
        folder.run(["init"]).run().done();
        folder
    }

    fn run<const N: usize>(&self, arguments: [&str; N]) -> Sesshu {
        Sesshu::new(arguments).data(&self.0.path().join("data")).in_folder(self.0.path())
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }

    fn exported(&self) -> String {
        self.run(["site", "export"]).run().done().stdout
    }
}

fn changes(outcome: &sesshu_tests::Outcome) -> Vec<(String, String)> {
    let said = outcome.json();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let one = |change: &Value| {
        let what = change["what"].as_array().expect("words").iter().map(text).collect::<Vec<_>>();
        (what.join(" "), text(&change["change"]))
    };
    said["changes"].as_array().expect("changes").iter().map(one).collect()
}

#[test]
fn a_file_is_shown_confirmed_and_taken_as_a_whole() {
    let folder = Folder::with_data();
    let file = folder.file("site.toml", FILE);
    let empty = folder.exported();
    folder.run(["site", "import"]).arg(&file).run().expect_code(1).says(&["--yes"]);
    let shown = folder.run(["site", "import", "--dry-run", "--json"]).arg(&file).run().done();
    let new = |what: &str| (what.to_owned(), "new".to_owned());
    let all = ["theme", "bring", "announcement opening", "venue 市民体育館"].map(new);
    assert_eq!(changes(&shown), all);
    assert_eq!(shown.json()["flags"][0]["line"], json!(12), "no session is in that venue: {}", shown.both());
    assert_eq!(folder.exported(), empty, "nothing is written yet");
    folder.run(["site", "import", "--yes"]).arg(&file).run().done().says(&["new: announcement opening"]);
    let again = folder.run(["site", "import", "--yes", "--json"]).arg(&file).run().done();
    assert_eq!(changes(&again), []);
    again.says(&["nothing to write"]);
    // What is exported is what was imported.
    let exported = folder.file("exported.toml", &folder.exported());
    let same = folder.run(["site", "import", "--json"]).arg(&exported).run().done();
    assert_eq!(changes(&same), []);
    // What a file does not say is not said any more.
    let shorter = folder.file("shorter.toml", &FILE[..FILE.find("[[venue]]").expect("a venue")]);
    let shorter = folder.run(["site", "import", "--yes", "--json"]).arg(&shorter).run().done();
    assert_eq!(changes(&shorter), [("venue 市民体育館".to_owned(), "gone".to_owned())]);
    folder.run(["verify"]).run().done();
}

#[test]
fn what_is_wrong_is_named_by_file_line_and_key_and_nothing_is_written() {
    let folder = Folder::with_data();
    let wrong = FILE.replace("#004d40", "#777777").replace("id = \"opening\"", "id = \"Opening!\"") + "phone = 3\n";
    let file = folder.file("site.toml", &wrong);
    let outcome = folder.run(["site", "import", "--yes"]).arg(&file).run().expect_code(1);
    outcome.says(&[
        "site.toml:2: ",
        "theme.main",
        "4.47:1",
        "site.toml:8: ",
        "site.toml:15: ",
        "venue.市民体育館.phone",
    ]);
    let outcome = folder.run(["site", "import", "--yes"]).arg(&file).language("ja_JP.UTF-8").run().expect_code(1);
    outcome.says(&["コントラスト比が 4.47:1", "このような項目はありません", "何も書き込んでいません"]);
    let broken = folder.file("broken.toml", "[theme]\nmain = = 1\n");
    folder.run(["site", "import", "--yes"]).arg(&broken).run().expect_code(1).says(&["broken.toml:2: "]);
    let errors = folder.run(["site", "import", "--json"]).arg(&file).run().expect_code(1);
    assert_eq!(errors.json()["errors"].as_array().map(Vec::len), Some(3), "{}", errors.both());
    folder.run(["site", "import", "missing.toml"]).run().expect_code(1).says(&["missing.toml"]);
    assert!(!folder.exported().contains("[theme]"));
}

#[test]
fn an_export_never_takes_the_place_of_a_file() {
    let folder = Folder::with_data();
    folder.run(["site", "export", "--out", "out.toml"]).run().done();
    let file = folder.file("out.toml", "# hours of work\n");
    folder.run(["site", "export", "--out", "out.toml"]).run().expect_code(1).says(&["out.toml"]);
    assert_eq!(std::fs::read_to_string(file).expect("the file"), "# hours of work\n");
    let exported = folder.run(["site", "export", "--json"]).run().done().json();
    assert_eq!(exported["revision"], json!(0));
}

#[test]
fn a_running_server_takes_a_file_and_keeps_it_over_a_restart() {
    let mut city = City::demo().residents(20).start();
    let exported = city.command(["site", "export"]).run().done().stdout;
    assert!(exported.contains("市民体育館") && exported.contains("ja-easy"), "the demo says something: {exported}");
    let file = city.files().join("site.toml");
    std::fs::write(&file, FILE).expect("a file");
    city.command(["site", "import"]).arg(&file).run().expect_code(1);
    city.command(["site", "import", "--yes"]).arg(&file).run().done();
    city.command(["site", "import", "--yes"]).arg(&file).run().done().says(&["nothing to write"]);
    city.stop();
    city.restart();
    let after = city.command(["site", "export"]).run().done().stdout;
    assert!(after.contains("#004d40") && !after.contains("ja-easy"), "{after}");
    let _ = city.verify();
}

/// The manual's example is one that can be imported.
#[test]
fn the_manuals_example_can_be_imported() {
    let manual = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/site.md");
    let manual = std::fs::read_to_string(manual).expect("the manual");
    let example = manual.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let folder = Folder::with_data();
    let file = folder.file("site.toml", example);
    let shown = folder.run(["site", "import", "--yes", "--json"]).arg(&file).run().done();
    assert!(changes(&shown).len() >= 6, "{}", shown.both());
}
