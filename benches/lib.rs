//! Benchmarks of Sesshu.
