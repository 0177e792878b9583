//! How large the throw-away city is: by the options, by a data folder that was looked at, and else by what real cities have.

use std::time::Duration;

use sesshu_engine::LoadError;

use crate::cli::RehearseArgs;
use crate::demo::{SESSIONS, SLOTS_PER_SESSION};
use crate::exit::Failure;
use crate::folder::DataFolder;

/// Places are scarcer than people, as on a real opening day: so many for 100 people who come.
const PLACES_PERCENT: u32 = 60;
/// Fewer places than this in a slot would make more sessions than a small city has.
const SLOT_PLACES_MIN: u32 = 8;
const RESIDENTS: u32 = 20_000;
/// What the options allow.
const RESIDENTS_MAX: u32 = 200_000;
const SESSIONS_MAX: u32 = 2_000;
const WAVES_MAX: u32 = 12;

/// What was seen of a data folder: numbers alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Model {
    pub(super) residents: u32,
    /// Those that take bookings, or will.
    pub(super) sessions: u32,
    /// In all of them.
    pub(super) places: u32,
    /// Different openings.
    pub(super) waves: u32,
}

/// How many sessions the throw-away city has, and how large they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CityPlan {
    /// People on the roll.
    pub(super) residents: u32,
    /// How many of them come; they are the first on the roll.
    pub(super) people: u32,
    pub(super) sessions: u32,
    pub(super) slot_places: u32,
    /// Groups with an opening of their own.
    pub(super) waves: u32,
    /// Between two openings.
    pub(super) wave_every: Duration,
    /// Places that every second session keeps for the phone, in each slot.
    pub(super) phone_places: Option<u32>,
}

impl Model {
    /// Looks at a data folder, read-only.
    pub(super) async fn of(folder: DataFolder) -> Result<Self, Failure> {
        let config = folder.engine_config(&folder.config_or_failure()?);
        let looked = tokio::task::spawn_blocking(move || config.outline()).await.map_err(Failure::internal)?;
        let outline = match looked {
            Err(LoadError::InUse) => return Err(folder.in_use()),
            looked => looked.map_err(Failure::refused)?,
        };
        let number = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        if outline.residents == 0 {
            return Err(Failure::refused(format!("{}: nobody is on its roll", folder.path.display())));
        }
        Ok(Self {
            residents: number(outline.residents),
            sessions: number(outline.sessions).max(1),
            places: number(outline.places),
            waves: number(outline.waves),
        })
    }
}

impl CityPlan {
    /// For these options, over `time`.
    pub(super) fn of(args: &RehearseArgs, model: Option<Model>, time: Duration) -> Self {
        let residents = args.residents.or(model.map(|model| model.residents)).unwrap_or(RESIDENTS);
        let residents = residents.clamp(1, RESIDENTS_MAX);
        let recorded = args.shape.places(residents);
        let people = recorded.map_or(residents, |places| (places * 100 / PLACES_PERCENT).clamp(1, residents));
        // A model says how many places there are, unless the options ask for another roll.
        let modelled = model.filter(|model| args.residents.is_none() && model.places > 0).map(|model| model.places);
        let wanted = modelled.or(recorded).unwrap_or((people * PLACES_PERCENT / 100).max(1));
        let by_places = (wanted / (SLOTS_PER_SESSION * SLOT_PLACES_MIN)).clamp(1, SESSIONS);
        let sessions = args.sessions.or(model.map(|model| model.sessions)).unwrap_or(by_places).clamp(1, SESSIONS_MAX);
        let slots = sessions * SLOTS_PER_SESSION;
        let slot_places = args.slot_places.unwrap_or(((wanted + slots / 2) / slots).max(1));
        let waves = args.waves.or(model.map(|model| model.waves)).unwrap_or(1).clamp(1, WAVES_MAX.min(people));
        let phone_places = ((f64::from(slot_places) * args.phone_share * 2.0).round() as u32).min(slot_places);
        Self {
            residents,
            people,
            sessions,
            slot_places,
            waves,
            wave_every: time / waves,
            phone_places: (phone_places > 0).then_some(phone_places),
        }
    }

    /// All places.
    pub(super) const fn places(self) -> u32 {
        self.sessions * SLOTS_PER_SESSION * self.slot_places
    }

    /// To which wave the `number`-th resident belongs.
    pub(super) const fn wave_of(self, number: u32) -> u32 {
        number % self.waves
    }

    /// How many people come for each opening, at most.
    pub(super) const fn people_a_wave(self) -> u32 {
        self.people.div_ceil(self.waves)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::rehearse_args;

    fn city(options: &[&str], model: Option<Model>) -> CityPlan {
        CityPlan::of(&rehearse_args(options), model, Duration::from_mins(3))
    }

    #[test]
    fn places_are_scarcer_than_people_in_small_and_large_cities() {
        for residents in ["50", "200", "1000", "20000", "105000", "200000"] {
            let city = city(&["--residents", residents], None);
            let percent = f64::from(city.places()) / f64::from(city.people) * 100.0;
            assert!((45.0..75.0).contains(&percent), "{residents}: {percent} %");
        }
        assert_eq!(city(&["--residents", "1"], None).places(), SLOTS_PER_SESSION);
    }

    #[test]
    fn a_recorded_rush_brings_a_part_of_the_roll_for_its_places() {
        let osaka = city(&["--residents", "105000", "--shape", "osaka"], None);
        assert_eq!((osaka.residents, osaka.people), (105_000, 41_666));
        assert!((24_000..26_000).contains(&osaka.places()), "{osaka:?}");
    }

    #[test]
    fn a_model_gives_what_the_options_do_not_say() {
        let model = Model { residents: 4_000, sessions: 7, places: 1_300, waves: 3 };
        let like = city(&[], Some(model));
        assert_eq!((like.residents, like.sessions, like.waves, like.people_a_wave()), (4_000, 7, 3, 1_334));
        assert!((1_200..1_400).contains(&like.places()), "{like:?}");
        let other = city(&["--residents", "100", "--sessions", "2", "--slot-places", "3", "--waves", "1"], Some(model));
        assert_eq!((other.residents, other.sessions, other.places(), other.waves), (100, 2, 72, 1));
    }
}
