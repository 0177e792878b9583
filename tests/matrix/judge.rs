//! What must hold for each answer, and the sum of it.

use sesshu_http::{Method, RouteRow};
use sesshu_tests::Answer;

use crate::actor::Actor;
use crate::described::{Page, Variation, own, page};
use crate::facts::{Told, told};
use crate::town::Town;

/// The judge.
#[derive(Debug, Default)]
pub(crate) struct Judge {
    cases: usize,
    turned_away: usize,
    not_found: usize,
    own: usize,
    /// Answers that told what somebody may know, and did.
    told: usize,
    wrong: Vec<String>,
}

impl Judge {
    /// Somebody whom the page is not for: sent to the sign-in, or refused, and told nothing.
    pub(crate) async fn is_turned_away(&mut self, town: &mut Town, row: RouteRow, actor: Actor) {
        self.cases += 1;
        self.turned_away += 1;
        let path = own(town, row);
        let answer = town.ask(actor, row.method, &path, &page(town, row).form).await;
        let right = match (actor.is_known(), row.method) {
            (true, _) => answer.status == 403,
            (false, Method::Get) => {
                answer.status == 303 && answer.header("location").is_some_and(|to| to.starts_with("/login?next="))
            }
            (false, Method::Post) => answer.status == 401,
        };
        let case = case(row, actor, "own");
        if !right {
            self.wrong.push(format!("{case}: {} for somebody who must be turned away", answer.status));
        }
        self.tells_only(&case, &answer, |_| false);
    }

    /// Somebody who may open such pages, but not this one: it is not there, whether or not there is one for others.
    pub(crate) async fn finds_nothing(&mut self, town: &mut Town, row: RouteRow, actor: Actor, variation: &Variation) {
        self.cases += 1;
        self.not_found += 1;
        let answer = town.ask(actor, row.method, &variation.path, &variation.form).await;
        let case = case(row, actor, &variation.what);
        if !variation.statuses.contains(&answer.status) {
            self.wrong.push(format!("{case}: {} instead of one of {:?}", answer.status, variation.statuses));
        }
        self.tells_only(&case, &answer, |_| false);
    }

    /// Somebody on a page of theirs: it is there, and tells them what it is for and no more.
    pub(crate) async fn sees_its_own(&mut self, town: &mut Town, row: RouteRow, actor: Actor) {
        self.cases += 1;
        self.own += 1;
        town.prepare(row, actor).await;
        let Page { form, shows, also, .. } = page(town, row);
        let path = own(town, row);
        let answer = town.ask(actor, row.method, &path, &form).await;
        let case = case(row, actor, "own");
        let usual: &[u16] = match row.method {
            Method::Get => &[200, 303],
            // A form that is not filled in comes back.
            Method::Post => &[200, 303, 400, 409],
        };
        if !usual.contains(&answer.status) && !also.contains(&answer.status) {
            self.wrong.push(format!("{case}: {} on {path}", answer.status));
        }
        // What somebody has typed, they know.
        let typed: String = form.iter().map(|(_, value)| value.as_str()).collect();
        let typed = told(&typed);
        self.tells_only(&case, &answer, |fact| shows.contains(&fact) || typed.contains(&fact));
    }

    fn tells_only(&mut self, case: &str, answer: &Answer, may: impl Fn(Told) -> bool) {
        let headers = answer.headers.iter().map(|(name, value)| format!("{name}: {value}\n"));
        let text = headers.chain([answer.text()]).collect::<String>();
        let facts = told(&text);
        self.told += usize::from(!facts.is_empty());
        let leaks = facts.into_iter().filter(|fact| !may(*fact));
        self.wrong.extend(leaks.map(|fact| format!("{case}: LEAK of {fact} with status {}", answer.status)));
    }

    /// The sum; fails if anything was wrong.
    pub(crate) fn finish(self, routes: usize, paths: usize) -> String {
        let Self { cases, turned_away, not_found, own, told, wrong } = self;
        assert!(wrong.is_empty(), "{} wrong answers:\n{}", wrong.len(), wrong.join("\n"));
        assert!(told > 0, "somebody must see somebody, or nothing was looked at");
        format!(
            "matrix: {routes} routes at {paths} paths, {cases} cases: {turned_away} turned away, {not_found} with a foreign, \
             missing or malformed object, {own} on a page of one's own, {told} of which told of a person what they may; leaks 0"
        )
    }
}

fn case(row: RouteRow, actor: Actor, what: &str) -> String {
    format!("{:?} {} as {actor:?} ({what})", row.method, row.path)
}
