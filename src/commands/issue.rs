//! `residents issue`: a password for everybody who has none, and the list for the printer.

use std::collections::HashSet;
use std::path::Path;

use serde_json::{Value, json};

use super::print;
use crate::exit::Failure;
use crate::folder::DataFolder;
use crate::jobs::Job;
use crate::password_list::PasswordList;
use crate::terminal::{Terminal, confirm};

/// Issues passwords into a list in `out`.
pub(crate) async fn issue_passwords(
    folder: &DataFolder,
    group: Option<String>,
    out: &Path,
    yes: bool,
) -> Result<(), Failure> {
    // Everybody without a password, not only the group: a line of anybody of them counts for nothing.
    let void = ids(&folder.run(Job::WithoutPassword { group: None }, &mut Terminal::default()).await?);
    let waiting = match &group {
        None => void.len(),
        Some(_) => {
            ids(&folder.run(Job::WithoutPassword { group: group.clone() }, &mut Terminal::default()).await?).len()
        }
    };
    if waiting > 0 {
        confirm(&format!("Make passwords for {waiting} people?"), yes)?;
    }
    let mut terminal = Terminal::with_list(PasswordList::open(out, &void)?);
    let everybody =
        group.as_ref().map_or_else(|| "everybody".to_owned(), |group| format!("everybody in the group {group}"));
    let issued = folder.run(Job::IssuePasswords { group }, &mut terminal).await?;
    let list = terminal.into_list().map(PasswordList::finish).transpose()?.flatten();
    let list = list.map(|path| path.display().to_string());
    print(folder, &json!({ "issued": issued["issued"], "list": list }), |result| match &list {
        Some(list) => format!("issued {} passwords\nlist for the printer: {list}", result["issued"]),
        None => format!("{everybody} has a password"),
    })
}

fn ids(value: &Value) -> HashSet<String> {
    let ids = value["ids"].as_array().into_iter().flatten();
    ids.filter_map(|id| id.as_str().map(str::to_owned)).collect()
}
