//! Fuzz targets: every parser that takes bytes from outside, and the public router. Each target says in claims what must hold for any
//! input; the driver makes inputs from a small corpus. What only its crate can reach is fuzzed beside its code.

mod city;
mod driver;
mod files;
mod site;
mod stored;
mod texts;
mod web;
