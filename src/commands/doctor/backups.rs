//! What `doctor` asks of backups: whether they have their places, whether they lie on another disk, whether the newest good generation is
//! young, whether the keys fit.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use sesshu_backup::config::Places;
use sesshu_backup::folder::Folder;

use super::{Check, disk, existing, say, writable};
use crate::backups::wall_clock;
use crate::config::Config;
use crate::folder::DataFolder;
use crate::terminal::words;

const MS_PER_HOUR: i64 = 3_600_000;
/// A daily generation that is older is overdue: a day, and two hours for whatever held it up.
const HOURS_MAX: i64 = 26;

/// Everything about backups.
pub(super) fn backups(folder: &DataFolder, config: &Config) -> Vec<Check> {
    let places = config.backup.places(&folder.path);
    let mut checks = vec![
        writable("backup_folder", &places.dir, words("バックアップのフォルダー", "the backup folder")),
        writable("backup_scratch", &places.scratch, words("検証用のフォルダー", "the scratch folder")),
        second(&places),
        keys(config),
    ];
    // What lies on the disk of the data is counted there.
    let elsewhere = [
        ("disk_backups", Some(&places.dir)),
        ("disk_scratch", Some(&places.scratch)),
        ("disk_second", places.second.as_ref()),
    ];
    let elsewhere = elsewhere.into_iter().filter_map(|(code, path)| Some((code, path?)));
    checks.extend(
        elsewhere.filter(|(_, path)| device(path) != device(&places.data)).map(|(code, path)| disk(code, path, 0)),
    );
    if folder.engine_config(config).has_store() {
        checks.push(newest(&places.dir));
    }
    checks
}

/// The second place: it is there, it can be written, and it is another disk.
fn second(places: &Places) -> Check {
    const CODE: &str = "backup_second";
    let Some(second) = &places.second else {
        return Check::doubt(
            CODE,
            words(
                "第2の置き場所がないため、ディスクや機械を失うとバックアップも失います",
                "there is no second place: a lost disk or machine takes the backups with it",
            ),
            words(
                "sesshu.toml の [backup] second に、別の機械や別のディスクのフォルダーを書く。",
                "Write a folder on another machine or disk into `second` of [backup] in sesshu.toml.",
            ),
        );
    };
    let at = second.display();
    if !second.is_dir() {
        return Check::bad(
            CODE,
            say!("第2の置き場所 {at} がありません", "the second place {at} is not there"),
            words("ディスクがつながっているか（mount）を確かめる。", "See whether its disk is mounted."),
        );
    }
    if device(second) == device(&places.data) {
        return Check::doubt(
            CODE,
            say!(
                "第2の置き場所 {at} がデータと同じディスクにあります",
                "the second place {at} is on the disk of the data"
            ),
            words(
                "別の機械や別のディスクにする。同じディスクなら、一緒に失います。",
                "Choose another machine or disk: this one is lost together with the data.",
            ),
        );
    }
    writable(CODE, second, words("第2の置き場所", "the second place"))
}

/// The file system on which `path` lies, or will lie.
fn device(path: &Path) -> Option<u64> {
    std::fs::metadata(existing(path)).ok().map(|meta| meta.dev())
}

/// Whether generations are encrypted, and whether the host's key fits.
fn keys(config: &Config) -> Check {
    const CODE: &str = "backup_keys";
    if let Some(wrong) = config.backup.wrong_identity() {
        let message = wrong.message;
        return Check::bad(
            CODE,
            say!("検証用の鍵を使えません：{message}", "the verification key cannot be used: {message}"),
            words(
                "sesshu.toml の identity_file と recipients を直す。直るまで、バックアップは検証できません。",
                "Correct identity_file and recipients in sesshu.toml: until then no backup can be checked.",
            ),
        );
    }
    if config.backup.recipients.is_empty() {
        return Check::doubt(
            CODE,
            words("バックアップを暗号化していません", "backups are not encrypted"),
            words(
                "別の場所に置くなら、sesshu backup keygen で鍵を2つ作り、[backup] recipients に書く。",
                "Where others may read them, make two keys with sesshu backup keygen and write them into recipients of [backup].",
            ),
        );
    }
    Check::good(
        CODE,
        words(
            "バックアップを2つの鍵に暗号化し、検証用の鍵も合っています",
            "backups are encrypted to two keys, and the host's fits",
        ),
    )
}

/// The newest generation that counts.
fn newest(dir: &Path) -> Check {
    const CODE: &str = "backup_newest";
    let advice = words(
        "sesshu backup now で取得し、失敗するなら理由を読む。",
        "Take one with sesshu backup now, and read why if it fails.",
    );
    let listed = match Folder::open(dir).and_then(|folder| folder.list()) {
        Ok(listing) => listing.generations,
        Err(_) => Vec::new(),
    };
    let Some(newest) = listed.iter().find(|one| one.is_good()) else {
        return Check::bad(
            CODE,
            words("検証の済んだバックアップが1つもありません", "there is no backup that was proven"),
            advice,
        );
    };
    let hours = wall_clock().ms_since(newest.taken_at) / MS_PER_HOUR;
    let name = &newest.name;
    let says = say!(
        "最新の検証済みバックアップは {name}（{hours} 時間前）",
        "the newest proven backup is {name}, {hours} hours old"
    );
    let damaged: Vec<String> =
        listed.iter().filter(|one| one.damage.is_some()).map(|one| one.name.to_string()).collect();
    if hours > HOURS_MAX {
        Check::bad(CODE, says, advice)
    } else if !damaged.is_empty() {
        let damaged = damaged.join(", ");
        Check::doubt(CODE, says, say!("破損した世代は使わない：{damaged}", "Do not use what is damaged: {damaged}"))
    } else {
        Check::good(CODE, says)
    }
}
