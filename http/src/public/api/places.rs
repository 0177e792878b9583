//! The places that a JSON request names: one dose, or two consecutive ones.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use sesshu_engine::core::ids::{BookingNumber, DoseNo, SessionId, SlotNo};
use sesshu_engine::core::leg::{Leg, Legs};
use sesshu_engine::core::refusal::RefusalCode;
use sesshu_engine::core::session::Session;
use utoipa::ToSchema;

use crate::problem::{DOSE_WANTED, Problem, What, Wrong};
use crate::public::body::Object;

/// The body of `POST /bookings` and `POST /holds`: either `session`, `slot` and `dose`, or `bookings` with two of them in order
/// of dose.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Places)]
pub(crate) struct PlacesBody {
    #[schema(value_type = Option<String>, example = "12")]
    session: Option<IdText<SessionId>>,
    #[schema(value_type = Option<String>, example = "3")]
    slot: Option<IdText<SlotNo>>,
    #[schema(value_type = Option<u8>, minimum = 1, maximum = 9, example = 1)]
    dose: Option<Dose>,
    #[schema(value_type = Option<Vec<PlaceBody>>)]
    bookings: Option<Vec<Object<PlaceBody>>>,
    /// Only for holds: the number of the booking that the new place is to replace.
    #[schema(value_type = Option<String>)]
    changes: Option<IdText<BookingNumber>>,
}

/// One place.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Place)]
pub(crate) struct PlaceBody {
    #[schema(value_type = String, example = "12")]
    session: IdText<SessionId>,
    #[schema(value_type = String, example = "3")]
    slot: IdText<SlotNo>,
    #[schema(value_type = u8, minimum = 1, maximum = 9, example = 1)]
    dose: Dose,
}

/// The body of `PUT /bookings/{number}`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPlace)]
pub(crate) struct NewPlaceBody {
    #[schema(value_type = String, example = "12")]
    session: IdText<SessionId>,
    #[schema(value_type = String, example = "3")]
    slot: IdText<SlotNo>,
}

impl NewPlaceBody {
    /// The place.
    pub(crate) fn place(&self) -> (SessionId, SlotNo) {
        (session(&self.session), slot(&self.slot))
    }
}

impl PlacesBody {
    /// The legs of a booking.
    pub(crate) fn into_booking(self) -> Result<Legs, Problem> {
        if self.changes.is_some() {
            return Err(Problem::invalid(Wrong::about(What::UnknownField, "changes")));
        }
        self.into_legs()
    }

    /// The legs of a hold, and the booking that it changes.
    pub(crate) fn into_hold(self) -> Result<(Legs, Option<BookingNumber>), Problem> {
        let changes = match &self.changes {
            None => None,
            Some(_) if self.bookings.is_some() => return Err(Problem::invalid(What::ChangesPair)),
            Some(number) => Some(number.0.ok_or(RefusalCode::NoSuchBooking)?),
        };
        Ok((self.into_legs()?, changes))
    }

    fn into_legs(self) -> Result<Legs, Problem> {
        match self {
            Self { bookings: Some(legs), session: None, slot: None, dose: None, .. } => pair(&legs),
            Self { bookings: Some(_), .. } => Err(Problem::invalid(What::Mixed)),
            Self { session: Some(session), slot: Some(slot), dose: Some(dose), .. } => {
                Ok(Legs::one(leg(&PlaceBody { session, slot, dose })))
            }
            Self { session: None, .. } => Err(Problem::invalid(missing("session"))),
            Self { slot: None, .. } => Err(Problem::invalid(missing("slot"))),
            Self { dose: None, .. } => Err(Problem::invalid(missing("dose"))),
        }
    }
}

fn pair(places: &[Object<PlaceBody>]) -> Result<Legs, Problem> {
    let [Object(first), Object(second)] = places else {
        return Err(Problem::invalid(What::TwoPlaces));
    };
    Legs::pair(leg(first), leg(second)).ok_or_else(|| Problem::invalid(What::Consecutive))
}

fn missing(name: &str) -> Wrong {
    Wrong::about(What::MissingField, name)
}

fn leg(place: &PlaceBody) -> Leg {
    Leg { session: session(&place.session), slot: slot(&place.slot), dose: place.dose.0 }
}

/// A text that is no id names nothing. It goes to the engine as an id that nothing has, so that refusals keep their order.
fn session(text: &IdText<SessionId>) -> SessionId {
    text.0.unwrap_or(SessionId(u32::MAX))
}

fn slot(text: &IdText<SlotNo>) -> SlotNo {
    text.0.unwrap_or(SlotNo(u16::MAX))
}

const _: () = assert!(Session::SLOTS_MAX < u16::MAX as usize, "no slot has the number that stands for none");

/// An id as text. A text that is no id is well-formed, and names nothing.
struct IdText<T>(Option<T>);

impl<'de, T: FromStr> Deserialize<'de> for IdText<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text<T>(PhantomData<T>);
        impl<T: FromStr> Visitor<'_> for Text<T> {
            type Value = IdText<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<IdText<T>, E> {
                Ok(IdText(text.parse().ok()))
            }
        }
        deserializer.deserialize_str(Text(PhantomData))
    }
}

/// The number of a dose.
#[derive(Clone, Copy)]
struct Dose(DoseNo);

impl<'de> Deserialize<'de> for Dose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u8::deserialize(deserializer)?;
        DoseNo::new(number).map(Self).ok_or_else(|| D::Error::custom(DOSE_WANTED))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Lang;
    use crate::problem::Code;

    fn booking(json: &str) -> Result<Vec<Leg>, Code> {
        let body = serde_json::from_str::<PlacesBody>(json).map_err(|_| Code::Invalid)?;
        body.into_booking().map(|legs| legs.to_vec()).map_err(|problem| problem.code)
    }

    fn leg_of(session: u32, slot: u16, dose: u8) -> Leg {
        Leg { session: SessionId(session), slot: SlotNo(slot), dose: DoseNo::new(dose).expect("a dose") }
    }

    #[test]
    fn one_place_or_two_consecutive_doses() {
        assert_eq!(booking(r#"{"session":"12","slot":"3","dose":1}"#), Ok(vec![leg_of(12, 3, 1)]));
        let pair = r#"{"bookings":[{"session":"1","slot":"0","dose":1},{"session":"2","slot":"5","dose":2}]}"#;
        assert_eq!(booking(pair), Ok(vec![leg_of(1, 0, 1), leg_of(2, 5, 2)]));
    }

    #[test]
    fn everything_else_is_invalid() {
        let place = r#"{"session":"1","slot":"0","dose":1}"#;
        let cases = [
            "",
            "null",
            "[]",
            "{}",
            r#"{"session":1,"slot":"0","dose":1}"#,
            r#"{"session":"1","slot":"0","dose":"1"}"#,
            r#"{"session":"1","slot":"0","dose":0}"#,
            r#"{"session":"1","slot":"0","dose":1.5}"#,
            r#"{"session":"1","slot":"0","dose":-1}"#,
            r#"{"session":"1","slot":"0"}"#,
            r#"{"session":"1","slot":"0","dose":1,"extra":1}"#,
            r#"{"session":"1","slot":"0","dose":1,"dose":1}"#,
            r#"{"session":"1","slot":"0","dose":1,"changes":"1"}"#,
            &format!(r#"{{"bookings":[{place}]}}"#),
            r#"{"bookings":[["1","0",1],["2","5",2]]}"#,
            &format!(r#"{{"bookings":[{place},{place}]}}"#),
            &format!(r#"{{"bookings":[{place},{place},{place}]}}"#),
            &format!(r#"{{"bookings":[{place}],"session":"1"}}"#),
        ];
        for json in cases {
            assert_eq!(booking(json), Err(Code::Invalid), "{json}");
        }
    }

    #[test]
    fn a_text_that_is_no_id_names_no_slot() {
        let (no_session, no_slot) = (u32::MAX, u16::MAX);
        let cases = [("x", no_session), ("01", no_session), ("", no_session), ("99999999999", no_session), ("7", 7)];
        for (text, session) in cases {
            let json = format!(r#"{{"session":"{text}","slot":"-1","dose":1}}"#);
            assert_eq!(booking(&json), Ok(vec![leg_of(session, no_slot, 1)]), "{json}");
        }
    }

    #[test]
    fn a_hold_may_name_the_booking_that_it_changes() {
        let number = BookingNumber::from_ordinal(5, &[1; 32]);
        let json = format!(r#"{{"session":"1","slot":"0","dose":1,"changes":"{number}"}}"#);
        let body: PlacesBody = serde_json::from_str(&json).expect("a body");
        let held = body.into_hold().map_err(|problem| problem.code);
        assert_eq!(held, Ok((Legs::one(leg_of(1, 0, 1)), Some(number))));
    }

    #[test]
    fn what_is_wrong_is_said_in_the_persons_language() {
        let cases = [
            (
                r#"{"session":"1","z":1}"#,
                "JSONの1行18列：知らない項目 `z` があります",
                "JSON, line 1 column 18: unknown field `z`",
            ),
            (r#"{"session":1}"#, "JSONの1行12列：文字列が必要です", "JSON, line 1 column 12: a string is needed"),
            (r#"{"dose":"1"}"#, "JSONの1行11列：数値が必要です", "JSON, line 1 column 11: a number is needed"),
            (
                r#"{"dose":0}"#,
                "JSONの1行10列：`dose` は1〜9の数字1けたです",
                "JSON, line 1 column 10: `dose` is one digit from 1 to 9",
            ),
            (
                "{\"dose\":\n",
                "JSONの2行0列：JSONが途中で終わっています",
                "JSON, line 2 column 0: the JSON ends too early",
            ),
            ("{]", "JSONの1行2列：JSONの書き方に誤りがあります", "JSON, line 1 column 2: this is not JSON"),
            (r#"{"slot":"0"}"#, "必要な項目 `session` がありません", "field `session` is missing"),
        ];
        for (json, japanese, english) in cases {
            let read = serde_json::from_str::<PlacesBody>(json).map_err(|error| Wrong::of_json(&error));
            let wrong = match read {
                Err(wrong) => wrong,
                Ok(body) => body.into_booking().err().and_then(|problem| problem.wrong).expect("a wrong"),
            };
            let en = Lang::from_code("en").expect("English");
            assert_eq!((wrong.text(Lang::JA).as_str(), wrong.text(en).as_str()), (japanese, english), "{json}");
        }
    }
}
