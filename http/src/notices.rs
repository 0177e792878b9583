//! Notices of failures and planned work as residents read them: on the banner, and on the page that a front server shows when nobody
//! else answers. They come from the monitor's picture, so that they are there when the store is not.

use sesshu_engine::core::time::Instant;
use sesshu_monitor::MonitorHandle;
pub(crate) use sesshu_monitor::core::notice::Notice;
use sesshu_monitor::core::notice::NoticeKind;
use sesshu_monitor::core::notice_rules::NoticePhase;
use sesshu_monitor::core::time::WallMs;

use crate::lang::{Lang, fill};

mod away;

pub use away::away_page;

/// The notices that are shown at `now`, the latest first; none without a monitor.
pub(crate) fn shown(monitor: Option<&MonitorHandle>, now: Instant) -> Vec<Notice> {
    let Some(monitor) = monitor else { return Vec::new() };
    let board = monitor.board();
    board.state.notices.iter().filter(|notice| notice.is_shown(WallMs(now.0))).cloned().collect()
}

/// A number that grows with each saying: what was rendered from an older one is rendered anew.
pub(crate) fn revision(monitor: Option<&MonitorHandle>) -> u64 {
    monitor.map_or(0, |monitor| monitor.board().state.notice_act)
}

/// The key of a notice's title.
pub(crate) const fn title_key(notice: &Notice, phase: NoticePhase) -> &'static str {
    match phase {
        NoticePhase::Ahead => "notice.ahead",
        NoticePhase::Running => "notice.running",
        NoticePhase::Extended => "notice.extended",
        NoticePhase::Failing => "notice.failing",
        NoticePhase::Over if matches!(notice.kind, NoticeKind::Failure) => "notice.over_failure",
        NoticePhase::Over => "notice.over_maintenance",
    }
}

/// When planned work is, and when the latest was said; with furigana.
pub(crate) fn when(notice: &Notice, phase: NoticePhase, lang: Lang) -> String {
    let instant = |at: WallMs| lang.instant(Instant(at.0));
    let say = |key: &str, values: &[(&str, &str)]| fill(&lang.markup(key).0, values);
    let mut lines = Vec::new();
    if let NoticeKind::Maintenance { from, until } = notice.kind
        && phase != NoticePhase::Over
    {
        lines.push(say("notice.when", &[("from", &instant(from)), ("until", &instant(until))]));
    }
    lines.extend(notice.latest().map(|saying| say("notice.changed", &[("at", &instant(saying.at))])));
    lines.join("\n")
}

/// Whether it is to be read before anything else.
pub(crate) const fn banner_kind(phase: NoticePhase) -> &'static str {
    match phase {
        NoticePhase::Failing => "urgent",
        NoticePhase::Ahead | NoticePhase::Running | NoticePhase::Extended | NoticePhase::Over => "maintenance",
    }
}
