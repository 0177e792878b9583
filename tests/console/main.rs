//! The console in a real browser, as those who work at it meet it: a whole call by keyboard, a campaign built from nothing and published
//! by two, an import with errors, a check-in by a scanner, a session that the city cancels; and every screen under axe-core's eyes,
//! with its picture in `target/screenshots/console/`.

mod backups;
mod call;
mod cancelled;
mod check_in;
mod desk;
mod import;
mod ops;
mod publish;
mod stage;
mod tour;
