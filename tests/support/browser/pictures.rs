//! Pictures of whole pages, left where people can look at them.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fantoccini::Client;

use super::driver::picture;

/// Where pictures of the pages are left.
///
/// # Panics
/// If the folder cannot be made.
#[must_use]
pub fn screenshots() -> PathBuf {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| checkout.join("target"), PathBuf::from);
    let folder = target.join("screenshots");
    std::fs::create_dir_all(&folder).expect("a folder for the pictures");
    folder
}

/// Leaves a picture of the page in `folder`.
pub async fn photograph(browser: &Client, folder: &Path, name: &str) {
    let png = STANDARD.decode(picture(browser).await).expect("a picture");
    std::fs::create_dir_all(folder).expect("a folder for the pictures");
    std::fs::write(folder.join(format!("{name}.png")), png).expect("a file");
}
