//! Clients that are slow, large or talk nonsense; attackers; and more people than there is room for. Everybody else is served
//! meanwhile, and when it is over, everything is as before.

mod attacks;
mod clients;
mod crowd;
mod fairness;
mod recovery;

/// The header in which a place in the line in front of the login is given and shown again.
const TICKET: &str = "x-sesshu-ticket";
