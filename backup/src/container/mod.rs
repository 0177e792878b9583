//! The file of a generation: a plain stream of sections, compressed, and encrypted if there are recipients. It knows bytes and
//! names, not what a store is.
//!
//! ```text
//! file    = zstd(stream), or age(zstd(stream)) to the recipients
//! stream  = MAGIC · version · name of the generation · files… · keys · export · end
//! section = tag (1) · length of its name (1) · name · length of its body (8, little-endian) · body
//! end     = tag · blake3 of everything before it (32)
//! ```
//!
//! The keys' body is one byte, whether it is sealed, and an envelope: an age file of its own, to the same recipients, or the keys as they
//! are. So whoever verifies a generation has no keys in his hands.

mod digest;
mod keys;
mod pack;
mod read;
mod write;

pub(crate) use digest::Hashing;
pub(crate) use keys::{KEYS, Key, KeyEnvelope};
pub(crate) use pack::{Locked, Packer, unpack};
pub(crate) use read::{KeptFile, StreamError, StreamReader};
pub(crate) use write::StreamWriter;

/// What every stream begins with.
const MAGIC: &[u8; 15] = b"SESSHU BACKUP\r\n";
/// The version of the stream: that of the manifest beside it.
const VERSION: u8 = crate::core::manifest::VERSION as u8;
/// The digest at the end, in bytes.
const DIGEST_BYTES: usize = 32;

/// Which files lie in a generation. Nothing else is taken from a data folder or put into one.
pub(crate) const FILES: [&str; 2] = ["sesshu.toml", "demo"];
/// No file of a data folder is larger, in bytes.
pub(crate) const FILE_BYTES_MAX: u64 = 16 << 20;
/// The keys with what seals them, in bytes.
const ENVELOPE_BYTES_MAX: u64 = 64 << 10;

/// The sections, by their first byte.
const TAG_FILE: u8 = b'F';
const TAG_KEYS: u8 = b'K';
const TAG_EXPORT: u8 = b'E';
const TAG_END: u8 = b'Z';
