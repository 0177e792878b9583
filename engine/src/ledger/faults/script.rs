//! The scripted run: a small city's campaign as entries and folds, the same for a seed, each entry such as the engine would
//! decide it. Entry `n` of the script is entry `n + 1` of the journal, whatever happens in between.

use std::sync::Arc;

use super::Dice;
use crate::core::contact::{Contact, ContactKind};
use crate::core::credential::{StaffSecret, StoredPassword};
use crate::core::event::{By, Entry, Event, ResidentSet};
use crate::core::ids::{
    BookingNumber, Channel, CityId, DoseNo, RequestKey, ResidentNo, SessionId, SlotNo, VaccineId, VenueId,
};
use crate::core::resident::{Booking, BookingState, EndedLogin, Person};
use crate::core::session::{Session, SessionPhase, Slot};
use crate::core::setup::{Vaccine, Venue, Wave};
use crate::core::site::{Site, Worded};
use crate::core::staff::{StaffAccount, StaffRole, View};
use crate::core::time::{ClockTime, Day, Instant};
use crate::ledger::{Beside, StoreIdentity};

const DAY_FIRST: Day = Day(20_700);
const INTERVAL_DAYS: i32 = 21;
const SLOTS: u16 = 6;
const OPENS_AT: Instant = Instant(1_780_000_000_000);
const VACCINE: VaccineId = VaccineId(1);

/// The store that every script is written to.
pub(super) fn identity() -> StoreIdentity {
    StoreIdentity { id: [5; 16], number_key: [9; 32] }
}

/// An entry with its rows beside the journal.
#[derive(Clone)]
pub(super) struct Line {
    pub(super) entry: Entry,
    pub(super) beside: Option<Beside>,
}

/// What the writer is asked to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Commit these entries of the script as one batch.
    Batch(std::ops::Range<usize>),
    /// Write a slice of the fold, of so many records.
    Fold(usize),
}

/// A whole run.
pub(super) struct Script {
    pub(super) lines: Vec<Line>,
    pub(super) steps: Vec<Step>,
}

/// How large a script is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) residents: u32,
    pub(super) batches: usize,
    pub(super) entries_max: usize,
}

impl Script {
    pub(super) fn new(seed: u64, size: Size) -> Self {
        let mut city = City {
            dice: Dice::new(seed),
            lines: Vec::new(),
            live: Vec::new(),
            erased: Vec::new(),
            free: Vec::new(),
            at: OPENS_AT,
        };
        let mut steps = Vec::new();
        city.set_up();
        steps.push(Step::Batch(0..city.lines.len()));
        for first in (0..size.residents).step_by(50) {
            let before = city.lines.len();
            city.import(first..(first + 50).min(size.residents));
            steps.push(Step::Batch(before..city.lines.len()));
        }
        for _ in 0..size.batches {
            let before = city.lines.len();
            for _ in 0..=city.dice.below(size.entries_max) {
                city.change();
            }
            if city.lines.len() > before {
                steps.push(Step::Batch(before..city.lines.len()));
            }
            if city.dice.below(4) == 0 {
                steps.push(Step::Fold(1 + city.dice.below(60)));
            }
        }
        // Before this one is written, free pages are overwritten.
        let before = city.lines.len();
        city.push(By::System, None, vec![Event::CampaignErased { on: DAY_FIRST }], None);
        steps.push(Step::Batch(before..city.lines.len()));
        Self { lines: city.lines, steps }
    }

    /// How many entries the journal may hold: those of whole batches.
    pub(super) fn boundaries(&self) -> impl Iterator<Item = usize> {
        let ends = self.steps.iter().filter_map(|step| match step {
            Step::Batch(range) => Some(range.end),
            Step::Fold(_) => None,
        });
        std::iter::once(0).chain(ends)
    }

    /// The step that goes on after `entries` entries.
    pub(super) fn step_after(&self, entries: usize) -> usize {
        let goes_on = |step: &Step| matches!(step, Step::Batch(range) if range.start == entries);
        self.steps.iter().position(goes_on).unwrap_or(self.steps.len())
    }
}

/// What the script must know to stay within the rules.
struct City {
    dice: Dice,
    lines: Vec<Line>,
    /// The live bookings by resident.
    live: Vec<Vec<Booking>>,
    /// Who was erased: nothing more happens to them.
    erased: Vec<bool>,
    /// Free places by session and slot.
    free: Vec<Vec<u32>>,
    at: Instant,
}

impl City {
    /// Adds an entry, with its bookings numbered as the ledger will.
    fn push(&mut self, by: By, key: Option<RequestKey>, events: Vec<Event>, beside: Option<Beside>) -> Entry {
        self.at = self.at.plus_ms(1 + self.dice.below(5_000) as i64);
        let entry = Entry { at: self.at, by, key, events };
        let mut numbered = entry.clone();
        self.lines.push(Line { entry, beside });
        numbered.number_bookings(self.lines.len() as u64, &identity().number_key);
        numbered
    }

    fn set_up(&mut self) {
        let secret = StaffSecret { password: password(0, 0), totp_secret: [3; 20] };
        let staff = Beside { staff: vec![("sato".into(), secret)], ..Beside::default() };
        let account = StaffAccount { role: StaffRole::Operator, venue: None, disabled: false, generation: 1 };
        let changed = Event::StaffChanged { login: "sato".into(), account };
        self.push(By::CommandLine { uid: 1_000 }, None, vec![changed], Some(staff));
        let vaccine = Vaccine {
            id: VACCINE,
            name: "コミナティ".into(),
            doses: DoseNo::new(2).expect("a dose"),
            interval_days_min: INTERVAL_DAYS as u16,
            interval_days_max: None,
            age_years_min: 12,
            doses_per_vial: 6,
        };
        self.push(By::System, None, vec![Event::VaccineDefined(vaccine)], None);
        for id in 1..=2 {
            let venue = Arc::new(Venue { id: VenueId(id), name: format!("市民会館 第{id}ホール") });
            self.push(By::Staff("sato".into()), None, vec![Event::VenueAdded(venue)], None);
        }
        let wave = Wave { name: "全員".into(), born_from: None, born_to: None, group: None, opens_at: OPENS_AT };
        self.push(By::Staff("sato".into()), None, vec![Event::WavesReplaced(vec![wave])], None);
        let sessions: Vec<Session> = (0..8).map(session).collect();
        for session in &sessions {
            self.free.push(session.slots.iter().map(|slot| slot.capacity).collect());
            self.push(By::Staff("sato".into()), None, vec![Event::SessionDrafted(session.clone())], None);
        }
        let sessions = sessions.iter().map(|session| session.id).collect();
        let published = Event::SessionsPublished { sessions, opens_at: OPENS_AT };
        self.push(By::Staff("sato".into()), None, vec![published], None);
    }

    fn import(&mut self, numbers: std::ops::Range<u32>) {
        let set: ResidentSet = numbers.clone().map(ResidentNo).collect();
        let none = ResidentSet::default();
        let imported = Event::RollImported { digest: [7; 32], added: set.clone(), changed: none.clone(), gone: none };
        let people = numbers.clone().map(|no| (ResidentNo(no), person(no, 0))).collect();
        let by = By::CommandLine { uid: 1_000 };
        self.push(by.clone(), None, vec![imported], Some(Beside { people, ..Beside::default() }));
        let passwords = numbers.clone().map(|no| (ResidentNo(no), password(no, 1))).collect();
        let issued = Event::PasswordsIssued { residents: set };
        self.push(by, None, vec![issued], Some(Beside { passwords, ..Beside::default() }));
        self.live.resize(numbers.end as usize, Vec::new());
        self.erased.resize(numbers.end as usize, false);
    }

    /// One more change of somebody.
    fn change(&mut self) {
        let no = self.dice.below(self.live.len()) as u32;
        if self.erased[no as usize] {
            return;
        }
        match self.dice.below(25) {
            0 => self.look_at(no),
            1 => self.issue_again(no),
            2 => self.correct_the_roll(no),
            3 => self.end_login(no),
            4 => self.enlarge(),
            20 => self.give_contact(no),
            21 => self.delete_contact(no),
            22 => self.announce(),
            23 => self.erase(no),
            _ if self.live[no as usize].is_empty() => self.book(no),
            5..=11 => self.cancel(no),
            _ => self.move_within_session(no),
        }
    }

    fn look_at(&mut self, no: u32) {
        let viewed = Event::PersonViewed { resident: ResidentNo(no), view: View::Report };
        self.push(By::Staff("sato".into()), None, vec![viewed], None);
    }

    fn issue_again(&mut self, no: u32) {
        let residents = [ResidentNo(no)].into_iter().collect();
        let version = self.lines.len() as u8;
        let passwords = vec![(ResidentNo(no), password(no, version))];
        let beside = Beside { passwords, ..Beside::default() };
        self.push(By::Staff("sato".into()), None, vec![Event::PasswordsIssued { residents }], Some(beside));
    }

    fn correct_the_roll(&mut self, no: u32) {
        let none = ResidentSet::default();
        let changed = [ResidentNo(no)].into_iter().collect();
        let corrected = Event::RollImported { digest: [8; 32], added: none.clone(), changed, gone: none };
        let people = vec![(ResidentNo(no), person(no, self.lines.len()))];
        let beside = Beside { people, ..Beside::default() };
        self.push(By::CommandLine { uid: 1_000 }, None, vec![corrected], Some(beside));
    }

    fn end_login(&mut self, no: u32) {
        let ended = EndedLogin { token: self.dice.roll(), expires_at: self.at.plus_minutes(30) };
        let ended = Event::LoginEnded { resident: ResidentNo(no), ended };
        self.push(By::Resident(ResidentNo(no)), None, vec![ended], None);
    }

    fn give_contact(&mut self, no: u32) {
        let contact = Contact::new(ContactKind::Phone, format!("090{:08}", self.lines.len()));
        let beside = Beside { contacts: vec![(ResidentNo(no), Some(contact))], ..Beside::default() };
        let given = Event::ContactGiven { resident: ResidentNo(no) };
        self.push(By::Resident(ResidentNo(no)), None, vec![given], Some(beside));
    }

    /// Also of somebody who gave none.
    fn delete_contact(&mut self, no: u32) {
        let beside = Beside { contacts: vec![(ResidentNo(no), None)], ..Beside::default() };
        let deleted = Event::ContactDeleted { resident: ResidentNo(no) };
        self.push(By::Resident(ResidentNo(no)), None, vec![deleted], Some(beside));
    }

    /// A chunk of three, bookings or not.
    fn erase(&mut self, no: u32) {
        let chunk: Vec<ResidentNo> =
            (no..no + 3).filter(|&n| self.erased.get(n as usize) == Some(&false)).map(ResidentNo).collect();
        for no in &chunk {
            self.erased[no.0 as usize] = true;
        }
        let event = Event::PeopleErased { residents: chunk.iter().copied().collect() };
        self.push(By::System, None, vec![event], Some(Beside { erased: chunk, ..Beside::default() }));
    }

    fn announce(&mut self) {
        let bring = Some(Worded::japanese(vec![format!("持ち物{}", self.lines.len()).into()]));
        let site = Site { revision: self.lines.len() as u64, bring, ..Site::default() };
        self.push(By::Staff("sato".into()), None, vec![Event::SiteChanged(Arc::new(site))], None);
    }

    fn enlarge(&mut self) {
        let (session, slot) = (self.dice.below(self.free.len()), self.dice.below(usize::from(SLOTS)));
        let taken: u32 = self.live.iter().flatten().filter(|booking| at(booking) == (session, slot)).count() as u32;
        let capacity = taken + self.free[session][slot] + 1;
        self.free[session][slot] += 1;
        let (session, slot) = (SessionId(session as u32 + 1), SlotNo(slot as u16));
        self.push(By::Staff("sato".into()), None, vec![Event::CapacityChanged { session, slot, capacity }], None);
    }

    /// A single first dose, or a pair.
    fn book(&mut self, no: u32) {
        let first = self.dice.below(self.free.len() / 2);
        let mut places = vec![(first, DoseNo::FIRST)];
        if self.dice.below(2) == 0 {
            places.push((first + self.free.len() / 2, DoseNo::new(2).expect("a dose")));
        }
        let mut events = Vec::new();
        for (session, dose) in places {
            let Some(slot) = (0..usize::from(SLOTS)).find(|&slot| self.free[session][slot] > 0) else { return };
            let channel = [Channel::Web, Channel::Web, Channel::Phone, Channel::Counter][self.dice.below(4)];
            let booking = Booking {
                number: BookingNumber::PENDING,
                session: SessionId(session as u32 + 1),
                slot: SlotNo(slot as u16),
                dose,
                date: date(session),
                vaccine: VACCINE,
                channel,
                state: BookingState::Booked,
            };
            events.push(Event::Booked { resident: ResidentNo(no), booking });
        }
        let key = RequestKey::new(&format!("key-{}", self.dice.roll()));
        let booked = self.push(By::Resident(ResidentNo(no)), key, events, None);
        for event in &booked.events {
            let Event::Booked { booking, .. } = event else { continue };
            let (session, slot) = at(booking);
            self.free[session][slot] -= 1;
            self.live[no as usize].push(*booking);
        }
    }

    fn cancel(&mut self, no: u32) {
        let ended = std::mem::take(&mut self.live[no as usize]);
        let mut events = Vec::new();
        for booking in ended {
            let (session, slot) = at(&booking);
            self.free[session][slot] += 1;
            events.push(Event::Cancelled { resident: ResidentNo(no), booking, state: BookingState::Cancelled });
        }
        self.push(By::Resident(ResidentNo(no)), None, events, None);
    }

    fn move_within_session(&mut self, no: u32) {
        let from = self.live[no as usize][0];
        let (session, slot) = at(&from);
        let Some(other) = (0..usize::from(SLOTS)).find(|&other| other != slot && self.free[session][other] > 0) else {
            return;
        };
        let to = Booking { slot: SlotNo(other as u16), channel: Channel::Web, ..from };
        self.free[session][slot] += 1;
        self.free[session][other] -= 1;
        self.live[no as usize][0] = to;
        let key = RequestKey::new(&format!("key-{}", self.dice.roll()));
        self.push(By::Resident(ResidentNo(no)), key, vec![Event::Moved { resident: ResidentNo(no), from, to }], None);
    }
}

fn at(booking: &Booking) -> (usize, usize) {
    (booking.session.0 as usize - 1, usize::from(booking.slot.0))
}

/// The later half of the sessions are for second doses.
fn date(session: usize) -> Day {
    Day(DAY_FIRST.0 + (session as i32 % 4) + if session < 4 { 0 } else { INTERVAL_DAYS })
}

fn session(index: usize) -> Session {
    let slot =
        |n: u16| Slot { start: ClockTime(540 + 30 * n), end: ClockTime(570 + 30 * n), capacity: 12, phone_share: 2 };
    Session {
        id: SessionId(index as u32 + 1),
        venue: VenueId(1 + index as u16 % 2),
        date: date(index),
        vaccine: VACCINE,
        doses: vec![DoseNo::new(if index < 4 { 1 } else { 2 }).expect("a dose")],
        phase: SessionPhase::Draft,
        slots: (0..SLOTS).map(slot).collect(),
        doses_total: None,
    }
}

fn person(no: u32, version: usize) -> Person {
    Person {
        id: CityId::from_digits(&format!("{:08}", 10_000 + no)).expect("an ID"),
        name_kana: format!("ジュウミン ダイ{no}ノ{version}").into(),
        birth_date: Day(-9_000 + no as i32),
        groups: Box::new(["基礎疾患".into()]),
    }
}

fn password(no: u32, version: u8) -> StoredPassword {
    let mut salt = [version; 16];
    salt[..4].copy_from_slice(&no.to_le_bytes());
    StoredPassword { salt, hash: *blake3::hash(&salt).as_bytes() }
}
