//! Waves one by one: added, changed, removed, put in another order. The journal always gets all of them.

use super::{CampaignError, EngineHandle, PlanProblem};
use crate::core::event::{By, Event};
use crate::core::setup::Wave;

/// A change of one wave. They are counted from 0 in the city's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaveChange {
    /// Another one, at the end.
    Add(Wave),
    /// It is now so.
    Change(usize, Wave),
    /// It is gone: its people book with another of their waves, or not at all.
    Remove(usize),
    /// It goes one place towards the beginning.
    Earlier(usize),
}

impl EngineHandle {
    /// Names the waves as they are, for whoever looks at them before a change.
    #[must_use]
    pub fn waves_digest(&self) -> [u8; 32] {
        crate::ledger::digest_of(&self.index().setup().waves)
    }

    /// Changes one wave, if they still are those that were `shown`.
    pub async fn change_wave(&self, change: WaveChange, shown: [u8; 32], by: By) -> Result<(), CampaignError> {
        let turn = self.turn().await;
        if self.waves_digest() != shown {
            return Err(CampaignError::ChangedMeanwhile);
        }
        let before = self.index().setup();
        let waves = changed(before.waves.clone(), change)?;
        if waves != before.waves {
            self.append_in_turn(turn, by, vec![Event::WavesReplaced(waves)], None).await?;
        }
        Ok(())
    }

    /// How many people of the roll are in `wave`.
    #[must_use]
    pub fn people_in_wave(&self, wave: &Wave) -> usize {
        let mut people = 0;
        self.index().for_each_resident(|_, entry| {
            people += usize::from(!entry.record.left_roll && !entry.record.erased && wave.includes(&entry.person));
        });
        people
    }
}

fn changed(mut waves: Vec<Wave>, change: WaveChange) -> Result<Vec<Wave>, PlanProblem> {
    let named = |name: &str, but: Option<usize>| {
        waves.iter().enumerate().any(|(at, wave)| Some(at) != but && wave.name == name)
    };
    match change {
        WaveChange::Add(wave) if named(&wave.name, None) => return Err(PlanProblem::NameTaken),
        WaveChange::Add(wave) => waves.push(wave),
        WaveChange::Change(at, wave) if named(&wave.name, Some(at)) => return Err(PlanProblem::NameTaken),
        WaveChange::Change(at, wave) => *waves.get_mut(at).ok_or(PlanProblem::NoSuchWave)? = wave,
        WaveChange::Remove(at) if at < waves.len() => {
            waves.remove(at);
        }
        WaveChange::Earlier(at) if at > 0 && at < waves.len() => waves.swap(at - 1, at),
        WaveChange::Remove(_) | WaveChange::Earlier(_) => return Err(PlanProblem::NoSuchWave),
    }
    Ok(waves)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::time::Instant;

    fn wave(name: &str) -> Wave {
        Wave { name: name.into(), born_from: None, born_to: None, group: None, opens_at: Instant(0) }
    }

    #[test]
    fn one_wave_changes_and_the_others_stay() {
        let two = || vec![wave("一"), wave("二")];
        let cases = [
            (WaveChange::Add(wave("三")), Ok(vec!["一", "二", "三"])),
            (WaveChange::Add(wave("二")), Err(PlanProblem::NameTaken)),
            (WaveChange::Change(1, wave("二")), Ok(vec!["一", "二"])),
            (WaveChange::Change(1, wave("一")), Err(PlanProblem::NameTaken)),
            (WaveChange::Change(0, wave("零")), Ok(vec!["零", "二"])),
            (WaveChange::Change(2, wave("三")), Err(PlanProblem::NoSuchWave)),
            (WaveChange::Remove(0), Ok(vec!["二"])),
            (WaveChange::Remove(2), Err(PlanProblem::NoSuchWave)),
            (WaveChange::Earlier(1), Ok(vec!["二", "一"])),
            (WaveChange::Earlier(0), Err(PlanProblem::NoSuchWave)),
            (WaveChange::Earlier(2), Err(PlanProblem::NoSuchWave)),
        ];
        for (change, expected) in cases {
            let after = changed(two(), change.clone());
            let names = after.as_ref().map(|waves| waves.iter().map(|wave| wave.name.as_str()).collect::<Vec<_>>());
            assert_eq!(names.map_err(Clone::clone), expected, "{change:?}");
        }
    }
}
