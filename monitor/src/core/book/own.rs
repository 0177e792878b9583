//! What the book measures of itself: messages that wait, and watchers that are not heard of.

use std::time::Duration;

use super::Book;
use crate::core::contact::ChannelKind;
use crate::core::metric::Metric;
use crate::core::sample::Reading;
use crate::core::time::Now;

impl Book {
    /// How long the oldest message of `channel` has waited; zero if none waits.
    #[must_use]
    pub fn waits(&self, channel: ChannelKind, now: Now) -> Duration {
        let waiting = self.state.waiting.iter().filter(|message| message.lane.channel == channel);
        let age = waiting.filter_map(|message| self.posts.get(&message.no)).map(|post| post.written.at(now)).max();
        age.unwrap_or_default()
    }

    pub(super) fn own_readings(&self, now: Now) -> Vec<Reading> {
        let mut readings = Vec::new();
        for channel in ChannelKind::ALL {
            if self.contacts.iter().any(|contact| contact.channels.iter().any(|(kind, _)| *kind == channel)) {
                let waits = self.waits(channel, now);
                let mut reading = Reading::new(Metric::Undelivered, channel.code(), waits.as_secs_f64());
                let oldest = self.state.waiting.iter().find(|one| one.lane.channel == channel && one.tries > 0);
                reading.note = oldest.map(|message| message.last_answer.clone()).unwrap_or_default();
                readings.push(reading);
            }
        }
        for watcher in &self.state.watchers {
            let late = Metric::Undelivered;
            let subject = format!("watcher {}", watcher.name);
            readings.push(Reading::new(late, &subject, f64::from(watcher.undelivered_seconds)));
        }
        if self.config.watcher_expected {
            for (name, age) in &self.heard {
                readings.push(Reading::new(Metric::WatcherSilent, name, age.at(now).as_secs_f64()));
            }
            if self.heard.is_empty() {
                let since = now.steady.saturating_sub(self.started.steady);
                readings.push(Reading::new(Metric::WatcherSilent, "", since.as_secs_f64()));
            }
        }
        readings
    }
}
