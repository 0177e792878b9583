//! Backups of the real binary while things go wrong: killed in every phase, without room in every place, with flipped bits, wrong keys
//! and a lost machine. Whatever was proven before is there and sound afterwards, and a restore leaves nothing or all.

mod damage;
mod full;
mod kills;
mod lost;
mod people;
mod process;
mod town;
