//! The pages in a real browser, as residents meet them: what they book, change and cancel, what goes wrong on the way, with
//! and without JavaScript, with the keyboard alone, in every language, on a phone of 360 px and a screen of 1280 px; and every
//! state of every page under axe-core's eyes.

mod afterwards;
mod booking;
mod changing;
mod choosing;
mod keyboard;
mod language;
mod login;
mod lost;
mod pair;
mod reading;
mod stage;
mod steps;
mod tour;
mod visit;
