//! The rows of the table of generations: each with how well it is proven.

use sesshu_engine::core::time::Instant;

use super::{reason, words};
use crate::staff::backup_desk::{BackupsView, GenerationView};
use crate::staff::dates::instant_words;

/// A generation as it is shown.
pub(super) struct GenerationRow {
    pub(super) name: String,
    pub(super) class: &'static str,
    pub(super) state: &'static str,
    /// What is wrong with it, since when it is known, and which one is good instead.
    pub(super) damage: Option<(String, String, String)>,
    pub(super) taken: String,
    pub(super) age: String,
    pub(super) kind: &'static str,
    pub(super) by: String,
    pub(super) bytes: String,
    pub(super) encrypted: bool,
    /// When it was proven, how long that took, what was in it.
    pub(super) proven: Option<(String, String, String)>,
    pub(super) read_again: String,
    pub(super) copied: String,
}

/// All rows, newest first.
pub(super) fn rows(view: &BackupsView, now: Instant) -> Vec<GenerationRow> {
    let copies = view.second.is_some();
    view.generations.iter().map(|generation| row(generation, copies, now)).collect()
}

fn row(generation: &GenerationView, copies: bool, now: Instant) -> GenerationRow {
    let (class, state) = match (&generation.damage, &generation.proof) {
        (Some(_), _) => ("critical", "× 破損"),
        (None, Some(_)) => ("well", "○ 確認済み"),
        (None, None) => ("warning", "△ 未確認"),
    };
    let when = |at: Option<Instant>| at.map_or_else(|| "まだ".to_owned(), instant_words);
    GenerationRow {
        name: generation.name.clone(),
        class,
        state,
        damage: generation.damage.as_ref().map(|damage| {
            let instead = generation.instead.as_ref().map_or_else(
                || "代わりに使える世代がありません。二つ目の置き場所を調べてください。".to_owned(),
                |good| format!("復元には {good} を使います。"),
            );
            (instant_words(damage.since), reason::explained(&damage.what), instead)
        }),
        taken: instant_words(generation.taken_at),
        age: words::since(generation.taken_at, now),
        kind: words::kind(generation.kind),
        by: words::maker(&generation.by),
        bytes: words::bytes(generation.bytes),
        encrypted: generation.encrypted,
        proven: generation.proof.as_ref().map(|proof| {
            let counts = &proof.counts;
            let held = format!(
                "市民 {}人、接種会 {}件、有効な予約 {}件、記録 {}件",
                words::count(counts.residents),
                words::count(counts.sessions),
                words::count(counts.bookings_live),
                words::count(counts.entries)
            );
            (instant_words(proof.at), words::took(proof.took_ms), held)
        }),
        read_again: when(generation.read_again_at),
        copied: if copies { when(generation.copied_at) } else { "なし".to_owned() },
    }
}
