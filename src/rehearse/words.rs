//! Numbers and texts as people read them, in the report and at the terminal.

use super::record::Ended;
use super::steps::{Heard, Step};
use crate::cli::{Attack, Shape};

/// A time with its unit.
pub(super) fn time_text(ms: f64) -> String {
    match ms {
        ..10.0 => format!("{ms:.1} ms"),
        ..1_000.0 => format!("{ms:.0} ms"),
        ..100_000.0 => format!("{:.1} s", ms / 1_000.0),
        _ => format!("{:.1} min", ms / 60_000.0),
    }
}

/// Minutes in words, down to seconds where they are short.
pub(super) fn minutes_text(minutes: f64) -> String {
    match minutes * 60.0 {
        ..1.0 => "1 秒以内".to_owned(),
        seconds @ ..90.0 => format!("約 {seconds:.0} 秒"),
        seconds => format!("約 {:.0} 分", (seconds / 60.0).ceil()),
    }
}

/// A count in groups of three digits.
pub(super) fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Text in HTML.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

impl Step {
    pub(super) const fn japanese(self) -> &'static str {
        match self {
            Self::Login => "ログイン",
            Self::List => "空き枠の一覧",
            Self::Hold => "枠の確保",
            Self::Book => "予約",
            Self::Me => "予約の確認",
            Self::Cancel => "取り消し",
            Self::Reload => "見直し（待たずに繰り返す人）",
            Self::Call => "電話 1 件（話す時間を含む）",
            Self::Wait => "来訪から順番が来るまで（考える時間を除く）",
            Self::Journey => "全体（考える時間を除く）",
        }
    }
}

impl Heard {
    pub(super) const fn japanese(self) -> &'static str {
        match self {
            Self::Good => "成功",
            Self::Full => "満員",
            Self::OtherRefusal => "その他の拒否",
            Self::InLine => "順番待ち",
            Self::Busy => "混雑",
            Self::TooMany => "回数の制限",
            Self::Error => "エラー・不通",
        }
    }
}

impl Ended {
    pub(super) const fn japanese(self) -> &'static str {
        match self {
            Self::Booked => "予約できた",
            Self::Cancelled => "予定どおり取り消した",
            Self::Kept => "予約を確かめた",
            Self::NothingFree => "空きがなく予約できなかった",
            Self::FullTooOften => "選んだ枠が続けて満員であきらめた",
            Self::BusyTooOften => "混雑が続いてあきらめた",
            Self::WaitedTooLong => "順番を待ちきれずあきらめた",
            Self::Refused => "思わぬ拒否で終わった",
        }
    }
}

impl Shape {
    pub(super) const fn japanese(self) -> &'static str {
        match self {
            Self::Opening => "予約開始（最初の数秒に集中）",
            Self::Flat => "一様",
            Self::CancelWave => "一斉の取り消し",
            Self::Neighbour => "近隣市の記録（34 分で 1 万件）",
            Self::Osaka => "大阪の大規模会場の記録（25 分で 2.5 万件）",
            Self::Worst => "最悪の記録（1 人が毎分 5.9 回）",
        }
    }
}

/// What an attack is, by its name.
pub(super) fn attack_japanese(name: &str) -> &'static str {
    const ALL: [(Attack, &str); 7] = [
        (Attack::Stuffing, "盗まれたパスワードを券番号の順に試す"),
        (Attack::Spraying, "よくあるパスワードを多くの券番号に試す"),
        (Attack::OneNetwork, "一つのネットワークの 1,000 のアドレスからログインを試す"),
        (Attack::Slowloris, "終わらない要求で接続をふさぐ"),
        (Attack::Bodies, "巨大なデータを送りつける"),
        (Attack::Churn, "接続してすぐ切ることを繰り返す"),
        (Attack::Bot, "本物の券番号を持つ自動プログラム"),
    ];
    ALL.iter().find(|(attack, _)| attack.name() == name).map_or("", |(_, words)| words)
}

/// What a refusal's code means.
pub(super) fn refusal_japanese(code: &str) -> &'static str {
    match code {
        "full" => "選んだ枠が満員（別の枠を選び直した）",
        "queued" => "予約の順番待ち（案内どおりに、または自分の習慣で、聞き直した）",
        "busy" => "混雑、またはログインの順番待ち（待って、やり直した）",
        "unavailable" => "結果が不明（同じキーでやり直した）",
        "too_many_attempts" => "ログインの回数の制限",
        "too_many_changes" => "変更の回数の制限",
        "already_booked" => "もう 1 台の端末で予約していた",
        "unheard" => "接続が切れた、または応答がなかった（同じキーでやり直した）",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_times_have_their_unit() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([1.23, 45.6, 12_345.0, 150_000.0].map(time_text), ["1.2 ms", "46 ms", "12.3 s", "2.5 min"]);
        assert_eq!([0.001, 0.5, 6.2].map(minutes_text), ["1 秒以内", "約 30 秒", "約 7 分"]);
    }

    #[test]
    fn every_attack_is_explained() {
        for attack in <Attack as clap::ValueEnum>::value_variants() {
            assert!(!attack_japanese(&attack.name()).is_empty(), "{attack:?}");
        }
    }
}
