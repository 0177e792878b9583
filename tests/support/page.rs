//! A page of the console as a program reads it: the forms on it. It is no parser of HTML, but the console's templates are one hand's
//! work, and every attribute stands in double quotes.

/// A form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageForm {
    /// Where it is sent.
    pub action: String,
    /// Its fields and buttons that have a name, in order, with their values.
    pub fields: Vec<(String, String)>,
}

impl PageForm {
    /// The forms of a page.
    #[must_use]
    pub fn all(html: &str) -> Vec<Self> {
        let parts = html.split("<form").skip(1).map(|part| part.split("</form>").next().unwrap_or_default());
        parts.map(Self::of).collect()
    }

    /// The first form of a page whose address ends so.
    #[must_use]
    pub fn to(html: &str, action: &str) -> Option<Self> {
        Self::all(html).into_iter().find(|form| form.action.ends_with(action))
    }

    fn of(part: &str) -> Self {
        let (head, rest) = part.split_once('>').unwrap_or((part, ""));
        let fields = rest.split('<').filter(|tag| tag.starts_with("input") || tag.starts_with("button"));
        let named =
            fields.filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default())));
        Self { action: attribute(head, "action").unwrap_or_default(), fields: named.collect() }
    }

    /// The values that the field `name` can have.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// With this value of `name`, and no other.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(own, _)| own != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What is sent.
    #[must_use]
    pub fn body(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.fields).finish()
    }
}

/// An attribute of the tag that begins a text.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = tag.split('>').next().unwrap_or_default();
    let at = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let value = tag[at..].split('"').next()?;
    Some(value.replace("&#38;", "&").replace("&#34;", "\"").replace("&#60;", "<").replace("&#62;", ">"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_with_its_fields_and_buttons() {
        let html = r#"<p>x</p><form method="post" action="/a/hold"><input type="hidden" name="dose" value="1">
            <button name="place" value="1-2"><kbd>1</kbd></button><button name="place" value="1-3">2</button></form>
            <form action="/b?x=1&#38;y=2"><input name="q"></form>"#;
        let form = PageForm::to(html, "/hold").expect("a form");
        assert_eq!(form.values("place").collect::<Vec<_>>(), ["1-2", "1-3"]);
        assert_eq!(form.with("place", "1 3").body(), "dose=1&place=1+3");
        assert_eq!(
            PageForm::all(html)[1],
            PageForm { action: "/b?x=1&y=2".into(), fields: vec![("q".into(), String::new())] }
        );
    }
}
