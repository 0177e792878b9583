//! The plan's words: where a session stands, what looks wrong about a draft, why a change was not made.

use sesshu_engine::PlanProblem;
use sesshu_engine::core::ids::DoseNo;
use sesshu_engine::core::suspicion::Suspect;

use super::line::Standing;

/// Where a session stands.
pub(super) const fn standing_words(standing: Standing) -> &'static str {
    match standing {
        Standing::Draft => "下書き",
        Standing::Discarded => "破棄",
        Standing::BeforeOpen => "受付前",
        Standing::Open => "受付中",
        Standing::Full => "満員",
        Standing::Closed => "受付終了",
        Standing::Over => "開催済み",
        Standing::Cancelled => "中止",
    }
}

/// The same as a sign, so that colour is never alone.
pub(super) const fn standing_sign(standing: Standing) -> &'static str {
    match standing {
        Standing::Draft => "✎",
        Standing::Discarded => "－",
        Standing::BeforeOpen => "◇",
        Standing::Open => "○",
        Standing::Full => "×",
        Standing::Closed => "■",
        Standing::Over => "済",
        Standing::Cancelled => "⊘",
    }
}

/// Doses: 1回目・2回目.
pub(super) fn doses_words(doses: &[DoseNo]) -> String {
    doses.iter().map(|dose| format!("{dose}回目")).collect::<Vec<_>>().join("・")
}

/// What looks wrong about a draft or an opening. `other` names another session that it is about.
pub(super) fn suspect_words(what: &Suspect, other: impl FnOnce() -> String) -> String {
    match what {
        Suspect::OpensAtNight => "受付開始が夜間（22時から6時）です。".into(),
        Suspect::OpensSoon => "受付開始まで1時間ありません。".into(),
        Suspect::StartsBeforeOpening { places } => {
            format!("受付開始までに始まる枠が{places}人分あります。この分は誰も予約できません。")
        }
        Suspect::FarAhead => "日付が1年以上先です。年の間違いはありませんか。".into(),
        Suspect::LoneWeekday => "この曜日の接種会は、ほかにありません。".into(),
        Suspect::ManyPlaces { places, usual } => {
            format!("定員が{places}人で、ふつうの接種会（{usual}人）の3倍を超えています。桁の間違いはありませんか。")
        }
        Suspect::Overlap { .. } => format!("同じ会場の別の接種会と時間が重なっています：{}。", other()),
        Suspect::Long { minutes } => format!("長さが{}時間{}分あります。", minutes / 60, minutes % 60),
        Suspect::EmptySlot => "定員が0人の枠があります。".into(),
        Suspect::PhoneOnly => "定員のすべてが電話枠の枠があります。インターネットからは予約できません。".into(),
        Suspect::StockShort { doses, places } => {
            format!("ワクチンが{doses}回分で、定員の{places}人に足りません。")
        }
        Suspect::NoNextDose { dose } => {
            let next = dose.next().map_or(0, DoseNo::get);
            format!("{dose}回目のあと、間隔に合う{next}回目の接種会がありません。")
        }
    }
}

/// Why a change of the plan was not made.
pub(in crate::staff) fn plan_words(problem: &PlanProblem) -> String {
    match problem {
        PlanProblem::NotADraft(_) => "その接種会は、もう下書きではありません。一覧を開き直してください。".into(),
        PlanProblem::NotClosed(_) => "その接種会は、受付終了の状態ではありません。一覧を開き直してください。".into(),
        PlanProblem::StockTooLarge(most) => format!("ワクチンは{most}回分までです。"),
        PlanProblem::StockTooSmall(taken) => {
            format!("すでに{taken}人の予約または仮押さえがあります。ワクチンの数はそれより少なくできません。")
        }
        PlanProblem::NoSuchVenue => "その会場は登録されていません。".into(),
        PlanProblem::NoSuchVaccine => "そのワクチンは登録されていません。".into(),
        PlanProblem::NoSuchWave => "その優先区分はありません。一覧を開き直してください。".into(),
        PlanProblem::NotAName(most) => format!("名前を1文字から{most}文字で入力してください（外字は使えません）。"),
        PlanProblem::NameTaken => "同じ名前がすでに登録されています。".into(),
        PlanProblem::VaccineConfigured => {
            "このワクチンは設定ファイル（sesshu.toml）で決められているため、ここでは変えられません。".into()
        }
        PlanProblem::IntervalsCross => "最長の間隔は、最短の間隔以上にしてください。".into(),
        PlanProblem::EmptyVial => "1瓶の回数は1以上にしてください。".into(),
        PlanProblem::DoseIsGiven(dose) => {
            format!("{dose}回目の接種会があるため、回数をそれより少なくできません。")
        }
        PlanProblem::NoProposal => {
            "その公開の申請は、取り下げられたか、変わりました。画面を開き直してください。".into()
        }
        PlanProblem::OwnProposal => "申請した人は公開できません。もう一人の管理者が公開してください。".into(),
    }
}
