//! Messages that tell of no single incident: many in one, and a test.

use super::{Text, when};
use crate::core::contact::{ChannelKind, Language};
use crate::core::time::WallMs;

/// What stands for many messages, of which `subjects` are the lines that are kept, `more` the number of those that are not.
#[must_use]
pub fn summary(language: Language, name: &str, subjects: &[&str], more: u32) -> Text {
    let count = subjects.len() + more as usize;
    let (subject, opening, rest) = match language {
        Language::Ja => (
            format!("【まとめ】{count}件の通知 - {name}"),
            "届けられずにたまった通知を、1通にまとめました。古い順です。",
            format!("ほか{more}件"),
        ),
        Language::En => (
            format!("[summary] {count} messages - {name}"),
            "Messages that could not be delivered one by one, the oldest first.",
            format!("and {more} more"),
        ),
    };
    let mut body = format!("{opening}\n\n");
    for line in subjects {
        body.push_str(&format!("- {line}\n"));
    }
    if more > 0 {
        body.push_str(&format!("{rest}\n"));
    }
    let all = match language {
        Language::Ja => "すべて見るには：sesshu alert list",
        Language::En => "To see all of them: sesshu alert list",
    };
    body.push_str(&format!("\n{all}\n"));
    Text { subject, body }
}

/// What `alert test` sends by `channel`.
#[must_use]
pub fn test(language: Language, name: &str, channel: ChannelKind, at: WallMs) -> Text {
    let at = when(at, language);
    match (language, channel) {
        (Language::Ja, ChannelKind::Phone) => Text {
            subject: format!("【試験】通知の試験 - {name}"),
            body: format!("{name}の監視です。これは通知の試験です。何もする必要はありません。"),
        },
        (Language::En, ChannelKind::Phone) => Text {
            subject: format!("[test] A test of the alerts - {name}"),
            body: format!("This is the monitor of {name}. This is only a test. Nothing needs to be done."),
        },
        (Language::Ja, _) => Text {
            subject: format!("【試験】通知の試験 - {name}"),
            body: format!(
                "これは通知が届くことを確かめる試験です。障害ではありません。することはありません。\n\n送った時刻：{at}\n"
            ),
        },
        (Language::En, _) => Text {
            subject: format!("[test] A test of the alerts - {name}"),
            body: format!(
                "This is a test that alerts arrive. Nothing is wrong, and nothing needs to be done.\n\nSent: {at}\n"
            ),
        },
    }
}
