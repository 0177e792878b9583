//! The roll (名簿) and the other files that the city brings, and the passwords it issues.
//!
//! Every reader here is a pure function from the bytes of a file to rows and problems: it opens nothing, asks no clock and
//! knows no store. A wrong line never stops the reading, so that a clerk sees everything that is wrong at once; whether
//! anything is written is decided by the caller, who refuses a file with errors. The form of the files is the contract's
//! section "CSV in".

mod birth_date;
mod city_id;
mod clock_time;
mod column;
mod contact;
mod date;
mod doses;
mod hash_pool;
mod hash_queue;
mod identity;
mod issue;
mod kana;
mod number;
mod password;
mod problem;
mod problem_text;
mod residents;
mod secret;
mod sessions;
mod site;
mod site_export;
mod site_reason;
mod table;
mod table_out;
mod text;
mod waves;
#[cfg(test)]
mod wrong_lines;

pub use birth_date::parse_birth_date;
pub use city_id::{IdProblem, TYPED_ID_CHARS_MAX, parse_city_id, parse_typed_city_id};
pub use clock_time::{parse_clock_time, parse_instant};
pub use column::Column;
pub use contact::{ContactProblem, TYPED_CONTACT_CHARS_MAX, parse_contact};
pub use date::{DateProblem, Era, parse_date};
pub use doses::{DoseRow, DosesFile, doses_without_earlier, parse_doses};
pub use hash_pool::{HashError, HashPool, HashPoolSettings};
pub use hash_queue::Lane;
pub use identity::Identity;
pub use issue::{ISSUE_CHUNK, IssueError, IssuedPassword, issue_passwords};
pub use kana::{KANA_NAME_CHARS_MAX, KanaProblem, kana_search_key, normalise_kana_name};
pub use password::{
    PASSWORD_ALPHABET, PASSWORD_CHARS, PASSWORD_TYPED_CHARS_MAX, PasswordProblem, new_password, normalise_password,
};
pub use problem::{Lang, LineError, Reason, Shown};
pub use residents::{GROUP_CHARS_MAX, GROUPS_MAX, RollFile, RollRow, parse_roll};
pub use secret::{PasswordHashParams, PasswordHasher, SecretError, StoredPassword};
pub use sessions::{
    CAPACITY_MAX, SLOT_MINUTES, SessionRow, SessionsFile, TypedSession, parse_sessions, parse_typed_session,
};
pub use site::{SITE_FILE_BYTES_MAX, SiteError, SiteFile, parse_site};
pub use site_export::write_site;
pub use site_reason::{Expected, SiteReason};
pub use table::{FIELD_CHARS_MAX, FILE_BYTES_MAX, NAME_CHARS_MAX, ParsedFile, ROWS_MAX, name_of_typed};
pub use table_out::{TableEncoding, Unwritable, write_table};
pub use text::{Decoded, Encoding, decode};
pub use waves::{TypedWave, WaveRow, WavesFile, parse_typed_wave, parse_waves};
