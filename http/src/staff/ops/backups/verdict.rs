//! The first line of the page: whether the city could be restored now, and from when.

use std::time::Duration;

use sesshu_engine::core::time::Instant;
use sesshu_monitor::core::level::Level;
use sesshu_monitor::core::metric::Metric;

use super::words;
use crate::staff::backup_desk::BackupsView;

/// What stands first, with what else must not be overlooked.
pub(super) struct Verdict {
    pub(super) class: &'static str,
    pub(super) says: String,
    /// Each damaged generation with the one to use instead.
    pub(super) damaged: Vec<String>,
}

impl Verdict {
    /// By the usual thresholds of the age, so that the page never says anything else than an alert.
    pub(super) fn of(view: &BackupsView, now: Instant) -> Self {
        let newest = view.generations.iter().filter(|generation| generation.is_good()).max_by_key(|good| good.taken_at);
        let damaged = view.generations.iter().filter(|generation| generation.damage.is_some());
        let damaged = damaged.map(|one| match &one.instead {
            Some(good) => format!("世代 {} は壊れています。復元には {good} を使います。", one.name),
            None => format!("世代 {} は壊れていて、代わりに使える世代がありません。", one.name),
        });
        let (class, says) = match newest {
            None if view.generations.is_empty() => {
                ("critical", "× バックアップがまだ1つもありません。いまデータを失うと、戻せません。".to_owned())
            }
            None => ("critical", "× 復元して確かめた世代が1つもありません。".to_owned()),
            Some(good) => {
                let age = words::since(good.taken_at, now);
                match level(good.taken_at, now) {
                    None => ("well", format!("○ 復元して確かめた最新の世代は、{age}前のものです")),
                    Some(level) => (
                        if level == Level::Critical { "critical" } else { "warning" },
                        format!("{} 復元して確かめた最新の世代が{age}前のもので、古すぎます", mark(level)),
                    ),
                }
            }
        };
        Self { class, says, damaged: damaged.collect() }
    }
}

const fn mark(level: Level) -> char {
    match level {
        Level::Warning => '△',
        Level::Critical => '×',
    }
}

fn level(taken_at: Instant, now: Instant) -> Option<Level> {
    let hours = Duration::from_millis(now.ms_since(taken_at).max(0).unsigned_abs()).as_secs_f64() / 3_600.0;
    let usual = Metric::BackupAge.usual();
    let reached = |limit: Option<f64>| limit.is_some_and(|limit| hours >= limit);
    if reached(usual.critical) { Some(Level::Critical) } else { reached(usual.warning).then_some(Level::Warning) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::staff::backup_desk::{CountsView, GenerationKind, GenerationView, ProofView, TroubleView};

    /// A good generation of `hours` after the beginning.
    fn good(hours: i64) -> GenerationView {
        let taken_at = Instant(hours * 3_600_000);
        GenerationView {
            name: format!("g{hours}"),
            taken_at,
            kind: GenerationKind::Daily,
            by: "schedule".into(),
            bytes: 1,
            encrypted: false,
            proof: Some(ProofView { at: taken_at, took_ms: 1, counts: CountsView::default() }),
            read_again_at: None,
            copied_at: None,
            damage: None,
            instead: None,
        }
    }

    /// The same one, found to be damaged.
    fn damaged(hours: i64) -> GenerationView {
        let damage = Some(TroubleView { since: Instant(hours * 3_600_000), what: "blake3".into() });
        GenerationView { damage, ..good(hours) }
    }

    #[test]
    fn the_newest_good_generation_decides_by_its_age() {
        let hours = |hours: i64| Instant(hours * 3_600_000);
        let cases = [
            (vec![], 100, "critical", "まだ1つもありません"),
            (vec![damaged(99)], 100, "critical", "確かめた世代が1つもありません"),
            (vec![good(75)], 100, "well", "○"),
            (vec![good(74)], 100, "warning", "△"),
            (vec![damaged(99), good(74)], 100, "warning", "1日2時間前"),
            (vec![good(50)], 100, "critical", "×"),
            // A clock that was set back is no reason to worry about a backup from later.
            (vec![good(101)], 100, "well", "○"),
        ];
        for (generations, now, class, says) in cases {
            let verdict = Verdict::of(&BackupsView { generations, ..BackupsView::default() }, hours(now));
            assert_eq!(verdict.class, class, "{}", verdict.says);
            assert!(verdict.says.contains(says), "{}", verdict.says);
        }
    }
}
