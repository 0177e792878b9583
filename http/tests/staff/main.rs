//! The staff console over its router: who gets in, who sees what, and what each state says.

mod audit;
mod browser;
mod campaign;
mod city;
mod in_a_call;
mod keyboard;
mod operator;
mod phone_booking;
mod sessions;

mod access;
mod data;
mod limits;
mod overview;
mod sign_in;
mod venue;
