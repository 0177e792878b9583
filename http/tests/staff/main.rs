//! The staff console over its router: who gets in, who sees what, and what each state says.

mod audit;
mod browser;
mod campaign;
mod city;
mod keyboard;
mod operator;
mod sessions;

mod access;
mod data;
mod limits;
mod overview;
mod sign_in;
mod venue;
