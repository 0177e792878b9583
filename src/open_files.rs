//! The limit of open files: each connection is one, so it is raised as far as the system allows.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Open files that are not connections: the store, listeners, logs, the runtime's own.
const OTHERS: u64 = 256;

/// Raises the limit, and gives how many connections fit under it, at most `wanted`. It never fails: the bound is then lower.
pub(crate) fn raise_for(wanted: usize) -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let fit = wanted.min(files.saturating_sub(OTHERS).max(1) as usize);
    if fit < wanted {
        tracing::warn!(
            files,
            connections = fit,
            wanted,
            "the limit of open files (ulimit -n) leaves fewer connections"
        );
    }
    fit
}
