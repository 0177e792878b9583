//! What each switch is called, what it closes and what stays open: the same words on the console, in commands and in the audit.

use sesshu_engine::core::switch::Switch;

use crate::switches::SLOW_LISTS_MS;

/// A switch in one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SwitchWords {
    /// Its name.
    pub name: &'static str,
    /// What does not go on while it is off.
    pub closes: &'static str,
    /// What goes on all the same.
    pub stays: &'static str,
}

// The texts say it in words.
const _: () = assert!(SLOW_LISTS_MS == 30_000);

/// The switch in Japanese, as staff read it.
#[must_use]
pub const fn switch_words(switch: Switch) -> SwitchWords {
    match switch {
        Switch::NewBookings => SwitchWords {
            name: "ウェブの新規予約",
            closes: "市民のウェブでの新しい仮押さえと予約。画面には、止めていることと電話番号を出します。確認画面まで進んだ人も予約できません。",
            stays: "予約の確認、変更、取消。コールセンターと会場での予約。",
        },
        Switch::Exports => SwitchWords {
            name: "書き出しと重い作業",
            closes: "職員の画面の書き出し（CSV、フォロー、操作の記録）、記録の検証、画面から始めるバックアップと復元訓練。",
            stays: "毎日のバックアップ、コマンドでのバックアップ、紙に出す名簿、ほかの画面のすべて。",
        },
        Switch::Lists => SwitchWords {
            name: "空きの即時表示",
            closes: "空きの一覧の即時の更新。止めているあいだは30秒ごとに新しくします。",
            stays: "予約の受付。満員かどうかは、いつもそのときの空きで判断します。",
        },
        Switch::RichPages => SwitchWords {
            name: "QRコードなど",
            closes: "予約の画面のQRコードと、APIの説明の画面。",
            stays: "予約番号、カレンダー、印刷。会場では番号で受け付けます。",
        },
    }
}

/// The switch in English.
#[must_use]
pub const fn switch_words_en(switch: Switch) -> SwitchWords {
    match switch {
        Switch::NewBookings => SwitchWords {
            name: "new bookings on the web",
            closes: "residents' new holds and bookings on the web; pages say so and name the phone number, also to whoever is about to confirm",
            stays: "looking at, changing and cancelling bookings; the call centre and the venues",
        },
        Switch::Exports => SwitchWords {
            name: "exports and other heavy work",
            closes: "the console's exports (CSV, follow-up, audit), the check of the audit's chain, backups and drills begun from the console",
            stays: "the daily backup, backups by command, printed lists, every other page",
        },
        Switch::Lists => SwitchWords {
            name: "free places at once",
            closes: "free places as they are this moment: they are shown anew every 30 seconds",
            stays: "booking; whether a place is free is decided on the place itself",
        },
        Switch::RichPages => SwitchWords {
            name: "QR codes and the like",
            closes: "the QR codes of bookings, and the page that describes the API",
            stays: "booking numbers, calendar files, printing; venues check people in by number",
        },
    }
}
