//! Days of a town with backups, simulated hour by hour on a real store: what is kept, what is found, what is made up for.

mod clocks;
mod days;
mod faults;
mod journal;
mod service;
mod town;
