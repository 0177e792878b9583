//! What the server does with notices beside telling people: each saying is noted in the journal, and the page for a front server is kept up
//! to date.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sesshu_engine::EngineHandle;
use sesshu_engine::core::event::By;
use sesshu_engine::core::notice::{NoticeAbout, NoticeSaid, NoticeStep};
use sesshu_engine::core::time::Instant;
use sesshu_http::{PublicConfig, away_page};
use sesshu_monitor::MonitorHandle;
use sesshu_monitor::core::notice::{Notice, NoticeKind};

use crate::config::Config;
use crate::exit::Failure;
use crate::folder::DataFolder;

/// How often it is looked whether something was said.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The page's name in its folder.
const PAGE_NAME: &str = "index.html";

/// Where the page lies.
pub(crate) fn page_path(folder: &DataFolder, config: &Config) -> PathBuf {
    config.notice.folder.clone().unwrap_or_else(|| folder.path.join("notice")).join(PAGE_NAME)
}

/// Notes in the journal what was said and is not noted yet, also from before the start. What the store does not take is brought again.
pub(crate) async fn note(engine: EngineHandle, monitor: MonitorHandle) {
    loop {
        let board = monitor.board();
        for (notice, place) in board.state.sayings_after(engine.notices_noted()) {
            let by = maker(&notice.sayings[place].by);
            if let Err(refusal) = engine.note_notice(said(notice, place), by).await {
                tracing::warn!(
                    notice = notice.no.0,
                    why = refusal.code.code(),
                    "the journal does not have a notice yet"
                );
                break;
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// The saying at `place` as the journal has it.
fn said(notice: &Notice, place: usize) -> NoticeSaid {
    let saying = &notice.sayings[place];
    NoticeSaid {
        number: saying.act,
        notice: notice.no.0,
        step: match place {
            0 => NoticeStep::Given,
            _ if notice.ended_with(place) => NoticeStep::Ended,
            _ => NoticeStep::Updated,
        },
        about: match notice.kind {
            NoticeKind::Maintenance { from, until } => {
                NoticeAbout::Maintenance { from: Instant(from.0), until: Instant(until.0) }
            }
            NoticeKind::Failure => NoticeAbout::Failure,
        },
        at: Instant(saying.at.0),
        ja: saying.text.ja.clone(),
        easy: saying.text.easy.clone(),
        en: saying.text.en.clone(),
    }
}

/// Whom the monitor names, as the journal names them.
pub(crate) fn maker(by: &str) -> By {
    match by.split_once(':') {
        Some(("staff", login)) => By::Staff(login.into()),
        Some(("uid", uid)) => uid.parse().map_or(By::System, |uid| By::CommandLine { uid }),
        _ => By::System,
    }
}

/// Keeps the page up to date. A disk that does not take it keeps the page that it has, and is asked again.
pub(crate) async fn keep_page(engine: EngineHandle, monitor: MonitorHandle, config: PublicConfig, path: PathBuf) {
    let (mut written, mut warned) = (String::new(), false);
    loop {
        let page = away_page(&config, &monitor.board().state.notices, engine.now().0);
        if page != written {
            let (to, text) = (path.clone(), page.clone());
            match tokio::task::spawn_blocking(move || write_page(&to, &text)).await {
                Ok(Ok(())) => (written, warned) = (page, false),
                Ok(Err(error)) if !warned => {
                    warned = true;
                    tracing::warn!(%error, path = %path.display(), "the page for the front server cannot be written");
                }
                _ => {}
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Writes the page whole or not at all, so that whoever reads it never sees a half. Everybody may read it: the front server is another user.
pub(crate) fn write_page(path: &Path, page: &str) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.exists() {
        std::fs::create_dir_all(folder)?;
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755))?;
    }
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(page.as_bytes())?;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// The page of a city whose server does not run, with the notices that the monitor's folder has.
pub(crate) fn page_of(config: &Config, notices: &[Notice], now_ms: i64) -> String {
    away_page(&crate::serve::city_config(config), notices, now_ms)
}

/// Writes the page where it belongs, or to `out`.
pub(crate) fn put_page(path: &Path, page: &str) -> Result<(), Failure> {
    write_page(path, page).map_err(Failure::io(path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sesshu_monitor::core::notice::{NoticeNo, NoticeSaying, NoticeText};
    use sesshu_monitor::core::time::WallMs;

    #[test]
    fn the_journal_hears_each_step_with_its_maker() {
        let saying = |act, by: &str| NoticeSaying {
            act,
            at: WallMs(act as i64),
            by: by.into(),
            text: NoticeText { ja: "はい".into(), ..NoticeText::default() },
        };
        let sayings = vec![saying(1, "staff:sato"), saying(2, "uid:7"), saying(3, "phone:当番")];
        let notice = Notice {
            no: NoticeNo(4),
            kind: NoticeKind::Failure,
            sayings,
            ended_at: Some(WallMs(3)),
            reminded_at: None,
        };
        let steps: Vec<NoticeStep> = (0..3).map(|place| said(&notice, place).step).collect();
        assert_eq!(steps, [NoticeStep::Given, NoticeStep::Updated, NoticeStep::Ended]);
        let makers: Vec<By> = notice.sayings.iter().map(|saying| maker(&saying.by)).collect();
        assert_eq!(makers, [By::Staff("sato".into()), By::CommandLine { uid: 7 }, By::System]);
    }

    #[test]
    fn the_page_is_replaced_whole_and_everybody_may_read_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notice").join(PAGE_NAME);
        for text in ["first", "second"] {
            write_page(&path, text).expect("it is written");
            assert_eq!(std::fs::read_to_string(&path).expect("the page"), text);
        }
        let mode = |path: &Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o644);
        let left = std::fs::read_dir(path.parent().expect("a folder")).expect("a folder").count();
        assert_eq!(left, 1, "nothing else is left");
    }
}
