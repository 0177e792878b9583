//! The control socket: how a command reaches the server that has the data folder open.
//!
//! One JSON line from the client, the job; then lines from the server until the result. The socket lies in the data folder with
//! mode 0600, and the server asks the kernel who the peer is: only its own user (or root) is served, and each change is
//! journaled under that user id.

mod client;
mod server;

pub(crate) use client::{is_listening, run_at_server};
pub(crate) use server::{Asked, ControlServer, listen};

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

use crate::exit::Failure;
use crate::jobs::PasswordLine;

/// The socket's name in the data folder.
const SOCKET_NAME: &str = "control.sock";
/// The longest line: a file of the largest size in base64, and a little more.
const LINE_BYTES_MAX: u64 = 96 * 1024 * 1024;

/// What the server says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Progress {
        done: u64,
        of: u64,
    },
    /// Another part of the work begins.
    Phase(String),
    /// To be confirmed with [`Kept`].
    Keep(Vec<PasswordLine>),
    Done(Value),
    Failed(Failure),
}

/// What the client says to [`Answer::Keep`].
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    kept: bool,
}

/// Lines of JSON over a socket.
struct Lines {
    stream: BufReader<UnixStream>,
}

impl Lines {
    fn new(stream: UnixStream) -> Self {
        Self { stream: BufReader::new(stream) }
    }

    async fn send<T: Serialize>(&mut self, value: &T) -> io::Result<()> {
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        self.stream.write_all(&line).await?;
        self.stream.flush().await
    }

    /// The next line; none when the peer has gone.
    async fn receive<T: for<'de> Deserialize<'de>>(&mut self) -> io::Result<Option<T>> {
        let mut line = Vec::new();
        (&mut self.stream).take(LINE_BYTES_MAX).read_until(b'\n', &mut line).await?;
        if line.last() != Some(&b'\n') {
            return Ok(None);
        }
        Ok(Some(serde_json::from_slice(&line)?))
    }
}

/// A way to the socket that does not depend on how long the folder's path is: a socket's path may have 107 bytes.
struct SocketPath {
    path: PathBuf,
    /// Keeps the way open.
    _folder: OwnedFd,
}

impl SocketPath {
    fn in_folder(folder: &Path) -> io::Result<Self> {
        let folder = OwnedFd::from(std::fs::File::open(folder)?);
        let path = PathBuf::from(format!("/proc/self/fd/{}/{SOCKET_NAME}", folder.as_raw_fd()));
        Ok(Self { path, _folder: folder })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::jobs::Job;

    /// What the other end of a socket reads when it is sent `bytes` and then nothing more.
    fn received(bytes: &[u8]) -> io::Result<Option<Job>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        runtime.block_on(async {
            let (mut client, server) = UnixStream::pair()?;
            client.write_all(bytes).await?;
            drop(client);
            Lines::new(server).receive().await
        })
    }

    proptest! {
        #[test]
        fn any_line_is_a_job_or_refused(
            job in "publish|drafts|staff|campaign_status|campaign_close|campaign_erase|verify|roll_import|report|waves|site_import|site_export|switch",
            fields in "(,\"(file|dry_run|partial|japanese|shown|opens_at_ms|keep_days|login|role|id)\":(true|null|-?[0-9]{1,20}|\"[A-Za-z0-9=+/]{0,8}\")){0,5}",
            bytes in proptest::collection::vec(any::<u8>(), 0..60),
        ) {
            let line = format!("{{\"job\":\"{job}\"{fields}}}");
            prop_assert!(matches!(received(line.as_bytes()), Ok(None)), "a line that does not end is none");
            for bytes in [format!("{line}\n").as_bytes(), &[&bytes[..], b"\n"].concat()] {
                if let Ok(Some(job)) = received(bytes) {
                    let said = serde_json::to_value(&job).expect("JSON");
                    let again: Job = serde_json::from_value(said.clone()).expect("the same job");
                    prop_assert_eq!(serde_json::to_value(&again).expect("JSON"), said);
                }
            }
        }
    }
}
