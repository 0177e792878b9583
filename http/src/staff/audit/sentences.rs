//! Each event of the journal as a sentence in Japanese. It names people by pseudonym only: those whom it is about are given apart.

use sesshu_engine::EngineHandle;
use sesshu_engine::core::event::{Event, ResidentSet};
use sesshu_engine::core::ids::{ResidentNo, SessionId, SlotNo, VaccineId};
use sesshu_engine::core::resident::{Booking, BookingState};
use sesshu_engine::core::staff::StaffAccount;

use super::labels::{
    backup_words, call_outcome_words, call_reason_words, channel_words, export_words, follow_up_words, leftover_words,
    notice_words, reached_words, state_words, switched_words, view_words,
};
use crate::staff::dates::{day_words, instant_words};
use crate::staff::words::export_reason_words;
use crate::staff::words::role_words;

/// What an event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sentence {
    pub(super) says: String,
    /// Whom it is about: the first of them.
    pub(super) people: Vec<ResidentNo>,
    /// How many it is about.
    pub(super) people_count: usize,
}

/// How many people of an event are named one by one.
const PEOPLE_MAX: usize = Event::PEOPLE_VIEWED_MAX;

impl Sentence {
    fn of_nobody(says: impl Into<String>) -> Self {
        Self { says: says.into(), people: Vec::new(), people_count: 0 }
    }

    fn of_one(resident: ResidentNo, says: impl Into<String>) -> Self {
        Self { says: says.into(), people: vec![resident], people_count: 1 }
    }

    fn of_many(residents: &ResidentSet, says: impl Into<String>) -> Self {
        let people = residents.iter().take(PEOPLE_MAX).collect();
        Self { says: says.into(), people, people_count: residents.len() }
    }
}

/// What `event` says.
pub(super) fn sentence(engine: &EngineHandle, event: &Event) -> Sentence {
    if let Some(about_one) = about_one_person(engine, event) {
        return about_one;
    }
    match event {
        Event::RollImported { added, changed, gone, .. } => {
            let counts = (added.len(), changed.len(), gone.len());
            let says = format!(
                "名簿を取り込みました（新しい人{}人、変更{}人、名簿から外れた人{}人）",
                counts.0, counts.1, counts.2
            );
            Sentence { says, people: Vec::new(), people_count: counts.0 + counts.1 + counts.2 }
        }
        Event::PasswordsIssued { residents } => Sentence::of_many(residents, "パスワードを発行しました"),
        Event::PeopleViewed { residents, view } => {
            Sentence::of_many(residents, format!("{}人の情報を見ました：{}", residents.len(), view_words(*view)))
        }
        Event::PeopleErased { residents } => Sentence::of_many(residents, "個人情報を消去しました"),
        Event::SiteChanged(site) => {
            Sentence::of_nobody(format!("市のページの内容を変更しました（第{}版）", site.revision))
        }
        Event::SignedIn { login } => Sentence::of_nobody(format!("{login}がログインしました")),
        Event::SignedOut { login } => Sentence::of_nobody(format!("{login}がログアウトしました")),
        Event::StaffChanged { login, account } => Sentence::of_nobody(account_words(engine, login, account)),
        Event::CallOpened { reason, .. } => {
            Sentence::of_nobody(format!("通話を始めました（用件：{}）", call_reason_words(*reason)))
        }
        Event::CallEnded { outcome, .. } => {
            Sentence::of_nobody(format!("通話を終えました（結果：{}）", call_outcome_words(*outcome)))
        }
        Event::NobodyFound { .. } => Sentence::of_nobody("照合しましたが、一致する人はいませんでした"),
        Event::LookupsUnusual { login, lookups } => {
            Sentence::of_nobody(format!("注意：{login}が1時間に{lookups}人を照会しました"))
        }
        Event::Exported { what, reason, rows } => {
            let (what, reason) = (export_words(*what), export_reason_words(*reason));
            Sentence::of_nobody(format!("{what}を書き出しました（目的：{reason}、{rows}行）"))
        }
        Event::NoticeNoted(said) => Sentence::of_nobody(notice_words(said)),
        Event::BackupAsked(wish) => Sentence::of_nobody(backup_words(*wish)),
        Event::SwitchTurned(turned) => Sentence::of_nobody(switched_words(turned)),
        Event::Arrived { opening, people } => {
            let residents: ResidentSet = people.iter().map(|(resident, _)| *resident).collect();
            let says = format!("{}人が受付開始に来ました（受付開始 {}）", people.len(), instant_words(*opening));
            Sentence::of_many(&residents, says)
        }
        Event::LineMoved(state) => {
            let how = if state.open { "順番待ちを終えました" } else { "順番待ちを進めました" };
            Sentence::of_nobody(format!("{how}（受付開始 {}）", instant_words(state.opening)))
        }
        Event::CampaignReopened => Sentence::of_nobody("事業の終了を取り消しました"),
        Event::CampaignErased { on } => {
            Sentence::of_nobody(format!("全員の個人情報を消去しました（{}）", day_words(*on)))
        }
        Event::CampaignClosed { erase_on } => {
            Sentence::of_nobody(format!("事業を終了しました（{}から個人情報を消去）", day_words(*erase_on)))
        }
        event => Sentence::of_nobody(campaign_words(engine, event)),
    }
}

/// What an event about one person says.
fn about_one_person(engine: &EngineHandle, event: &Event) -> Option<Sentence> {
    let (resident, says) = match event {
        Event::Booked { resident, booking } => {
            let way = channel_words(booking.channel);
            (resident, format!("予約 {} を取りました：{}（{way}）", booking.number.grouped(), place(engine, booking)))
        }
        Event::Moved { resident, from, to } => {
            let (number, from, to) = (to.number.grouped(), place(engine, from), place(engine, to));
            (resident, format!("予約 {number} を変更しました：{from} → {to}"))
        }
        Event::Cancelled { resident, booking, state } => {
            let why = if *state == BookingState::CancelledByCity { "接種会の中止により" } else { "" };
            (resident, format!("予約 {} を{why}取り消しました：{}", booking.number.grouped(), place(engine, booking)))
        }
        Event::DoseRecorded { resident, given } => {
            let (date, vaccine) = (day_words(given.date), vaccine(engine, given.vaccine));
            (resident, format!("ほかで受けた{}回目の接種を登録しました：{date}、{vaccine}", given.dose))
        }
        Event::LoginEnded { resident, .. } => (resident, "本人のログインを終わらせました".into()),
        Event::PersonViewed { resident, view } => (resident, format!("情報を見ました：{}", view_words(*view))),
        Event::ContactGiven { resident } => (resident, "連絡先を登録しました".into()),
        Event::ContactDeleted { resident } => (resident, "連絡先を消しました".into()),
        Event::AttendanceChanged { resident, booking, state, lot } => {
            let (before, after) = (state_words(booking.state), state_words(*state));
            let lot = lot.as_ref().map(|lot| format!("、ロット{lot}")).unwrap_or_default();
            (resident, format!("予約 {} を「{before}」から「{after}」にしました{lot}", booking.number.grouped()))
        }
        Event::ClinicNoted { resident, clinic: true } => (resident, "医療機関で接種すると記録しました".into()),
        Event::ClinicNoted { resident, clinic: false } => (resident, "医療機関で接種するという記録を消しました".into()),
        Event::PasswordRequested { resident } => (resident, "パスワードの再発行（郵送）を受け付けました".into()),
        Event::FollowedUp { resident, why, number, reached } => {
            let (why, reached) = (follow_up_words(*why), reached_words(*reached));
            (resident, format!("フォローの連絡をしました：{reached}（予約 {}、{why}）", number.grouped()))
        }
        Event::LeftoverOffered { resident, session, answer } => {
            let answer = leftover_words(*answer);
            (resident, format!("余ったワクチンを案内しました：{answer}（{}）", session_words(engine, *session)))
        }
        _ => return None,
    };
    Some(Sentence::of_one(*resident, says))
}

/// What an event about the campaign says. Those about people have been said before.
fn campaign_words(engine: &EngineHandle, event: &Event) -> String {
    let session = |id: &SessionId| session_words(engine, *id);
    match event {
        Event::VenueAdded(venue) => format!("会場「{}」を登録または変更しました", venue.name),
        Event::VaccineDefined(vaccine) => format!("ワクチン「{}」を登録または変更しました", vaccine.name),
        Event::WavesReplaced(waves) => format!("優先順位を入れ替えました（{}件）", waves.len()),
        Event::SessionDrafted(drafted) => format!("接種会の下書きを作成または変更しました：{}", session(&drafted.id)),
        Event::DraftDiscarded(id) => format!("接種会の下書きを捨てました：{}", session(id)),
        Event::SessionsPublished { sessions, opens_at } => {
            format!("接種会{}件を公開しました（受付開始 {}）", sessions.len(), instant_words(*opens_at))
        }
        Event::SessionClosed(id) => format!("接種会の受付を終わらせました：{}", session(id)),
        Event::SessionReopened(id) => format!("接種会の受付を再開しました：{}", session(id)),
        Event::SessionCancelled(id) => format!("接種会を中止しました：{}", session(id)),
        Event::CapacityChanged { session: id, slot, capacity } => {
            format!("枠の定員を{capacity}人にしました：{}{}", session(id), slot_words(engine, *id, *slot))
        }
        Event::StockChanged { session: id, doses_total: Some(doses) } => {
            format!("ワクチンを{doses}回分にしました：{}", session(id))
        }
        Event::StockChanged { session: id, doses_total: None } => {
            format!("ワクチンの数の制限を外しました：{}", session(id))
        }
        Event::PublishProposed(proposal) => {
            let (sessions, opens_at) = (proposal.sessions.len(), instant_words(proposal.opens_at));
            format!("接種会{sessions}件（{}人分）の公開を提案しました（受付開始 {opens_at}）", proposal.places)
        }
        Event::ProposalWithdrawn => "公開の提案を取り下げました".into(),
        Event::Booked { .. }
        | Event::Moved { .. }
        | Event::Cancelled { .. }
        | Event::DoseRecorded { .. }
        | Event::LoginEnded { .. }
        | Event::RollImported { .. }
        | Event::PasswordsIssued { .. }
        | Event::StaffChanged { .. }
        | Event::PersonViewed { .. }
        | Event::SiteChanged(_)
        | Event::ContactGiven { .. }
        | Event::ContactDeleted { .. }
        | Event::PeopleViewed { .. }
        | Event::SignedIn { .. }
        | Event::SignedOut { .. }
        | Event::CallOpened { .. }
        | Event::CallEnded { .. }
        | Event::NobodyFound { .. }
        | Event::LookupsUnusual { .. }
        | Event::AttendanceChanged { .. }
        | Event::ClinicNoted { .. }
        | Event::PasswordRequested { .. }
        | Event::FollowedUp { .. }
        | Event::LeftoverOffered { .. }
        | Event::Exported { .. }
        | Event::CampaignClosed { .. }
        | Event::CampaignReopened
        | Event::CampaignErased { .. }
        | Event::NoticeNoted(_)
        | Event::BackupAsked(_)
        | Event::SwitchTurned(_)
        | Event::Arrived { .. }
        | Event::LineMoved(_)
        | Event::PeopleErased { .. } => String::new(),
    }
}

fn account_words(engine: &EngineHandle, login: &str, account: &StaffAccount) -> String {
    let venue = account.venue.and_then(|id| engine.venue_in_audit(id));
    let venue = venue.map(|venue| format!("、会場「{}」", venue.name)).unwrap_or_default();
    let disabled = if account.disabled { "、停止" } else { "" };
    format!("職員「{login}」の登録を変更しました（{}{venue}{disabled}）", role_words(account.role))
}

/// Where and when a booking is, and for which dose.
fn place(engine: &EngineHandle, booking: &Booking) -> String {
    let slot = slot_words(engine, booking.session, booking.slot);
    format!("{}{slot} {}回目", session_words(engine, booking.session), booking.dose)
}

fn session_words(engine: &EngineHandle, id: SessionId) -> String {
    match engine.session_in_audit(id) {
        Some((session, venue)) => format!("{} {}", day_words(session.date), venue.name),
        None => format!("接種会{id}"),
    }
}

/// When a slot starts, if it still is there: a draft may change its slots.
fn slot_words(engine: &EngineHandle, id: SessionId, slot: SlotNo) -> String {
    let start = engine.session_in_audit(id).and_then(|(session, _)| session.slot(slot).map(|slot| slot.start));
    start.map(|start| format!(" {start}")).unwrap_or_default()
}

fn vaccine(engine: &EngineHandle, id: VaccineId) -> String {
    engine.vaccine(id).map_or_else(|| format!("ワクチン{id}"), |vaccine| vaccine.name.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use sesshu_engine::EngineConfig;
    use sesshu_engine::core::backup::BackupWish;
    use sesshu_engine::core::draw::Place;
    use sesshu_engine::core::ids::{BookingNumber, Channel, DoseNo, VenueId};
    use sesshu_engine::core::line::LineState;
    use sesshu_engine::core::notice::{NoticeAbout, NoticeSaid, NoticeStep};
    use sesshu_engine::core::pace::WaitingRules;
    use sesshu_engine::core::resident::{DoseElsewhere, EndedLogin};
    use sesshu_engine::core::session::{Session, SessionPhase};
    use sesshu_engine::core::setup::{Rules, Vaccine, Venue};
    use sesshu_engine::core::site::Site;
    use sesshu_engine::core::staff::{
        CallId, CallOutcome, CallReason, ExportKind, ExportReason, FollowUp, LeftoverAnswer, Proposal, Reached,
        StaffRole, View,
    };
    use sesshu_engine::core::switch::{Switch, SwitchPosition, SwitchTurned};
    use sesshu_engine::core::time::{Day, Instant};
    use sesshu_engine::roll::PasswordHashParams;

    const WHO: ResidentNo = ResidentNo(7);
    const NOW: Instant = Instant(1_800_000_000_000);

    fn booking() -> Booking {
        Booking {
            number: BookingNumber::from_ordinal(1, &[1; 32]),
            session: SessionId(1),
            slot: SlotNo(0),
            dose: DoseNo::FIRST,
            date: Day(20_000),
            vaccine: VaccineId(1),
            channel: Channel::Web,
            state: BookingState::Booked,
        }
    }

    fn said(step: NoticeStep) -> NoticeSaid {
        let ja = "つながりにくくなっています。".into();
        NoticeSaid { number: 1, notice: 1, step, about: NoticeAbout::Failure, at: NOW, ja, easy: None, en: None }
    }

    fn turned(to: SwitchPosition) -> SwitchTurned {
        SwitchTurned { number: 1, switch: Switch::NewBookings, to, at: NOW }
    }

    fn about_one() -> Vec<Event> {
        let (resident, booking, number) = (WHO, booking(), booking().number);
        vec![
            Event::Booked { resident, booking },
            Event::Moved { resident, from: booking, to: booking },
            Event::Cancelled { resident, booking, state: BookingState::CancelledByCity },
            Event::DoseRecorded {
                resident,
                given: DoseElsewhere { dose: DoseNo::FIRST, date: Day(1), vaccine: VaccineId(9) },
            },
            Event::LoginEnded { resident, ended: EndedLogin { token: 1, expires_at: NOW } },
            Event::PersonViewed { resident, view: View::Call },
            Event::ContactGiven { resident },
            Event::ContactDeleted { resident },
            Event::AttendanceChanged { resident, booking, state: BookingState::CheckedIn, lot: Some("FA1".into()) },
            Event::ClinicNoted { resident, clinic: true },
            Event::PasswordRequested { resident },
            Event::FollowedUp { resident, why: FollowUp::LeftRoll, number, reached: Reached::Told },
            Event::LeftoverOffered { resident, session: SessionId(1), answer: LeftoverAnswer::Accepted },
        ]
    }

    fn about_many() -> Vec<Event> {
        let residents: ResidentSet = [WHO, ResidentNo(8)].into_iter().collect();
        let nobody = ResidentSet::default();
        vec![
            Event::PasswordsIssued { residents: residents.clone() },
            Event::PeopleViewed { residents: residents.clone(), view: View::DayList },
            Event::PeopleErased { residents: residents.clone() },
            Event::Arrived { opening: NOW, people: residents.iter().map(|who| (who, NOW)).collect() },
            Event::RollImported { digest: [0; 32], added: residents, changed: nobody.clone(), gone: nobody },
        ]
    }

    fn about_nobody() -> Vec<Event> {
        let (login, call, session): (Box<str>, _, _) = ("sato".into(), CallId(1), SessionId(1));
        let vaccine = Vaccine {
            id: VaccineId(1),
            name: "コミナティ".into(),
            doses: DoseNo::FIRST,
            interval_days_min: 21,
            interval_days_max: None,
            age_years_min: 12,
            doses_per_vial: 6,
        };
        let drafted = Session {
            id: session,
            venue: VenueId(1),
            date: Day(20_000),
            vaccine: VaccineId(1),
            doses: vec![DoseNo::FIRST],
            phase: SessionPhase::Draft,
            slots: Vec::new(),
            doses_total: None,
        };
        let proposal =
            Proposal { by: login.clone(), at: NOW, opens_at: NOW, sessions: vec![session], places: 6, digest: [0; 32] };
        let account = StaffAccount { role: StaffRole::Admin, venue: None, disabled: true, generation: 1 };
        vec![
            Event::VenueAdded(Arc::new(Venue { id: VenueId(1), name: "市役所".into() })),
            Event::VaccineDefined(vaccine),
            Event::WavesReplaced(Vec::new()),
            Event::SessionDrafted(drafted),
            Event::DraftDiscarded(session),
            Event::SessionsPublished { sessions: vec![session], opens_at: NOW },
            Event::SessionClosed(session),
            Event::SessionReopened(session),
            Event::SessionCancelled(session),
            Event::CapacityChanged { session, slot: SlotNo(0), capacity: 6 },
            Event::StockChanged { session, doses_total: Some(60) },
            Event::PublishProposed(proposal),
            Event::ProposalWithdrawn,
            Event::StaffChanged { login: login.clone(), account },
            Event::SiteChanged(Arc::new(Site::default())),
            Event::SignedIn { login: login.clone() },
            Event::SignedOut { login: login.clone() },
            Event::CallOpened { call, reason: CallReason::Book },
            Event::CallEnded { call, outcome: CallOutcome::Done },
            Event::NobodyFound { call },
            Event::LookupsUnusual { login, lookups: 61 },
            Event::Exported { what: ExportKind::Audit, reason: ExportReason::Check, rows: 6 },
            Event::CampaignClosed { erase_on: Day(20_000) },
            Event::NoticeNoted(Box::new(said(NoticeStep::Given))),
            Event::NoticeNoted(Box::new(said(NoticeStep::Updated))),
            Event::NoticeNoted(Box::new(said(NoticeStep::Ended))),
            Event::BackupAsked(BackupWish::Backup),
            Event::BackupAsked(BackupWish::Drill),
            Event::SwitchTurned(turned(SwitchPosition::Off { until: None })),
            Event::SwitchTurned(turned(SwitchPosition::Off { until: Some(NOW) })),
            Event::SwitchTurned(turned(SwitchPosition::On)),
            Event::LineMoved(LineState { opening: NOW, admitted: Place(5), open: false }),
            Event::LineMoved(LineState { opening: NOW, admitted: Place(5), open: true }),
        ]
    }

    #[tokio::test]
    async fn every_event_is_a_sentence_of_its_own_that_says_whom_it_is_about() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = || EngineConfig {
            folder: folder.path().to_owned(),
            mark: None,
            rules: Rules::default(),
            vaccines: Vec::new(),
            hashing: PasswordHashParams { memory_kib: 8, passes: 1, lanes: 1 },
            free_disk_floor_bytes: 0,
            waiting_room: WaitingRules::default(),
        };
        config().create().expect("a new store");
        let engine = config().start().await.expect("the engine starts");
        let mut said = std::collections::BTreeSet::new();
        for (events, people) in [(about_one(), 1), (about_many(), 2), (about_nobody(), 0)] {
            for event in events {
                let sentence = sentence(&engine, &event);
                assert_eq!(sentence.people_count, people, "{event:?}");
                assert!(!sentence.says.is_empty() && said.insert(sentence.says), "{event:?}");
            }
        }
        engine.shutdown();
    }
}
