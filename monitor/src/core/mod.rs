//! The monitor's rules: what is measured, when it is too much, who hears of it. They do no IO and read no clock: time is an argument.

pub mod book;
pub mod cause;
pub mod contact;
pub mod incident;
pub mod judge;
pub mod level;
pub mod message;
pub mod metric;
pub mod notice;
pub mod notice_record;
pub mod notice_rules;
pub mod order;
pub mod sample;
pub mod silence;
pub mod state;
pub mod threshold;
pub mod time;
