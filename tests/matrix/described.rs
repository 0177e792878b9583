//! What each route is about: what stands for the names in its path, what is sent, and of whom it may tell what. A path with a name that
//! is not described fails the test. A page of which nothing is said here may tell nothing of anybody.

use sesshu_http::{Method, RouteRow};

use crate::facts::{Fact, Told, Who};
use crate::town::Town;

/// A page, as one looks at it who may.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// What its address asks for beside its path, with its question mark.
    pub(crate) query: String,
    /// What is sent with it.
    pub(crate) form: Vec<(&'static str, String)>,
    /// What it may tell.
    pub(crate) shows: Vec<Told>,
    /// What else may be answered, as things stand in the town: a booking of today is not cancelled any more, no file is waiting.
    pub(crate) also: &'static [u16],
}

/// A request for something that is not there for whoever asks.
#[derive(Debug)]
pub(crate) struct Variation {
    pub(crate) what: String,
    /// With what it asks for beside its path.
    pub(crate) path: String,
    pub(crate) form: Vec<(&'static str, String)>,
    /// What may be answered.
    pub(crate) statuses: &'static [u16],
}

/// What a name in a path stands for.
struct Object {
    own: String,
    /// There is one, for somebody else.
    foreign: Option<String>,
    /// There is none.
    missing: &'static str,
    malformed: &'static str,
    statuses: &'static [u16],
}

const NOT_FOUND: &[u16] = &[404];
/// A hold ends by itself while people talk, so its page leads back to the person.
const BACK: &[u16] = &[303, 404];

impl Object {
    fn new(own: &str, missing: &'static str) -> Self {
        Self { own: own.to_owned(), foreign: None, missing, malformed: "x%00%2e%2e", statuses: NOT_FOUND }
    }

    fn with_foreign(own: &str, foreign: &str, missing: &'static str) -> Self {
        Self { foreign: Some(foreign.to_owned()), ..Self::new(own, missing) }
    }
}

/// What `name` in `path` stands for.
fn object(town: &Town, path: &str, name: &str) -> Object {
    let area = path.split('/').nth(1).unwrap_or_default();
    match (area, name) {
        ("assets", "file") => Object::new(&town.style, "nothing.css"),
        ("calls", "call") => Object::with_foreign(&town.call, &town.other_call, "0123456789abcdef"),
        ("calls", "turn") => Object::new(&town.turn, "77"),
        ("calls", "hold") => Object { statuses: BACK, ..Object::new(&town.hold, "99999999") },
        ("calls", "number") => Object::with_foreign(town.number(Who::Caller), town.number(Who::Here), NO_NUMBER),
        ("venue", "venue") => Object::with_foreign(&town.venue, &town.other_venue, "99999"),
        ("venue", "number") => Object::with_foreign(town.number(Who::Here), town.number(Who::Elsewhere), NO_NUMBER),
        ("venue", "session") => Object::with_foreign(&town.session, &town.other_session, "99999"),
        ("sessions", "session") if path.ends_with("/cancel/rest") => Object::new(&town.cancelled, "99999"),
        ("sessions", "session") => Object::new(&town.other_session, "99999"),
        ("venues", "venue") => Object::new(&town.other_venue, "99999"),
        ("waves", "wave") | ("vaccines", "vaccine") => Object::new("1", "99"),
        ("site", "id") if path.starts_with("/site/venues/") => Object::new(&town.other_venue, "99999"),
        ("site", "id") => Object::new(&town.announcement, "99999"),
        ("site", "key") => Object::new(&town.text, "no.such.text"),
        ("accounts", "login") => Object::new(&town.spare.login, "no-such-login"),
        ("notices", "no") => Object::new(&town.notice, "99999"),
        // Nothing is wrong in the town, and nothing is kept quiet.
        ("ops", "no") => Object::new("1", "99999999"),
        ("audit", "seq") => Object::new("3", "99999999"),
        _ => panic!("describe {{{name}}} of {path} in tests/matrix/described.rs: own, foreign and missing"),
    }
}

/// A booking number that is none.
const NO_NUMBER: &str = "0000000000000";

/// The address of one's own.
pub(crate) fn own(town: &Town, row: RouteRow) -> String {
    path_of_own(town, row) + &page(town, row).query
}

fn path_of_own(town: &Town, row: RouteRow) -> String {
    filled(row.path, |name| object(town, row.path, name).own)
}

/// The addresses of what is not there for whoever asks: one name after the other stands for something else.
pub(crate) fn variations(town: &Town, row: RouteRow) -> Vec<Variation> {
    let mut all = elsewhere(town, row);
    let Page { query, form, .. } = page(town, row);
    for name in varying(row.path) {
        let Object { foreign, missing, malformed, statuses, .. } = object(town, row.path, name);
        let others = [("foreign", foreign.as_deref()), ("missing", Some(missing)), ("malformed", Some(malformed))];
        for (kind, value) in others.into_iter().filter_map(|(kind, value)| Some((kind, value?))) {
            let path = filled(row.path, |own_name| {
                if own_name == name { value.to_owned() } else { object(town, row.path, own_name).own }
            });
            all.push(Variation { what: format!("{kind} {name}"), path: path + &query, form: form.clone(), statuses });
        }
    }
    all
}

/// The same for what is named beside the path: somebody else's booking in an address or in a form.
fn elsewhere(town: &Town, row: RouteRow) -> Vec<Variation> {
    let path = path_of_own(town, row);
    let foreign = town.number(Who::Here);
    let asked = |query: String| Variation {
        what: "foreign booking in the address".to_owned(),
        path: format!("{path}{query}"),
        form: Vec::new(),
        statuses: NOT_FOUND,
    };
    let sent = |field: &'static str, number: &str| Variation {
        what: format!("foreign booking as {field}"),
        path: path.clone(),
        form: page(town, row).form.into_iter().chain([(field, number.to_owned())]).collect(),
        statuses: NOT_FOUND,
    };
    match (row.method, row.path) {
        (Method::Get, "/calls/{call}/{turn}/done" | "/calls/{call}/{turn}/slip") => {
            vec![asked(format!("?number={foreign}")), asked(format!("?number={},{foreign}", town.number(Who::Caller)))]
        }
        (Method::Get, "/calls/{call}/{turn}/places") => vec![asked(format!("?changes={foreign}"))],
        (Method::Post, "/calls/{call}/{turn}/hold" | "/calls/{call}/{turn}/book") => vec![sent("changes", foreign)],
        (Method::Get, "/venue/{venue}") => vec![asked(format!("?slot={}-0", town.other_session))],
        (Method::Post, "/follow-up") => vec![sent("number", foreign)],
        _ => Vec::new(),
    }
}

fn varying(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn filled(path: &'static str, value: impl Fn(&str) -> String) -> String {
    let part = |part: &'static str| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
        Some(name) => value(name),
        None => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// What is sent to a route, and what it may tell.
pub(crate) fn page(town: &Town, row: RouteRow) -> Page {
    match row.path.split('/').nth(1) {
        Some("calls") => page_of_a_call(town, row),
        Some("venue") => page_of_a_venue(town, row),
        _ => page_of_the_city(town, row),
    }
}

fn names(people: &[Who]) -> Vec<Told> {
    people.iter().map(|who| Told(*who, Fact::Name)).collect()
}

fn form(fields: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

/// Who comes to the first venue today.
const AT_VENUE: [Who; 2] = [Who::Caller, Who::Here];

/// Whoever is on the line, by name.
fn page_of_a_call(town: &Town, row: RouteRow) -> Page {
    use Method::{Get, Post};

    match (row.method, row.path) {
        (Get, path) if path.starts_with("/calls/{call}/{turn}") => {
            let number = town.number(Who::Caller);
            let query = match path {
                "/calls/{call}/{turn}/places" => "?dose=2".to_owned(),
                "/calls/{call}/{turn}/done" | "/calls/{call}/{turn}/slip" => format!("?number={number}"),
                _ => String::new(),
            };
            let also = if path.contains("/cancel/") { &[409] } else { &[][..] };
            Page { query, shows: names(&[Who::Caller]), also, ..Page::default() }
        }
        (Post, "/calls/{call}") => {
            let (claim, nth) = (Who::Caller.identity(), town.lookups.to_string());
            Page {
                form: form(&[("claim", &claim), ("said_id", "yes"), ("said_name", "yes"), ("nth", &nth)]),
                ..Page::default()
            }
        }
        (Post, "/calls/{call}/{turn}/hold") => {
            Page { form: form(&[("place", &town.place)]), shows: names(&[Who::Caller]), ..Page::default() }
        }
        (Post, "/calls/{call}/{turn}/book") => Page {
            form: form(&[("place", &town.place), ("key", "matrix")]),
            shows: names(&[Who::Caller]),
            ..Page::default()
        },
        (Post, "/calls/{call}/{turn}/release") => Page { form: form(&[("hold", &town.hold)]), ..Page::default() },
        (Post, "/calls/{call}/end") => Page { form: form(&[("outcome", "done")]), ..Page::default() },
        _ => Page::default(),
    }
}

/// Whoever comes there today, by name; whoever stands at the counter; whoever is to be called.
fn page_of_a_venue(town: &Town, row: RouteRow) -> Page {
    use Method::{Get, Post};

    match (row.method, row.path) {
        (Get, "/venue/{venue}") => Page { query: "?slot=all".to_owned(), shows: names(&AT_VENUE), ..Page::default() },
        (Get, "/venue/{venue}/print" | "/venue/{venue}/people/{number}") => {
            Page { shows: names(&AT_VENUE), ..Page::default() }
        }
        (Post, "/venue/{venue}/find") => {
            let part = Who::Here.name_kana().chars().take(3).collect::<String>();
            Page { form: form(&[("q", &part)]), shows: names(&AT_VENUE), ..Page::default() }
        }
        (Post, "/venue/{venue}/people/{number}") => Page {
            form: form(&[("seen", "booked"), ("next", "vaccinated")]),
            shows: names(&[Who::Here]),
            ..Page::default()
        },
        (Post, "/venue/{venue}/walk-in") => Page {
            form: form(&[("identity", &Who::Willing.identity())]),
            shows: names(&[Who::Willing]),
            ..Page::default()
        },
        (Post, "/venue/{venue}/walk-in/book") => {
            let fields = [("identity", Who::Willing.identity()), ("dose", "1".into()), ("key", "matrix".into())];
            Page { form: fields.into(), shows: names(&[Who::Willing]), ..Page::default() }
        }
        (Get, "/venue/{venue}/leftovers/{session}") => Page { shows: Town::to_be_called(), ..Page::default() },
        (Post, "/venue/{venue}/leftovers/{session}") => Page {
            form: form(&[("lot", &town.lot), ("answer", "refused"), ("key", "matrix")]),
            shows: Town::to_be_called(),
            ..Page::default()
        },
        (Post, "/venue/{venue}/leftovers/{session}/ids") => Page {
            form: form(&[("rows", "1"), ("encoding", "utf-8")]),
            shows: Who::ALL.map(|who| Told(who, Fact::Id)).into(),
            ..Page::default()
        },
        _ => Page::default(),
    }
}

/// What is kept and watched for the whole city.
fn page_of_the_city(town: &Town, row: RouteRow) -> Page {
    use Fact::{BirthDate, Contact, Id, Name};
    use Method::{Get, Post};

    match (row.method, row.path) {
        // Whom the city has to reach.
        (_, "/follow-up" | "/follow-up/export") => {
            let about =
                [("about", "cancelled_by_city"), ("number", town.number(Who::Stranded)), ("reached", "no_answer")];
            let form = match row.method {
                Get => Vec::new(),
                Post => form(&[&about[..], &[("reason", "contact"), ("encoding", "utf-8")]].concat()),
            };
            Page { form, shows: [Name, Contact].map(|fact| Told(Who::Stranded, fact)).into(), ..Page::default() }
        }
        // Those of the configuration are not changed here; nothing waits for being confirmed, and nothing was thrown away.
        // One backup or drill goes on at a time.
        (Get, "/vaccines/{vaccine}") | (Post, "/ops/backups/now" | "/ops/backups/drill") => {
            Page { also: &[409], ..Page::default() }
        }
        (Get, "/imports/errors.csv") | (Post, "/sessions/drafts/restore") => Page { also: &[404], ..Page::default() },
        // One person, who asked for it.
        (Post, "/report") => {
            let who = Who::Bystander;
            Page {
                form: form(&[("id", who.id()), ("name", who.name_kana()), ("born", who.birth_date())]),
                ..Page::default()
            }
        }
        (Get, "/report/person") => Page {
            shows: [Name, Id, BirthDate, Contact].map(|fact| Told(Who::Bystander, fact)).into(),
            ..Page::default()
        },
        (Get, "/passwords/requests") => {
            Page { shows: [Name, Id].map(|fact| Told(Who::Caller, fact)).into(), ..Page::default() }
        }
        (Post, "/exports") => {
            let (venue, today) = (town.venue.as_str(), town.today.as_str());
            let kind = [("what", "day_list"), ("from", today), ("venue", venue), ("reason", "venue")];
            Page {
                form: form(&[&kind[..], &[("encoding", "utf-8")]].concat()),
                shows: names(&AT_VENUE),
                ..Page::default()
            }
        }
        // Nobody is to be called by hand here, so that there is no such contact.
        (Post, "/notices/{no}/called") => {
            let fields = form(&[("contact", "nobody"), ("reached", "yes")]);
            Page { form: fields, also: &[400, 404, 503], ..Page::default() }
        }
        (Get, "/ops/switches") => Page { query: "?switch=new_bookings".to_owned(), ..Page::default() },
        // Turned on where it is on: nothing changes for the rest of the matrix.
        (Post, "/ops/switches") => Page { form: form(&[("switch", "new_bookings"), ("to", "on")]), ..Page::default() },
        (_, "/ops/incidents/{no}" | "/ops/incidents/{no}/acknowledge" | "/ops/silences/{no}/end") => {
            Page { also: &[404], ..Page::default() }
        }
        // Names beside pseudonyms, for whoever watches what staff do.
        (Get, "/audit" | "/audit/entry/{seq}") => {
            Page { query: "?names=yes".to_owned(), shows: names(&Who::ALL), ..Page::default() }
        }
        (Post, "/audit/person") => {
            Page { form: form(&[("id", Who::Here.id())]), shows: names(&Who::ALL), ..Page::default() }
        }
        _ => Page::default(),
    }
}
