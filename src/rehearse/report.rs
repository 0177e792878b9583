//! The report: one HTML file without anything from elsewhere, Japanese first, for a phone, a desk and a printer.

use super::figures::{Heard, Second, Step};
use super::plots::{COLOURS, Curve, Scale, picture};
use super::result::{Rehearsal, cores};
use super::{record::Ended, rush::GRACE};
use crate::cli::Shape;
use crate::exit::Failure;
use crate::phone::sockets_max;

const CSS: &str = include_str!("report.css");
/// The columns of the table of times.
const TIMES: [&str; 6] = ["件数", "p50", "p90", "p99", "p99.9", "最大"];

/// The value of a curve in a second.
type Value = fn(&Second) -> Option<f64>;
/// A curve of a picture: its name, and its values.
type Named<'a> = (&'a str, Value);
/// A picture: its title, its scale, its curves.
type Pictured<'a> = (&'a str, Scale, &'a [Named<'a>]);

/// The whole file.
pub(super) fn html(rehearsal: &Rehearsal) -> Result<String, Failure> {
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"ja\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>予約開始リハーサルの報告書</title>\n<style>\n{CSS}</style>\n</head>\n<body>\n<header>\n\
         <h1>予約開始リハーサルの報告書<br><span lang=\"en\">Rehearsal of an opening rush</span></h1>\n\
         <p>実施: {}（Sesshu {}）</p>\n</header>\n<main>\n",
        rehearsal.made_at,
        env!("CARGO_PKG_VERSION"),
    );
    html.push_str(&verdict(rehearsal));
    html.push_str(&conditions(rehearsal));
    html.push_str(&outcomes(rehearsal));
    html.push_str(&percentiles(rehearsal));
    html.push_str(&plots(rehearsal)?);
    html.push_str(&refusals(rehearsal));
    html.push_str("</main>\n</body>\n</html>\n");
    Ok(html)
}

fn verdict(rehearsal: &Rehearsal) -> String {
    let findings = &rehearsal.findings;
    let (class, word, english) = if rehearsal.all_well() {
        ("", "合格", "Nobody was double-booked, no place was oversold, no booking was lost")
    } else {
        (" bad", "不合格", "Something is wrong: see the marked lines")
    };
    let count =
        |what: &str, count: usize, unit: &str| (format!("{what}: {}{unit}", thousands(count as u64)), count == 0);
    let asked = if findings.not_asked == 0 {
        format!("住民 {} 人全員の「予約の確認」と、受け取った回答を照合", thousands(findings.asked as u64))
    } else {
        format!("{} 人を照合できなかった", thousands(findings.not_asked as u64))
    };
    let verified = rehearsal.verified["bookings_live"].as_u64().unwrap_or(0);
    let mut lines = vec![
        count("二重予約", findings.double_booked, " 人"),
        count("定員を超えた枠", findings.oversold, " 枠"),
        count("失われた予約", findings.lost, " 件"),
        count("身に覚えのない予約", findings.unexplained, " 件"),
        (asked, findings.not_asked == 0),
        (
            format!(
                "サーバー停止後の検査（verify）: {}",
                if rehearsal.verify_sound() { "異常なし" } else { "異常あり" }
            ),
            rehearsal.verify_sound(),
        ),
        (format!("有効な予約の数が verify と一致: {} 件", thousands(verified)), rehearsal.counts_agree()),
    ];
    let problems =
        rehearsal.verified["problems"].as_array().into_iter().flatten().filter_map(|problem| problem.as_str());
    lines.extend(problems.map(|problem| (escaped(problem), false)));
    let mut html =
        format!("<div class=\"verdict{class}\">\n<strong>{word}</strong>\n<span lang=\"en\">{english}</span>\n<ul>\n");
    for (line, good) in lines {
        html.push_str(&format!("<li{}>{line}</li>\n", if good { "" } else { " class=\"bad\"" }));
    }
    html.push_str("</ul>\n</div>\n");
    html
}

fn conditions(rehearsal: &Rehearsal) -> String {
    let plan = &rehearsal.plan;
    let (early, people) = (plan.early(), plan.people.len());
    let share = early as f64 / people.max(1) as f64 * 100.0;
    let arrivals = match plan.shape {
        Shape::Opening => "予約開始（最初の数秒に集中）",
        Shape::Flat => "一様",
    };
    let minutes = plan.time.as_secs_f64() / 60.0;
    let city = plan.city;
    let list = facts(&[
        ("住民", format!("{} 人", thousands(people as u64))),
        (
            "予約枠",
            format!("{} 人分（{} 会、各枠 {} 人）", thousands(city.places().into()), city.sessions, city.slot_places),
        ),
        ("来訪する時間", format!("{} 分", (minutes * 100.0).round() / 100.0)),
        ("来訪の形", arrivals.to_owned()),
        ("事前にログイン済み", format!("{} 人（{share:.0} %）", thousands(early as u64))),
        ("開始後にログイン", format!("{} 人", thousands((people - early) as u64))),
        ("CPU のコア数", format!("{}", cores())),
        ("シード（--seed）", plan.seed.to_string()),
    ]);
    format!(
        "<section>\n<h2>条件 <span lang=\"en\">Conditions</span></h2>\n{list}\n\
         <p class=\"note\">「事前にログイン済み」の {share:.0} % は、受付開始の前にログインを終えたものとして扱っています。リハーサルはこの人たちの\
         ログイン状態を使い捨ての鍵で用意し、<strong>ログインの負荷に含めていません</strong>。残りの人は開始後に、券番号とパスワードで実際に\
         ログインしました。すべての人がログインする場合の負荷は <code>--early-share 0</code> で測れます。<br>\
         <span lang=\"en\">{share:.0} % count as logged in before the opening: their tokens were prepared and cost no login. Everybody else \
         logged in with ID and password during the rush.</span></p>\n\
         <p class=\"note\">住民役のプログラムは、サーバーと<strong>同じ機械の CPU を分け合って</strong>動きます。来訪はサーバーの応答を待たずに予定の時刻どおり\
         に起こり、時間はすべて「始めるはずだった時刻」から測ります（接続待ちを含む）。同時に開く接続は最大 {} 本です。</p>\n</section>\n",
        thousands(sockets_max() as u64),
    )
}

fn outcomes(rehearsal: &Rehearsal) -> String {
    let figures = &rehearsal.figures;
    let people = |ended| format!("{} 人", thousands(rehearsal.count(ended) as u64));
    let most = |of: fn(&Second) -> u32| figures.seconds.iter().map(of).max().unwrap_or(0);
    let (commits, entries) = figures
        .seconds
        .iter()
        .fold((0, 0), |(commits, entries), second| (commits + second.sample.commits, entries + second.sample.entries));
    let batch = if commits == 0 { "—".to_owned() } else { format!("{:.1} 件", entries as f64 / commits as f64) };
    let memory = figures.seconds.iter().filter_map(|second| second.sample.server_memory_mib).fold(0.0, f64::max);
    let list = facts(&[
        ("予約できた", people(Some(Ended::Booked))),
        ("空きがなく予約できなかった", people(Some(Ended::NothingFree))),
        ("選んだ枠が続けて満員であきらめた", people(Some(Ended::FullTooOften))),
        ("混雑が続いてあきらめた", people(Some(Ended::BusyTooOften))),
        ("思わぬ拒否で終わった", people(Some(Ended::Refused))),
        (&*format!("最後の来訪から {} 秒後にも手続き中", GRACE.as_secs()), people(None)),
        ("要求の数", format!("{} 件", thousands(figures.requests))),
        ("最も多かった1秒の来訪", format!("{} 人", thousands(most(|second| second.arrived).into()))),
        ("最も多かった1秒の予約", format!("{} 件", thousands(most(|second| second.booked).into()))),
        ("ディスクへの書き込み（コミット）", format!("{} 回", thousands(commits))),
        ("1回にまとめた記録", batch),
        ("サーバーの最大メモリー", format!("{memory:.0} MiB")),
    ]);
    format!("<section>\n<h2>結果 <span lang=\"en\">Outcome</span></h2>\n{list}\n</section>\n")
}

fn percentiles(rehearsal: &Rehearsal) -> String {
    let mut html = String::from(
        "<section>\n<h2>所要時間 <span lang=\"en\">Times</span></h2>\n\
         <p>p99 が 1.0 s なら、100 人のうち 99 人は 1.0 秒以内に済みました。「混雑」と言われて待ち、やり直した時間を含みます。</p>\n\
         <table class=\"percentiles\">\n<thead><tr><th scope=\"col\">手順</th>",
    );
    for name in TIMES {
        html.push_str(&format!("<th scope=\"col\">{name}</th>"));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for step in Step::ALL {
        let Some(times) = rehearsal.figures.percentiles(step) else { continue };
        html.push_str(&format!("<tr><th scope=\"row\">{}</th>", japanese(step)));
        let texts = [times.p50, times.p90, times.p99, times.p999, times.max].map(time_text);
        for (name, text) in TIMES.iter().zip([thousands(times.count)].into_iter().chain(texts)) {
            html.push_str(&format!("<td data-name=\"{name}\">{text}</td>"));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody>\n</table>\n</section>\n");
    html
}

fn plots(rehearsal: &Rehearsal) -> Result<String, Failure> {
    let heard: [(Heard, &str, Value); 5] = [
        (Heard::Good, "成功", |second| Some(second.heard[Heard::Good as usize].into())),
        (Heard::Full, "満員", |second| Some(second.heard[Heard::Full as usize].into())),
        (Heard::OtherRefusal, "その他の拒否", |second| Some(second.heard[Heard::OtherRefusal as usize].into())),
        (Heard::Busy, "混雑（503・429）", |second| Some(second.heard[Heard::Busy as usize].into())),
        (Heard::Error, "エラー・不通", |second| Some(second.heard[Heard::Error as usize].into())),
    ];
    let happened = heard.into_iter().filter(|(heard, ..)| rehearsal.figures.heard[*heard as usize] > 0);
    let happened: Vec<Named<'_>> = happened.map(|(_, name, value)| (name, value)).collect();
    let pictures: [Pictured<'_>; 6] = [
        (
            "1秒ごとの来訪と予約（人・件）",
            Scale::Count,
            &[("来訪", |second| Some(second.arrived.into())), ("予約", |second| Some(second.booked.into()))],
        ),
        ("1秒ごとの回答（件）", Scale::Count, &happened),
        (
            "予約の所要時間",
            Scale::Time,
            &[("p50", |second| Some(second.booking_ms?.0)), ("p99", |second| Some(second.booking_ms?.1))],
        ),
        (
            "ログインの所要時間",
            Scale::Time,
            &[("p50", |second| Some(second.login_ms?.0)), ("p99", |second| Some(second.login_ms?.1))],
        ),
        (
            "CPU（1コア = 100 %）",
            Scale::Percent,
            &[
                ("サーバー", |second| second.sample.server_cpu_percent),
                ("住民役", |second| second.sample.own_cpu_percent),
            ],
        ),
        ("サーバーのメモリー（MiB）", Scale::Count, &[("メモリー", |second| second.sample.server_memory_mib)]),
    ];
    let mut html = String::from(
        "<section>\n<h2>経過 <span lang=\"en\">Course</span></h2>\n<p>横軸は受付開始からの秒数です。所要時間の縦軸は、目盛りごとに 10 倍になります。</p>\n<div class=\"plots\">\n",
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
    let svg = picture(&curves, scale, title)?;
    Ok(format!("<figure>\n<figcaption>{title}<p class=\"legend\">{legend}</p></figcaption>\n{svg}\n</figure>\n"))
}

fn refusals(rehearsal: &Rehearsal) -> String {
    let mut html = String::from("<section>\n<h2>断られた要求 <span lang=\"en\">Refusals by code</span></h2>\n");
    if rehearsal.figures.refusals.is_empty() {
        html.push_str("<p>ありません。</p>\n</section>\n");
        return html;
    }
    html.push_str(
        "<table>\n<thead><tr><th scope=\"col\">コード</th><th scope=\"col\">件数</th></tr></thead>\n<tbody>\n",
    );
    for (code, count) in &rehearsal.figures.refusals {
        let meaning = meaning(code);
        let meaning = if meaning.is_empty() { String::new() } else { format!("　{meaning}") };
        html.push_str(&format!(
            "<tr><td class=\"words\"><code>{}</code>{meaning}</td><td>{}</td></tr>\n",
            escaped(code),
            thousands(*count)
        ));
    }
    html.push_str("</tbody>\n</table>\n</section>\n");
    html
}

fn meaning(code: &str) -> &'static str {
    match code {
        "full" => "選んだ枠が満員（別の枠を選び直した）",
        "busy" => "混雑（案内された時間だけ待って、やり直した）",
        "unavailable" => "結果が不明（同じキーでやり直した）",
        "too_many_attempts" => "回数の制限",
        "unheard" => "接続が切れた、または応答がなかった（同じキーでやり直した）",
        _ => "",
    }
}

const fn japanese(step: Step) -> &'static str {
    match step {
        Step::Login => "ログイン",
        Step::List => "空き枠の一覧",
        Step::Hold => "枠の確保",
        Step::Book => "予約",
        Step::Me => "予約の確認",
        Step::Cancel => "取り消し",
        Step::Journey => "全体（考える時間を除く）",
    }
}

fn facts(facts: &[(&str, String)]) -> String {
    let mut html = String::from("<dl class=\"facts\">\n");
    for (name, fact) in facts {
        html.push_str(&format!("<div><dt>{name}</dt><dd>{fact}</dd></div>\n"));
    }
    html.push_str("</dl>");
    html
}

fn time_text(ms: f64) -> String {
    match ms {
        ..10.0 => format!("{ms:.1} ms"),
        ..1_000.0 => format!("{ms:.0} ms"),
        _ => format!("{:.1} s", ms / 1_000.0),
    }
}

fn thousands(count: u64) -> String {
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

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::record::Findings;
    use super::super::result::tests::rehearsal;
    use super::*;

    #[test]
    fn the_report_needs_nothing_from_elsewhere_and_says_the_early_share() {
        let html = html(&rehearsal()).expect("a report");
        for foreign in ["http://", "https://", "<script", "<link", "url(", "@import"] {
            let allowed = html.matches("xmlns=\"http://www.w3.org/2000/svg\"").count();
            let found = html.matches(foreign).count();
            assert_eq!(found, if foreign == "http://" { allowed } else { 0 }, "{foreign}");
        }
        assert!(html.contains("16 人（80 %）") && html.contains("Rehearsal of an opening rush"));
        assert_eq!(html.matches("<svg").count(), 6);
        assert!(html.contains("合格") && !html.contains("不合格"));
    }

    #[test]
    fn what_is_wrong_is_marked() {
        let wrong = Rehearsal { findings: Findings { double_booked: 2, ..rehearsal().findings }, ..rehearsal() };
        let html = html(&wrong).expect("a report");
        assert!(html.contains("不合格") && html.contains("<li class=\"bad\">二重予約: 2 人</li>"));
    }

    #[test]
    fn numbers_are_grouped_and_times_have_their_unit() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([1.23, 45.6, 12_345.0].map(time_text), ["1.2 ms", "46 ms", "12.3 s"]);
    }
}
