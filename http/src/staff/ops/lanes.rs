//! By which ways people are told, and how each of them does: what waits, what was delivered last, what the other side said.

use sesshu_monitor::board::Board;
use sesshu_monitor::core::incident::IncidentNo;
use sesshu_monitor::core::message::{About, Outcome};

use super::words;

/// A contact's channel.
pub(super) struct LaneRow {
    pub(super) contact: String,
    pub(super) channel: &'static str,
    pub(super) address: String,
    /// How it does, with its mark.
    pub(super) state: &'static str,
    pub(super) class: &'static str,
    pub(super) waiting: usize,
    /// Since when the oldest message waits.
    pub(super) waits_since: String,
    pub(super) last: String,
    pub(super) answer: String,
}

/// All channels of all contacts, in their order.
pub(super) fn lanes(board: &Board) -> Vec<LaneRow> {
    let of_contact = |contact: &sesshu_monitor::core::contact::Contact| {
        let name = contact.name.clone();
        let rows = contact.channels.iter().map(move |(kind, address)| {
            let waiting: Vec<_> = board
                .state
                .waiting
                .iter()
                .filter(|message| message.lane.channel == *kind && message.lane.address == *address)
                .collect();
            let last = board.state.deliveries.iter().find(|delivery| {
                delivery.to == name && delivery.channel == *kind && delivery.outcome != Outcome::NotNeeded
            });
            let tried = waiting.iter().find(|message| message.tries > 0);
            let (state, class) = match (tried, waiting.is_empty(), last.map(|last| last.outcome)) {
                (Some(_), ..) => ("× 届いていない", "critical"),
                (None, false, _) | (None, true, Some(Outcome::Placed)) => ("送信中", "well"),
                (None, true, None | Some(Outcome::NotNeeded)) => ("まだ送っていない", "well"),
                (None, true, Some(Outcome::Delivered | Outcome::Acknowledged)) => ("○ 届いている", "well"),
                (None, true, Some(Outcome::Unanswered)) => ("△ 出なかった", "warning"),
                (None, true, Some(Outcome::Failed | Outcome::GivenUp)) => ("× 届けられなかった", "critical"),
            };
            LaneRow {
                contact: name.to_string(),
                channel: words::channel(*kind),
                address: words::address(*kind, address),
                state,
                class,
                waiting: waiting.len(),
                waits_since: waiting.first().map_or_else(String::new, |message| words::at(message.at)),
                last: last.map_or_else(String::new, |last| words::at(last.at)),
                answer: match (tried, last) {
                    (Some(message), _) => message.last_answer.to_string(),
                    (None, Some(last)) => last.answer.to_string(),
                    (None, None) => String::new(),
                },
            }
        });
        rows.collect::<Vec<_>>()
    };
    board.contacts.iter().flat_map(of_contact).collect()
}

/// Who has been told of an incident, and to whom the word is on its way: each contact once, with the way.
pub(super) fn told(board: &Board, no: IncidentNo) -> Vec<String> {
    let tells = |about: &About| matches!(about, About::Incident { no: of, resolved: false, .. } if *of == no);
    let mut told: Vec<String> = Vec::new();
    let delivered = board.state.deliveries.iter().rev().filter(|delivery| tells(&delivery.about));
    let delivered = delivered
        .filter(|delivery| matches!(delivery.outcome, Outcome::Delivered | Outcome::Acknowledged))
        .map(|delivery| format!("{}（{}）", delivery.to, words::channel(delivery.channel)));
    let waiting = board.state.waiting.iter().filter(|message| tells(&message.about));
    let waiting = waiting.map(|message| {
        let how = if message.tries > 0 { "届いていない" } else { "送信中" };
        format!("{}（{}、{how}）", message.to, words::channel(message.lane.channel))
    });
    for one in delivered.chain(waiting) {
        if !told.contains(&one) {
            told.push(one);
        }
    }
    told
}
