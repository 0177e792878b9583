//! `alert …`: what is wrong, who is told, whether they can be reached.

use clap::{Args, Subcommand, ValueEnum};

/// `alert …`
#[derive(Debug, Subcommand)]
pub(crate) enum AlertCommand {
    /// What is wrong now, what is kept quiet, and what ended lately.
    List,
    /// One incident: what happened to it, and who was told.
    Show {
        /// Its number.
        incident: u64,
    },
    /// Take care of an incident: nobody else is told of it.
    Ack {
        /// Its number.
        incident: u64,
    },
    /// Tell nobody for a while. Incidents are kept all the same, and what is still wrong at the end is told then.
    Silence {
        /// Of what: `all`, a metric such as `disk_use`, or one cause such as `disk_use/data`.
        covers: String,
        /// Until when: RFC 3339, or `2026-12-01 09:00` in the city's zone.
        #[arg(long, value_name = "TIME")]
        until: String,
        /// From when on (default: now).
        #[arg(long, value_name = "TIME")]
        from: Option<String>,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// End a silence before its time.
    Unsilence {
        /// Its number.
        silence: u64,
    },
    /// The phone list: whom to call by hand, and who was called.
    Calls,
    /// Note that somebody was called by hand.
    Called {
        /// The contact's name.
        contact: String,
        /// Whether they were reached.
        #[arg(long)]
        reached: YesNo,
        /// About which incident.
        #[arg(long, value_name = "N")]
        incident: Option<u64>,
    },
    /// Send a test through each channel of each contact, and show what the other side answers. Phones really ring.
    Test(AlertTestArgs),
    /// Print rules for a Prometheus that scrapes the ops listener, as YAML: the usual thresholds of everything that is measured.
    Rules,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum YesNo {
    Yes,
    No,
}

/// What `alert test` tries.
#[derive(Debug, Args)]
pub(crate) struct AlertTestArgs {
    /// Only this contact.
    #[arg(long)]
    pub(crate) contact: Option<String>,
    /// Only this channel.
    #[arg(long)]
    pub(crate) channel: Option<ChannelName>,
}

/// A channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ChannelName {
    Mail,
    Webhook,
    Phone,
}
