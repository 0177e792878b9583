//! Vials: how many doses they give, how many must be opened, and what is left in the last one.

/// The vaccine of one session, counted in vials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Vials {
    /// How many doses a vial gives.
    pub(super) doses_per_vial: u32,
    /// The stock in doses; none is without limit.
    pub(super) stock: Option<u32>,
    /// How many people are booked.
    pub(super) booked: u32,
    /// How many places there are.
    pub(super) places: u64,
}

/// A number of doses as vials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opened {
    /// How many vials.
    pub(super) vials: u64,
    /// How many doses are left in the last one.
    pub(super) left: u64,
}

impl Vials {
    /// The stock as whole vials, and the doses beside them.
    pub(super) fn in_stock(&self) -> Option<(u32, u32)> {
        let per_vial = self.doses_per_vial.max(1);
        self.stock.map(|doses| (doses / per_vial, doses % per_vial))
    }

    /// What must be opened for everybody who is booked.
    pub(super) fn for_booked(&self) -> Opened {
        self.opened(u64::from(self.booked))
    }

    /// What must be opened if every place is taken.
    pub(super) fn for_places(&self) -> Opened {
        self.opened(self.places)
    }

    fn opened(&self, people: u64) -> Opened {
        let per_vial = u64::from(self.doses_per_vial.max(1));
        let vials = people.div_ceil(per_vial);
        Opened { vials, left: vials * per_vial - people }
    }

    /// How many places cannot be given because there is no vaccine for them.
    pub(super) fn places_without_vaccine(&self) -> u64 {
        self.stock.map_or(0, |doses| self.places.saturating_sub(u64::from(doses)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vial_is_opened_whole_and_what_is_left_is_told() {
        let vials = |doses_per_vial, booked| Vials { doses_per_vial, stock: Some(20), booked, places: 24 };
        // vial, booked → vials opened, doses left in the last one
        for (per_vial, booked, opened, left) in
            [(6, 0, 0, 0), (6, 1, 1, 5), (6, 6, 1, 0), (6, 7, 2, 5), (10, 20, 2, 0), (10, 21, 3, 9), (1, 3, 3, 0)]
        {
            assert_eq!(vials(per_vial, booked).for_booked(), Opened { vials: opened, left }, "{per_vial} {booked}");
        }
        let six = vials(6, 0);
        assert_eq!((six.in_stock(), six.for_places()), (Some((3, 2)), Opened { vials: 4, left: 0 }));
        assert_eq!(six.places_without_vaccine(), 4);
        assert_eq!(Vials { stock: None, ..six }.places_without_vaccine(), 0);
    }
}
