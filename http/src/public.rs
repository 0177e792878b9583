//! The public listener: what residents use, as JSON and as pages.

pub(crate) mod api;
pub(crate) mod body;
pub(crate) mod desk;
pub(crate) mod logins;
pub(crate) mod pages;
mod routes;
mod slow_lists;

pub use routes::public_router;
