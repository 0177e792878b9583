//! When a wave will be full: from what is left and how fast it goes. Plain arithmetic, so that staff can check it by hand.

use super::time::{Day, Instant};

/// Over how many minutes the speed is measured; less if the wave has not been open for so long.
pub const SPEED_MINUTES: i64 = 60;
const MS_PER_MINUTE: i64 = 60_000;
/// What lies further ahead is as good as never, and would not be a date any more: a hundred years.
const AHEAD_MS_MAX: i64 = 36_500 * 24 * 60 * MS_PER_MINUTE;

/// How far a wave has come. People are counted by their first dose.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WaveProgress {
    /// How many people are in the wave and on the roll.
    pub people: u64,
    /// How many of them have their first dose, or a booking for it.
    pub booked: u64,
    /// How many places are left that one of the others may take.
    pub places_left: u64,
    /// The last date with such a place.
    pub places_until: Option<Day>,
    /// How many of them booked in the last [`SPEED_MINUTES`].
    pub booked_lately: u64,
    /// When the wave opens or opened; none if there are no waves.
    pub opens_at: Option<Instant>,
}

/// When a wave will be full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forecast {
    /// Everybody has booked.
    Complete,
    /// It opens later.
    NotOpen(Instant),
    /// There are fewer places than people who still wait.
    NotWithinPlaces {
        /// How many places are missing.
        missing: u64,
        /// When the places there are will be gone, if it goes on like this.
        gone_at: Option<Instant>,
    },
    /// There are places, but nobody has booked lately.
    Standstill,
    /// If it goes on like this, everybody will have booked by then.
    At(Instant),
    /// If it goes on like this, the last session is over before everybody has booked.
    TooSlow,
}

impl WaveProgress {
    /// How many people of the wave have not booked.
    #[must_use]
    pub const fn waiting(&self) -> u64 {
        self.people.saturating_sub(self.booked)
    }

    /// When it will be full.
    #[must_use]
    pub fn forecast(&self, now: Instant) -> Forecast {
        if self.waiting() == 0 {
            return Forecast::Complete;
        }
        if let Some(opens_at) = self.opens_at.filter(|opens_at| *opens_at > now) {
            return Forecast::NotOpen(opens_at);
        }
        if self.places_left < self.waiting() {
            let missing = self.waiting() - self.places_left;
            return Forecast::NotWithinPlaces { missing, gone_at: self.after(self.places_left, now) };
        }
        match self.after(self.waiting(), now) {
            None => Forecast::Standstill,
            Some(at) if self.places_until.is_some_and(|last| at.city_day() > last) => Forecast::TooSlow,
            Some(at) => Forecast::At(at),
        }
    }

    /// When so many more will have booked, at the speed of the last hour.
    fn after(&self, more: u64, now: Instant) -> Option<Instant> {
        let open_ms = self.opens_at.map_or(i64::MAX, |opens_at| now.ms_since(opens_at));
        let measured_ms = open_ms.clamp(MS_PER_MINUTE, SPEED_MINUTES * MS_PER_MINUTE);
        let ms = (i128::from(measured_ms) * i128::from(more)).checked_div(i128::from(self.booked_lately))?;
        Some(now.plus_ms(i64::try_from(ms).unwrap_or(AHEAD_MS_MAX).min(AHEAD_MS_MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Instant {
        "2026-12-01 12:00".parse().expect("an instant")
    }

    fn wave() -> WaveProgress {
        WaveProgress {
            people: 1_000,
            booked: 400,
            places_left: 700,
            places_until: Some("2026-12-20".parse().expect("a date")),
            booked_lately: 200,
            opens_at: Some(now().plus_minutes(-600)),
        }
    }

    #[test]
    fn a_wave_is_full_when_those_who_wait_have_booked_at_the_speed_of_the_last_hour() {
        assert_eq!(wave().forecast(now()), Forecast::At(now().plus_minutes(180)));
        let just_open = WaveProgress { opens_at: Some(now().plus_minutes(-20)), ..wave() };
        assert_eq!(just_open.forecast(now()), Forecast::At(now().plus_minutes(60)), "20 minutes are measured");
        let this_instant = WaveProgress { opens_at: Some(now()), ..wave() };
        assert_eq!(this_instant.forecast(now()), Forecast::At(now().plus_minutes(3)), "never less than a minute");
        let no_waves = WaveProgress { opens_at: None, ..wave() };
        assert_eq!(no_waves.forecast(now()), Forecast::At(now().plus_minutes(180)));
    }

    #[test]
    fn what_cannot_be_is_said_instead_of_a_time() {
        let opens_at = now().plus_minutes(1);
        let cases = [
            (WaveProgress { booked: 1_000, places_left: 0, ..wave() }, Forecast::Complete),
            (WaveProgress { opens_at: Some(opens_at), ..wave() }, Forecast::NotOpen(opens_at)),
            (WaveProgress { booked_lately: 0, ..wave() }, Forecast::Standstill),
            (WaveProgress { booked_lately: 1, ..wave() }, Forecast::TooSlow),
            (
                WaveProgress { places_left: 500, ..wave() },
                Forecast::NotWithinPlaces { missing: 100, gone_at: Some(now().plus_minutes(150)) },
            ),
            (
                WaveProgress { places_left: 0, booked_lately: 0, ..wave() },
                Forecast::NotWithinPlaces { missing: 600, gone_at: None },
            ),
        ];
        for (progress, expected) in cases {
            assert_eq!(progress.forecast(now()), expected, "{progress:?}");
        }
    }

    #[test]
    fn numbers_beyond_all_bounds_do_no_harm() {
        let huge = WaveProgress { people: u64::MAX, booked: 0, places_left: u64::MAX, booked_lately: 1, ..wave() };
        assert_eq!(huge.forecast(now()), Forecast::TooSlow);
    }
}
