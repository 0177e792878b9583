//! A command that is watched while it runs: its phases on stderr, and its end, which may come by force.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use sesshu_tests::Sesshu;

/// No command of these tests takes so long.
const LIMIT: Duration = Duration::from_mins(2);

/// So many lines may wait to be looked at.
const LINES_MAX: usize = 1_024;

/// A running command, with all of its children a group of its own.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<(Instant, String)>,
    stdout: Option<JoinHandle<String>>,
    /// The phases that were seen to begin, and when.
    pub(crate) phases: Vec<(Instant, String)>,
    stderr: String,
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct End {
    /// The exit code; none if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) said: String,
    /// Each phase with how long it took.
    pub(crate) phases: Vec<(String, Duration)>,
}

impl Running {
    pub(crate) fn start(command: &Sesshu) -> Self {
        let mut command = command.command();
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn().expect("the binary starts");
        let (tell, lines) = sync_channel(LINES_MAX);
        let stderr = child.stderr.take().expect("a pipe");
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if tell.send((Instant::now(), line)).is_err() {
                    break;
                }
            }
        });
        let mut pipe = child.stdout.take().expect("a pipe");
        let stdout = std::thread::spawn(move || {
            let mut text = String::new();
            // What was written before a kill is what there is.
            let _ = pipe.read_to_string(&mut text);
            text
        });
        Self { child, lines, stdout: Some(stdout), phases: Vec::new(), stderr: String::new() }
    }

    /// Waits until `phase` begins; says whether it did before the end.
    pub(crate) fn until(&mut self, phase: &str) -> bool {
        let deadline = Instant::now() + LIMIT;
        loop {
            if self.phases.last().is_some_and(|(_, seen)| seen == phase) {
                return true;
            }
            match self.next_line(deadline) {
                Ok(()) => {}
                Err(RecvTimeoutError::Disconnected) => return false,
                Err(RecvTimeoutError::Timeout) => panic!("no end within {LIMIT:?}: {}", self.stderr),
            }
        }
    }

    /// Ends the whole group by force after `delay`, whatever it does then.
    pub(crate) fn kill_after(mut self, delay: Duration) -> End {
        let deadline = Instant::now() + delay;
        while self.next_line(deadline).is_ok() {}
        if let Ok(None) = self.child.try_wait() {
            kill_process_group(Pid::from_child(&self.child), Signal::KILL).expect("the group is there");
        }
        self.end()
    }

    /// Waits for its own end.
    pub(crate) fn end(mut self) -> End {
        let deadline = Instant::now() + LIMIT;
        while self.next_line(deadline).is_ok() {}
        let status = self.child.wait().expect("the state of the command");
        let stdout = self.stdout.take().map(|thread| thread.join().expect("a reader")).unwrap_or_default();
        let ended = Instant::now();
        let ends = self.phases.iter().skip(1).map(|(at, _)| *at).chain([ended]);
        let phases = self.phases.iter().zip(ends).map(|((began, phase), end)| (phase.clone(), end - *began));
        let phases = phases.collect();
        End { code: status.code(), said: format!("{stdout}{}", self.stderr), phases }
    }

    fn next_line(&mut self, deadline: Instant) -> Result<(), RecvTimeoutError> {
        let left = deadline.saturating_duration_since(Instant::now());
        let (at, line) = self.lines.recv_timeout(left)?;
        let word = line.split(|letter: char| !letter.is_ascii_alphabetic()).next().unwrap_or_default();
        let is_phase = PHASES.contains(&word);
        if is_phase && self.phases.last().is_none_or(|(_, last)| last != word) {
            self.phases.push((at, word.to_owned()));
        }
        self.stderr.push_str(&line);
        self.stderr.push('\n');
        Ok(())
    }
}

/// The words with which a phase is announced on stderr.
const PHASES: &[&str] = &[
    "spooling",
    "packing",
    "proving",
    "pruning",
    "copying",
    "reading",
    "restoring",
    "replaying",
    "verifying",
    "placing",
    "drilling",
];

impl End {
    /// The phase in which it ended.
    pub(crate) fn last_phase(&self) -> &str {
        self.phases.last().map_or("", |(phase, _)| phase)
    }

    /// It must have ended by itself with `code`.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.said);
        self
    }

    /// Whether it says every one of `words`.
    #[track_caller]
    pub(crate) fn says(&self, words: &[&str]) {
        for word in words {
            assert!(self.said.contains(word), "should say {word:?}: {}", self.said);
        }
    }
}
