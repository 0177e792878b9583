//! What a server says of itself in `/metrics`: the lines of its monitor, out of all others. Whatever the text is, reading it ends
//! and gives a bounded result.

use crate::core::cause::{Cause, SUBJECT_BYTES_MAX};
use crate::core::metric::Metric;

/// The most readings, and the most incidents, that are taken.
pub(super) const LINES_MAX: usize = 96;

/// What the server's monitor exports.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Exported {
    /// Its readings.
    pub(super) readings: Vec<(Cause, f64)>,
    /// Its open incidents, and whether somebody knows of each: was told, has acknowledged it, or wanted to hear nothing.
    pub(super) incidents: Vec<(Cause, bool)>,
    /// When it last measured, in seconds since 1970 of its own clock.
    pub(super) sampled_at: Option<f64>,
    /// How long its oldest alert waits to be delivered, in seconds.
    pub(super) undelivered_seconds: Option<f64>,
}

impl Exported {
    /// Reads the text form of Prometheus. Lines that are not understood are passed over.
    pub(super) fn read(text: &str) -> Self {
        let mut found = Self::default();
        for line in text.lines() {
            let Some(line) = Line::read(line) else { continue };
            match line.name {
                "sesshu_monitor_reading" if found.readings.len() < LINES_MAX => {
                    found.readings.extend(line.cause().map(|cause| (cause, line.value)));
                }
                "sesshu_incident" if found.incidents.len() < LINES_MAX => {
                    let told = line.label("told") != Some("no");
                    found.incidents.extend(line.cause().map(|cause| (cause, told)));
                }
                "sesshu_monitor_sampled_at_seconds" => found.sampled_at = Some(line.value),
                "sesshu_alerts_undelivered_seconds" => {
                    found.undelivered_seconds = Some(found.undelivered_seconds.unwrap_or(0.0).max(line.value));
                }
                _ => {}
            }
        }
        found
    }

    /// What the server's people know of `cause`: none if it has no such incident.
    pub(super) fn told(&self, cause: &Cause) -> Option<bool> {
        self.incidents.iter().find(|(of, _)| of == cause).map(|(_, told)| *told)
    }
}

/// One line: `name{label="value",…} 1.5`.
struct Line<'a> {
    name: &'a str,
    labels: Vec<(&'a str, String)>,
    value: f64,
}

/// The most labels of a line that is ours.
const LABELS_MAX: usize = 8;

impl<'a> Line<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let end = text.find(['{', ' '])?;
        let (name, mut rest) = text.split_at(end);
        if !name.starts_with("sesshu_") {
            return None;
        }
        let mut labels = Vec::new();
        if let Some(inside) = rest.strip_prefix('{') {
            rest = inside;
            while !rest.starts_with('}') {
                if labels.len() == LABELS_MAX {
                    return None;
                }
                let (label, after) = rest.split_once("=\"")?;
                let (value, after) = quoted(after)?;
                labels.push((label.trim(), value));
                rest = after.strip_prefix(',').unwrap_or(after);
            }
            rest = &rest[1..];
        }
        let value: f64 = rest.split_ascii_whitespace().next()?.parse().ok()?;
        value.is_finite().then_some(Self { name, labels, value })
    }

    fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(label, _)| *label == name).map(|(_, value)| value.as_str())
    }

    fn cause(&self) -> Option<Cause> {
        let metric = Metric::of_code(self.label("metric")?)?;
        Some(Cause::new(metric, self.label("subject").unwrap_or_default()))
    }
}

/// The value before the closing quote, and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        let letter = match letter {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match letters.next()?.1 {
                'n' => '\n',
                other => other,
            },
            other => other,
        };
        // A subject is no longer than this; what is longer is read to its end and cut off.
        if value.len() <= SUBJECT_BYTES_MAX {
            value.push(letter);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "# TYPE sesshu_monitor_reading gauge\n\
        sesshu_monitor_reading{metric=\"disk_use\",subject=\"data\"} 81.5\n\
        sesshu_monitor_reading{metric=\"swap_use\",subject=\"\"} 0\n\
        sesshu_monitor_reading{metric=\"of the future\",subject=\"\"} 1\n\
        sesshu_monitor_reading{metric=\"lookups_unusual\",subject=\"a\\\"b\\\\c\"} 1\n\
        sesshu_monitor_reading{metric=\"cpu_use\",subject=\"\"} NaN\n\
        sesshu_incident{metric=\"disk_use\",subject=\"data\",level=\"warning\",told=\"no\"} 1\n\
        sesshu_incident{metric=\"swap_use\",subject=\"\",level=\"warning\",told=\"yes\"} 1\n\
        sesshu_monitor_sampled_at_seconds 1764000000.5\n\
        sesshu_alerts_undelivered_seconds 12\n\
        sesshu_http_requests_total{route=\"/\",method=\"GET\",class=\"2xx\"} 7\n";

    #[test]
    fn the_monitors_lines_are_found_among_all_others() {
        let found = Exported::read(TEXT);
        let disk = Cause::new(Metric::DiskUse, "data");
        assert_eq!(
            found.readings,
            [
                (disk.clone(), 81.5),
                (Cause::new(Metric::SwapUse, ""), 0.0),
                (Cause::new(Metric::LookupsUnusual, "a\"b\\c"), 1.0)
            ]
        );
        assert_eq!(found.told(&disk), Some(false));
        assert_eq!(found.told(&Cause::new(Metric::SwapUse, "")), Some(true));
        assert_eq!(found.told(&Cause::new(Metric::CpuUse, "")), None);
        assert_eq!((found.sampled_at, found.undelivered_seconds), (Some(1_764_000_000.5), Some(12.0)));
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_its_end(
            lines in proptest::collection::vec(
                "(sesshu_(monitor_reading|incident|alerts_undelivered_seconds))?(\\{(metric|subject|told)=\"[a-z_\\\\\"]{0,90},?)?\\}?[ 0-9.eNa-]{0,9}|\\PC{0,60}",
                0..200,
            ),
            cut in any::<prop::sample::Index>(),
        ) {
            let text = format!("{}{TEXT}", lines.join("\n"));
            let end = (0..=text.len()).rev().find(|at| *at <= cut.index(text.len() + 1) && text.is_char_boundary(*at));
            for text in [text.as_str(), &text[..end.unwrap_or(0)]] {
                let found = Exported::read(text);
                prop_assert!(found.readings.len() <= LINES_MAX && found.incidents.len() <= LINES_MAX);
                let sound = |(cause, value): &(Cause, f64)| value.is_finite() && cause.subject.len() <= SUBJECT_BYTES_MAX;
                prop_assert!(found.readings.iter().all(sound));
            }
        }
    }
}
