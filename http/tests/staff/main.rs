//! The staff console over its router: who gets in, who sees what, and what each state says.

mod browser;
mod city;
mod in_a_call;
mod keyboard;

mod access;
mod limits;
mod operator;
mod phone_booking;
mod sign_in;
