//! Runs a command that is configured: without a shell, with a deadline, and its whole group ends with it.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::sync::oneshot;

/// How much of its output is kept, in bytes; what it says beyond that is read and dropped.
const OUTPUT_BYTES_MAX: usize = 8_192;

/// A command that ended by itself.
#[derive(Debug)]
pub(super) struct Ended {
    /// How.
    pub(super) status: ExitStatus,
    /// The last line that it wrote to its standard output and that is not empty.
    pub(super) last_line: String,
}

/// Why a command gave no result.
#[derive(Debug)]
pub(super) enum CommandError {
    /// It cannot be started.
    Start(std::io::Error),
    /// It still ran at the deadline, and was ended.
    TooLong,
}

/// Runs `argv` with `input` on its standard input. What it writes to its standard error goes to the server's.
pub(super) async fn run(argv: &[String], input: Vec<u8>, deadline: Duration) -> Result<Ended, CommandError> {
    let (program, arguments) = argv.split_first().ok_or_else(|| CommandError::Start(ErrorKind::InvalidInput.into()))?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
    let mut child = command.spawn().map_err(CommandError::Start)?;
    let group = Group(Some(Pid::from_child(&child)));
    let (ended, result) = oneshot::channel();
    // A thread of its own: pipes and the end of a process are waited for without a runtime's help.
    let watch = std::thread::Builder::new().name("call".into()).spawn(move || {
        if let Some(mut stdin) = child.stdin.take() {
            // A command that does not read what it is told is judged by how it ends.
            let _ = stdin.write_all(&input);
        }
        let last_line = child.stdout.take().map(last_line).unwrap_or_default();
        // Nobody listens any more if the deadline has passed.
        let _ = ended.send(child.wait().map(|status| Ended { status, last_line }));
    });
    watch.map_err(CommandError::Start)?;
    match tokio::time::timeout(deadline, result).await {
        Ok(Ok(Ok(ended))) => {
            group.left();
            Ok(ended)
        }
        Ok(Ok(Err(error))) => Err(CommandError::Start(error)),
        Ok(Err(_)) => Err(CommandError::Start(ErrorKind::BrokenPipe.into())),
        Err(_) => Err(CommandError::TooLong),
    }
}

/// The processes of a command; they are ended when it is dropped, also because nobody waits for the command any more.
struct Group(Option<Pid>);

impl Group {
    /// The command has ended by itself, and its number may be another's soon.
    fn left(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It may end at this very moment.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

fn last_line(mut stdout: impl Read) -> String {
    let mut kept = Vec::new();
    let mut buffer = [0_u8; 1_024];
    while let Ok(read @ 1..) = stdout.read(&mut buffer) {
        kept.extend_from_slice(&buffer[..read]);
        // The end matters: its last line says how the call went.
        let surplus = kept.len().saturating_sub(OUTPUT_BYTES_MAX);
        kept.drain(..surplus);
    }
    let text = String::from_utf8_lossy(&kept);
    text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Vec<String> {
        ["/bin/sh", "-c", script].map(str::to_owned).to_vec()
    }

    #[tokio::test]
    async fn the_last_line_and_the_status_come_back_whatever_is_written() {
        let script = shell("cat; echo; echo noise; yes | head -c 100000; echo acknowledged; echo; exit 3");
        let ended = run(&script, b"{}".to_vec(), Duration::from_secs(20)).await.expect("it ends by itself");
        assert_eq!((ended.status.code(), ended.last_line.as_str()), (Some(3), "acknowledged"));
    }

    #[tokio::test]
    async fn at_the_deadline_the_command_ends_with_its_children() {
        let folder = tempfile::tempdir().expect("a folder");
        let fifo = folder.path().join("alive");
        let script = format!("mkfifo {0} && echo made > {0}.made && (exec 9<>{0}; sleep 600) & wait", fifo.display());
        let result = run(&shell(&script), Vec::new(), Duration::from_millis(300)).await;
        assert!(matches!(result, Err(CommandError::TooLong)), "{result:?}");
        assert!(matches!(
            run(&["/no/such/program".into()], Vec::new(), Duration::from_secs(1)).await,
            Err(CommandError::Start(_))
        ));
    }
}
