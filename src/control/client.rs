//! The command's end of the control socket.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tokio::net::UnixStream;

use super::{Answer, Kept, Lines, SocketPath};
use crate::exit::{ExitStatus, Failure};
use crate::jobs::{Audience, Job};

/// How long a command waits for a server that has the folder but does not listen yet.
const CONNECT_TRIES: u32 = 50;
const CONNECT_PAUSE: Duration = Duration::from_millis(100);

/// Whether a server listens in `folder`.
pub(crate) fn is_listening(folder: &Path) -> bool {
    let Ok(socket) = SocketPath::in_folder(folder) else { return false };
    std::os::unix::net::UnixStream::connect(&socket.path).is_ok()
}

/// Has the server that serves `folder` do `job`.
pub(crate) async fn run_at_server<A: Audience>(folder: &Path, job: &Job, audience: &mut A) -> Result<Value, Failure> {
    let unavailable = |what: &str| Failure::new(ExitStatus::Unavailable, what);
    let stream = connect(folder).await?;
    let mut lines = Lines::new(stream);
    let lost = |error: std::io::Error| unavailable(&format!("the server's control socket: {error}"));
    lines.send(job).await.map_err(lost)?;
    loop {
        match lines.receive().await.map_err(lost)? {
            Some(Answer::Progress { done, of }) => audience.progress(done, of).await?,
            Some(Answer::Phase(word)) => audience.phase(&word).await?,
            Some(Answer::Keep(password_lines)) => {
                audience.keep(password_lines).await?;
                lines.send(&Kept { kept: true }).await.map_err(lost)?;
            }
            Some(Answer::Done(value)) => return Ok(value),
            Some(Answer::Failed(failure)) => return Err(failure),
            None => return Err(unavailable("the server stopped before the command was done")),
        }
    }
}

async fn connect(folder: &Path) -> Result<UnixStream, Failure> {
    let socket = SocketPath::in_folder(folder).map_err(Failure::io(folder.display()))?;
    for _ in 0..CONNECT_TRIES {
        if let Ok(stream) = UnixStream::connect(&socket.path).await {
            return Ok(stream);
        }
        tokio::time::sleep(CONNECT_PAUSE).await;
    }
    let folder = folder.display();
    let message = format!("another process has the data folder {folder} open and does not answer; try again");
    Err(Failure::new(ExitStatus::Unavailable, message))
}
