//! Somebody at a desk of the city: a tab at the console, in which they sign in with both factors, and what they do there.

use std::ops::{Deref, DerefMut};

use sesshu_tests::browser::{Audit, Scripts, Stage, Tab, photograph, screenshots};
use sesshu_tests::{City, Resident, StaffMember, report};

/// The Enter key, in the words of the `WebDriver` protocol.
pub(crate) const ENTER: char = '\u{e007}';
pub(crate) const TAB: char = '\u{e004}';

/// The desk.
#[derive(Debug)]
pub(crate) struct Desk<'a> {
    tab: Tab<'a>,
    /// What its pictures are named after.
    name: &'static str,
    audit: Audit,
    stops: usize,
    /// Whether people hold their screens in their hands here.
    is_narrow_too: bool,
}

impl<'a> Desk<'a> {
    /// Widths of screens, in CSS pixels.
    const WIDE: u32 = 1280;
    const NARROW: u32 = 768;
    const PHONE: u32 = 360;

    /// A desk at which nobody is signed in.
    pub(crate) async fn empty(stage: &'a Stage, city: &'a City, name: &'static str) -> Self {
        let tab = stage.tab(city, city.staff(), Scripts::On, Self::WIDE).await;
        Self { tab, name, audit: Audit::default(), stops: 0, is_narrow_too: false }
    }

    /// A desk at which `member` is signed in.
    pub(crate) async fn of(stage: &'a Stage, city: &'a City, name: &'static str, member: &StaffMember) -> Self {
        let mut desk = Self::empty(stage, city, name).await;
        desk.open("/login").await;
        desk.sign_in(member).await;
        assert_eq!(desk.path().await, "/", "{}", desk.text().await);
        desk.is_narrow_too = matches!(member.role.as_str(), "operator" | "venue" | "ops");
        desk
    }

    /// Types both factors on the sign-in page, and sends them.
    pub(crate) async fn sign_in(&mut self, member: &StaffMember) {
        self.fill("#login", &member.login).await;
        self.type_into("#password", &member.password).await;
        self.type_into("#code", &member.code()).await;
        self.press("form[action='/login'] button").await;
    }

    /// Looks at the page as it stands; `state` names it.
    pub(crate) async fn stop(&mut self, state: &str) {
        let widths = if self.is_narrow_too { &[Self::NARROW, Self::WIDE][..] } else { &[Self::WIDE] };
        self.stop_at_widths(widths, state).await;
    }

    /// [`Self::stop`] on a phone: somebody was woken, and is not at a desk.
    pub(crate) async fn stop_by_phone(&mut self, state: &str) {
        self.stop_at_widths(&[Self::PHONE, Self::WIDE], state).await;
    }

    async fn stop_at_widths(&mut self, widths: &[u32], state: &str) {
        self.stops += 1;
        let folder = screenshots().join("console");
        for width in widths {
            self.tab.set_width(*width).await;
            self.tab.check().await;
            self.audit.look(&self.tab.browser, &format!("{}, {state}, {width} px", self.name)).await;
            photograph(&self.tab.browser, &folder, &format!("{}-{:02}-{state}-{width}", self.name, self.stops)).await;
        }
    }

    /// [`Self::stop`] at an address.
    pub(crate) async fn stop_at(&mut self, path: &str, state: &str) {
        self.open(path).await;
        self.stop(state).await;
    }

    /// Leaves the desk. Fails if axe-core has found anything at its stops.
    pub(crate) fn end(self) {
        if self.stops > 0 {
            report(&self.audit.finish(self.name));
        }
        self.tab.end();
    }

    /// Types `text` instead of what is in a field.
    pub(crate) async fn fill(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.expect("a field");
        field.send_keys(text).await.expect("a field takes text");
    }

    /// Sets a field whose keys depend on the browser's language: a date, a time.
    pub(crate) async fn set(&self, css: &str, value: &str) {
        self.find(css).await;
        self.ask(&format!("document.querySelector(\"{css}\").value = '{value}'")).await;
    }

    /// Ticks a box or makes a choice.
    pub(crate) async fn tick(&self, css: &str) {
        self.find(css).await.send_keys(" ").await.expect("the space bar ticks");
    }

    /// Chooses from a list by what it says.
    pub(crate) async fn choose(&self, css: &str, label: &str) {
        self.find(css).await.select_by_label(label).await.expect("a choice");
    }

    /// Fails unless the page says each of `words`.
    pub(crate) async fn says(&self, words: &[&str]) {
        let text = self.text().await;
        for word in words {
            assert!(text.contains(word), "{word}\n{text}");
        }
    }

    /// Opens a call by its reason's key and identifies `resident`, with keys alone.
    pub(crate) async fn identify(&mut self, resident: &Resident) {
        self.open("/calls").await;
        self.key_on('1').await;
        self.claim(resident).await;
    }

    /// From the search field on: what the caller says, three ticks, Enter.
    pub(crate) async fn claim(&mut self, resident: &Resident) {
        let name = resident.name_kana.replace('　', "");
        self.type_keys(&format!("{} {name} {}", resident.id, resident.birth_date)).await;
        self.key(TAB).await;
        self.type_keys("123").await;
        self.key_on(ENTER).await;
    }
}

impl<'a> Deref for Desk<'a> {
    type Target = Tab<'a>;

    fn deref(&self) -> &Tab<'a> {
        &self.tab
    }
}

impl DerefMut for Desk<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.tab
    }
}
