//! The tables of the report: times by step, waves, refusals by code, attacks.

use std::collections::BTreeMap;

use super::super::recommend::Wave;
use super::super::result::Rehearsal;
use super::super::steps::Step;
use super::super::words::{attack_japanese, escaped, minutes_text, refusal_japanese, thousands, time_text};

/// The columns of the table of times.
const TIMES: [&str; 6] = ["件数", "p50", "p90", "p99", "p99.9", "最大"];
const WAVES: [&str; 4] =
    ["今回の割合で事前ログイン", "全員が事前にログイン", "全員が開始後にログイン", "ログインを開ける"];
const ATTACKS: [&str; 3] = ["試みた数", "切れた・断られた接続", "得たもの"];

pub(super) fn percentiles(rehearsal: &Rehearsal) -> String {
    let mut html = String::from(
        "<section>\n<h2>所要時間 <span lang=\"en\">Times</span></h2>\n\
         <p>p99 が 1.0 s なら、100 人のうち 99 人は 1.0 秒以内に済みました。順番を待ち、「混雑」と言われてやり直した時間を含みます。</p>\n",
    );
    let rows = Step::ALL.into_iter().filter_map(|step| Some((step, rehearsal.figures.percentiles(step)?)));
    let rows = rows.map(|(step, times)| {
        let texts = [times.p50, times.p90, times.p99, times.p999, times.max].map(time_text);
        (step.japanese().to_owned(), std::iter::once(thousands(times.count)).chain(texts).collect())
    });
    html.push_str(&table("手順", &TIMES, rows));
    html.push_str("</section>\n");
    html
}

/// How waves of different sizes go.
pub(super) fn waves(waves: &[Wave]) -> String {
    let rows = waves.iter().map(|wave| {
        let times = [wave.minutes, wave.minutes_all_early, wave.minutes_none_early].map(minutes_text);
        let opens = format!("{} 分前", wave.open_login_minutes_earlier);
        (format!("{} 人の回", thousands(wave.people.into())), times.into_iter().chain([opens]).collect())
    });
    table("全員に順番が来るまで", &WAVES, rows)
}

pub(super) fn refusals(rehearsal: &Rehearsal) -> String {
    let mut html = String::from("<section>\n<h2>断られた要求 <span lang=\"en\">Refusals by code</span></h2>\n");
    if rehearsal.figures.refusals.is_empty() {
        html.push_str("<p>ありません。</p>\n</section>\n");
        return html;
    }
    html.push_str(
        "<table>\n<thead><tr><th scope=\"col\">コード</th><th scope=\"col\">件数</th></tr></thead>\n<tbody>\n",
    );
    for (code, count) in &rehearsal.figures.refusals {
        let meaning = refusal_japanese(code);
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

pub(super) fn attacks(rehearsal: &Rehearsal) -> String {
    if rehearsal.attacks.is_empty() {
        return String::new();
    }
    let mut html = String::from(
        "<section>\n<h2>攻撃 <span lang=\"en\">Attacks</span></h2>\n\
         <p>来訪の間、攻撃者役が次のことをしました。「得たもの」は、他人としてのログイン（自動プログラムでは、手に入れた予約の回数。同時には 1 件まで）です。</p>\n",
    );
    let rows = rehearsal.attacks.iter().map(|tally| {
        let counts = [tally.tried, tally.cut, tally.gained].map(thousands);
        (format!("{}（{}）", attack_japanese(&tally.attack), tally.attack), counts.into_iter().collect())
    });
    html.push_str(&table("攻撃", &ATTACKS, rows));
    html.push_str("<ul class=\"plain\">\n");
    for tally in rehearsal.attacks.iter().filter(|tally| !tally.answers.is_empty()) {
        html.push_str(&format!("<li>{} への回答: {}</li>\n", tally.attack, answers(&tally.answers)));
    }
    html.push_str("</ul>\n</section>\n");
    html
}

fn answers(answers: &BTreeMap<String, u64>) -> String {
    let each = answers.iter().map(|(code, count)| format!("<code>{}</code> {} 件", escaped(code), thousands(*count)));
    each.collect::<Vec<_>>().join("、")
}

/// A table whose cells say on a phone which column they are of.
fn table(first: &str, columns: &[&str], rows: impl Iterator<Item = (String, Vec<String>)>) -> String {
    let mut html = format!("<table class=\"percentiles\">\n<thead><tr><th scope=\"col\">{first}</th>");
    for name in columns {
        html.push_str(&format!("<th scope=\"col\">{name}</th>"));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for (name, cells) in rows {
        html.push_str(&format!("<tr><th scope=\"row\">{name}</th>"));
        for (column, cell) in columns.iter().zip(cells) {
            html.push_str(&format!("<td data-name=\"{column}\">{cell}</td>"));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody>\n</table>\n");
    html
}
