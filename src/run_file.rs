//! `run.json`: where a running server listens. Written when it is ready, removed when it stops. It is a signpost, not a lock.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::json;

/// The file; removed when dropped.
pub(crate) struct RunFile {
    path: PathBuf,
}

/// The addresses of the listeners, as bound.
pub(crate) struct Addresses {
    pub(crate) public: SocketAddr,
    pub(crate) staff: SocketAddr,
    pub(crate) ops: SocketAddr,
    /// Whether the public and staff listeners speak TLS.
    pub(crate) tls: bool,
}

impl Addresses {
    /// The URL of a listener.
    pub(crate) fn url(&self, address: SocketAddr, may_be_tls: bool) -> String {
        let scheme = if self.tls && may_be_tls { "https" } else { "http" };
        format!("{scheme}://{address}")
    }
}

impl RunFile {
    /// Writes the file in `folder`, whole or not at all.
    pub(crate) fn write(folder: &Path, addresses: &Addresses) -> std::io::Result<Self> {
        let path = folder.join("run.json");
        let value = json!({
            "pid": std::process::id(),
            "public": addresses.url(addresses.public, true),
            "staff": addresses.url(addresses.staff, true),
            "ops": addresses.url(addresses.ops, false),
        });
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        writeln!(file, "{value}")?;
        file.persist(&path)?;
        Ok(Self { path })
    }
}

impl Drop for RunFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
