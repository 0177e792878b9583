//! The staff console over its router: who gets in, who sees what, and what each state says.

mod audit;
mod backups;
mod browser;
mod campaign;
mod city;
mod in_a_call;
mod keyboard;
mod operator;
mod sessions;

mod access;
mod data;
mod limits;
mod notices;
mod ops;
mod overview;
mod phone_booking;
mod sign_in;
mod switches;
mod venue;
