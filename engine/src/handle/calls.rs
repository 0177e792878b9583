//! The call centre: a call is opened, whoever calls is identified in it, and it ends. What is booked in it goes the way of every
//! booking; what is seen and noted in it is in the journal before it is answered.

use std::collections::{HashMap, HashSet};
use std::sync::{MutexGuard, PoisonError};

use super::{AuditQuery, EngineHandle};
use crate::actors::Ticket;
use crate::core::calls::{CallView, Calls, LOOKUPS_WINDOW_MS, LookupRefused};
use crate::core::event::{By, Entry, Event};
use crate::core::ids::{BookingNumber, Channel, DoseNo, ResidentNo, SessionId, VaccineId};
use crate::core::refusal::{Refusal, RefusalCode};
use crate::core::resident::ResidentRecord;
use crate::core::session::PublicState;
use crate::core::staff::{CallId, CallOutcome, CallReason, View};
use crate::core::time::{Day, Instant};
use crate::roll::Identity;
use crate::view::{Me, SessionView};

/// How many of an account's entries are read back at its first lookup after a start.
const RECALLED_MAX: usize = 1_000;
/// How many digits of an ID are shown.
const ID_DIGITS_SHOWN: usize = 4;
/// What a lookup found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    /// Exactly this person, about whom the call is from now on.
    Found(CallView),
    /// Nobody; so many tries are left.
    Nobody {
        /// How often it may still happen in this call.
        misses_left: u8,
    },
    /// Nobody, once too often: the call has ended.
    CallEnded,
}

/// Why nothing was done in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The account has no such call, or it has ended.
    #[error("there is no such call")]
    NoSuchCall,
    /// This lookup was made before: the call says how it went on.
    #[error("this lookup was made before")]
    Repeated,
    /// The account has looked up as many people within an hour as it may.
    #[error("too many people were looked up within an hour")]
    TooManyLookups {
        /// When the next one may be looked up.
        retry_at: Instant,
    },
    /// The engine refused, or does not know the outcome.
    #[error("refused: {}", .0.code.code())]
    Refused(Refusal),
}

impl From<Refusal> for CallError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// All that an operator sees of the person on the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerView {
    /// What the person would see themself.
    pub me: Me,
    /// The end of the ID; the rest is not shown.
    pub id_end: String,
    /// Whether they said that a clinic vaccinates them.
    pub clinic: bool,
    /// When a new password by post was asked for, if it has not been issued since.
    pub password_requested_at: Option<Instant>,
}

impl EngineHandle {
    /// Opens a call for the account `login`, durably. An account has one call at a time: a second opening gives the one that is
    /// going on.
    pub async fn open_call(&self, login: &str, reason: CallReason) -> Result<CallView, Refusal> {
        self.end_idle_calls().await?;
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|_| RefusalCode::Busy)?;
        let call = CallId(u64::from_le_bytes(random));
        let (view, is_new) = self.calls().open(login, call, reason, self.now());
        if is_new {
            let opened = self.append_in_call(login, call, vec![Event::CallOpened { call, reason }]).await;
            if let Err(refusal) = opened {
                self.calls().end(login, call);
                return Err(refusal);
            }
        }
        Ok(view)
    }

    /// The call of the account `login`, if one is going on.
    #[must_use]
    pub fn running_call(&self, login: &str) -> Option<CallView> {
        self.calls().of(login, self.now())
    }

    /// The call `call` of the account `login`, whose operator does something now; none if it is another account's or has ended.
    #[must_use]
    pub fn see_call(&self, login: &str, call: CallId) -> Option<CallView> {
        self.calls().see(login, call, self.now())
    }

    /// Ends a call, durably. Ending it again, also otherwise, changes nothing.
    pub async fn end_call(&self, login: &str, call: CallId, outcome: CallOutcome) -> Result<(), CallError> {
        let ended = {
            let mut calls = self.calls();
            match calls.end(login, call) {
                Some(ended) => ended,
                None if calls.has_ended(login, call) => return Ok(()),
                None => return Err(CallError::NoSuchCall),
            }
        };
        let written = self.append_in_call(login, call, vec![Event::CallEnded { call, outcome }]).await;
        if let Err(refusal) = written {
            self.calls().go_on(ended);
            return Err(refusal.into());
        }
        Ok(())
    }

    /// Looks up who is on the line: ID, whole name and date of birth together fit one person or nobody, in the same time. The view,
    /// or that nobody was found, is durable before this returns. After [`crate::core::calls::MISSES_MAX`] times nobody the call ends.
    /// `nth` is the number of lookups in the call before this one: a form that is sent twice counts once.
    pub async fn find_caller(
        &self,
        login: &str,
        call: CallId,
        nth: u16,
        claim: &Identity,
        lookups_per_hour_max: u32,
    ) -> Result<Lookup, CallError> {
        self.recall_lookups(login).await?;
        let found = self.identify(claim);
        let counted = self.calls().count_lookup(login, call, nth, found.is_some(), lookups_per_hour_max, self.now());
        let counted = counted.map_err(|refused| match refused {
            LookupRefused::NoSuchCall => CallError::NoSuchCall,
            LookupRefused::Repeated => CallError::Repeated,
            LookupRefused::TooMany(retry_at) => CallError::TooManyLookups { retry_at },
        })?;
        let mut events = vec![match found {
            Some(resident) => Event::PersonViewed { resident, view: View::Call },
            None => Event::NobodyFound { call },
        }];
        if let Some(lookups) = counted.unusual {
            tracing::warn!(lookups, "an account looks up unusually many people");
            events.push(Event::LookupsUnusual { login: login.into(), lookups });
        }
        if counted.ends_call {
            events.push(Event::CallEnded { call, outcome: CallOutcome::NotIdentified });
        }
        if let Err(refusal) = self.append_in_call(login, call, events).await {
            self.calls().uncount_lookup(login, call, found.is_some(), counted);
            return Err(refusal.into());
        }
        let mut calls = self.calls();
        match found {
            Some(resident) => calls.identify(login, call, resident).map(Lookup::Found).ok_or(CallError::NoSuchCall),
            None if counted.ends_call => {
                calls.end(login, call);
                Ok(Lookup::CallEnded)
            }
            None => {
                let view = calls.see(login, call, self.now()).ok_or(CallError::NoSuchCall)?;
                Ok(Lookup::Nobody { misses_left: view.misses_left() })
            }
        }
    }

    /// What an operator sees of a person whom [`EngineHandle::find_caller`] has found; none if they are not on file.
    #[must_use]
    pub fn caller(&self, resident: ResidentNo) -> Option<CallerView> {
        let me = self.me(resident)?;
        self.index().resident(resident, |entry| {
            let id = entry.person.id.to_string();
            let care = entry.record.care.as_deref();
            CallerView {
                me,
                id_end: id.get(id.len().saturating_sub(ID_DIGITS_SHOWN)..).unwrap_or_default().to_owned(),
                clinic: care.is_some_and(|care| care.clinic),
                password_requested_at: care.and_then(|care| care.password_requested_at),
            }
        })
    }

    /// The sessions that this resident could book `dose` in, with what is free by phone. `beside` is the other half of a pair,
    /// `moving` the booking that would move.
    #[must_use]
    pub fn places_by_phone(
        &self,
        resident: ResidentNo,
        dose: DoseNo,
        beside: Option<(SessionId, DoseNo)>,
        moving: Option<BookingNumber>,
    ) -> Vec<SessionView> {
        // In ascending order, as the index gives them.
        let feasible = self.feasible_with(resident, dose, beside, moving);
        let mut sessions = self.session_views(Channel::Phone, self.now());
        sessions.retain(|session| feasible.binary_search(&session.id).is_ok());
        sessions
    }

    /// The sessions with a place that is free by phone for `dose`, beside which there is one for the dose after it: where a pair
    /// can begin.
    #[must_use]
    pub fn pairs_by_phone(&self, resident: ResidentNo, dose: DoseNo) -> Vec<SessionView> {
        let Some(after) = dose.next() else { return Vec::new() };
        let is_open = |session: &SessionView| session.state == PublicState::Open;
        let all = self.session_views(Channel::Phone, self.now());
        let open: HashSet<SessionId> =
            all.iter().filter(|session| is_open(session)).map(|session| session.id).collect();
        let feasible = self.feasible(resident, dose, None);
        // Which dose can follow depends on the date and the vaccine, not on the venue.
        let mut known: HashMap<(Day, VaccineId), bool> = HashMap::new();
        let mut sessions = all;
        sessions.retain(|session| {
            is_open(session)
                && feasible.binary_search(&session.id).is_ok()
                && *known.entry((session.date, session.vaccine_id)).or_insert_with(|| {
                    let seconds = self.feasible_beside(resident, after, (session.id, dose));
                    seconds.iter().any(|second| open.contains(second))
                })
        });
        sessions
    }

    /// Notes, durably, whether a clinic vaccinates the person. What is noted already changes nothing.
    pub async fn note_clinic(&self, resident: ResidentNo, clinic: bool, by: By) -> Result<(), Refusal> {
        let noted = |record: &ResidentRecord| record.care.as_deref().is_some_and(|care| care.clinic) == clinic;
        self.note(resident, by, noted, Event::ClinicNoted { resident, clinic }).await
    }

    /// Asks, durably, for a new password by post. Asking again before it was issued changes nothing.
    pub async fn request_password(&self, resident: ResidentNo, by: By) -> Result<(), Refusal> {
        let asked =
            |record: &ResidentRecord| record.care.as_deref().is_some_and(|care| care.password_requested_at.is_some());
        self.note(resident, by, asked, Event::PasswordRequested { resident }).await
    }

    async fn note(
        &self,
        resident: ResidentNo,
        by: By,
        is_so: impl FnOnce(&ResidentRecord) -> bool,
        event: Event,
    ) -> Result<(), Refusal> {
        let pass = self.pass(resident).await?;
        if self.person(resident, |entry, _| Ok(is_so(&entry.record)))? {
            return Ok(());
        }
        let entry = Entry { at: self.now(), by, key: None, events: vec![event] };
        self.append_with_pass(entry, pass, Channel::Phone).await?;
        Ok(())
    }

    /// What the journal says of an account's lookups within the last hour, at its first one since the start: a restart must not
    /// open the count anew.
    async fn recall_lookups(&self, login: &str) -> Result<(), Refusal> {
        if self.calls().knows_lookups(login) {
            return Ok(());
        }
        let query = AuditQuery {
            maker: Some(login.into()),
            from: Some(self.now().plus_ms(-LOOKUPS_WINDOW_MS)),
            rows_max: RECALLED_MAX,
            ..AuditQuery::default()
        };
        let page = self.audit(query).await.map_err(|error| {
            tracing::error!(%error, "the lookups of an account cannot be read back");
            Refusal::from(RefusalCode::Busy)
        })?;
        let (mut made_at, mut unusual_at) = (Vec::new(), None);
        for (_, entry) in page.entries.iter().rev() {
            for event in &entry.events {
                match event {
                    Event::PersonViewed { view: View::Call, .. } | Event::NobodyFound { .. } => made_at.push(entry.at),
                    Event::LookupsUnusual { .. } => unusual_at = Some(entry.at),
                    _ => {}
                }
            }
        }
        self.calls().recall_lookups(login, made_at, unusual_at);
        Ok(())
    }

    /// Calls that nobody has ended for too long, in one entry.
    async fn end_idle_calls(&self) -> Result<(), Refusal> {
        let idle = self.calls().end_idle(self.now());
        if idle.is_empty() {
            return Ok(());
        }
        let events = idle.into_iter().map(|call| Event::CallEnded { call, outcome: CallOutcome::Dropped }).collect();
        self.append(By::System, events, None, Ticket::default(), Channel::Phone).await.map(drop)
    }

    async fn append_in_call(&self, login: &str, call: CallId, events: Vec<Event>) -> Result<(), Refusal> {
        let by = By::Call { login: login.into(), call };
        self.append(by, events, None, Ticket::default(), Channel::Phone).await.map(drop)
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.0.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
