//! A resident's way through the pages, over the router itself: what each state says, and where it leads.

mod browser;
mod city;

mod booking;
mod gone;
mod login_line;
mod notices;
mod overload;
mod own_data;
mod reading;
mod switches;
mod waiting;
