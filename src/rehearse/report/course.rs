//! The course of a rush in pictures, second by second.

use super::super::figures::Second;
use super::super::plots::{COLOURS, Curve, Scale, picture};
use super::super::result::Rehearsal;
use super::super::steps::{Gate, Heard};
use crate::exit::Failure;

/// The value of a curve in a second.
type Value = fn(&Second) -> Option<f64>;
/// A curve of a picture: its name, and its values.
type Named<'a> = (&'a str, Value);
/// A picture: its title, its scale, its curves.
type Pictured<'a> = (&'a str, Scale, &'a [Named<'a>]);

/// How often each kind of answer was heard.
const ANSWERS: [(Heard, Value); 7] = [
    (Heard::Good, |second| Some(second.heard[Heard::Good as usize].into())),
    (Heard::Full, |second| Some(second.heard[Heard::Full as usize].into())),
    (Heard::OtherRefusal, |second| Some(second.heard[Heard::OtherRefusal as usize].into())),
    (Heard::InLine, |second| Some(second.heard[Heard::InLine as usize].into())),
    (Heard::Busy, |second| Some(second.heard[Heard::Busy as usize].into())),
    (Heard::TooMany, |second| Some(second.heard[Heard::TooMany as usize].into())),
    (Heard::Error, |second| Some(second.heard[Heard::Error as usize].into())),
];
const WAITS: [Named<'_>; 3] = [
    ("p50", |second| Some(second.wait_ms?[0])),
    ("p90", |second| Some(second.wait_ms?[1])),
    ("p99", |second| Some(second.wait_ms?[2])),
];
const BOOKINGS: [Named<'_>; 3] = [
    ("p50", |second| Some(second.booking_ms?[0])),
    ("p90", |second| Some(second.booking_ms?[1])),
    ("p99", |second| Some(second.booking_ms?[2])),
];
const LOGINS: [Named<'_>; 3] = [
    ("p50", |second| Some(second.login_ms?[0])),
    ("p90", |second| Some(second.login_ms?[1])),
    ("p99", |second| Some(second.login_ms?[2])),
];

/// All pictures.
pub(super) fn plots(rehearsal: &Rehearsal) -> Result<String, Failure> {
    let refused = ANSWERS.into_iter().filter(|(heard, _)| *heard != Heard::Good);
    let happened = refused.filter(|(heard, _)| rehearsal.figures.heard[*heard as usize] > 0);
    let happened: Vec<Named<'_>> = happened.map(|(heard, value)| (heard.japanese(), value)).collect();
    let pictures: [Pictured<'_>; 10] = [
        (
            "1秒ごとの来訪・順番が来た人・予約（人・件）",
            Scale::Count,
            &[
                ("来訪", |second| Some(second.arrived.into())),
                ("順番が来た人", |second| Some(second.admitted.into())),
                ("予約", |second| Some(second.booked.into())),
            ],
        ),
        (
            "順番を待っている人",
            Scale::Count,
            &[
                ("ログイン", |second| Some(second.at_gates[Gate::Login as usize].into())),
                ("予約", |second| Some(second.at_gates[Gate::Booking as usize].into())),
                ("電話", |second| Some(second.at_gates[Gate::Calls as usize].into())),
            ],
        ),
        ("来訪から順番が来るまでの時間", Scale::Time, &WAITS),
        (
            "1秒ごとの要求（件）",
            Scale::Count,
            &[
                ("すべて", |second| Some(second.requests().into())),
                ("成功", |second| Some(second.heard[Heard::Good as usize].into())),
                ("ログイン", |second| Some(second.logged_in.into())),
            ],
        ),
        ("1秒ごとの断りの理由（件）", Scale::Count, &happened),
        ("予約の所要時間", Scale::Time, &BOOKINGS),
        ("ログインの所要時間", Scale::Time, &LOGINS),
        ("ディスクへの書き込みの時間（1秒の平均）", Scale::Time, &[("コミット", |second| second.sample.commit_ms)]),
        (
            "CPU（1コア = 100 %）",
            Scale::Percent,
            &[
                ("サーバー", |second| second.sample.server_cpu_percent),
                ("住民役", |second| second.sample.own_cpu_percent),
            ],
        ),
        (
            "メモリー（MiB）",
            Scale::Count,
            &[
                ("サーバー", |second| second.sample.server_memory_mib),
                ("住民役", |second| second.sample.own_memory_mib),
            ],
        ),
    ];
    let mut html = String::from(
        "<section>\n<h2>経過 <span lang=\"en\">Course</span></h2>\n<p>横軸は最初の受付開始からの秒数です。時間の縦軸は、目盛りごとに 10 倍になります。</p>\n<div class=\"plots\">\n",
    );
    for (title, scale, curves) in pictures {
        html.push_str(&figure(&rehearsal.figures.seconds, title, scale, curves)?);
    }
    html.push_str("</div>\n</section>\n");
    Ok(html)
}

fn figure(seconds: &[Second], title: &str, scale: Scale, named: &[Named<'_>]) -> Result<String, Failure> {
    let mut legend = String::new();
    let mut curves = Vec::new();
    for ((name, of), colour) in named.iter().zip(COLOURS) {
        let (red, green, blue) = (colour.0, colour.1, colour.2);
        legend.push_str(&format!("<span><i style=\"background:rgb({red},{green},{blue})\"></i>{name}</span>"));
        curves.push(Curve { colour, values: seconds.iter().map(of).collect() });
    }
    if named.is_empty() {
        legend.push_str("<span>ありません</span>");
    }
    let svg = picture(&curves, scale, title)?;
    Ok(format!("<figure>\n<figcaption>{title}<p class=\"legend\">{legend}</p></figcaption>\n{svg}\n</figure>\n"))
}
