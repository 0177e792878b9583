//! What `/metrics` says, held against its manual both ways: every metric with its type and labels is described, and what is described is
//! there.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::time::Duration;

use sesshu_tests::{Client, wait_until_async};

use super::city;

const MANUAL: &str = include_str!("../../docs/metrics.md");

/// A metric: its type and the names of its labels.
#[derive(Debug, Default, PartialEq, Eq)]
struct Described {
    kind: String,
    labels: BTreeSet<String>,
}

/// The text between the backquotes of a cell.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// The rows of the manual's table of metrics.
fn described() -> BTreeMap<String, Described> {
    let rows = MANUAL.lines().filter(|line| line.starts_with("| `sesshu_"));
    let of = |row: &str| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let name = quoted(cells[1]).next().expect("a name").to_owned();
        // Values stand in brackets behind the label's name.
        let mut depth = 0;
        let outside: String = cells[3]
            .chars()
            .filter(|letter| {
                depth += i32::from(*letter == '（');
                let shown = depth == 0;
                depth -= i32::from(*letter == '）');
                shown
            })
            .collect();
        (name, Described { kind: cells[2].to_owned(), labels: quoted(&outside).map(str::to_owned).collect() })
    };
    rows.map(of).collect()
}

/// What was scraped.
fn scraped(text: &str) -> BTreeMap<String, Described> {
    let mut all: BTreeMap<String, Described> = BTreeMap::new();
    for line in text.lines() {
        if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            kind.clone_into(&mut all.entry(name.to_owned()).or_default().kind);
        }
    }
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let (series, _) = line.rsplit_once(' ').expect("a value");
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let family = ["_bucket", "_sum", "_count"].iter().find_map(|ending| name.strip_suffix(ending));
        let family = family.filter(|family| all.contains_key(*family)).unwrap_or(name);
        let names = labels.split("\",").filter_map(|pair| pair.split_once("=\"").map(|(label, _)| label.to_owned()));
        all.entry(family.to_owned()).or_default().labels.extend(names);
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_metric_is_described_and_what_is_described_is_there() {
    let city = city();
    let resident = city.resident();
    let mut login = city.login(&resident).await;
    // A refusal, so that it is counted.
    let refused = login.delete("/api/v1/bookings/0000000000000").await;
    assert!(refused.status >= 400);
    let mut ops = Client::new(city.ops(), Ipv4Addr::LOCALHOST);
    let text = wait_until_async("the monitor has measured", Duration::from_secs(30), async || {
        let text = ops.get("/metrics").await.expect(200).text();
        text.contains("\nsesshu_monitor_reading{").then_some(text)
    });
    let scraped = scraped(&text.await);
    let described = described();
    let names = |of: &BTreeMap<String, Described>| of.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&scraped), names(&described), "left: scraped, right: docs/metrics.md");
    for (name, found) in &scraped {
        assert_eq!(found.kind, described[name].kind, "the type of {name}");
        // There is an incident only when something is wrong.
        if name != "sesshu_incident" || !found.labels.is_empty() {
            assert_eq!(found.labels, described[name].labels, "the labels of {name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_reading_stands_in_the_manual_with_its_name() {
    let mut ops = Client::new(city().ops(), Ipv4Addr::LOCALHOST);
    let text = ops.get("/metrics").await.expect(200).text();
    for line in text.lines().filter(|line| line.starts_with("sesshu_monitor_reading{")) {
        let metric = line.split('"').nth(1).expect("its metric");
        assert!(MANUAL.contains(&format!("\n| `{metric}` |")), "docs/metrics.md does not say what {metric} is");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_listener_says_what_it_has() {
    let mut ops = Client::new(city().ops(), Ipv4Addr::LOCALHOST);
    let index = ops.get("/").await.expect(200).text();
    let addresses: Vec<&str> = index.lines().filter(|line| line.starts_with('/')).collect();
    assert!(addresses.len() >= 3, "{index}");
    for line in addresses {
        let address = line.split_whitespace().next().expect("an address");
        assert!([200, 503].contains(&ops.get(address).await.status), "{address}");
    }
}
