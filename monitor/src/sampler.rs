//! Measures the machine.

mod machine;

pub use machine::Machine;
