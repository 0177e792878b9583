//! Who is told, and by which channels.

use serde::{Deserialize, Serialize};

/// A way to reach somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// Mail over SMTP.
    Mail,
    /// A JSON document posted to an address.
    Webhook,
    /// A call placed by a command or by a provider's webhook.
    Phone,
}

impl ChannelKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Mail, Self::Webhook, Self::Phone];

    /// The stable name.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Webhook => "webhook",
            Self::Phone => "phone",
        }
    }
}

/// The language in which somebody is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Japanese.
    #[default]
    Ja,
    /// English.
    En,
}

/// A person or a desk that is told. Alerts go to the first contact; the next one hears of a critical incident that nobody acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contact {
    /// The name, unique among contacts.
    pub name: Box<str>,
    /// In which language.
    pub language: Language,
    /// The channels with their addresses, in the order in which they are tried.
    pub channels: Vec<(ChannelKind, Box<str>)>,
    /// The number that a person calls by hand.
    pub call_by_hand: Option<Box<str>>,
    /// Whether alerts go to them, in the order of the file.
    pub alerts: bool,
    /// Whether failure and maintenance notices go to them.
    pub notices: bool,
}
