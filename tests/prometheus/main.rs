//! The rules for Prometheus: the file in `docs/` is what the command prints, Prometheus itself takes it, and it finds what it should.

use std::path::Path;
use std::process::Command;

use sesshu_tests::{Sesshu, not_run};

#[test]
fn the_file_is_what_the_command_prints() {
    let printed = Sesshu::new(["alert", "rules"]).run().done().stdout;
    assert!(printed == include_str!("../../docs/prometheus-rules.yml"), "write docs/prometheus-rules.yml anew");
}

#[test]
fn prometheus_takes_the_rules_and_finds_what_it_should() {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the checkout");
    for (verb, file) in [("check", "docs/prometheus-rules.yml"), ("test", "tests/prometheus/rules_test.yml")] {
        let Ok(output) = Command::new("promtool").args([verb, "rules", file]).current_dir(checkout).output() else {
            not_run("the rules by Prometheus itself: promtool is not installed (Debian: prometheus)");
            return;
        };
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "promtool {verb} rules {file}: {said}");
    }
}
