//! The report: one HTML file without anything from elsewhere, Japanese first, for a phone, a desk and a printer.

mod course;
mod tables;

use super::plan::Plan;
use super::result::{Rehearsal, cores};
use super::words::{escaped, minutes_text, thousands};
use super::{record::Ended, steps::Gate};
use crate::cli::Shape;
use crate::exit::Failure;
use crate::phone::sockets_max;

const CSS: &str = include_str!("report.css");
/// Fewer real residents than this, in percent, who log in at the first try are marked.
const FIRST_TRY_PERCENT: f64 = 99.0;

/// The whole file.
pub(super) fn html(rehearsal: &Rehearsal) -> Result<String, Failure> {
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"ja\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>予約開始リハーサルの報告書</title>\n<style>\n{CSS}</style>\n</head>\n<body>\n<header>\n\
         <h1>予約開始リハーサルの報告書<br><span lang=\"en\">Rehearsal of an opening day</span></h1>\n\
         <p>実施: {}（Sesshu {}）</p>\n</header>\n<main>\n",
        rehearsal.made_at,
        env!("CARGO_PKG_VERSION"),
    );
    html.push_str(&verdict(rehearsal));
    html.push_str(&advice(rehearsal));
    html.push_str(&outcomes(rehearsal));
    html.push_str(&tables::percentiles(rehearsal));
    html.push_str(&course::plots(rehearsal)?);
    html.push_str(&tables::refusals(rehearsal));
    html.push_str(&tables::attacks(rehearsal));
    html.push_str(&conditions(rehearsal));
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

/// What the city should do.
fn advice(rehearsal: &Rehearsal) -> String {
    let measured = rehearsal.measured();
    let waves = measured.waves(rehearsal.plan.city.people_a_wave());
    let heading = "<section>\n<h2>このコンピューターでできること <span lang=\"en\">Recommendation</span></h2>\n";
    let Some(wave) = waves.first() else {
        return format!("{heading}<p>ログインか予約が 1 件も成功しなかったので、見積もれません。</p>\n</section>\n");
    };
    let (people, logins) = (thousands(wave.people.into()), measured.logins_per_second);
    let (earlier, early) = (wave.open_login_minutes_earlier, measured.early_share * 100.0);
    let mut html = format!(
        "{heading}<p class=\"advice\">このコンピューターでは、<strong>1 秒に {logins:.0} 人</strong>がログインできます。{people} 人の回は、\
         <strong>{}</strong>で全員に順番が来ます（今回のように {early:.0} % の人が前もってログインしている場合）。\
         ログインは、予約の受付開始の<strong> {earlier} 分前</strong>に開けてください。</p>\n\
         <p lang=\"en\">On this machine: {logins:.0} logins/s; the wave of {people} is through in {:.1} minutes; open login {earlier} minutes \
         earlier.</p>\n",
        minutes_text(wave.minutes),
        wave.minutes,
    );
    html.push_str(&tables::waves(&waves));
    html.push_str(&format!(
        "<p class=\"note\">ログインと予約の速さは、来訪が終わってから、ほかに何もない状態で測りました（予約は 1 秒に {} 件以上。予約のある人が取り消して同じ枠を取り直します）。\
         ログインを開ける時刻は、パスワードの確認の 20 % を「確認・変更・取り消し」のために残し、\
         人が均等には来ないことを見込んで、計算上必要な時間の 2 倍を 5 分単位に切り上げたものです。</p>\n</section>\n",
        thousands(measured.bookings_per_second as u64),
    ));
    html
}

fn conditions(rehearsal: &Rehearsal) -> String {
    let plan = &rehearsal.plan;
    let (early, callers, people) = (plan.early(), plan.callers(), plan.people.len());
    let of_web = (people - callers).max(1);
    let share = early as f64 / of_web as f64 * 100.0;
    let minutes = plan.time.as_secs_f64() / 60.0;
    let city = plan.city;
    let count = |count: usize| format!("{} 人", thousands(count as u64));
    let mut list = vec![
        ("名簿の人数", count(city.residents as usize)),
        ("来訪する住民", count(people)),
        (
            "予約枠",
            format!("{} 人分（{} 会、各枠 {} 人）", thousands(city.places().into()), city.sessions, city.slot_places),
        ),
        ("受付開始の回数", format!("{} 回（1 回に {}）", city.waves, count(city.people_a_wave() as usize))),
        ("来訪する時間", format!("{} 分", (minutes * 100.0).round() / 100.0)),
        ("来訪の形", plan.shape.japanese().to_owned()),
        ("事前にログイン済み", format!("{}（{share:.0} %）", count(early))),
        ("開始後にログイン", count(of_web.saturating_sub(early))),
        ("電話で予約", calls_text(plan, callers)),
        ("端末を 2 台使う人", count(plan.with_two_devices())),
        ("案内を待たずに聞き直す人", count(impatient(plan))),
        ("あきらめるまでの時間", minutes_text(plan.patience.as_secs_f64() / 60.0)),
        ("CPU のコア数", format!("{}", cores())),
        ("シード（--seed）", plan.seed.to_string()),
    ];
    if plan.shape == Shape::CancelWave {
        list.push((
            "はじめから予約のある人",
            count(plan.people.iter().filter(|person| person.errand.has_place()).count()),
        ));
    }
    format!(
        "<section>\n<h2>条件 <span lang=\"en\">Conditions</span></h2>\n{}\n\
         <p class=\"note\">「事前にログイン済み」の {share:.0} % は、受付開始の前にログインを終えたものとして扱っています。リハーサルはこの人たちの\
         ログイン状態を使い捨ての鍵で用意し、<strong>ログインの負荷に含めていません</strong>。残りの人は開始後に、券番号とパスワードで実際に\
         ログインしました。すべての人がログインする場合の負荷は <code>--early-share 0</code> で測れます。<br>\
         <span lang=\"en\">{share:.0} % count as logged in before the opening: their tokens were prepared and cost no login. Everybody else \
         logged in with ID and password during the rush.</span></p>\n\
         <p class=\"note\">住民役のプログラムは、サーバーと<strong>同じ機械の CPU を分け合って</strong>動きます。来訪はサーバーの応答を待たずに予定の時刻どおり\
         に起こり、時間はすべて「始めるはずだった時刻」から測ります（接続待ちを含む）。同時に開く接続は最大 {} 本です。</p>\n</section>\n",
        facts(&list),
        thousands(sockets_max() as u64),
    )
}

fn calls_text(plan: &Plan, callers: usize) -> String {
    if callers == 0 {
        return "なし".to_owned();
    }
    let talk = plan.talk.as_secs_f64();
    format!("{} 人（係 {} 人、1 件に {talk:.0} 秒話す）", thousands(callers as u64), plan.operators)
}

fn impatient(plan: &Plan) -> usize {
    plan.people.iter().filter(|person| person.habits.asks_every.is_some() && !person.calls).count()
}

fn outcomes(rehearsal: &Rehearsal) -> String {
    let figures = &rehearsal.figures;
    let people = |count: usize| format!("{} 人", thousands(count as u64));
    let (commits, entries) = figures
        .seconds
        .iter()
        .fold((0, 0), |(commits, entries), second| (commits + second.sample.commits, entries + second.sample.entries));
    let batch = if commits == 0 { "—".to_owned() } else { format!("{:.1} 件", entries as f64 / commits as f64) };
    let memory = |of: fn(&super::figures::Second) -> Option<f64>| {
        format!("{:.0} MiB", figures.seconds.iter().filter_map(of).fold(0.0, f64::max))
    };
    let at_gates = |gate: Gate| figures.seconds.iter().map(|second| second.at_gates[gate as usize]).max().unwrap_or(0);
    let [login, booking, calls] = Gate::ALL.map(|gate| people(at_gates(gate) as usize));
    let first_try = figures.logins.first_try_percent();
    let logins = figures.logins;
    let mut list: Vec<(&str, String)> = Vec::new();
    for ended in Ended::ALL {
        let count = rehearsal.count(Some(ended));
        if count > 0 || matches!(ended, Ended::Booked | Ended::NothingFree | Ended::Refused) {
            list.push((ended.japanese(), people(count)));
        }
    }
    if rehearsal.plan.callers() > 0 {
        list.push(("うち電話で予約できた", people(figures.by_phone as usize)));
        list.push(("電話で待った人（最も多いとき）", calls));
    }
    list.extend([
        ("打ち切りのときに手続き中", people(rehearsal.count(None))),
        ("ログインを待った人（最も多いとき）", login),
        ("予約の順番を待った人（最も多いとき）", booking),
        ("要求の数", format!("{} 件", thousands(figures.requests))),
        ("最も多かった1秒の要求", format!("{} 件", thousands(figures.most(super::figures::Second::requests).into()))),
        ("最も多かった1秒の来訪", format!("{} 人", thousands(figures.most(|second| second.arrived).into()))),
        ("最も多かった1秒の予約", format!("{} 件", thousands(figures.most(|second| second.booked).into()))),
        ("ディスクへの書き込み（コミット）", format!("{} 回", thousands(commits))),
        ("1回にまとめた記録", batch),
        ("サーバーの最大メモリー", memory(|second| second.sample.server_memory_mib)),
        ("住民役の最大メモリー", memory(|second| second.sample.own_memory_mib)),
    ]);
    let mut html = format!("<section>\n<h2>結果 <span lang=\"en\">Outcome</span></h2>\n{}\n", facts(&list));
    if let Some(percent) = first_try {
        let mark = if percent < FIRST_TRY_PERCENT { " bad" } else { "" };
        html.push_str(&format!(
            "<p class=\"line{mark}\">開始後にログインした住民 {} 人のうち、<strong>{percent:.1} %</strong> が最初の 1 回で入れました\
             （順番を待った人を含みます。待たずに入れた人は {} 人、最後には {} 人）。</p>\n",
            thousands(logins.people),
            thousands(logins.at_once),
            thousands(logins.in_the_end),
        ));
    }
    if let Some(estimates) = figures.estimates() {
        html.push_str(&format!(
            "<p class=\"line\">5 秒以上待つと案内された {} 人が実際に待った時間は、最初の案内の <strong>{} %</strong>（中央値。1 割の人は {} % 以下、\
             1 割の人は {} % 以上）でした。</p>\n",
            thousands(estimates.count),
            estimates.p50_percent,
            estimates.p10_percent,
            estimates.p90_percent,
        ));
    }
    let late = figures.lateness().map_or_else(|| "—".to_owned(), |late| super::words::time_text(late.p99));
    html.push_str(&if rehearsal.we_were_the_limit() {
        format!(
            "<p class=\"line bad\"><strong>住民役のプログラムが限界でした</strong>（要求の始まりの遅れの p99 {late}、接続の空き待ち {} 回）。所要時間は、住民の端末が別にある\
             本番より長く出ています。<span lang=\"en\">The generator itself was the limit: times are longer than they would be.</span></p>\n",
            thousands(figures.short_of_sockets),
        )
    } else {
        format!("<p class=\"line\">住民役のプログラムには余裕がありました（要求の始まりの遅れの p99 {late}）。</p>\n")
    });
    html.push_str("</section>\n");
    html
}

fn facts(facts: &[(&str, String)]) -> String {
    let mut html = String::from("<dl class=\"facts\">\n");
    for (name, fact) in facts {
        html.push_str(&format!("<div><dt>{name}</dt><dd>{fact}</dd></div>\n"));
    }
    html.push_str("</dl>");
    html
}

#[cfg(test)]
mod tests {
    use super::super::attacks::Tally;
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
        assert!(html.contains("16 人（80 %）") && html.contains("Rehearsal of an opening day"));
        assert_eq!(html.matches("<svg").count(), 10);
        assert!(html.contains("合格") && !html.contains("不合格"));
        assert!(html.contains("1 秒に 80 人") && html.contains("5 分前"), "what the city should do");
    }

    #[test]
    fn attackers_are_shown_with_what_they_got() {
        let answers = [("401".to_owned(), 30), ("too_many_attempts".to_owned(), 20)].into();
        let tally = Tally { attack: "stuffing".into(), tried: 51, gained: 0, cut: 1, answers };
        let html = html(&Rehearsal { attacks: vec![tally], ..rehearsal() }).expect("a report");
        assert!(html.contains("盗まれたパスワード") && html.contains("too_many_attempts"), "{html}");
    }

    #[test]
    fn what_is_wrong_is_marked() {
        let wrong = Rehearsal { findings: Findings { double_booked: 2, ..rehearsal().findings }, ..rehearsal() };
        let html = html(&wrong).expect("a report");
        assert!(html.contains("不合格") && html.contains("<li class=\"bad\">二重予約: 2 人</li>"));
    }
}
