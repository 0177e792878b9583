//! The fences of the house, held against its sources: which file may name which crate, which crate may know which, and the
//! form every file has. `ARCHITECTURE.md` says what each fence is for.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const LINES_MAX: usize = 400;
/// Files that are tests as a whole may be a little longer.
const TEST_LINES_MAX: usize = 500;

/// A fence: files under `inside` must not name any of `words`, except those that `except` lets.
struct Fence {
    claim: &'static str,
    inside: &'static [&'static str],
    words: &'static [&'static str],
    except: fn(&Path) -> bool,
}

const PRODUCT: &[&str] = &["src", "engine", "http", "monitor", "backup"];

const FENCES: &[Fence] = &[
    Fence {
        claim: "redb stays behind the ledger",
        inside: PRODUCT,
        words: &["redb"],
        except: |path| path.starts_with("engine/src/ledger"),
    },
    Fence {
        claim: "actix stays behind the actors",
        inside: PRODUCT,
        words: &["actix"],
        except: |path| path.starts_with("engine/src/actors") || path.starts_with("monitor"),
    },
    Fence {
        claim: "the machine is measured by the monitor alone",
        inside: PRODUCT,
        words: &["sysinfo"],
        except: |path| path.starts_with("monitor"),
    },
    Fence {
        claim: "the wall clock is read in files named clock.rs",
        inside: &["src", "engine", "http", "monitor", "backup", "benches", "tests"],
        words: &["SystemTime::now", "Timestamp::now", "Zoned::now"],
        except: |path| path.ends_with("clock.rs") || path == Path::new("tests/fences.rs"),
    },
    Fence {
        claim: "the rules do no IO, read no clock, draw no lots and know no async",
        inside: &["engine/src/core"],
        words: &[
            "tokio",
            "async",
            "await",
            "rand",
            "getrandom",
            "tracing",
            "std::fs",
            "std::net",
            "std::io",
            "std::env",
            "std::thread",
            "std::time",
        ],
        except: |_| false,
    },
    Fence {
        claim: "the rules know neither ledger nor actors nor roll",
        inside: &["engine/src/core"],
        words: &["crate::ledger", "crate::actors", "crate::roll", "super::super::ledger", "super::super::actors"],
        except: |_| false,
    },
    Fence {
        claim: "the ledger knows no actors",
        inside: &["engine/src/ledger"],
        words: &["crate::actors", "super::actors", "super::super::actors"],
        except: |_| false,
    },
    Fence {
        claim: "the roll knows no actors",
        inside: &["engine/src/roll"],
        words: &["crate::actors", "super::actors", "super::super::actors"],
        except: |_| false,
    },
    Fence {
        claim: "http has one door into the engine",
        inside: &["http"],
        words: &["sesshu_engine::actors", "sesshu_engine::ledger", "actors::", "ledger::"],
        except: |_| false,
    },
    Fence {
        claim: "the engine speaks no HTTP",
        inside: &["engine"],
        words: &["axum", "hyper", "tower"],
        except: |_| false,
    },
    Fence {
        claim: "the tests know the product from outside only, but for the fuzz targets and the matrix of the console's routes",
        inside: &["tests"],
        words: &["sesshu_engine", "sesshu_http", "sesshu_monitor", "sesshu_backup", "axum"],
        except: |path| {
            path == Path::new("tests/fences.rs") || path.starts_with("tests/fuzz") || path.starts_with("tests/matrix")
        },
    },
];

#[test]
fn every_name_stays_behind_its_fence() {
    let files = rust_files();
    let mut problems = Vec::new();
    for fence in FENCES {
        let fenced = files
            .iter()
            .filter(|file| fence.inside.iter().any(|part| file.path.starts_with(part)) && !(fence.except)(&file.path));
        for file in fenced {
            for (number, line) in file.code_lines() {
                problems.extend(
                    fence
                        .words
                        .iter()
                        .filter(|word| names(line, word))
                        .map(|word| format!("{}:{number} names `{word}`: {}", file.path.display(), fence.claim)),
                );
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for() {
    none_of(|file| (!file.text.starts_with("//! ")).then(|| "begins without a line of `//!` documentation".to_owned()));
}

#[test]
fn no_file_is_longer_than_a_person_reads() {
    none_of(|file| {
        let is_test = file.path.components().any(|part| part.as_os_str() == "tests");
        let lines_max = if is_test { TEST_LINES_MAX } else { LINES_MAX };
        let lines = file.code_lines().count();
        (lines > lines_max).then(|| format!("has {lines} lines without its tests; {lines_max} are allowed"))
    });
}

#[test]
fn nothing_is_left_for_later_and_no_machine_is_named() {
    // Joined here so that this file does not find itself.
    let words = [["TO", "DO"], ["FIX", "ME"], ["XX", "X:"], ["/wo", "rk/"], ["/ro", "ot/"], ["/ho", "me/"]]
        .map(|word| word.concat());
    let mut problems = Vec::new();
    for path in files_below(&checkout(), &["rs", "toml", "md", "html", "css", "yml", "yaml", "sh"]) {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        for (index, line) in text.lines().enumerate() {
            problems.extend(
                words
                    .iter()
                    .filter(|word| line.contains(word.as_str()))
                    .map(|word| format!("{}:{} has `{word}`", path.display(), index + 1)),
            );
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    for package in packages() {
        let manifest = package["manifest_path"].as_str().expect("a manifest");
        let text = std::fs::read_to_string(manifest).expect("a readable manifest");
        assert!(text.contains("[lints]\nworkspace = true"), "{manifest} does not take the lints of the workspace");
    }
}

#[test]
fn crates_know_only_whom_they_may() {
    let allowed: &[(&str, &[&str])] = &[
        ("sesshu", &["sesshu-engine", "sesshu-http", "sesshu-monitor", "sesshu-backup"]),
        ("sesshu-engine", &[]),
        ("sesshu-http", &["sesshu-engine", "sesshu-monitor"]),
        ("sesshu-monitor", &[]),
        ("sesshu-backup", &["sesshu-engine"]),
        ("sesshu-benches", &["sesshu-engine", "sesshu-http", "sesshu-monitor", "sesshu-tests"]),
        ("sesshu-tests", &["sesshu-engine", "sesshu-http"]),
    ];
    let only_in: &[(&str, &[&str])] = &[
        ("redb", &["sesshu-engine", "sesshu-benches"]),
        ("actix", &["sesshu-engine", "sesshu-monitor"]),
        ("sysinfo", &["sesshu-monitor"]),
        ("axum", &["sesshu-http", "sesshu-benches", "sesshu-tests"]),
        ("argon2", &["sesshu-engine", "sesshu-benches"]),
    ];
    for package in packages() {
        let name = package["name"].as_str().expect("a name");
        let (_, known) =
            allowed.iter().find(|(own, _)| *own == name).unwrap_or_else(|| panic!("whom may {name} know?"));
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let other = dependency["name"].as_str().expect("a name");
            let is_ours = dependency["path"].is_string();
            assert!(!is_ours || known.contains(&other), "{name} must not know {other}");
            let homes = only_in.iter().find(|(own, _)| *own == other).map(|(_, homes)| homes);
            assert!(homes.is_none_or(|homes| homes.contains(&name)), "{name} must not use {other}");
        }
    }
}

#[test]
fn every_file_of_tests_is_run_by_the_one_test_command() {
    let read = |name: &str| std::fs::read_to_string(checkout().join("tests").join(name)).expect("a readable file");
    let (manifest, run) = (read("Cargo.toml"), read("run"));
    let named: Vec<&str> = run.split_whitespace().map(|word| word.trim_end_matches(';')).collect();
    let targets = manifest.split("[[test]]").skip(1).filter_map(|table| table.split('"').nth(1));
    let missing: Vec<&str> = targets.filter(|target| !named.contains(target)).collect();
    assert!(missing.is_empty(), "tests/run does not run {missing:?}");
}

/// A source file of the workspace.
struct SourceFile {
    path: PathBuf,
    text: String,
}

impl SourceFile {
    /// The lines, numbered from 1, without the unit tests at the end.
    fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut lines = self.text.lines().enumerate().peekable();
        let mut in_tests = false;
        std::iter::from_fn(move || {
            loop {
                let (index, line) = lines.next()?;
                if in_tests {
                    in_tests = line != "}";
                    continue;
                }
                let module_follows =
                    lines.peek().is_some_and(|(_, next)| next.starts_with("mod ") && next.ends_with('{'));
                if line == "#[cfg(test)]" && module_follows {
                    in_tests = true;
                    continue;
                }
                return Some((index + 1, line));
            }
        })
    }
}

/// Whether the code of `line`, without its comment, names `word` as a word of its own.
fn names(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let code = if line.trim_start().starts_with("//") { "" } else { line.split(" // ").next().unwrap_or_default() };
    code.match_indices(word).any(|(at, _)| {
        let starts = !code[..at].ends_with(is_part);
        let ends = word.ends_with(':') || !code[at + word.len()..].starts_with(is_part);
        starts && ends
    })
}

fn none_of(wrong: impl Fn(&SourceFile) -> Option<String>) {
    let problems: Vec<String> =
        rust_files().iter().filter_map(|file| Some(format!("{} {}", file.path.display(), wrong(file)?))).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are in the checkout").to_owned()
}

fn rust_files() -> Vec<SourceFile> {
    let root = checkout();
    let files: Vec<SourceFile> = files_below(&root, &["rs"])
        .into_iter()
        .map(|path| SourceFile {
            text: std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())),
            path: path.strip_prefix(&root).expect("a file of the checkout").to_owned(),
        })
        .collect();
    assert!(files.len() > 20, "the sources are found");
    files
}

fn files_below(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !matches!(
                name.as_str(),
                "target" | ".git" | "node_modules" | "sesshu-data" | "sesshu-demo" | "sesshu-training"
            ) {
                found.extend(files_below(&path, endings));
            }
        } else if path.extension().is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn packages() -> Vec<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(checkout())
        .output()
        .expect("cargo tells its metadata");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("metadata is JSON");
    metadata["packages"].as_array().expect("packages").clone()
}
