//! The closed lists of the journal as staff read them.

use sesshu_engine::core::backup::BackupWish;
use sesshu_engine::core::event_kind::EventKind;
use sesshu_engine::core::ids::Channel;
use sesshu_engine::core::notice::{NoticeAbout, NoticeSaid, NoticeStep};
use sesshu_engine::core::resident::BookingState;
use sesshu_engine::core::staff::{CallOutcome, CallReason, ExportKind, FollowUp, LeftoverAnswer, Reached, View};
use sesshu_engine::core::switch::{SwitchPosition, SwitchTurned};

use crate::staff::dates::instant_words;
use crate::switch_words::switch_words;

/// A kind of events, as the filter offers it.
pub(super) const fn kind_words(kind: EventKind) -> &'static str {
    match kind {
        EventKind::View => "人の情報を見た",
        EventKind::Booking => "予約・変更・取消",
        EventKind::Call => "通話",
        EventKind::Alert => "多すぎる照会",
        EventKind::Venue => "会場での記録",
        EventKind::FollowUp => "フォローの連絡",
        EventKind::Roll => "名簿・パスワード・連絡先",
        EventKind::Sessions => "会場・接種会・公開",
        EventKind::Site => "市のページ",
        EventKind::Account => "職員とログイン",
        EventKind::Export => "書き出し",
        EventKind::Campaign => "事業の終了と消去",
        EventKind::Notice => "障害・保守のお知らせ",
        EventKind::Backup => "バックアップと復元訓練",
        EventKind::Switch => "停止と再開",
        EventKind::Waiting => "順番待ち",
    }
}

/// In which view people were seen.
pub(super) const fn view_words(view: View) -> &'static str {
    match view {
        View::Report => "本人の記録の一覧（開示）",
        View::Call => "通話での照合",
        View::DayList => "会場の当日一覧",
        View::Desk => "会場の受付",
        View::Leftovers => "余ったワクチンの連絡先一覧",
        View::FollowUp => "フォローの一覧",
        View::Contact => "電話番号・メールアドレス",
        View::PasswordRequests => "パスワード再発行の一覧",
        View::Passwords => "印刷用のパスワード一覧",
        View::Import => "取り込みの確認",
        View::Export => "書き出したファイル",
        View::Audit => "この記録の画面",
    }
}

pub(super) const fn call_reason_words(reason: CallReason) -> &'static str {
    match reason {
        CallReason::Book => "予約",
        CallReason::Change => "変更・取消",
        CallReason::Question => "予約の確認",
        CallReason::Password => "パスワード",
        CallReason::Other => "その他",
    }
}

pub(super) const fn call_outcome_words(outcome: CallOutcome) -> &'static str {
    match outcome {
        CallOutcome::Done => "用件を済ませた",
        CallOutcome::NothingToDo => "手続きは不要だった",
        CallOutcome::NoPlace => "合う枠がなかった",
        CallOutcome::NotIdentified => "本人と確認できなかった",
        CallOutcome::Dropped => "電話が切れた",
    }
}

pub(super) const fn export_words(what: ExportKind) -> &'static str {
    match what {
        ExportKind::BookingsPerDay => "日と会場ごとの予約数",
        ExportKind::DayList => "会場の当日一覧",
        ExportKind::NationalCounts => "国への報告用の集計",
        ExportKind::LeftoverIds => "余ったワクチンの照会用ID",
        ExportKind::FollowUps => "フォローの一覧",
        ExportKind::Audit => "この記録",
    }
}

pub(super) const fn follow_up_words(why: FollowUp) -> &'static str {
    match why {
        FollowUp::CancelledByCity => "市が接種会を中止",
        FollowUp::DoseInDoubt => "1回目を受けず2回目の予約がある",
        FollowUp::LeftRoll => "名簿から外れた",
    }
}

/// What was said of a failure or of planned work.
pub(super) fn notice_words(said: &NoticeSaid) -> String {
    let kind = match said.about {
        NoticeAbout::Maintenance { .. } => "保守",
        NoticeAbout::Failure => "障害",
    };
    let step = match said.step {
        NoticeStep::Given => "お知らせを出しました",
        NoticeStep::Updated => "お知らせを更新しました",
        NoticeStep::Ended => "お知らせを終えました",
    };
    format!("{kind}の{step}（{}番、{}）：{}", said.notice, instant_words(said.at), said.ja)
}

/// What was asked of the backups.
pub(super) const fn backup_words(wish: BackupWish) -> &'static str {
    match wish {
        BackupWish::Backup => "バックアップを取るよう指示しました",
        BackupWish::Drill => "復元訓練を始めるよう指示しました",
    }
}

/// How a part of the service was switched.
pub(super) fn switched_words(turned: &SwitchTurned) -> String {
    let name = switch_words(turned.switch).name;
    match turned.to {
        SwitchPosition::Off { until } => {
            let until = until.map(|until| format!("、{}まで", instant_words(until))).unwrap_or_default();
            format!("「{name}」を止めました（{}から{until}）", instant_words(turned.at))
        }
        SwitchPosition::On => format!("「{name}」を再開しました（{}）", instant_words(turned.at)),
    }
}

pub(super) const fn reached_words(reached: Reached) -> &'static str {
    match reached {
        Reached::Told => "伝えた",
        Reached::NoAnswer => "応答なし",
        Reached::Written => "郵送・メールで知らせた",
        Reached::Settled => "対応は不要になった",
    }
}

pub(super) const fn leftover_words(answer: LeftoverAnswer) -> &'static str {
    match answer {
        LeftoverAnswer::Accepted => "来る",
        LeftoverAnswer::Refused => "断った",
        LeftoverAnswer::NoAnswer => "応答なし",
    }
}

pub(super) const fn state_words(state: BookingState) -> &'static str {
    match state {
        BookingState::Booked => "予約中",
        BookingState::Cancelled => "取消",
        BookingState::CancelledByCity => "市が中止",
        BookingState::CheckedIn => "受付済み",
        BookingState::Vaccinated => "接種済み",
        BookingState::NoShow => "来場なし",
        BookingState::NotGiven => "接種見合わせ",
    }
}

pub(super) const fn channel_words(channel: Channel) -> &'static str {
    match channel {
        Channel::Web => "ウェブ",
        Channel::Phone => "電話",
        Channel::Counter => "窓口・会場",
        Channel::City => "市",
    }
}
