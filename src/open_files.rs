//! The limit of open files: each connection is one, so it is raised as far as the system allows.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Open files that are not connections: the store, listeners, logs, the runtime's own.
const OTHERS: u64 = 256;
/// Where few files may be open, what is not residents' has this part of them at most.
const OTHERS_PART: u64 = 4;

/// Raises the limit, and gives how many connections of residents fit under it, at most `wanted`, beside `reserved` connections of
/// others. It never fails: the bound is then lower.
pub(crate) fn raise_for(wanted: usize, reserved: usize) -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let fit = wanted.min(left_of(files, reserved));
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

/// How many of `files` are left for residents.
fn left_of(files: u64, reserved: usize) -> usize {
    let others = (OTHERS + reserved as u64).min(files / OTHERS_PART);
    usize::try_from(files - others).unwrap_or(usize::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_reserved_is_left_and_where_few_files_may_be_open_most_are_for_residents() {
        assert_eq!(left_of(65_536, 1_152), 65_536 - 256 - 1_152);
        assert_eq!(left_of(1_024, 1_152), 768);
        assert_eq!(left_of(0, 1_152), 1);
        assert_eq!(left_of(u64::MAX, 0), usize::MAX - 256);
    }
}
