//! The overview's words: ways of booking, reasons of refusals, forecasts, troubles.

use sesshu_engine::core::forecast::Forecast;
use sesshu_engine::core::ids::Channel;
use sesshu_engine::core::refusal::RefusalCode;

use crate::lang::grouped;
use crate::staff::dates::instant_words;

/// A way of booking, as its bar is named.
pub(super) const fn channel_words(channel: Channel) -> &'static str {
    match channel {
        Channel::Web => "ウェブ",
        Channel::Phone => "電話",
        Channel::Counter => "窓口・会場",
        Channel::City => "市",
    }
}

/// The class of a way's bar.
pub(super) const fn channel_class(channel: Channel) -> &'static str {
    match channel {
        Channel::Web => "web",
        Channel::Phone => "phone",
        Channel::Counter => "counter",
        Channel::City => "city-own",
    }
}

/// Why somebody was refused, in a few words.
pub(in crate::staff) const fn reason_words(code: RefusalCode) -> &'static str {
    match code {
        RefusalCode::KeyReused => "同じ画面から別の内容が送られた",
        RefusalCode::NoSuchBooking => "予約が見つからない",
        RefusalCode::NoSuchHold => "仮押さえが終わっていた",
        RefusalCode::TooLate => "変更・取消の期限のあと",
        RefusalCode::NoSuchSlot => "接種会か枠がない",
        RefusalCode::NotOpen => "受付前",
        RefusalCode::Closed => "受付終了",
        RefusalCode::NotEligible => "対象でない（優先順位、年齢、名簿など）",
        RefusalCode::AlreadyBooked => "予約か接種がすでにある",
        RefusalCode::Interval => "接種の間隔が合わない",
        RefusalCode::Full => "満員",
        RefusalCode::TooManyChanges => "変更の回数が多すぎる",
        RefusalCode::Queued => "順番待ち",
        RefusalCode::Busy => "混雑",
        RefusalCode::Unavailable => "結果を確認できなかった",
    }
}

/// When a wave will be full.
pub(super) fn forecast_words(forecast: Forecast) -> String {
    match forecast {
        Forecast::Complete => "全員が予約済みです".into(),
        Forecast::NotOpen(opens_at) => format!("{}に受付開始", instant_words(opens_at)),
        Forecast::NotWithinPlaces { missing, gone_at } => {
            let gone = gone_at.map(|at| format!("。このままの速さなら、{}ごろに枠がなくなります", instant_words(at)));
            format!("いまある枠では足りません（あと{}人分）{}", grouped(missing), gone.unwrap_or_default())
        }
        Forecast::Standstill => "この1時間、予約がありません".into(),
        Forecast::At(at) => format!("{}ごろ", instant_words(at)),
        Forecast::TooSlow => "このままの速さでは、最後の接種会までに終わりません".into(),
    }
}

/// What keeps the engine from serving, and what is to be done.
pub(super) fn trouble_words(code: &str) -> String {
    match code {
        "store_suspended" => "データを保存できません。自動で再開を試みています。".into(),
        "stopping" => "システムを停止しています。".into(),
        "ledger_failed" => "データの書き込みが止まりました。システムの担当者に再起動を頼んでください。".into(),
        "disk_low" => {
            "ディスクの空きが足りず、新しい予約を受け付けていません。システムの担当者に連絡してください。".into()
        }
        "session_failed" => "一部の接種会が、不具合のため予約を受け付けていません。自動で再開を試みています。".into(),
        code => format!("正常に動いていません（{code}）。システムの担当者に連絡してください。"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forecast_says_a_time_or_why_there_is_none() {
        let at = "2026-12-05 09:30".parse().expect("an instant");
        assert_eq!(forecast_words(Forecast::At(at)), "令和8年12月5日（土） 09:30ごろ");
        let short = Forecast::NotWithinPlaces { missing: 1_200, gone_at: Some(at) };
        assert!(
            forecast_words(short).contains("あと1,200人分")
                && forecast_words(short).contains("09:30ごろに枠がなくなり")
        );
        let still = Forecast::NotWithinPlaces { missing: 1, gone_at: None };
        assert_eq!(forecast_words(still), "いまある枠では足りません（あと1人分）");
    }
}
