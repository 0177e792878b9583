//! axe-core, the rules of WCAG as a program, run inside of a page. It comes from npm by the lock file in `tests/web`.

use std::path::Path;
use std::sync::OnceLock;

use fantoccini::Client;
use serde_json::Value;

/// WCAG 2.0, 2.1 and 2.2, levels A and AA; and what axe-core holds to be good practice beside it.
const RUN: &str = r#"
const done = arguments[arguments.length - 1];
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"];
axe.run(document, { runOnly: { type: "tag", values: tags } }).then(
  (found) => done({
    version: found.testEngine.version,
    passes: found.passes.length,
    unsure: found.incomplete.map((rule) => rule.id),
    violations: found.violations.map((rule) =>
      `${rule.id}: ${rule.help}` + rule.nodes.map((node) => `\n    ${node.html}\n    ${node.failureSummary}`).join("")),
  }),
  (error) => done({ error: String(error) }),
);
"#;

/// What was found so far.
#[derive(Debug, Default)]
pub struct Audit {
    version: String,
    pages: usize,
    rules_passed: u64,
    unsure: Vec<String>,
    violations: Vec<String>,
}

impl Audit {
    /// Looks at the page; `what` names its state.
    pub async fn look(&mut self, browser: &Client, what: &str) {
        browser.execute(source(), vec![]).await.expect("axe-core is taken in");
        let found = browser.execute_async(RUN, vec![]).await.expect("axe-core answers");
        assert!(found["error"].is_null(), "{what}: {}", found["error"]);
        self.pages += 1;
        found["version"].as_str().unwrap_or_default().clone_into(&mut self.version);
        self.rules_passed += found["passes"].as_u64().unwrap_or_default();
        self.unsure.extend(texts(&found["unsure"]).map(|rule| format!("{what}: {rule}")));
        self.violations.extend(texts(&found["violations"]).map(|rule| format!("{what}: {rule}")));
    }

    /// One line about all of it; fails if there was a violation.
    #[must_use]
    pub fn finish(self, what: &str) -> String {
        assert!(self.violations.is_empty(), "axe-core on {what}:\n{}", self.violations.join("\n"));
        let Self { version, pages, rules_passed, unsure, .. } = self;
        let unsure =
            if unsure.is_empty() { String::new() } else { format!("; to be judged by eye: {}", unsure.join(", ")) };
        format!("axe-core {version}: {what}: {pages} looks, {rules_passed} rules passed, 0 violations{unsure}")
    }
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn source() -> &'static str {
    static SOURCE: OnceLock<String> = OnceLock::new();
    SOURCE.get_or_init(|| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/node_modules/axe-core/axe.min.js");
        std::fs::read_to_string(&file).unwrap_or_else(|error| {
            panic!("{}: {error}: run `npm ci --prefix tests/web`, as tests/run does", file.display())
        })
    })
}
