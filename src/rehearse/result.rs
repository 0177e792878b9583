//! What came out of a rehearsal, for programs (JSON), for the terminal, and for the report.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::figures::{Figures, Step};
use super::plan::Plan;
use super::record::{Ended, Findings};
use crate::cli::Shape;

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

    /// As JSON, with where the `report` lies.
    pub(super) fn json(&self, report: &Path) -> Value {
        let plan = &self.plan;
        let steps =
            Step::ALL.iter().filter_map(|step| Some((step.name().to_owned(), json!(self.figures.percentiles(*step)?))));
        json!({
            "ok": self.all_well(),
            "seed": plan.seed,
            "residents": plan.people.len(),
            "places": plan.city.places(),
            "minutes": plan.time.as_secs_f64() / 60.0,
            "shape": match plan.shape { Shape::Opening => "opening", Shape::Flat => "flat" },
            "early": plan.early(),
            "cores": cores(),
            "arrived": self.figures.arrived,
            "ended": {
                "booked": self.count(Some(Ended::Booked)),
                "nothing_free": self.count(Some(Ended::NothingFree)),
                "full_too_often": self.count(Some(Ended::FullTooOften)),
                "busy_too_often": self.count(Some(Ended::BusyTooOften)),
                "refused": self.count(Some(Ended::Refused)),
                "unfinished": self.count(None),
            },
            "requests": self.figures.requests,
            "refusals": self.figures.refusals,
            "latency_ms": steps.collect::<Map<String, Value>>(),
            "bookings_per_second_max": self.figures.seconds.iter().map(|second| second.booked).max(),
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
        for step in [Step::Login, Step::List, Step::Hold, Step::Book, Step::Journey] {
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
        text.push_str(&if japanese {
            let verify = if sound { "健全" } else { "異常あり" };
            let verdict = if self.all_well() { "合格" } else { "不合格" };
            format!(
                "{people} 人のうち予約できた人 {booked}、途中の人 {unfinished}\n二重予約 {double}、定員超過 {oversold}、失われた予約 {lost}、verify: {verify}\n{verdict}\n報告書: "
            )
        } else {
            let verify = if sound { "sound" } else { "NOT SOUND" };
            let verdict = if self.all_well() { "all well" } else { "NOT WELL" };
            format!(
                "{booked} of {people} people booked, {unfinished} had not finished\ndouble-booked {double}, oversold {oversold}, lost {lost}, verify: {verify}\n{verdict}\nreport: "
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
    use crate::cli::RehearseArgs;
    use crate::rehearse::samples::Sample;
    use hyper::StatusCode;
    use std::time::Duration;

    /// A small rehearsal in which all went well.
    pub(in crate::rehearse) fn rehearsal() -> Rehearsal {
        let args = RehearseArgs {
            residents: 20,
            minutes: 0.1,
            shape: Shape::Opening,
            early_share: 0.8,
            seed: None,
            report: "r.html".into(),
        };
        let mut figures = Figures::new().expect("figures");
        for second in 0..6_u64 {
            figures.arrive();
            figures.book();
            figures.hear(Some((StatusCode::CREATED, None)));
            figures.took(Step::Book, Duration::from_millis(second + 1));
            figures.close_second(Sample { server_cpu_percent: Some(120.0), ..Sample::default() });
        }
        Rehearsal {
            plan: Plan::draw(&args, 1),
            figures,
            ended: (0..20).map(|number| Some(if number < 6 { Ended::Booked } else { Ended::NothingFree })).collect(),
            findings: Findings { asked: 20, bookings_live: 6, ..Findings::default() },
            verified: json!({ "ok": true, "bookings_live": 6, "problems": [] }),
            made_at: "2026-12-01 09:00".into(),
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
        assert!(rehearsal().text(Path::new("r.html"), true).contains("合格"));
    }
}
