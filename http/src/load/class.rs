//! What a request is worth while there is too much to do, by its method and path alone: so it is known before anything is done for it.

use axum::http::Method;

/// Requests from the least valuable to the most. What is worth more is sent away later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// The description of the interface, and whatever is no address of ours: nobody needs it to book.
    Docs,
    /// The first page, the login's form, their style and script, and the draw, which anybody may look at later as well.
    Newcomer,
    /// A login: it costs five hundred times what a booking does.
    Login,
    /// Lists and choices.
    Read,
    /// A place that is kept for a while, and where one stands while one waits for one's turn.
    Hold,
    /// A booking or a change, from its last page on: whoever is here has waited longest.
    Confirm,
    /// Seeing and cancelling one's own: it frees places, and is never closed.
    Own,
}

impl Class {
    /// All of them, the least valuable first.
    pub(crate) const ALL: [Self; 7] =
        [Self::Docs, Self::Newcomer, Self::Login, Self::Read, Self::Hold, Self::Confirm, Self::Own];

    /// The class of a request.
    pub(crate) fn of(method: &Method, path: &str) -> Self {
        let changes = changes_something(method);
        match path.strip_prefix("/api/v1/") {
            Some("queue") if !changes => Self::Hold,
            Some("queue/draw") if !changes => Self::Newcomer,
            Some(rest) => Self::of_api(method, changes, first_part(rest)),
            None => Self::of_page(changes, first_part(path.strip_prefix('/').unwrap_or(path))),
        }
    }

    fn of_api(method: &Method, changes: bool, part: &str) -> Self {
        match part {
            "login" => Self::Login,
            "holds" if *method == Method::POST => Self::Hold,
            "bookings" if *method == Method::POST || *method == Method::PUT => Self::Confirm,
            "holds" | "bookings" | "logout" | "me" => Self::Own,
            "days" | "sessions" | "notices" if !changes => Self::Read,
            _ => Self::Docs,
        }
    }

    fn of_page(changes: bool, part: &str) -> Self {
        match part {
            "login" if changes => Self::Login,
            "" | "login" | "assets" | "draw" => Self::Newcomer,
            "hold" | "wait" => Self::Hold,
            "confirm" | "book" => Self::Confirm,
            "change" if changes => Self::Confirm,
            "my" | "done" | "cancel" | "logout" => Self::Own,
            "choose" | "change" | "contact" => Self::Read,
            _ => Self::Docs,
        }
    }

    /// The class of a request that claims this one and shows no login of ours: a stranger is a newcomer wherever they knock.
    pub(crate) const fn of_a_stranger(self) -> Self {
        match self {
            Self::Docs | Self::Newcomer | Self::Login => self,
            Self::Read | Self::Hold | Self::Confirm | Self::Own => Self::Newcomer,
        }
    }

    /// How many classes are worth less.
    pub(crate) const fn rank(self) -> u32 {
        self as u32
    }

    /// Its name in metrics.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Docs => "docs",
            Self::Newcomer => "newcomer",
            Self::Login => "login",
            Self::Read => "read",
            Self::Hold => "hold",
            Self::Confirm => "confirm",
            Self::Own => "own",
        }
    }

    /// How many of `bound` requests in flight there may be for this class to be let in. The rest is kept for what is worth more.
    pub(crate) const fn part_of(self, bound: usize) -> usize {
        let percent = match self {
            Self::Docs | Self::Newcomer => 60,
            Self::Login => 70,
            Self::Read => 80,
            Self::Hold => 85,
            Self::Confirm => 95,
            Self::Own => 100,
        };
        bound * percent / 100
    }
}

/// Whether a request of this method changes something, and so may wait.
pub(crate) const fn changes_something(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// The path up to its next `/`.
fn first_part(path: &str) -> &str {
    path.split('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_worth_what_its_method_and_path_say() {
        let cases = [
            ("GET", "/api/v1/docs/index.html", Class::Docs),
            ("GET", "/api/v1/openapi.json", Class::Docs),
            ("GET", "/wp-login.php", Class::Docs),
            ("POST", "/api/v1/sessions", Class::Docs),
            ("GET", "/", Class::Newcomer),
            ("GET", "/login", Class::Newcomer),
            ("GET", "/assets/sesshu.css", Class::Newcomer),
            ("POST", "/login", Class::Login),
            ("POST", "/api/v1/login", Class::Login),
            ("GET", "/api/v1/sessions", Class::Read),
            ("GET", "/api/v1/queue/draw", Class::Newcomer),
            ("GET", "/draw", Class::Newcomer),
            ("GET", "/api/v1/queue", Class::Hold),
            ("GET", "/choose", Class::Read),
            ("GET", "/wait", Class::Hold),
            ("GET", "/change/123", Class::Read),
            ("POST", "/hold", Class::Hold),
            ("POST", "/api/v1/holds", Class::Hold),
            ("GET", "/confirm", Class::Confirm),
            ("POST", "/book", Class::Confirm),
            ("POST", "/change", Class::Confirm),
            ("POST", "/api/v1/bookings", Class::Confirm),
            ("PUT", "/api/v1/bookings/123", Class::Confirm),
            ("GET", "/my", Class::Own),
            ("GET", "/my/123/calendar.ics", Class::Own),
            ("GET", "/api/v1/me", Class::Own),
            ("POST", "/cancel/123", Class::Own),
            ("DELETE", "/api/v1/bookings/123", Class::Own),
            ("DELETE", "/api/v1/holds/123", Class::Own),
            ("POST", "/logout", Class::Own),
        ];
        for (method, path, class) in cases {
            let method: Method = method.parse().expect("a method");
            assert_eq!(Class::of(&method, path), class, "{method} {path}");
        }
    }

    #[test]
    fn what_is_worth_more_never_has_less_room() {
        let parts = Class::ALL.map(|class| class.part_of(1_000));
        assert!(parts.is_sorted() && parts[6] == 1_000, "{parts:?}");
        assert!(Class::ALL.map(Class::rank).is_sorted());
    }
}
