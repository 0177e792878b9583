//! What came out of a rehearsal, for programs (JSON), for the terminal, and for the report.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::attacks::Tally;
use super::figures::{Figures, Second};
use super::measure::Speeds;
use super::plan::Plan;
use super::recommend::Measured;
use super::record::{Ended, Findings};
use super::steps::{Gate, Heard, Step};
use super::words::minutes_text;

/// We were the limit ourselves if 1 in 100 of our steps began later than this,
const LATE_MS: f64 = 100.0;
/// or if more than this share of the requests had to wait for a socket of ours.
const SHORT_OF_SOCKETS_SHARE: f64 = 0.01;

/// Everything that is known afterwards.
#[derive(Debug)]
pub(super) struct Rehearsal {
    pub(super) plan: Plan,
    pub(super) figures: Figures,
    /// By resident; none for those who had not ended.
    pub(super) ended: Vec<Option<Ended>>,
    pub(super) findings: Findings,
    /// The result of `verify`.
    pub(super) verified: Value,
    pub(super) made_at: String,
    pub(super) attacks: Vec<Tally>,
    pub(super) speeds: Speeds,
}

impl Rehearsal {
    /// How many journeys ended so.
    pub(super) fn count(&self, ended: Option<Ended>) -> usize {
        self.ended.iter().filter(|other| **other == ended).count()
    }

    /// Whether `verify` found everything sound.
    pub(super) fn verify_sound(&self) -> bool {
        self.verified["ok"] == true
    }

    /// Whether the residents' answers and `verify` count the same bookings. What was under way to somebody who had not heard an
    /// answer may have been granted in between.
    pub(super) fn counts_agree(&self) -> bool {
        let seen = self.findings.bookings_live;
        let verified = self.verified["bookings_live"].as_u64().and_then(|count| usize::try_from(count).ok());
        verified.is_some_and(|verified| (seen..=seen + self.findings.unclear).contains(&verified))
    }

    /// Whether nobody was wronged and the data is sound.
    pub(super) fn all_well(&self) -> bool {
        self.findings.all_well() && self.verify_sound() && self.counts_agree()
    }

    /// Whether the people we played were slower than planned because of us, not of the server.
    pub(super) fn we_were_the_limit(&self) -> bool {
        let late = self.figures.lateness().is_some_and(|late| late.p99 > LATE_MS);
        late || self.figures.short_of_sockets as f64 > self.figures.requests as f64 * SHORT_OF_SOCKETS_SHARE
    }

    /// What the recommendation rests on.
    pub(super) fn measured(&self) -> Measured {
        let of_web = (self.plan.people.len() - self.plan.callers()).max(1);
        Measured {
            logins_per_second: self.speeds.logins_per_second,
            bookings_per_second: self.speeds.bookings_per_second.max(self.figures.most(|second| second.booked).into()),
            early_share: self.plan.early() as f64 / of_web as f64,
        }
    }

    /// The slowest second's commits, on average, in milliseconds.
    pub(super) fn commit_ms_max(&self) -> Option<f64> {
        self.figures.seconds.iter().filter_map(|second| second.sample.commit_ms).reduce(f64::max)
    }

    /// As JSON, with where the `report` lies.
    pub(super) fn json(&self, report: &Path) -> Value {
        let (plan, figures) = (&self.plan, &self.figures);
        let steps =
            Step::ALL.iter().filter_map(|step| Some((step.name().to_owned(), json!(figures.percentiles(*step)?))));
        let heard = Heard::ALL.iter().map(|heard| (heard.name().to_owned(), json!(figures.heard[*heard as usize])));
        let endings = Ended::ALL.iter().map(|ended| (ended.name().to_owned(), json!(self.count(Some(*ended)))));
        let endings = endings.chain([("unfinished".to_owned(), json!(self.count(None)))]);
        let at_gate = |gate: Gate| figures.seconds.iter().map(|second| second.at_gates[gate as usize]).max();
        let memory = |of: fn(&Second) -> Option<f64>| figures.seconds.iter().filter_map(of).reduce(f64::max);
        let measured = self.measured();
        json!({
            "ok": self.all_well(),
            "seed": plan.seed,
            "residents": plan.city.residents,
            "people": plan.people.len(),
            "places": plan.city.places(),
            "sessions": plan.city.sessions,
            "waves": plan.city.waves,
            "minutes": plan.time.as_secs_f64() / 60.0,
            "shape": plan.shape.name(),
            "early": plan.early(),
            "callers": plan.callers(),
            "two_devices": plan.with_two_devices(),
            "cores": cores(),
            "arrived": figures.arrived,
            "admitted": figures.admitted,
            "booked_by_phone": figures.by_phone,
            "ended": endings.collect::<Map<String, Value>>(),
            "requests": figures.requests,
            "heard": heard.collect::<Map<String, Value>>(),
            "refusals": figures.refusals,
            "latency_ms": steps.collect::<Map<String, Value>>(),
            "logins": figures.logins,
            "logins_first_try_percent": figures.logins.first_try_percent(),
            "estimates": figures.estimates(),
            "waiting_max": {
                "login": at_gate(Gate::Login),
                "booking": at_gate(Gate::Booking),
                "calls": at_gate(Gate::Calls),
            },
            "bookings_per_second_max": figures.most(|second| second.booked),
            "requests_per_second_max": figures.most(Second::requests),
            "commit_ms_max": self.commit_ms_max(),
            "memory_mib_max": {
                "server": memory(|second| second.sample.server_memory_mib),
                "generator": memory(|second| second.sample.own_memory_mib),
            },
            "generator": {
                "lateness_ms": figures.lateness(),
                "short_of_sockets": figures.short_of_sockets,
                "was_the_limit": self.we_were_the_limit(),
            },
            "attacks": self.attacks,
            "recommendation": { "measured": measured, "waves": measured.waves(plan.city.people_a_wave()) },
            "check": self.findings,
            "counts_agree": self.counts_agree(),
            "verify": self.verified,
            "report": report.display().to_string(),
        })
    }

    /// As lines for the terminal.
    pub(super) fn text(&self, report: &Path, japanese: bool) -> String {
        let findings = &self.findings;
        let mut text = String::new();
        for step in [Step::Login, Step::List, Step::Hold, Step::Book, Step::Call, Step::Wait, Step::Journey] {
            if let Some(times) = self.figures.percentiles(step) {
                let (name, count) = (step.name(), times.count);
                let (p50, p99, max) = (times.p50, times.p99, times.max);
                text.push_str(&format!("{name:<8} {count:>8}  p50 {p50:.1} ms  p99 {p99:.1} ms  max {max:.1} ms\n"));
            }
        }
        let booked = self.count(Some(Ended::Booked));
        let (people, unfinished) = (self.ended.len(), self.count(None));
        let (double, oversold, lost) = (findings.double_booked, findings.oversold, findings.lost);
        let sound = self.verify_sound() && self.counts_agree();
        let limit = self.we_were_the_limit();
        let wave = self.measured().wave(self.plan.city.people_a_wave());
        let logins = self.speeds.logins_per_second;
        text.push_str(&if japanese {
            let verify = if sound { "健全" } else { "異常あり" };
            let verdict = if self.all_well() { "合格" } else { "不合格" };
            let limit = if limit { "住民役のプログラムが限界でした: 時間は実際より長く出ています\n" } else { "" };
            let advice = wave.map_or_else(String::new, |wave| {
                let (people, earlier) = (wave.people, wave.open_login_minutes_earlier);
                let minutes = minutes_text(wave.minutes);
                format!("1 秒に {logins:.0} 人がログインできます。{people} 人の回は{minutes}で一巡します。ログインは {earlier} 分前に開けてください\n")
            });
            format!(
                "{people} 人のうち予約できた人 {booked}、途中の人 {unfinished}\n二重予約 {double}、定員超過 {oversold}、失われた予約 {lost}、verify: {verify}\n{limit}{advice}{verdict}\n報告書: "
            )
        } else {
            let verify = if sound { "sound" } else { "NOT SOUND" };
            let verdict = if self.all_well() { "all well" } else { "NOT WELL" };
            let limit = if limit { "the generator was the limit: times are longer than they would be\n" } else { "" };
            let advice = wave.map_or_else(String::new, |wave| {
                let (people, minutes, earlier) = (wave.people, wave.minutes, wave.open_login_minutes_earlier);
                format!(
                    "{logins:.0} logins/s; a wave of {people} is through in {minutes:.1} minutes; open login {earlier} minutes earlier\n"
                )
            });
            format!(
                "{booked} of {people} people booked, {unfinished} had not finished\ndouble-booked {double}, oversold {oversold}, lost {lost}, verify: {verify}\n{limit}{advice}{verdict}\nreport: "
            )
        });
        text.push_str(&report.display().to_string());
        text
    }
}

/// Cores that server and generator share.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::cli::rehearse_args;
    use crate::rehearse::samples::Sample;
    use hyper::StatusCode;
    use std::time::Duration;

    /// A small rehearsal in which all went well.
    pub(in crate::rehearse) fn rehearsal() -> Rehearsal {
        let args = rehearse_args(&["--residents", "20", "--minutes", "0.1"]);
        let mut figures = Figures::new().expect("figures");
        for second in 0..6_u64 {
            figures.arrive();
            figures.admit(Duration::from_millis(second * 300));
            figures.book();
            figures.log_in(true, second > 3, false);
            let _ = figures.hear(Some((StatusCode::CREATED, None, false)));
            figures.took(Step::Book, Duration::from_millis(second + 1));
            figures.close_second(Sample { server_cpu_percent: Some(120.0), commit_ms: Some(0.4), ..Sample::default() });
        }
        Rehearsal {
            plan: Plan::draw(&args, None, 1),
            figures,
            ended: (0..20).map(|number| Some(if number < 6 { Ended::Booked } else { Ended::NothingFree })).collect(),
            findings: Findings { asked: 20, bookings_live: 6, ..Findings::default() },
            verified: json!({ "ok": true, "bookings_live": 6, "problems": [] }),
            made_at: "2026-12-01 09:00".into(),
            attacks: Vec::new(),
            speeds: Speeds { logins_per_second: 80.0, bookings_per_second: 2_000.0 },
        }
    }

    #[test]
    fn all_is_well_only_if_nobody_was_wronged_and_both_counts_agree() {
        assert!(rehearsal().all_well());
        let lost = Rehearsal { findings: Findings { lost: 1, ..rehearsal().findings }, ..rehearsal() };
        let unsound = Rehearsal { verified: json!({ "ok": false, "bookings_live": 6 }), ..rehearsal() };
        let more = Rehearsal { verified: json!({ "ok": true, "bookings_live": 7 }), ..rehearsal() };
        assert!(!lost.all_well() && !unsound.all_well() && !more.all_well());
        let unheard = Findings { unclear: 1, ..rehearsal().findings };
        assert!(Rehearsal { findings: unheard, ..more }.all_well());
    }

    #[test]
    fn the_result_says_the_seed_and_what_became_of_everybody() {
        let json = rehearsal().json(Path::new("r.html"));
        assert_eq!((&json["ok"], &json["seed"], &json["early"]), (&json!(true), &json!(1), &json!(16)));
        let ended = json["ended"].as_object().expect("endings");
        assert_eq!(ended.values().filter_map(Value::as_u64).sum::<u64>(), 20);
        assert_eq!(json["logins_first_try_percent"], json!(100.0));
        assert_eq!(json["recommendation"]["waves"][0]["people"], json!(20));
        assert!(rehearsal().text(Path::new("r.html"), true).contains("合格"));
    }

    #[test]
    fn a_generator_that_is_late_or_short_of_sockets_says_so() {
        assert!(!rehearsal().we_were_the_limit());
        let mut late = rehearsal();
        (0..10).for_each(|_| late.figures.was_late(Duration::from_millis(150)));
        assert!(late.we_were_the_limit());
        let mut short = rehearsal();
        short.figures.short_of_sockets = 1;
        assert!(short.we_were_the_limit() && short.text(Path::new("r"), false).contains("the generator was the limit"));
    }
}
