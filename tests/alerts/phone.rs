//! Calls: what a command says at once, and what is called back.

use std::time::{Duration, Instant};

use sesshu_tests::Sesshu;

use super::{folder_with, program};

#[test]
fn a_command_says_how_the_call_went_by_its_last_line_and_its_exit() {
    let cases = [
        ("echo acknowledged", "acknowledged", 0),
        ("echo answered", "delivered", 0),
        ("echo unanswered", "unanswered", 1),
        ("echo failed", "failed", 1),
        ("echo placed", "delivered", 0),
        ("echo line busy; exit 3", "failed", 1),
        // Its children end with it at the deadline.
        ("sleep 600 & wait", "failed", 1),
    ];
    let (folder, data) = folder_with("");
    for (script, outcome, code) in cases {
        let phone = program(folder.path(), "call", script);
        let config = format!(
            "[monitor.phone]\ncommand = [\"{}\"]\nanswer_seconds = 10\n[[monitor.contact]]\nname = \"当番\"\nphone = \"0476000000\"\n",
            phone.display()
        );
        std::fs::write(data.join("sesshu.toml"), config).expect("a configuration");
        let begun = Instant::now();
        let json = Sesshu::new(["alert", "test", "--json"]).data(&data).run().expect_code(code).json();
        assert_eq!(json["results"][0]["outcome"], outcome, "{script}: {json}");
        assert!(begun.elapsed() < Duration::from_mins(1), "{script} ends in time");
    }
}
