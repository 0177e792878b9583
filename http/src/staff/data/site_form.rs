//! What the forms about the resident pages share: the languages, the way from a typed change to the whole that is stored, and the
//! way back from what is wrong to the field where it was typed.

use std::collections::BTreeMap;

use sesshu_engine::CampaignError;
use sesshu_engine::core::site::{LangCode, Site, Worded};
use sesshu_engine::core::site_check::SiteProblem;
use sesshu_engine::roll::{Lang as WordsIn, SiteReason};

use super::super::desk::{Staff, StaffDesk};
use super::super::form::FormErrors;
use super::super::problem::StaffProblem;
use super::super::words::campaign_words;
use crate::lang::Lang;

/// What a form of these sends: which fields there are follows from the languages of the pages.
pub(super) type Typed = BTreeMap<String, String>;

/// A wording in one language as a form has it.
pub(super) struct Field {
    /// The name of the field.
    pub(super) id: String,
    /// The language's own name.
    pub(super) lang: &'static str,
    /// Its code in HTML.
    pub(super) html: &'static str,
    pub(super) value: String,
}

/// A field of `name` for each language of the pages, Japanese first, with what `value` says.
pub(super) fn fields(name: &str, value: impl Fn(Lang) -> String) -> Vec<Field> {
    let one = |lang: Lang| Field {
        id: format!("{name}-{}", lang.code()),
        lang: lang.name(),
        html: lang.html(),
        value: value(lang),
    };
    Lang::all().map(one).collect()
}

/// What `words` says in `lang`; nothing if it says nothing there.
pub(super) fn said(words: &Worded<Box<str>>, lang: Lang) -> String {
    let said = if lang == Lang::JA { Some(&words.ja) } else { words.others.get(lang.code()) };
    said.map(ToString::to_string).unwrap_or_default()
}

/// The text of a field: without spaces around it, its lines ended by LF.
pub(super) fn text(typed: &Typed, id: &str) -> String {
    typed.get(id).map(|text| text.replace("\r\n", "\n").trim().to_owned()).unwrap_or_default()
}

/// The wording that was typed into the fields of `name`. Languages that the pages do not have keep what `before` says.
pub(super) fn worded(typed: &Typed, name: &str, before: Option<&Worded<Box<str>>>) -> Worded<Box<str>> {
    let mut others = before.map(|before| before.others.clone()).unwrap_or_default();
    for lang in Lang::all().filter(|lang| *lang != Lang::JA) {
        let said = text(typed, &format!("{name}-{}", lang.code()));
        let Some(code) = LangCode::new(lang.code()) else { continue };
        if said.is_empty() {
            others.remove(&code);
        } else {
            others.insert(code, said.into());
        }
    }
    Worded { ja: text(typed, &format!("{name}-{}", Lang::JA.code())).into(), others }
}

/// The revision that the form was made from.
pub(super) fn revision(typed: &Typed) -> u64 {
    typed.get("revision").and_then(|text| text.parse().ok()).unwrap_or(u64::MAX)
}

impl StaffDesk {
    /// Lets the pages say `next` instead. What is wrong with it is told by field: `inside` is how many words of a place the form
    /// itself stands for.
    pub(super) async fn say(
        &self,
        next: Site,
        shown: u64,
        staff: &Staff,
        inside: usize,
    ) -> Result<Result<(), FormErrors>, StaffProblem> {
        match self.engine.change_site(next, shown, staff.by()).await {
            Ok(_) => Ok(Ok(())),
            Err(CampaignError::WrongSite(problems)) => Ok(Err(by_field(&problems, inside))),
            Err(error @ CampaignError::ChangedMeanwhile) => Ok(Err(FormErrors::whole(format!(
                "{}入力した内容は残っています。もう一度送ると、いまの内容に重ねて変更します。",
                campaign_words(&error)
            )))),
            Err(error) => Err(error.into()),
        }
    }
}

/// What is wrong with a site, by field.
pub(super) fn by_field(problems: &[SiteProblem], inside: usize) -> FormErrors {
    let mut errors = FormErrors::default();
    for problem in problems {
        let field = problem.place.0.get(inside..).unwrap_or_default().join("-");
        let says = SiteReason::Fault(problem.fault.clone()).text(WordsIn::Ja);
        errors.add(field, format!("{says}。"));
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;
    use sesshu_engine::core::site_check::SiteFault;
    use sesshu_engine::core::site_place::SitePlace;

    #[test]
    fn a_typed_wording_keeps_languages_that_the_pages_do_not_have() {
        let code = |text: &str| LangCode::new(text).expect("a code");
        let others = BTreeMap::from([(code("en"), "old".into()), (code("ko"), "한국어".into())]);
        let before = Worded { ja: "前".into(), others };
        let typed = Typed::from([("title-ja".into(), " 後\r\nの行 ".into()), ("title-ja-easy".into(), "あと".into())]);
        let after = worded(&typed, "title", Some(&before));
        assert_eq!(&*after.ja, "後\nの行");
        let kept: Vec<(&str, &str)> = after.others.iter().map(|(lang, said)| (lang.as_str(), &**said)).collect();
        assert_eq!(kept, [("ja-easy", "あと"), ("ko", "한국어")]);
        assert_eq!((said(&before, Lang::JA), said(&after, Lang::JA)), ("前".into(), "後\nの行".into()));
    }

    #[test]
    fn what_is_wrong_stands_at_its_field() {
        let place = SitePlace::of(&["announcement", "opening", "title", "en"]);
        let errors = by_field(&[SiteProblem { place, fault: SiteFault::Empty }], 2);
        assert_eq!(errors.of("title-en"), Some("文字がありません。"));
    }
}
