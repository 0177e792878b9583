//! The staff console over its router: who gets in, who sees what, and what each state says.

mod browser;
mod city;

mod access;
mod limits;
mod sessions;
mod sign_in;
