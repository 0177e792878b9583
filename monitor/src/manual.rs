//! The manual for whoever is told: what each metric is called, what it means, what to do. It is `docs/alerts.md`, read at the
//! first question, so that an alert never says anything else than the manual.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::core::contact::Language;
use crate::core::metric::Metric;

/// What the manual says of one metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What it is called.
    pub name: String,
    /// What it means; a few sentences.
    pub meaning: String,
    /// What to do now, in this order.
    pub steps: Vec<String>,
    /// How to keep it from happening again.
    pub prevent: Vec<String>,
}

type Manual = BTreeMap<Metric, Section>;

static JA: LazyLock<Manual> = LazyLock::new(|| read(include_str!("../../docs/alerts.md")));
static EN: LazyLock<Manual> = LazyLock::new(|| read(include_str!("../../docs/alerts.en.md")));

/// What the manual says of `metric`; none if it says nothing, which a test forbids.
#[must_use]
pub fn section(metric: Metric, language: Language) -> Option<&'static Section> {
    match language {
        Language::Ja => JA.get(&metric),
        Language::En => EN.get(&metric),
    }
}

/// What `metric` is called.
#[must_use]
pub fn name(metric: Metric, language: Language) -> &'static str {
    section(metric, language).map_or(metric.code(), |section| &section.name)
}

/// What to do now, in this order.
#[must_use]
pub fn what_to_do(metric: Metric, language: Language) -> &'static [String] {
    section(metric, language).map_or(&[], |section| &section.steps)
}

/// A section begins with an anchor of the metric's code, and ends at the next anchor or chapter.
fn read(text: &str) -> Manual {
    let mut manual = Manual::new();
    let mut now: Option<Metric> = None;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("<a id=\"") {
            now = rest.split_once('"').and_then(|(code, _)| Metric::of_code(code));
            continue;
        }
        if line.starts_with("## ") {
            now = None;
        }
        let Some(metric) = now else { continue };
        let section = manual.entry(metric).or_insert_with(|| Section {
            name: String::new(),
            meaning: String::new(),
            steps: Vec::new(),
            prevent: Vec::new(),
        });
        // Headings inside a section are for readers of the manual.
        if line.starts_with("**") {
            continue;
        }
        let line = line.replace('`', "");
        if let Some(title) = line.strip_prefix("### ") {
            // The code stands behind the name, in brackets of either width.
            title.split(['（', '(']).next().unwrap_or(title).trim().clone_into(&mut section.name);
        } else if let Some(point) = line.strip_prefix("- ") {
            section.prevent.push(point.trim().to_owned());
        } else if let Some(step) = step(&line) {
            section.steps.push(step.to_owned());
        } else if section.steps.is_empty() && !line.trim().is_empty() {
            section.meaning.push_str(line.trim());
        }
    }
    manual
}

fn step(line: &str) -> Option<&str> {
    let (number, step) = line.split_once(". ")?;
    (!number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit())).then(|| step.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_its_section_with_numbered_steps_in_both_languages() {
        for metric in Metric::ALL {
            let sections = [Language::Ja, Language::En].map(|language| section(*metric, language).expect("a section"));
            for section in sections {
                assert!(!section.name.is_empty() && section.meaning.len() > 20, "{section:?}");
                assert!(section.steps.len() >= 3 && !section.prevent.is_empty(), "{section:?}");
                assert!(!section.steps.iter().any(|step| step.contains('`')), "{section:?}");
            }
            let [ja, en] = sections;
            assert_eq!((ja.steps.len(), ja.prevent.len()), (en.steps.len(), en.prevent.len()), "{}", metric.code());
            assert_ne!(ja.name, en.name);
        }
    }
}
