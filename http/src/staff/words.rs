//! Every "no" of the engine as a sentence in Japanese that staff can read to somebody or act upon.

use sesshu_engine::CampaignError;
use sesshu_engine::core::refusal::{Refusal, RefusalCode};
use sesshu_engine::core::staff::{ExportReason, StaffRole};

use super::dates::{day_words, instant_words};
use super::sessions::words::plan_words;

/// The engine's "no" about a booking.
pub(super) fn refusal_words(refusal: &Refusal) -> String {
    let leg = match refusal.index {
        Some(0) => "1つ目の予約：",
        Some(_) => "2つ目の予約：",
        None => "",
    };
    let when = match (refusal.code, refusal.retry_at) {
        (RefusalCode::Full, Some(at)) => {
            format!("手続き中の人がいるためです。{}に空くことがあります。", instant_words(at))
        }
        (RefusalCode::NotOpen | RefusalCode::NotEligible, Some(at)) => {
            format!("{}から予約できます。", instant_words(at))
        }
        _ => String::new(),
    };
    format!("{leg}{}{when}", refusal_code_words(refusal.code))
}

const fn refusal_code_words(code: RefusalCode) -> &'static str {
    match code {
        RefusalCode::KeyReused => {
            "この画面からは、別の内容がすでに送られています。画面を開き直して、もう一度操作してください。"
        }
        RefusalCode::NoSuchBooking => "その予約は見つかりません。",
        RefusalCode::NoSuchHold => "仮押さえは終わっています。もう一度、枠を選んでください。",
        RefusalCode::TooLate => "変更と取消の期限を過ぎています。",
        RefusalCode::NoSuchSlot => "その接種会または枠はありません。",
        RefusalCode::NotOpen => "この接種会は受付前です。",
        RefusalCode::Closed => "この接種会または枠の受付は終わりました。",
        RefusalCode::NotEligible => {
            "この人は、この枠を予約できません（優先順位、年齢、名簿、1回目の有無を確かめてください）。"
        }
        RefusalCode::AlreadyBooked => "この回数の予約または接種が、すでにあります。",
        RefusalCode::Interval => "もう一方の接種との間隔が、このワクチンの決まりに合いません。",
        RefusalCode::Full => "この枠は満員です。",
        RefusalCode::TooManyChanges => "この人の予約の変更は、この1週間の上限に達しています。",
        RefusalCode::Queued => "順番を待っている人がいます。何も変わっていません。",
        RefusalCode::Busy => "混み合っています。何も変わっていません。数秒待って、もう一度操作してください。",
        RefusalCode::Unavailable => {
            "結果を確認できませんでした。もう一度同じ操作をしてください（二重には予約されません）。"
        }
    }
}

/// Why a change of the campaign was not made.
pub(super) fn campaign_words(error: &CampaignError) -> String {
    match error {
        CampaignError::ChangedMeanwhile => {
            "確認の画面を出したあとに、データが変わりました。もう一度、内容を確かめてください。".into()
        }
        CampaignError::Refused(refusal) => refusal_words(refusal),
        CampaignError::WrongLines(lines) => {
            format!("{}行が登録済みの内容と合いません。何も取り込まれていません。", lines.len())
        }
        CampaignError::WrongSite(problems) => {
            format!("ページの内容に、決まりに合わないところが{}か所あります。何も変わっていません。", problems.len())
        }
        CampaignError::EmptyRoll => {
            "ファイルに1人もいません。名簿全体を空にすることはできません。何も取り込まれていません。".into()
        }
        CampaignError::Plan(problem) => plan_words(problem),
        CampaignError::NoDrafts => "公開する下書きがありません。".into(),
        CampaignError::NothingOpens => {
            "受付開始の時刻までに、すべての下書きの接種会が始まってしまいます。受け付ける枠がありません。".into()
        }
        CampaignError::OpensInThePast => "受付開始の時刻が過ぎています。".into(),
        CampaignError::NoSuchSession(_) => "その接種会はありません。".into(),
        CampaignError::NotOpen(_) => "その接種会は、下書きか、受付が終わったか、中止されています。".into(),
        CampaignError::CapacityTooLarge(most) => format!("1枠の定員は{most}人までです。"),
        CampaignError::CapacityTooSmall(taken) => {
            format!("すでに{taken}人の予約または仮押さえがあります。定員はそれより少なくできません。")
        }
        CampaignError::Issue(_) | CampaignError::Hash => {
            "パスワードを作れませんでした。何も変わっていません。もう一度操作してください。".into()
        }
        CampaignError::Interrupted => {
            "処理が途中で止まりました。何も変わっていません。もう一度操作してください。".into()
        }
        CampaignError::List(_) => "印刷用の一覧を書き出せませんでした。保存先の空きを確かめてください。".into(),
        CampaignError::StillOpen(sessions) => format!(
            "予約を受け付けている（またはこれから受け付ける）接種会が{sessions}件あります。終わるのを待つか、受付終了または中止にしてください。"
        ),
        CampaignError::ClosedAlready(day) => {
            format!("事業はすでに終了しています。個人情報は{}から消去されます。", day_words(*day))
        }
        CampaignError::NotClosed => "事業は終了していません。取り消すものはありません。".into(),
        CampaignError::ErasureBegun(day) => {
            format!("個人情報の消去の日（{}）を過ぎたため、終了を取り消せません。", day_words(*day))
        }
        CampaignError::Load(_) => "保存されたデータを読めませんでした。システムの担当者に連絡してください。".into(),
    }
}

/// A role as staff call it.
pub(super) const fn role_words(role: StaffRole) -> &'static str {
    match role {
        StaffRole::Operator => "コールセンター",
        StaffRole::Venue => "会場",
        StaffRole::Admin => "管理",
        StaffRole::Ops => "運用",
    }
}

/// For what an export is needed.
pub(super) const fn export_reason_words(reason: ExportReason) -> &'static str {
    match reason {
        ExportReason::Venue => "会場の準備",
        ExportReason::Report => "県・国への報告",
        ExportReason::Contact => "本人への連絡",
        ExportReason::Inquiry => "議会・監査・裁判所などの照会への回答",
        ExportReason::Check => "システムの点検",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_which_booking_and_when_to_try_again() {
        let at = "2026-12-05 09:30".parse().expect("an instant");
        let refusal = |code, index, retry_at| refusal_words(&Refusal { code, retry_at, index });
        assert_eq!(refusal(RefusalCode::Full, None, None), "この枠は満員です。");
        assert_eq!(
            refusal(RefusalCode::NotOpen, Some(1), Some(at)),
            "2つ目の予約：この接種会は受付前です。令和8年12月5日（土） 09:30から予約できます。"
        );
        assert!(refusal(RefusalCode::Full, Some(0), Some(at)).starts_with("1つ目の予約：この枠は満員です。"));
    }
}
