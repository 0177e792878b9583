//! The rush as the ops page tells it: who waits at both gates, how fast they are admitted, and what is refused.

use sesshu_engine::Pulse;
use sesshu_engine::core::recent::LATELY_MINUTES;

use crate::lang::grouped;
use crate::staff::overview::reason_words;

/// How many reasons are shown.
const REASONS_SHOWN_MAX: usize = 6;

/// Who waits, and what is refused.
pub(super) struct Rush {
    /// What is counted, and how much it is.
    pub(super) facts: Vec<(&'static str, String)>,
    /// Why people were refused lately, and how often a second; the most frequent first.
    pub(super) refusals: Vec<(&'static str, String)>,
}

impl Rush {
    pub(super) fn of(pulse: &Pulse) -> Self {
        let (figures, line) = (&pulse.figures, &pulse.figures.waiting);
        let people = |count: u64| format!("{}人", grouped(count));
        let pace = match line.per_second {
            0 => "だれも待っていません（順番待ちなしで予約できます）".to_owned(),
            pace => format!("1秒に{}（最後の人まで、あと約{}秒）", people(pace), grouped(line.estimate_seconds())),
        };
        let facts = vec![
            ("ログインを待つ人", people(figures.logins_waiting)),
            ("ログインの待ち時間（いちばん長い人）", format!("{:.1}秒", figures.login_wait_ms as f64 / 1_000.0)),
            ("新規予約の順番を待つ人", people(line.waiting)),
            ("新規予約に案内する速さ", pace),
            ("起動してから案内した人", people(line.admitted)),
            ("次の受付開始の抽選に入る人", people(line.in_draw)),
        ];
        // A server that has just started has not refused for whole ten minutes.
        let counted_ms = pulse.at.ms_since(pulse.counted_since).clamp(1_000, LATELY_MINUTES as i64 * 60_000);
        let mut lately: Vec<_> = pulse.refusals.iter().filter(|count| count.lately > 0).collect();
        lately.sort_by_key(|count| std::cmp::Reverse(count.lately));
        let rate = |count: u64| format!("{:.1}件/秒", count as f64 * 1_000.0 / counted_ms as f64);
        let lately = lately.into_iter().take(REASONS_SHOWN_MAX);
        Self { facts, refusals: lately.map(|count| (reason_words(count.code), rate(count.lately))).collect() }
    }
}
