//! The switches: who turns them, how that survives a restart, and how each turn gets into the journal once the store takes it. None of
//! this needs the store, so that a part of the service can be closed when the store is what is wrong.

mod file;
mod keeper;
mod state;

pub(crate) use keeper::{Switches, keep};
pub(crate) use state::Off;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sesshu_engine::core::switch::{Switch, SwitchPosition};
use sesshu_engine::core::time::Instant;
use sesshu_http::{SWITCH_REASON_CHARS_MAX, SwitchDesk, SwitchOrder, SwitchRefused, SwitchWish, TurnView, Turned};

use crate::control::{is_listening, run_at_server};
use crate::exit::{ExitStatus, Failure};
use crate::folder::DataFolder;
use crate::jobs::Job;
use crate::terminal::Terminal;
use keeper::OpenError;

/// How often a command without a server tries to get hold of the switches while another command has them, and how long it waits between.
const TRIES: u32 = 50;
const TRY_EVERY: Duration = Duration::from_millis(100);

/// What a command asks of the switches.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum SwitchJob {
    /// How they stand.
    List,
    /// To turn one off; on again after `minutes`, if that is said.
    Off { switch: Switch, minutes: Option<u32>, reason: String },
    /// To turn one on.
    On { switch: Switch, reason: String },
}

/// Does what a command asks: by the server if one has the folder, else in the folder itself.
pub(crate) async fn ask(folder: &DataFolder, job: SwitchJob) -> Result<Value, Failure> {
    folder.must_be_there()?;
    for _ in 0..TRIES {
        if is_listening(&folder.path) {
            return run_at_server(&folder.path, &Job::Switch(job), &mut Terminal::default()).await;
        }
        match Switches::open(&folder.path) {
            Ok(switches) => {
                let done = run(&switches, job, rustix::process::geteuid().as_raw())?;
                // Nobody is left who would try again.
                return match switches.view().unsaved {
                    Some(why) => Err(Failure::refused(format!("{}: {why}", folder.path.display()))),
                    None => Ok(done),
                };
            }
            // A server that does not listen yet, or another command.
            Err(OpenError::InUse) => tokio::time::sleep(TRY_EVERY).await,
            Err(OpenError::Io(error)) => return Err(Failure::io(folder.path.display())(error)),
        }
    }
    Err(Failure::new(ExitStatus::Unavailable, "another process has the switches and does not answer; try again"))
}

/// Does what a command asks, with the switches of this process. It waits for the disk.
pub(crate) fn run(switches: &Switches, job: SwitchJob, uid: u32) -> Result<Value, Failure> {
    let (switch, to, reason) = match job {
        SwitchJob::List => return Ok(listed(switches)),
        SwitchJob::Off { switch, minutes, reason } => (switch, SwitchWish::Off { minutes }, reason),
        SwitchJob::On { switch, reason } => (switch, SwitchWish::On, reason),
    };
    if reason.chars().count() > SWITCH_REASON_CHARS_MAX {
        return Err(Failure::usage(format!("a reason has at most {SWITCH_REASON_CHARS_MAX} characters")));
    }
    let order = SwitchOrder { switch, to, by: format!("uid:{uid}"), reason };
    let turned = match switches.turn(&order) {
        Ok(turned) => turned != Turned::Already,
        Err(SwitchRefused::TooMany) => {
            return Err(Failure::new(ExitStatus::Unavailable, "too many turns wait to be noted in the journal"));
        }
    };
    let mut value = listed(switches);
    value["turned"] = json!(turned);
    Ok(value)
}

fn listed(switches: &Switches) -> Value {
    let view = switches.view();
    let at = |at: Instant| at.to_rfc3339();
    let one = |switch: &Switch| match switches.off(*switch) {
        None => json!({ "name": switch.code(), "off": false }),
        Some(off) => json!({
            "name": switch.code(),
            "off": true,
            "since": at(off.since),
            "until": off.until.map(at),
            "by": off.by,
            "reason": off.reason,
        }),
    };
    let turn = |turn: &TurnView| {
        let (off, until) = match turn.to {
            SwitchPosition::Off { until } => (true, until),
            SwitchPosition::On => (false, None),
        };
        json!({
            "name": turn.switch.code(), "off": off, "until": until.map(at), "at": at(turn.at), "by": turn.by, "reason": turn.reason,
        })
    };
    json!({
        "switches": Switch::ALL.iter().map(one).collect::<Vec<_>>(),
        "turns": view.turns.iter().map(turn).collect::<Vec<_>>(),
        "damaged": view.damaged,
        "unsaved": view.unsaved,
    })
}
