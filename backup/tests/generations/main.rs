//! Generations of a real store: taken, read again, restored; damaged in every way, and refused.

mod city;
mod damage;
mod journal;
mod places;
mod whole;
