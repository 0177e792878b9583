//! The city's roll from its systems to a first login: 和暦 dates and half-width kana in CP932, a dry run, an import, the same
//! file again, a file with wrong lines, and passwords for the printer.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Value, json};
use sesshu_tests::{City, Outcome, Resident, Sesshu, report, switches};
use tempfile::TempDir;

struct NewCity {
    folder: TempDir,
}

impl NewCity {
    fn new() -> Self {
        let folder = TempDir::with_prefix("sesshu-roll-").expect("a temporary folder");
        let city = Self { folder };
        city.command(["init"]).run().done();
        city
    }

    fn command<const N: usize>(&self, arguments: [&str; N]) -> Sesshu {
        Sesshu::new(arguments).data(&self.folder.path().join("data"))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        path
    }

    fn import<const N: usize>(&self, file: &Path, options: [&str; N]) -> Outcome {
        options.iter().fold(self.command(["residents", "import"]).arg(file), Sesshu::arg).run()
    }

    fn residents(&self) -> Value {
        self.command(["verify", "--json"]).run().done().json()["residents"].clone()
    }
}

/// Lines of a roll as a city's system exports it.
fn roll_text(residents: usize) -> String {
    let (families, given) = (["ｻﾄｳ", "ｽｽﾞｷ", "ﾀｶﾊｼ", "ﾜﾀﾅﾍﾞ", "ｺﾞﾄｳ"], ["ﾊﾅｺ", "ﾀﾛｳ", "ﾐﾂｺ", "ｼﾞｭﾝ", "ｱｷﾗ", "ﾕｳｷ"]);
    let mut text = String::from("券番号,氏名カナ,生年月日,区分\r\n");
    for index in 0..residents {
        let (family, own) = (families[index % families.len()], given[index / 5 % given.len()]);
        let (month, day) = (index % 12 + 1, index % 28 + 1);
        let born = match index % 4 {
            0 => format!("S{}.{month}.{day}", index % 60 + 2),
            1 => format!("昭和{}年{month}月{day}日", index % 60 + 2),
            2 => format!("4{:02}{month:02}{day:02}", index % 28 + 2),
            _ => format!("{}/{month}/{day}", index % 80 + 1930),
        };
        let groups = if index % 10 == 0 { "医療従事者;基礎疾患" } else { "" };
        let _ = write!(text, "{:010},{family} {own},{born},{groups}\r\n", 1_000_000 + index);
    }
    text
}

fn cp932(text: &str) -> Vec<u8> {
    let (bytes, _, unmappable) = encoding_rs::SHIFT_JIS.encode(text);
    assert!(!unmappable, "CP932 has every character");
    bytes.into_owned()
}

#[track_caller]
fn counts(outcome: &Outcome) -> [u64; 4] {
    let body = outcome.json();
    assert_eq!(body["errors"], json!([]), "{body}");
    ["new", "changed", "unchanged", "gone"]
        .map(|name| body[name].as_u64().unwrap_or_else(|| panic!("`{name}` in {body}")))
}

#[test]
fn a_roll_is_tried_imported_and_unchanged_the_second_time() {
    let lines = switches::number("SESSHU_ROLL_LINES", 5_000);
    let city = NewCity::new();
    let file = city.write("roll.csv", &cp932(&roll_text(lines)));
    let all = lines as u64;
    assert_eq!(counts(&city.import(&file, ["--dry-run", "--json"]).done()), [all, 0, 0, 0]);
    assert_eq!(city.residents(), 0, "a dry run writes nothing");
    city.import(&file, []).expect_code(1);
    assert_eq!(city.residents(), 0, "without a terminal and without --yes nothing is written");
    let start = Instant::now();
    assert_eq!(counts(&city.import(&file, ["--yes", "--json"]).done()), [all, 0, 0, 0]);
    let took = start.elapsed();
    assert_eq!(city.residents(), all);
    assert_eq!(counts(&city.import(&file, ["--yes", "--json"]).done()), [0, 0, all, 0]);
    assert_eq!(city.residents(), all);
    report(&format!("roll: {lines} lines of CP932 imported in {:.1} s", took.as_secs_f64()));
    assert!(took.as_secs() < 15, "an import of 105,000 lines takes 15 seconds at most, not {took:?}");
}

#[test]
fn a_file_is_the_whole_roll_unless_it_is_partial() {
    let city = NewCity::new();
    let text = roll_text(10);
    city.import(&city.write("ten.csv", text.as_bytes()), ["--yes"]).done();
    let mut lines: Vec<&str> = text.lines().collect();
    let moved_in = "0009999999,ｱﾍﾞ ﾏﾘ,H1.2.3,";
    lines.truncate(8);
    lines[1] = "0001000000,サトウ　ハナヨ,1930-01-01,";
    lines.push(moved_in);
    let file = city.write("changed.csv", format!("\u{feff}{}\n", lines.join("\n")).as_bytes());
    assert_eq!(counts(&city.import(&file, ["--partial", "--dry-run", "--json"]).done()), [1, 1, 6, 0]);
    assert_eq!(counts(&city.import(&file, ["--yes", "--json"]).done()), [1, 1, 6, 3]);
    assert_eq!(counts(&city.import(&file, ["--yes", "--json"]).done())[..3], [0, 0, 8]);
}

/// Wrong lines, and the column that is wrong; none is the line as a whole.
const WRONG: [(&str, Option<&str>); 25] = [
    (",ア,1950-04-01,", Some("id")),
    ("123,ア,1950-04-01,", Some("id")),
    ("123456789012345678901,ア,1950-04-01,", Some("id")),
    ("1234A67890,ア,1950-04-01,", Some("id")),
    ("1.23E+09,ア,1950-04-01,", Some("id")),
    ("0000000001,ア,1950-04-01,", Some("id")),
    ("1000000001,,1950-04-01,", Some("name_kana")),
    ("1000000002,佐藤　ハナコ,1950-04-01,", Some("name_kana")),
    ("1000000003,サトウ１,1950-04-01,", Some("name_kana")),
    ("1000000004,サトウ？,1950-04-01,", Some("name_kana")),
    ("1000000005,サトウ,,", Some("birth_date")),
    ("1000000006,サトウ,50-04-01,", Some("birth_date")),
    ("1000000007,サトウ,1950-02-29,", Some("birth_date")),
    ("1000000008,サトウ,1950-04-00,", Some("birth_date")),
    ("1000000009,サトウ,S250000,", Some("birth_date")),
    ("1000000010,サトウ,平成元年1月7日,", Some("birth_date")),
    ("1000000011,サトウ,昭和64年1月8日,", Some("birth_date")),
    ("1000000012,サトウ,2450729,", Some("birth_date")),
    ("1000000013,サトウ,2150-04-13,", Some("birth_date")),
    ("1000000014,サトウ,1867-12-31,", Some("birth_date")),
    ("1000000015,サトウ,1950-13-01,", Some("birth_date")),
    ("1000000016,サトウ,1950-04-01,1;2;3;4;5;6;7;8;9", Some("groups")),
    (
        "1000000017,サトウ,1950-04-01,とても長い区分の名前とても長い区分の名前とても長い区分の名前とても長い",
        Some("groups"),
    ),
    ("1000000018,サトウ,1950-04-01", None),
    ("1000000019,サトウ,ハナコ,1950-04-01,", None),
];

#[test]
fn every_wrong_line_is_told_by_line_column_and_reason_and_nothing_is_written() {
    let city = NewCity::new();
    let mut text = String::from("券番号,氏名カナ,生年月日,区分\r\n0000000001,ﾀﾀﾞｼｲ ﾋﾄ,3250401,\r\n");
    for (index, (line, _)) in WRONG.iter().enumerate() {
        // A right line after each: neither hides the other.
        let _ = write!(text, "{line}\r\n{:010},ﾀﾀﾞｼｲ ﾋﾄ,S25.4.1,\r\n", 2_000_000_000_u64 + index as u64);
    }
    let file = city.write("wrong.csv", &cp932(&text));
    for options in [&["--dry-run", "--json"][..], &["--yes", "--json"]] {
        let outcome = options.iter().fold(city.command(["residents", "import"]).arg(&file), Sesshu::arg).run();
        let errors = outcome.expect_code(1).json()["errors"].as_array().expect("`errors` is a list").clone();
        assert_eq!(errors.len(), WRONG.len(), "{errors:#?}");
        for (index, (error, (line, column))) in errors.iter().zip(WRONG).enumerate() {
            assert_eq!(error["line"], 3 + 2 * index, "{line}: {error}");
            assert_eq!(error["column"].as_str().filter(|name| !name.is_empty()), column, "{line}: {error}");
            assert!(error["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{line}: {error}");
        }
        let reasons: BTreeSet<&str> = errors.iter().filter_map(|error| error["reason"].as_str()).collect();
        assert!(reasons.len() > 15, "reasons tell what is wrong: {reasons:#?}");
    }
    assert_eq!(city.residents(), 0);
    let import = || city.command(["residents", "import", "--yes"]).arg(&file);
    import().language("ja_JP.UTF-8").run().expect_code(1).says(&["券番号", "生年月日", "氏名カナ", "51"]);
    import().run().expect_code(1).says(&["birth_date", ":51:"]);
}

#[test]
fn what_is_no_roll_is_refused() {
    let city = NewCity::new();
    let files: [(&str, &[u8]); 5] = [
        ("empty.csv", b""),
        ("workbook.csv", b"PK\x03\x04\x14\0\x06\0"),
        ("other.csv", b"name,address\nx,y\n"),
        ("broken.csv", b"id,name_kana,birth_date,groups\n\x81\n\xff\xfe,\x80\n"),
        ("headless.csv", b"0001234567,x,1950-01-01,\n"),
    ];
    for (name, bytes) in files {
        let outcome = city.import(&city.write(name, bytes), ["--yes"]);
        assert_eq!(outcome.code, Some(1), "{name}\n{}", outcome.both());
    }
    let missing = city.import(Path::new("no-such-file.csv"), ["--yes"]);
    assert!(matches!(missing.code, Some(1 | 2)), "{}", missing.both());
    missing.says(&["no-such-file.csv"]);
    assert_eq!(city.residents(), 0);
}

#[test]
fn lost_leading_zeros_are_flagged() {
    let city = NewCity::new();
    let text = roll_text(20).replace("0001000003,", "1000003,");
    let outcome = city.import(&city.write("lost.csv", text.as_bytes()), ["--dry-run"]);
    assert!(matches!(outcome.code, Some(0 | 1)), "{}", outcome.both());
    outcome.says(&["digits"]);
}

#[test]
fn issued_passwords_are_for_the_printer_alone_and_issued_once() {
    let city = NewCity::new();
    let residents = 40;
    city.import(&city.write("roll.csv", &cp932(&roll_text(residents))), ["--yes"]).done();
    let out = city.folder.path().join("letters");
    std::fs::create_dir(&out).expect("a folder");
    city.command(["residents", "issue", "--yes"]).arg("--out").arg(&out).run().done();
    let lists = || -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(&out).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
        files.sort();
        files
    };
    let files = lists();
    assert!(!files.is_empty(), "a list for the printer is written");
    let mut text = String::new();
    for file in &files {
        let mode = std::fs::metadata(file).expect("a file").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{} is for its owner alone", file.display());
        let bytes = std::fs::read(file).expect("a file");
        text +=
            &String::from_utf8(bytes.clone()).unwrap_or_else(|_| encoding_rs::SHIFT_JIS.decode(&bytes).0.into_owned());
    }
    for index in 0..residents {
        let id = format!("{:010}", 1_000_000 + index);
        assert_eq!(text.matches(&id).count(), 1, "{id} is on the list once");
    }
    city.command(["residents", "issue", "--yes"]).arg("--out").arg(&out).run().done();
    let again: String = lists()
        .iter()
        .map(|file| String::from_utf8_lossy(&std::fs::read(file).expect("a file")).into_owned())
        .collect();
    let printed = |text: &str| text.matches("00010000").count();
    assert_eq!(printed(&again), printed(&text), "who has a password gets no second one");
    let nobody = city.command(["residents", "issue", "--yes", "--group", "誤字"]).arg("--out").arg(&out).run();
    nobody.expect_code(1).says(&["誤字"]);
    let verified = city.command(["verify", "--json"]).run().done().json();
    assert_eq!(verified["ok"], true);
    // And with them people log in.
    let header = text.lines().next().expect("a header").trim_start_matches('\u{feff}').trim();
    assert_eq!(header, "id,name_kana,password");
    let people: Vec<Resident> = text.lines().skip(1).filter_map(resident).collect();
    assert_eq!(people.len(), residents);
    let data = city.folder.path().join("data");
    let served = City::serving(city.folder, data);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for person in people.iter().step_by(13) {
        let me = runtime.block_on(async { served.login(person).await.get("/api/v1/me").await }).expect(200).json();
        assert_eq!(me["name_kana"], person.name_kana);
    }
}

/// A line of the list for the printer.
fn resident(line: &str) -> Option<Resident> {
    let mut fields = line.trim().split(',').map(str::to_owned);
    let (id, name_kana, password) = (fields.next()?, fields.next()?, fields.next()?);
    Some(Resident { id, password, name_kana, birth_date: String::new() })
}
