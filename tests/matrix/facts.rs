//! What is known of the people in the town, and where an answer tells it.

use std::fmt;

/// A person of the town. Name, ID, date of birth and contact are unlike anything else on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Who {
    /// On the line with the operator of the matrix; comes to the first venue today.
    Caller,
    /// On the line with another operator.
    OtherCaller,
    /// Comes to the first venue today.
    Here,
    /// Comes to the second venue today.
    Elsewhere,
    /// Has lost a booking, as the city has cancelled its session.
    Stranded,
    /// Has a contact, and no booking.
    Willing,
    /// Whom nobody asks for.
    Bystander,
}

impl Who {
    pub(crate) const ALL: [Self; 7] =
        [Self::Caller, Self::OtherCaller, Self::Here, Self::Elsewhere, Self::Stranded, Self::Willing, Self::Bystander];

    pub(crate) const fn name_kana(self) -> &'static str {
        match self {
            Self::Caller => "ヌマグチ　ワカナ",
            Self::OtherCaller => "エゾエ　ヌイコ",
            Self::Here => "ウエノヘ　ヘイタ",
            Self::Elsewhere => "ソネハラ　モヨコ",
            Self::Stranded => "ムネユキ　セツヤ",
            Self::Willing => "ヨモギタ　ロクロ",
            Self::Bystander => "ニッパシ　ヤエノ",
        }
    }

    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::Caller => "7301948256",
            Self::OtherCaller => "8412057369",
            Self::Here => "9523168470",
            Self::Elsewhere => "6634279581",
            Self::Stranded => "5745380692",
            Self::Willing => "4856491703",
            Self::Bystander => "3967502814",
        }
    }

    pub(crate) const fn birth_date(self) -> &'static str {
        match self {
            Self::Caller => "1931-03-17",
            Self::OtherCaller => "1934-07-19",
            Self::Here => "1937-11-23",
            Self::Elsewhere => "1941-02-13",
            Self::Stranded => "1943-05-29",
            Self::Willing => "1946-08-31",
            Self::Bystander => "1948-10-11",
        }
    }

    pub(crate) const fn contact(self) -> &'static str {
        match self {
            Self::Caller => "090-1357-2461",
            Self::OtherCaller => "090-2468-3572",
            Self::Here => "090-3579-4683",
            Self::Elsewhere => "090-4681-5794",
            Self::Stranded => "090-5792-6815",
            Self::Willing => "090-6813-7926",
            Self::Bystander => "090-7924-8137",
        }
    }

    /// As somebody types or says who they are.
    pub(crate) fn identity(self) -> String {
        format!("{} {} {}", self.id(), self.name_kana().replace('　', ""), self.birth_date())
    }
}

/// What may be told of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Fact {
    Name,
    Id,
    BirthDate,
    Contact,
}

impl Fact {
    pub(crate) const ALL: [Self; 4] = [Self::Name, Self::Id, Self::BirthDate, Self::Contact];

    /// The texts that tell it.
    fn texts(self, who: Who) -> Vec<String> {
        match self {
            // Half of a name is a name.
            Self::Name => who.name_kana().split('　').map(str::to_owned).collect(),
            // The last four digits are what a masked ID shows.
            Self::Id => vec![who.id()[..6].to_owned(), who.id()[4..].to_owned()],
            Self::BirthDate => written(who.birth_date()),
            Self::Contact => vec![who.contact().to_owned(), who.contact().replace('-', "")],
        }
    }
}

/// A date of the Shōwa era in each of the ways in which people write it.
fn written(date: &str) -> Vec<String> {
    let mut parts = date.split('-').map(|part| part.parse::<u32>().expect("a number"));
    let mut next = || parts.next().expect("a year, a month and a day");
    let (year, month, of_month) = (next(), next(), next());
    let showa = year - 1925;
    vec![
        date.to_owned(),
        date.replace('-', ""),
        format!("{year}/{month}/{of_month}"),
        format!("{year}年{month}月{of_month}日"),
        format!("昭和{showa}年{month}月{of_month}日"),
        format!("S{showa}.{month}.{of_month}"),
        format!("S{showa:02}{month:02}{of_month:02}"),
        format!("3{showa:02}{month:02}{of_month:02}"),
    ]
}

/// A fact about somebody that was found in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Told(pub(crate) Who, pub(crate) Fact);

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {:?} of {:?}", self.1, self.0)
    }
}

/// Everything that `text` tells about anybody.
pub(crate) fn told(text: &str) -> Vec<Told> {
    let plain: String = text.chars().map(half_width).collect();
    let all = Who::ALL.into_iter().flat_map(|who| Fact::ALL.map(|fact| Told(who, fact)));
    all.filter(|Told(who, fact)| fact.texts(*who).iter().any(|words| plain.contains(words))).collect()
}

/// Digits may be full-width.
fn half_width(c: char) -> char {
    match c {
        '０'..='９' => char::from_digit(c as u32 - '０' as u32, 10).unwrap_or(c),
        c => c,
    }
}

#[test]
fn what_an_answer_tells_is_found_in_whatever_form() {
    for text in ["<td>ヌマグチ</td>", "ワカナ様"] {
        assert_eq!(told(text), [Told(Who::Caller, Fact::Name)], "{text}");
    }
    for text in ["昭和6年3月17日", "1931/3/17", "S6.3.17", "１９３１年３月１７日"] {
        assert_eq!(told(text), [Told(Who::Caller, Fact::BirthDate)], "{text}");
    }
    assert_eq!(told("7301948256, 09013572461").len(), 2);
    assert_eq!(told("券番号の末尾 8256、090"), []);
}
