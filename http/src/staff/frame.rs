//! What stands around every page of the console: its name, the city, who is signed in, and where they can go.

use sesshu_engine::core::switch::Switch;

use super::assets::{css_href, icon_href, script_href};
use super::dates::instant_words;
use super::desk::{Staff, StaffDesk};
use super::notices;
use super::routes::{NAV, NavLink};
use super::words::role_words;
use crate::switch_words::switch_words;
use crate::switches::Closed;

/// The frame of a page.
pub(super) struct Frame<'a> {
    pub(super) city: &'a str,
    /// Whether nothing here is real.
    pub(super) training: bool,
    pub(super) css: &'static str,
    pub(super) script: &'static str,
    pub(super) icon: &'static str,
    /// Who is signed in.
    pub(super) staff: Option<&'a Staff>,
    /// What people are told of failures and planned work: everybody who answers a phone must know it too.
    pub(super) banners: Vec<notices::Banner>,
}

impl StaffDesk {
    /// The frame of a page for `staff`, or for nobody in particular.
    pub(super) fn frame<'a>(&'a self, staff: Option<&'a Staff>) -> Frame<'a> {
        let now = self.engine.now();
        let told = crate::notices::shown(self.config.monitor.as_ref(), now);
        let closed = self.config.switches.all_closed();
        let closed = closed.map(|(switch, closed)| banner_of_switch(switch, &closed));
        Frame {
            city: &self.config.city_name,
            training: self.config.training,
            css: css_href(),
            script: script_href(),
            icon: icon_href(),
            staff,
            banners: closed.chain(told.iter().map(|notice| notices::banner_of(notice, now))).collect(),
        }
    }
}

/// A part of the service that is closed: whoever answers a phone must know it.
fn banner_of_switch(switch: Switch, closed: &Closed) -> notices::Banner {
    let words = switch_words(switch);
    notices::Banner {
        kind: if switch == Switch::NewBookings { "urgent" } else { "maintenance" },
        title: format!("「{}」を止めています", words.name),
        body: format!("続くもの：{}", words.stays),
        when: span_words(closed),
    }
}

/// Since when a part is closed, and until when.
pub(super) fn span_words(closed: &Closed) -> String {
    let until = closed.until.map(|until| format!("。{}に自動で再開します", instant_words(until)));
    format!("{}から{}", instant_words(closed.since), until.unwrap_or_default())
}

impl Frame<'_> {
    /// The role of whoever is signed in.
    pub(super) fn role(&self) -> &'static str {
        self.staff.map_or("", |staff| role_words(staff.role))
    }

    /// Where they can go, and whether they are there.
    pub(super) fn links(&self) -> impl Iterator<Item = (&'static NavLink, bool)> {
        self.staff.into_iter().flat_map(|staff| {
            let admitted = NAV.iter().filter(|link| link.access.admits(staff.role));
            admitted.map(|link| (link, link.leads_to(&staff.path)))
        })
    }
}
