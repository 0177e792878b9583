//! `backup verify`: reads generations whole and names those that are not what was written.

use std::path::Path;

use serde_json::{Value, json};
use sesshu_backup::core::name::Generation;
use sesshu_backup::folder::Folder;
use sesshu_backup::keys::Identity;
use sesshu_backup::reading::read_again;
use sesshu_backup::throttle::Throttle;

use super::super::print;
use super::list::name_of;
use super::shelves::Shelves;
use crate::backups::{BackupJob, ask, follow};
use crate::cli::GenerationsArgs;
use crate::exit::Failure;
use crate::folder::DataFolder;
use crate::terminal::{Terminal, words};

/// Checks one or all; fails if one is damaged.
pub(super) async fn verify(
    folder: &DataFolder,
    generation: Option<Generation>,
    args: &GenerationsArgs,
    identity: Option<&Path>,
) -> Result<(), Failure> {
    let mut terminal = Terminal::default();
    let checked = match &args.from {
        Some(from) => {
            let identity = identity.map(Identity::read).transpose()?;
            in_folder(&Folder::open(from)?, generation, identity, &mut terminal).await?
        }
        None => ask(folder, BackupJob::Verify(generation), &mut terminal).await?,
    };
    drop(terminal);
    print(folder, &checked, |checked| {
        let all = checked["generations"].as_array().map(Vec::as_slice).unwrap_or_default();
        if all.is_empty() {
            return words("世代はまだありません。", "there are no generations yet").to_owned();
        }
        all.iter().map(line).collect::<Vec<_>>().join("\n")
    })?;
    let all = checked["generations"].as_array().map(Vec::as_slice).unwrap_or_default();
    let those = |state: &str| all.iter().filter(|one| one["state"] == state).map(name_of).collect::<Vec<_>>();
    let (damaged, unknown) = (those("damaged"), those("unknown"));
    if !damaged.is_empty() {
        if let Some(good) = Shelves::of(folder, args)?.newest_good_but(&damaged) {
            eprintln!("{}: {good}", words("使える世代のうち最新のもの", "the newest generation that is good"));
        }
        return Err(failure(words("破損した世代", "damaged"), &damaged));
    }
    if !unknown.is_empty() {
        return Err(failure(words("確かめられなかった世代", "could not be checked"), &unknown));
    }
    Ok(())
}

fn failure(what: &str, names: &[&str]) -> Failure {
    Failure::refused(format!("{what}: {}", names.join(", ")))
}

fn line(one: &Value) -> String {
    let name = name_of(one);
    let what = one["what"].as_str().unwrap_or_default();
    match one["state"].as_str() {
        Some("good") => format!("○ {name}"),
        Some("damaged") => format!("× {name}: {what}"),
        _ => format!("? {name}: {what}"),
    }
}

/// Reads what lies in a folder that is nobody's now. Nothing in it is changed.
async fn in_folder(
    folder: &Folder,
    generation: Option<Generation>,
    identity: Option<Identity>,
    terminal: &mut Terminal,
) -> Result<Value, Failure> {
    let manifests = match generation {
        Some(generation) => vec![folder.manifest(&generation)?],
        None => folder.list()?.generations,
    };
    let mut checked = Vec::new();
    for manifest in manifests {
        let (folder, name, identity) = (folder.clone(), manifest.name.clone(), identity.clone());
        let read = move |progress| read_again(&folder, &manifest, identity.as_ref(), &Throttle::unlimited(), &progress);
        let (state, what) = match follow(terminal, read).await? {
            Ok(()) => ("good", None),
            Err(error) if error.is_damage() => ("damaged", Some(error.to_string())),
            Err(error) => ("unknown", Some(error.to_string())),
        };
        checked.push(json!({ "name": name, "state": state, "what": what }));
    }
    let ok = checked.iter().all(|one| one["state"] == "good");
    Ok(json!({ "ok": ok, "generations": checked }))
}
