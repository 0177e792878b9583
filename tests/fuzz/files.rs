//! The city's files: whatever bytes they hold, what is read can be written and read again, and what is wrong is named by a line
//! that the file has.

use std::collections::HashSet;
use std::fmt::Debug;

use encoding_rs::SHIFT_JIS;
use sesshu_engine::core::time::Day;
use sesshu_engine::roll::{
    CAPACITY_MAX, DoseRow, Encoding, GROUPS_MAX, KANA_NAME_CHARS_MAX, Lang, LineError, ParsedFile, RollRow,
    SLOT_MINUTES, SessionRow, WaveRow, decode, parse_doses, parse_roll, parse_sessions, parse_waves,
};

use crate::driver::Target;

/// The longest message about a line, in characters: two quoted values and a sentence.
const MESSAGE_CHARS_MAX: usize = 250;

#[test]
fn what_is_read_of_a_roll_can_be_written_and_read_again() {
    const WORDS: &[&str] = &[
        "id,name_kana,birth_date,groups",
        "券番号,氏名カナ,生年月日,区分",
        "0012345678",
        "００１２３４",
        "ｻﾄｳ ﾊﾅｺ",
        "サトウ　ハナコ",
        "カ\u{309b}",
        "1950-04-01",
        "S25.4.1",
        "3250401",
        "昭和64年1月8日",
        "令和元年5月1日",
        "1950-00-00",
        "a;b;;c",
        "６５歳以上",
    ];
    Target { name: "roll", words: WORDS, runs: 3_000 }.hold(roll);
}

#[test]
fn what_is_read_of_sessions_can_be_written_and_read_again() {
    const WORDS: &[&str] = &[
        "venue,date,start,end,slot_minutes,capacity,vaccine,doses,phone_share",
        "会場,日付,開始,終了,枠分,定員,ワクチン,回数",
        "2026-12-05",
        "9:30",
        "９時３０分",
        "24:00",
        "1;2",
        "2;1",
        "1;1",
        "10000",
        "コミナティ",
    ];
    Target { name: "sessions", words: WORDS, runs: 3_000 }.hold(sessions);
}

#[test]
fn what_is_read_of_waves_can_be_written_and_read_again() {
    const WORDS: &[&str] = &[
        "name,born_from,born_to,group,opens_at",
        "名称,生年月日から,生年月日まで,区分,開始日時",
        "1952-04-01",
        "S27.4.1",
        "2026-12-01 09:00",
        "2026/12/1 9:00",
        "令和8年12月1日 9時",
        "2026-12-01T09:00:00.5+09:00",
        "2026-12-01T00:00:00Z",
    ];
    Target { name: "waves", words: WORDS, runs: 3_000 }.hold(waves);
}

#[test]
fn what_is_read_of_doses_can_be_written_and_read_again() {
    const WORDS: &[&str] =
        &["id,dose,date,vaccine", "券番号,回,接種日,ワクチン", "0012345678", "2026-04-12", "１", "9"];
    Target { name: "doses", words: WORDS, runs: 3_000 }.hold(doses);
}

fn today() -> Day {
    "2026-04-12".parse().expect("a date")
}

fn roll(bytes: &[u8]) {
    const HEADER: &str = "id,name_kana,birth_date,groups";
    let print =
        |row: &RollRow| [row.id.to_string(), row.name_kana.clone(), row.birth_date.to_string(), row.groups.join(";")];
    let parse = |bytes: &[u8]| parse_roll(bytes, today());
    read_and_written(
        bytes,
        HEADER,
        parse,
        print,
        |row, line| RollRow { line, ..row },
        |file| {
            let ids: HashSet<_> = file.rows.iter().map(|row| row.id).collect();
            assert_eq!(ids.len(), file.rows.len(), "an ID twice");
            for row in &file.rows {
                assert!((1..=KANA_NAME_CHARS_MAX).contains(&row.name_kana.chars().count()));
                assert!(row.birth_date <= today() && row.groups.len() <= GROUPS_MAX);
                assert!(row.groups.windows(2).all(|pair| pair[0] < pair[1]), "groups are sorted, each once");
            }
        },
    );
}

fn sessions(bytes: &[u8]) {
    const HEADER: &str = "venue,date,start,end,slot_minutes,capacity,vaccine,doses,phone_share";
    let print = |row: &SessionRow| {
        let doses: Vec<String> = row.doses.iter().map(ToString::to_string).collect();
        let share = row.phone_share.map_or_else(String::new, |share| share.to_string());
        let [venue, vaccine] = [&row.venue, &row.vaccine].map(Clone::clone);
        let (slot_minutes, capacity) = (row.slot_minutes.to_string(), row.capacity.to_string());
        let (date, start, end) = (row.date.to_string(), row.start.to_string(), row.end.to_string());
        [venue, date, start, end, slot_minutes, capacity, vaccine, doses.join(";"), share]
    };
    read_and_written(
        bytes,
        HEADER,
        parse_sessions,
        print,
        |row, line| SessionRow { line, ..row },
        |file| {
            for (nth, row) in file.rows.iter().enumerate() {
                assert!(
                    SLOT_MINUTES.contains(&u32::from(row.slot_minutes)) && (1..=CAPACITY_MAX).contains(&row.capacity)
                );
                assert!(row.start < row.end && (row.end.0 - row.start.0).is_multiple_of(row.slot_minutes));
                assert!(row.phone_share.is_none_or(|share| share <= row.capacity));
                assert!(!row.doses.is_empty() && row.doses.windows(2).all(|pair| pair[0] < pair[1]));
                let overlaps = |other: &&SessionRow| {
                    (&other.venue, other.date, &other.vaccine) == (&row.venue, row.date, &row.vaccine)
                        && other.start < row.end
                        && row.start < other.end
                };
                assert_eq!(file.rows[..nth].iter().find(overlaps), None, "{row:?} overlaps");
            }
        },
    );
}

fn waves(bytes: &[u8]) {
    const HEADER: &str = "name,born_from,born_to,group,opens_at";
    let print = |row: &WaveRow| {
        let date = |day: Option<Day>| day.map_or_else(String::new, |day| day.to_string());
        let opens_at = row.opens_at.to_rfc3339().replace('+', &format!(".{:03}+", row.opens_at.0.rem_euclid(1_000)));
        [row.name.clone(), date(row.born_from), date(row.born_to), row.group.clone().unwrap_or_default(), opens_at]
    };
    read_and_written(
        bytes,
        HEADER,
        parse_waves,
        print,
        |row, line| WaveRow { line, ..row },
        |file| {
            let names: HashSet<_> = file.rows.iter().map(|row| &row.name).collect();
            assert_eq!(names.len(), file.rows.len(), "a name twice");
            for row in &file.rows {
                assert!(row.born_from.zip(row.born_to).is_none_or(|(from, to)| from <= to));
            }
        },
    );
}

fn doses(bytes: &[u8]) {
    const HEADER: &str = "id,dose,date,vaccine";
    let print = |row: &DoseRow| [row.id.to_string(), row.dose.to_string(), row.date.to_string(), row.vaccine.clone()];
    let parse = |bytes: &[u8]| parse_doses(bytes, today());
    read_and_written(
        bytes,
        HEADER,
        parse,
        print,
        |row, line| DoseRow { line, ..row },
        |file| {
            let doses: HashSet<_> = file.rows.iter().map(|row| (row.id, row.dose)).collect();
            assert_eq!(doses.len(), file.rows.len(), "a dose twice");
            assert!(file.rows.iter().all(|row| row.date <= today()));
        },
    );
}

/// What holds for every kind of file. The bytes are read as a whole file, and as the lines below a right header.
fn read_and_written<R: Clone + PartialEq + Debug, const COLUMNS: usize>(
    bytes: &[u8],
    header: &str,
    parse: impl Fn(&[u8]) -> ParsedFile<R>,
    print: impl Fn(&R) -> [String; COLUMNS],
    on_line: impl Fn(R, u64) -> R,
    check: impl Fn(&ParsedFile<R>),
) {
    for bytes in [bytes, &[header.as_bytes(), b"\n", bytes].concat()] {
        let file = parse(bytes);
        assert_eq!(parse(bytes), file, "read twice");
        assert_eq!(file.encoding, decode(bytes).ok().map(|decoded| decoded.encoding));
        let lines = lines_of(bytes);
        assert!(file.rows.len() as u64 <= lines);
        file.errors.iter().chain(&file.flags).for_each(|error| check_message(error, lines));
        check(&file);

        let mut text = format!("{header}\r\n");
        for row in &file.rows {
            text += &print(row).map(|field| format!("\"{}\"", field.replace('"', "\"\""))).join(",");
            text += "\r\n";
        }
        let expected: Vec<R> = file.rows.iter().zip(2..).map(|(row, line)| on_line(row.clone(), line)).collect();
        let written = parse(text.as_bytes());
        assert_eq!((&written.rows, &written.errors), (&expected, &Vec::new()), "{text}");
        assert_eq!(parse(format!("\u{feff}{text}").as_bytes()).rows, expected, "with a byte order mark");
        let (cp932, _, unmappable) = SHIFT_JIS.encode(&text);
        // Some characters have two codes in CP932, or none.
        if !unmappable && SHIFT_JIS.decode_without_bom_handling(&cp932).0 == text {
            let read = parse(&cp932);
            if read.encoding == Some(Encoding::Cp932) {
                assert_eq!(read.rows, expected, "in CP932");
            }
        }
    }
}

fn check_message(error: &LineError, lines: u64) {
    assert!((1..=lines).contains(&error.line), "line {} of {lines}", error.line);
    for lang in [Lang::Ja, Lang::En] {
        let text = error.text(lang);
        assert!(!text.is_empty() && !text.contains(['\n', '\r', '\0']), "{text:?}");
        assert!(text.chars().count() <= MESSAGE_CHARS_MAX, "{text}");
    }
}

/// How many lines an editor shows: LF, CRLF and CR end one.
fn lines_of(bytes: &[u8]) -> u64 {
    let crlf = bytes.windows(2).filter(|pair| pair == b"\r\n").count();
    1 + (bytes.iter().filter(|byte| matches!(byte, b'\r' | b'\n')).count() - crlf) as u64
}
