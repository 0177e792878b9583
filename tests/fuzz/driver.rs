//! Drives a target with inputs made from its corpus: small changes that know what texts are made of, in an order that follows from
//! a seed. It must not know what a target reads.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sesshu_tests::report;
use sesshu_tests::switches::{self, Dice};

/// No input grows longer than this, in bytes.
const INPUT_BYTES_MAX: usize = 16 << 10;
/// The most changes that make an input out of one of the corpus.
const CHANGES_MAX: usize = 6;
/// How many inputs are run between two looks at the clock.
const RUNS_PER_LOOK: usize = 16;

/// What is worth trying everywhere.
const WORDS: &[&str] = &[
    "\0", "\n", "\r\n", "\r", " ", "\u{3000}", "\t", "\"", "\"\"", "'", ",", ";", "；", ":", "-", "+", ".", "/", "%",
    "%00", "%zz", "&", "=", "ー", "ｰ", "\u{feff}", "\u{202e}", "\u{200b}", "\u{3099}", "\u{ff9e}", "\u{e000}", "１",
    "٣", "①", "㍻", "\u{fdfa}", "İ", "ß", "字", "<zq>", "\"'><zq>", "{{", "}}", "../",
];
const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "1",
    "-1",
    "+1",
    "00",
    "01",
    "9",
    "10",
    "31",
    "32",
    "60",
    "99",
    "127",
    "128",
    "255",
    "256",
    "366",
    "999",
    "1440",
    "9999",
    "32767",
    "65535",
    "65536",
    "2147483647",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "18446744073709551615",
    "18446744073709551616",
    "1e9",
    "0x1",
    "NaN",
    "99999999999999999999999999",
];

/// Something that takes bytes from outside.
pub(crate) struct Target {
    /// Its name, which is also the name of its corpus.
    pub(crate) name: &'static str,
    /// What its inputs are made of.
    pub(crate) words: &'static [&'static str],
    /// How many inputs it gets unless a switch says more.
    pub(crate) runs: usize,
}

impl Target {
    /// Whether it is to run: with the switch, one target runs alone.
    pub(crate) fn is_chosen(&self) -> bool {
        std::env::var("SESSHU_FUZZ_TARGET").map_or(true, |only| only == self.name)
    }

    /// Runs the corpus, then inputs made from it; `run` panics if a claim does not hold. A failing input is kept in a file.
    pub(crate) fn hold(&self, mut run: impl FnMut(&[u8])) {
        if !self.is_chosen() {
            return;
        }
        let corpus = self.corpus();
        let mut dice = switches::dice(&format!("fuzz {}", self.name));
        let seconds = Duration::from_secs(switches::number("SESSHU_FUZZ_SECONDS", 0) as u64);
        let runs_min = if seconds.is_zero() { switches::number("SESSHU_FUZZ_RUNS", self.runs) } else { 0 };
        let began = Instant::now();
        let mut runs = 0;
        for input in &corpus {
            self.try_one(input, &mut run);
        }
        while runs < runs_min || began.elapsed() < seconds {
            for _ in 0..RUNS_PER_LOOK {
                self.try_one(&self.changed(&corpus, &mut dice), &mut run);
            }
            runs += RUNS_PER_LOOK;
        }
        report(&format!("fuzz {}: {runs} inputs in {:.1} s", self.name, began.elapsed().as_secs_f32()));
    }

    fn corpus(&self) -> Vec<Vec<u8>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(self.name);
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
        files.sort();
        assert!(!files.is_empty(), "{} is empty", folder.display());
        files.iter().map(|file| std::fs::read(file).expect("a file of the corpus")).collect()
    }

    fn try_one(&self, input: &[u8], run: &mut impl FnMut(&[u8])) {
        let Err(failure) = catch_unwind(AssertUnwindSafe(|| run(input))) else { return };
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{}-failed", self.name));
        std::fs::write(&file, input).expect("the failing input is kept");
        let hex = input.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        report(&format!(
            "fuzz {}: failed on {} {:?}\n{hex}",
            self.name,
            file.display(),
            String::from_utf8_lossy(input)
        ));
        resume_unwind(failure);
    }

    fn changed(&self, corpus: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
        let mut input = dice.pick(corpus).clone();
        // Mostly few, so that much of the input stays right.
        let changes_max = 1 + dice.below(CHANGES_MAX);
        for _ in 0..=dice.below(changes_max) {
            self.change(&mut input, corpus, dice);
        }
        input.truncate(INPUT_BYTES_MAX);
        input
    }

    fn change(&self, input: &mut Vec<u8>, corpus: &[Vec<u8>], dice: &mut Dice) {
        let (from, to) = part(input, dice);
        match dice.below(12) {
            0 => input.truncate(to),
            1 => drop(input.drain(from..to)),
            2 | 3 => {
                let times = if dice.below(4) == 0 { 1 << dice.below(8) } else { 1 + dice.below(3) };
                let repeated = input[from..to].repeat(times);
                insert(input, from, &repeated);
            }
            4 => {
                let other = dice.pick(corpus);
                let (first, last) = part(other, dice);
                insert(input, from, &other[first..last]);
            }
            5 if from < input.len() => input[from] ^= 1 << dice.below(8),
            6 if from < input.len() => input[from] = dice.roll() as u8,
            7 => replace_number(input, from, dice),
            8 => drop(input.splice(from..to, dice.pick(WORDS).bytes())),
            9 => insert(input, from, dice.pick(WORDS).as_bytes()),
            10 if !self.words.is_empty() => drop(input.splice(from..to, dice.pick(self.words).bytes())),
            _ if !self.words.is_empty() => insert(input, from, dice.pick(self.words).as_bytes()),
            _ => {}
        }
    }
}

/// A part of `input`: mostly a short one, sometimes a line or what stands between two separators.
fn part(input: &[u8], dice: &mut Dice) -> (usize, usize) {
    let from = dice.below(input.len() + 1);
    let separators: &[u8] = match dice.below(4) {
        0 => b"\n",
        1 => b",;&=?:/- \t\r\n\"",
        _ => return (from, (from + dice.below(9)).min(input.len())),
    };
    let separates = |byte: &u8| separators.contains(byte);
    let from = input[..from].iter().rposition(separates).map_or(0, |at| at + 1);
    let to = input[from..].iter().position(separates).map_or(input.len(), |length| from + length);
    (from, to)
}

fn insert(input: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if input.len() + bytes.len() <= INPUT_BYTES_MAX {
        input.splice(at..at, bytes.iter().copied());
    }
}

/// Puts a number at its edge in the place of the first one from `from` on.
fn replace_number(input: &mut Vec<u8>, from: usize, dice: &mut Dice) {
    let Some(start) = input[from..].iter().position(u8::is_ascii_digit).map(|at| from + at) else { return };
    let digits = input[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    input.splice(start..start + digits, dice.pick(NUMBERS).bytes());
}
