//! The paper for the privacy review board, held against the sources: whatever table, field, event, view or route holds or shows personal
//! data must stand in it, and every proof that it names must exist.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Structs that are stored about people: the file, and the struct.
const STORED: &[(&str, &str)] = &[
    ("engine/src/core/resident.rs", "Person"),
    ("engine/src/core/booking.rs", "Booking"),
    ("engine/src/core/resident.rs", "ResidentRecord"),
    ("engine/src/core/resident.rs", "DoseElsewhere"),
    ("engine/src/core/resident.rs", "KeyRecord"),
    ("engine/src/core/resident.rs", "EndedLogin"),
    ("engine/src/core/line.rs", "Arrival"),
    ("engine/src/core/contact.rs", "Contact"),
    ("engine/src/core/contact.rs", "ContactRecord"),
    ("engine/src/core/credential.rs", "StoredPassword"),
    ("engine/src/core/credential.rs", "StaffSecret"),
    ("engine/src/core/staff.rs", "StaffAccount"),
    ("engine/src/core/care.rs", "Care"),
    ("engine/src/core/care.rs", "GivenDose"),
    ("engine/src/core/care.rs", "FollowedUp"),
    ("engine/src/core/care.rs", "LeftoverAsked"),
    ("engine/src/core/event.rs", "Entry"),
    ("engine/src/ledger/mod.rs", "Beside"),
];

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(checkout().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Everything that the paper names: what stands between backticks.
fn named() -> BTreeSet<String> {
    let text = read("docs/privacy.md");
    text.lines()
        .filter(|line| !line.starts_with("```"))
        .flat_map(|line| line.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// The text from `start` to the line that ends its block, without tests.
fn block<'a>(source: &'a str, start: &str) -> &'a str {
    let from = source.find(start).unwrap_or_else(|| panic!("there is no `{start}`"));
    let rest = &source[from..];
    &rest[..rest.find("\n}").unwrap_or(rest.len())]
}

/// The names that stand first on the lines of `block` at `indent`, before one of `ends`.
fn names(block: &str, indent: &str, ends: &[char]) -> Vec<String> {
    let name = |line: &str| {
        let line = line.strip_prefix(indent)?.trim_start_matches("pub(crate) ").trim_start_matches("pub ");
        let name = line.split(ends).next().unwrap_or("").trim();
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        (is_name && line.len() > name.len()).then(|| name.to_owned())
    };
    block.lines().skip(1).filter_map(name).collect()
}

/// Fails with everything that the paper does not name.
fn all_named(what: &str, wanted: impl IntoIterator<Item = String>) {
    let named = named();
    let wanted: Vec<String> = wanted.into_iter().collect();
    assert!(!wanted.is_empty(), "the sources have no {what}");
    let missing: Vec<&String> = wanted.iter().filter(|name| !named.contains(*name)).collect();
    assert!(missing.is_empty(), "docs/privacy.md does not name these {what}: {missing:?}");
}

#[test]
fn every_table_of_the_store_is_in_the_paper() {
    let source = read("engine/src/ledger/tables.rs");
    let tables = source.split("TableDefinition::new(\"").skip(1);
    all_named("tables", tables.filter_map(|rest| rest.split('"').next().map(str::to_owned)));
}

#[test]
fn every_stored_field_about_people_is_in_the_paper() {
    let fields = STORED.iter().flat_map(|(file, name)| {
        let source = read(file);
        let found = names(block(&source, &format!("pub struct {name} {{")), "    ", &[':']);
        assert!(!found.is_empty(), "{name} has no fields");
        found.into_iter().map(|field| format!("{name}.{field}")).collect::<Vec<_>>()
    });
    all_named("fields", fields);
}

#[test]
fn every_event_of_the_journal_is_in_the_paper() {
    let source = read("engine/src/core/event.rs");
    all_named("events", names(block(&source, "pub enum Event {"), "    ", &[' ', ',', '(', '{']));
}

#[test]
fn every_view_of_people_is_in_the_paper() {
    let source = read("engine/src/core/staff.rs");
    let views = block(&source, "    View {").lines().filter_map(|line| line.split_once(" = \"")?.1.split('"').next());
    all_named("views", views.map(str::to_owned));
}

/// The paths of the calls of `method` in a table of routes: the first text in them that is a path.
fn paths(source: &str, method: &str) -> Vec<String> {
    let calls = source.split(method).skip(1);
    let path = |call: &str| call.split('"').skip(1).step_by(2).find(|text| text.starts_with('/')).map(str::to_owned);
    calls.filter_map(path).collect()
}

#[test]
fn every_page_is_in_the_paper() {
    let product = |file: &str| read(file).split("#[cfg(test)]").next().unwrap_or("").to_owned();
    let mut found = Vec::new();
    for file in
        ["http/src/public/routes.rs", "http/src/ops.rs", "http/src/staff/routes.rs", "http/src/public/api/docs.rs"]
    {
        let source = product(file);
        for method in [".route(", ".upload(", ".download(", ".events("] {
            found.extend(paths(&source, method));
        }
    }
    assert!(found.len() > 25, "the tables of routes are found: {found:?}");
    all_named("routes", found);
}

/// Routes of the JSON interface stand beside their handlers.
#[test]
fn every_route_of_the_json_interface_is_in_the_paper() {
    let api = checkout().join("http/src/public/api");
    let mut found = BTreeSet::new();
    let mut folders = vec![api];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let source = std::fs::read_to_string(&path).expect("a source");
            let declared = source.split("#[utoipa::path(").skip(1);
            found.extend(
                declared.filter_map(|rest| rest.split("path = \"").nth(1)?.split('"').next().map(str::to_owned)),
            );
        }
    }
    assert!(found.len() >= 7, "the declarations are found: {found:?}");
    all_named("routes", found);
}

#[test]
fn every_proof_that_the_paper_names_exists() {
    let is_file = |name: &&String| {
        let ending = Path::new(name.as_str()).extension();
        name.contains('/') && ending.is_some_and(|ending| ["rs", "html", "md"].iter().any(|known| ending == *known))
    };
    let names = named();
    let proofs: Vec<&String> = names.iter().filter(is_file).collect();
    assert!(proofs.len() > 20, "the proofs are found");
    let missing: Vec<&&String> = proofs.iter().filter(|proof| !checkout().join(proof.as_str()).is_file()).collect();
    assert!(missing.is_empty(), "docs/privacy.md names what is not there: {missing:?}");
}
