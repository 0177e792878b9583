//! Measures the machine: each thing as a source of its own, so that one that fails or hangs hides nothing else.

mod cgroup;
mod cpu;
mod disk;
mod growth;
mod largest;
mod memory;
mod open_files;
mod proc;

pub use cpu::Cpu;
pub use disk::{Disk, Place};
pub use memory::Memory;
pub use open_files::OpenFiles;
pub use proc::Proc;

use crate::source::Source;

/// The sources of this machine. A file system under several of `places` is measured once, under the name of the first of them.
#[must_use]
pub fn machine(proc: &Proc, places: &[Place]) -> Vec<Box<dyn Source>> {
    let mut sources: Vec<Box<dyn Source>> =
        vec![Box::new(Cpu::new(proc.clone())), Box::new(Memory::new(proc.clone())), Box::new(OpenFiles::default())];
    for (nth, place) in places.iter().enumerate() {
        sources.push(Box::new(Disk::new(place.clone(), places[..nth].iter().map(|it| it.folder.clone()).collect())));
    }
    sources
}
