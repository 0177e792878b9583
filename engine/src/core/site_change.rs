//! What a new state of the city's pages changes, so that it can be shown before it is done.

use std::collections::{BTreeMap, BTreeSet};

use super::site::{Announcement, LangCode, Site};
use super::site_place::SitePlace;

/// One thing that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteChange {
    /// What: an announcement, a venue, a wording, or `theme`, `bring`.
    pub place: SitePlace,
    /// How.
    pub how: ChangeKind,
}

/// How something changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// It was not there before.
    New,
    /// It is said otherwise.
    Changed,
    /// It is not said any more.
    Gone,
    /// The same are there in another order.
    Reordered,
}

impl ChangeKind {
    /// The stable name in results.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Gone => "gone",
            Self::Reordered => "reordered",
        }
    }
}

impl Site {
    /// What changes when `next` takes the place of this: nothing exactly if both say the same.
    #[must_use]
    pub fn changes_to(&self, next: &Self) -> Vec<SiteChange> {
        let mut changes = Vec::new();
        let mut whole = |word: &str, before: bool, after: bool, same: bool| {
            let how = match (before, after) {
                (false, true) => ChangeKind::New,
                (true, false) => ChangeKind::Gone,
                _ if same => return,
                _ => ChangeKind::Changed,
            };
            changes.push(SiteChange { place: SitePlace::of(&[word]), how });
        };
        whole("theme", self.theme.is_some(), next.theme.is_some(), self.theme == next.theme);
        whole("bring", self.bring.is_some(), next.bring.is_some(), self.bring == next.bring);
        let of = |site: &Self| -> BTreeMap<Box<str>, Announcement> {
            site.announcements.iter().map(|one| (one.id.clone(), one.clone())).collect()
        };
        let announcement = SitePlace::of(&["announcement"]);
        let found = between(&announcement, &of(self), &of(next));
        let ids = |site: &Self| site.announcements.iter().map(|one| one.id.clone()).collect::<Vec<_>>();
        let kept = |site: &Self, other: &Self| {
            let others = ids(other);
            ids(site).into_iter().filter(|id| others.contains(id)).collect::<Vec<_>>()
        };
        if kept(self, next) != kept(next, self) {
            changes.push(SiteChange { place: announcement, how: ChangeKind::Reordered });
        } else if found.is_empty() && self.announcements != next.announcements {
            // The same name twice, which a checked site never has.
            changes.push(SiteChange { place: announcement, how: ChangeKind::Changed });
        }
        changes.extend(found);
        changes.extend(between(&SitePlace::of(&["venue"]), &self.venues, &next.venues));
        let langs: BTreeSet<&LangCode> = self.texts.keys().chain(next.texts.keys()).collect();
        let nothing = BTreeMap::new();
        for lang in langs {
            let texts = |site: &Self| site.texts.get(lang).unwrap_or(&nothing).clone();
            changes.extend(between(&SitePlace::of(&["texts", lang.as_str()]), &texts(self), &texts(next)));
        }
        changes
    }
}

fn between<T: PartialEq>(
    place: &SitePlace,
    before: &BTreeMap<Box<str>, T>,
    after: &BTreeMap<Box<str>, T>,
) -> Vec<SiteChange> {
    let names: BTreeSet<&Box<str>> = before.keys().chain(after.keys()).collect();
    let changes = names.into_iter().filter_map(|name| {
        let how = match (before.get(name), after.get(name)) {
            (None, _) => ChangeKind::New,
            (_, None) => ChangeKind::Gone,
            (one, other) if one == other => return None,
            _ => ChangeKind::Changed,
        };
        Some(SiteChange { place: place.within(name), how })
    });
    changes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::color::Color;
    use crate::core::site::{AnnouncementKind, Theme, VenueDetails, Worded};

    fn announcement(id: &str, title: &str) -> Announcement {
        Announcement {
            id: id.into(),
            kind: AnnouncementKind::Information,
            shown_from: None,
            shown_until: None,
            title: Worded::japanese(title.into()),
            body: Worded::japanese("本文".into()),
        }
    }

    fn changes(before: &Site, after: &Site) -> Vec<(String, &'static str)> {
        before.changes_to(after).iter().map(|change| (change.place.to_string(), change.how.code())).collect()
    }

    #[test]
    fn each_thing_that_changes_is_named_once() {
        let before = Site {
            announcements: vec![announcement("a", "一"), announcement("b", "二"), announcement("c", "三")],
            venues: BTreeMap::from([("体育館".into(), VenueDetails::default())]),
            bring: Some(Worded::japanese(vec!["接種券".into()])),
            ..Site::default()
        };
        let mut after = before.clone();
        after.revision = 7;
        assert_eq!(changes(&before, &after), []);
        after.theme = Some(Theme { main: Color([0; 3]), on_main: Color::WHITE });
        after.bring = None;
        after.announcements = vec![announcement("c", "三"), announcement("a", "壱"), announcement("d", "四")];
        after.venues = BTreeMap::from([("公民館".into(), VenueDetails::default())]);
        let words = BTreeMap::from([("top.lead".into(), "ようこそ".into())]);
        after.texts = BTreeMap::from([(LangCode::japanese(), words)]);
        let all = [
            ("theme", "new"),
            ("bring", "gone"),
            ("announcement", "reordered"),
            ("announcement.a", "changed"),
            ("announcement.b", "gone"),
            ("announcement.d", "new"),
            ("venue.体育館", "gone"),
            ("venue.公民館", "new"),
            ("texts.ja.top.lead", "new"),
        ];
        let mut found = changes(&before, &after);
        let mut wanted: Vec<_> = all.iter().map(|(place, how)| ((*place).to_owned(), *how)).collect();
        found.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(found, wanted);
        assert_eq!(changes(&after, &before).len(), all.len(), "and the way back is as long");
    }
}
