//! The watcher's configuration: one TOML file of its own, checked like that of the server.

use std::path::Path;

use sesshu_monitor::watch::WatchFile;

use super::ConfigError;

/// The file that `watch --init` writes: every key, explained.
pub(crate) const WATCH_TEMPLATE: &str = include_str!("watch_template.toml");

/// Reads and checks `path`.
pub(crate) fn read_watch_file(path: &Path) -> Result<WatchFile, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError::unreadable(path, &error))?;
    parse(&text, path)
}

fn parse(text: &str, path: &Path) -> Result<WatchFile, ConfigError> {
    let file: WatchFile = toml::from_str(text).map_err(|error| ConfigError::syntax(path, text, &error))?;
    match file.wrong() {
        Some(wrong) => Err(ConfigError::of_key(path, text, &wrong.section, wrong.nth, wrong.key, &wrong.message)),
        None => Ok(file),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<WatchFile, ConfigError> {
        super::parse(text, Path::new("watch.toml"))
    }

    #[test]
    fn the_template_is_valid_and_so_is_all_that_it_explains() {
        let plain = parse(WATCH_TEMPLATE).expect("a valid template");
        assert!(plain.watch.probe.is_none());
        let is_key = |line: &&str| line.starts_with("# ") && (line.contains(" = ") || line.starts_with("# ["));
        let all: Vec<&str> = WATCH_TEMPLATE
            .lines()
            .map(|line| if is_key(&line) { line.trim_start_matches("# ") } else { line })
            .collect();
        let all = parse(&all.join("\n")).expect("a valid example");
        assert_eq!(all.watch.timeout_seconds, plain.watch.timeout_seconds, "a default is shown as it is");
        assert_eq!(all.watch.probe.expect("a probe").every_seconds, 60);
        assert_eq!(all.monitor.every_seconds, plain.monitor.every_seconds);
    }

    #[test]
    fn a_wrong_value_is_named_by_file_line_and_key() {
        let cases = [
            ("[watch]\npublic = \"http://a\"\nops = \"nowhere\"\n", 3, "ops"),
            ("[watch]\npublic = \"http://a\"\nops = \"http://a\"\ntimeout_seconds = 90\n", 4, "timeout_seconds"),
            ("[watch]\npublic = \"http://a\"\nopps = \"http://a\"\n", 3, "opps"),
            (
                "[watch]\npublic = \"http://a\"\nops = \"http://a\"\n[monitor]\nescalate_minutes = 0\n",
                5,
                "escalate_minutes",
            ),
            (
                "[watch]\npublic = \"http://a\"\nops = \"http://a\"\n[watch.probe]\nid = \"a\"\npassword_file = \"p\"\n",
                5,
                "id",
            ),
        ];
        for (text, line, key) in cases {
            let error = parse(text).expect_err(text).to_string();
            assert!(error.starts_with(&format!("watch.toml:{line}: {key}: ")), "{text:?} gave {error:?}");
        }
    }
}
