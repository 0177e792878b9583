//! The manual names no command that does not exist.

use std::collections::BTreeSet;
use std::path::Path;

use sesshu_tests::Sesshu;

#[test]
fn every_command_of_the_manual_exists() {
    let mut commands = BTreeSet::new();
    for name in ["alerts.md", "alerts.en.md"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
        let text = std::fs::read_to_string(path).expect("the manual");
        // In code, and not as an argument of another command.
        for part in text.split('`').skip(1).step_by(2).flat_map(str::lines) {
            if let Some(rest) = part.trim_start().strip_prefix("sesshu ") {
                let words = rest
                    .split_whitespace()
                    .take_while(|word| word.bytes().all(|letter| letter.is_ascii_lowercase() || letter == b'-'));
                commands.insert(
                    words.take(2).take_while(|word| !word.starts_with('-')).map(str::to_owned).collect::<Vec<_>>(),
                );
            }
        }
    }
    assert!(commands.len() >= 8, "{commands:?}");
    for command in commands {
        let outcome = Sesshu::new(command.iter().map(String::as_str).chain(["--help"])).run();
        assert_eq!(outcome.code, Some(0), "sesshu {}: {}", command.join(" "), outcome.both());
    }
}
