//! What `doctor` asks of alerting: whether anybody is told, whether what the channels need is there, whether somebody watches from outside.

use std::path::Path;

use sesshu_monitor::MonitorConfig;

use super::{Check, open_to_others, say};
use crate::terminal::words;

/// Whether anybody hears of an alert, and whether somebody takes over.
pub(super) fn contacts(monitor: &MonitorConfig) -> Check {
    const CODE: &str = "contacts";
    let told = monitor.contacts().into_iter().filter(|contact| contact.alerts);
    let told: Vec<_> = told.filter(|contact| !contact.channels.is_empty()).collect();
    let count = told.len();
    let advice = words(
        "sesshu.toml の [[monitor.contact]] に書き、sesshu alert test で届くことを確かめる。",
        "Write [[monitor.contact]] tables into sesshu.toml, and try them with sesshu alert test.",
    );
    match count {
        0 => Check::bad(
            CODE,
            words("異常が起きても、だれにも知らせません", "nobody is told when something is wrong"),
            advice,
        ),
        1 => Check::doubt(
            CODE,
            words("知らせる相手が1人だけで、代わりの人がいません", "only one contact is told, and nobody takes over"),
            advice,
        ),
        _ => Check::good(
            CODE,
            say!("異常を {count} 人に順に知らせます", "{count} contacts are told, one after the other"),
        ),
    }
}

/// What the channels need of this machine: files with secrets and authorities, a program that calls.
pub(super) fn mail_server(monitor: &MonitorConfig) -> Vec<Check> {
    let mut checks = Vec::new();
    let mail = monitor.mail.as_ref();
    if let Some(path) = mail.and_then(|mail| mail.password_file.as_deref()) {
        checks.push(secret("mail_password", path));
    }
    let authorities = [mail.and_then(|mail| mail.ca_file.as_deref()), monitor.webhook.ca_file.as_deref()];
    checks.extend(authorities.into_iter().flatten().map(|path| readable("channel_authority", path)));
    let command = monitor.phone.as_ref().and_then(|phone| phone.command.as_deref()).and_then(<[String]>::first);
    if let Some(command) = command {
        checks.push(program(command));
    }
    checks
}

fn readable(code: &'static str, path: &Path) -> Check {
    let at = path.display();
    match std::fs::read(path) {
        Ok(bytes) if bytes.is_empty() => Check::bad(
            code,
            say!("{at} が空です", "{at} is empty"),
            words("正しい内容を書く。", "Write what belongs into it."),
        ),
        Ok(_) => Check::good(code, say!("{at} を読めます", "{at} can be read")),
        Err(error) => Check::bad(
            code,
            say!("{at} を読めません：{error}", "{at} cannot be read: {error}"),
            words("場所と、持ち主（chown）を確かめる。", "See its place and its owner (chown)."),
        ),
    }
}

fn secret(code: &'static str, path: &Path) -> Check {
    let at = path.display();
    match open_to_others(path) {
        Some(mode) => Check::doubt(
            code,
            say!(
                "パスワードのファイル {at} を、ほかの利用者も読めます（{mode}）",
                "others may read the password in {at} ({mode})"
            ),
            format!("chmod 600 {at}"),
        ),
        None => readable(code, path),
    }
}

/// A program that calls: named by its path, or found in `PATH`.
fn program(name: &str) -> Check {
    use std::os::unix::fs::PermissionsExt;

    const CODE: &str = "phone_command";
    let runs = |path: &Path| {
        std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    };
    let found = if name.contains('/') {
        runs(Path::new(name))
    } else {
        std::env::var_os("PATH").is_some_and(|all| std::env::split_paths(&all).any(|folder| runs(&folder.join(name))))
    };
    if found {
        return Check::good(
            CODE,
            say!("電話をかけるプログラム {name} があります", "the program that calls, {name}, is there"),
        );
    }
    Check::bad(
        CODE,
        say!(
            "電話をかけるプログラム {name} がないか、実行できません",
            "the program that calls, {name}, is missing or cannot be run"
        ),
        words("[monitor.phone] の command と、chmod +x を確かめる。", "See command in [monitor.phone], and chmod +x."),
    )
}

/// Whether somebody watches from outside.
pub(super) fn outside(monitor: &MonitorConfig) -> Check {
    if monitor.watcher_expected {
        return Check::good(
            "watcher",
            words("外部監視の連絡を待ちます", "an outside watcher is expected to be heard of"),
        );
    }
    Check::doubt(
        "watcher",
        words("外部監視が設定されていません", "no outside watcher is expected"),
        words(
            "別の機械で sesshu watch を動かし、[monitor] の watcher_expected を true にする。",
            "Run sesshu watch on another machine, and set watcher_expected in [monitor].",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::super::Mark;
    use super::*;

    fn config(text: &str) -> MonitorConfig {
        toml::from_str(text).expect("a configuration")
    }

    const HOOK: &str = "[[contact]]\nname = \"NAME\"\nwebhook = \"https://hooks.example/1\"\n";

    #[test]
    fn nobody_who_is_told_is_bad_and_one_alone_is_doubtful() {
        let two = HOOK.replace("NAME", "a") + &HOOK.replace("NAME", "b");
        let by_hand = "[[contact]]\nname = \"a\"\ncall_by_hand = \"0476000000\"\n";
        for (text, mark) in [("", Mark::Bad), (by_hand, Mark::Bad), (HOOK, Mark::Doubt), (&two, Mark::Good)] {
            assert_eq!(contacts(&config(text)).mark, mark, "{text}");
        }
    }

    #[test]
    fn a_program_that_is_not_there_is_bad_and_a_secret_for_all_is_doubtful() {
        use std::os::unix::fs::PermissionsExt;

        assert_eq!(program("sh").mark, Mark::Good);
        assert_eq!(program("/no/such/program").mark, Mark::Bad);
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "himitsu").expect("written");
        assert_eq!(secret("mail_password", file.path()).mark, Mark::Good);
        file.as_file().set_permissions(PermissionsExt::from_mode(0o644)).expect("opened to all");
        assert_eq!(secret("mail_password", file.path()).mark, Mark::Doubt);
        assert_eq!(secret("mail_password", Path::new("/no/such/file")).mark, Mark::Bad);
    }
}
