//! The manuals as a reader of them sees them: sections by their anchors, the commands to type, what to write into a file, messages.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A command to type, with the exit code that the manual says it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Typed {
    pub(crate) line: String,
    pub(crate) code: i32,
}

/// A fenced block of the manual.
#[derive(Debug, Clone)]
struct Block {
    section: String,
    language: String,
    text: String,
}

/// One manual in one language.
#[derive(Debug)]
pub(crate) struct Manual {
    pub(crate) name: String,
    pub(crate) text: String,
    blocks: Vec<Block>,
}

/// The folder of the checkout.
pub(crate) fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A file of the checkout.
pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(checkout().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

impl Manual {
    /// `docs/NAME`.
    pub(crate) fn read(name: &str) -> Self {
        let text = read(&format!("docs/{name}"));
        let mut blocks = Vec::new();
        let mut section = String::new();
        let mut open: Option<Block> = None;
        for line in text.lines() {
            match (&mut open, line.strip_prefix("```")) {
                (Some(block), None) => block.text.push_str(&format!("{line}\n")),
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (None, Some(language)) => {
                    open = Some(Block { section: section.clone(), language: language.to_owned(), text: String::new() });
                }
                (None, None) => {
                    if let Some(anchor) = line.strip_prefix("<a id=\"").and_then(|rest| rest.split('"').next()) {
                        anchor.clone_into(&mut section);
                    }
                }
            }
        }
        assert!(open.is_none(), "{name}: a block without an end");
        Self { name: name.to_owned(), text, blocks }
    }

    /// The steps of each section that has commands: one for each block.
    pub(crate) fn steps(&self) -> BTreeMap<String, Vec<Vec<Typed>>> {
        let mut steps: BTreeMap<String, Vec<Vec<Typed>>> = BTreeMap::new();
        for block in self.blocks.iter().filter(|block| block.language == "sh") {
            steps.entry(block.section.clone()).or_default().push(block.text.lines().map(typed).collect());
        }
        steps
    }

    /// What the section says to write into a file of TOML.
    pub(crate) fn toml(&self, section: &str) -> &str {
        let mut found = self.blocks.iter().filter(|block| block.section == section && block.language == "toml");
        let block = found.next().unwrap_or_else(|| panic!("{}: no TOML in {section}", self.name));
        assert!(found.next().is_none(), "{}: one block of TOML in {section}", self.name);
        &block.text
    }

    /// What stands between backticks on lines of text.
    pub(crate) fn named(&self) -> impl Iterator<Item = &str> {
        let mut fenced = false;
        self.text.lines().flat_map(move |line| {
            fenced ^= line.starts_with("```");
            let shown = if fenced || line.starts_with("```") { "" } else { line };
            shown.split('`').skip(1).step_by(2)
        })
    }

    /// The anchors that can be linked to.
    pub(crate) fn anchors(&self) -> impl Iterator<Item = &str> {
        self.text.lines().filter_map(|line| line.strip_prefix("<a id=\"")?.split('"').next())
    }

    /// The targets of its links.
    pub(crate) fn links(&self) -> impl Iterator<Item = &str> {
        self.text.split("](").skip(1).filter_map(|rest| rest.split(')').next())
    }

    /// The first column of the tables in `section`, without heads.
    pub(crate) fn first_column(&self, section: &str) -> Vec<&str> {
        let from = self.text.find(&format!("<a id=\"{section}\"")).unwrap_or_else(|| panic!("no section {section}"));
        let rest = &self.text[from + 1..];
        let part = &rest[..rest.find("<a id=").unwrap_or(rest.len())];
        let rows = part.lines().filter_map(|line| line.strip_prefix("| `")?.split("` |").next());
        rows.collect()
    }
}

/// A line of a block: the command, and the exit code after `#` if there is one.
fn typed(line: &str) -> Typed {
    let (command, remark) = line.split_once(" #").unwrap_or((line, ""));
    let digits: String = remark.chars().filter(char::is_ascii_digit).collect();
    Typed { line: command.trim_end().to_owned(), code: digits.parse().unwrap_or(0) }
}
