//! Faults of the disk under the real binary: no room, failing and stalled syncs, flipped bits. Whatever the disk does, nobody
//! hears a success that is not there later, reading goes on, and the service comes back by itself.

mod clients;
mod flips;
mod full;
mod syncs;
mod timeline;
