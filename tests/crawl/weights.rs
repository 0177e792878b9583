//! What each page weighs on the wire: its own bytes as they are sent, with the heads of the answers, and what a first visit loads
//! with it.

use sesshu_tests::{Answer, City, Client, Request};

use super::page::Page;

/// The weights of one page, in bytes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Weight {
    pub(crate) html: usize,
    pub(crate) css: usize,
    pub(crate) js: usize,
    /// The icon, which browsers load when they have nothing else to do, and pictures.
    pub(crate) others: usize,
}

impl Weight {
    /// What must be there before the page looks and works as meant.
    pub(crate) const fn page(&self) -> usize {
        self.html + self.css + self.js
    }

    /// Of the page at `path`, for a browser that has nothing yet.
    pub(crate) async fn of(city: &City, path: &str, cookie: &str) -> Self {
        let mut device = city.device();
        let (answer, html) = fetch(&mut device, path, cookie).await;
        let mut weight = Self { html, ..Self::default() };
        // The same page as it reads without compression.
        let plain = device.send(Request::new("GET", path).header("cookie", cookie)).await;
        assert_eq!(plain.status, answer.status, "{path}");
        for load in Page::read(&plain.text()).loads {
            let (_, bytes) = fetch(&mut device, &load.address, cookie).await;
            match (load.by.as_str(), load.rel.as_str()) {
                ("link", "stylesheet") => weight.css += bytes,
                ("script", _) => weight.js += bytes,
                _ => weight.others += bytes,
            }
        }
        weight
    }
}

async fn fetch(device: &mut Client, path: &str, cookie: &str) -> (Answer, usize) {
    let request = Request::new("GET", path).header("cookie", cookie).header("accept-encoding", "gzip, deflate, br");
    let answer = device.send(request).await;
    let head: usize = answer.headers.iter().map(|(name, value)| name.len() + value.len() + ": \r\n".len()).sum();
    let bytes = "HTTP/1.1 200 OK\r\n\r\n".len() + head + answer.body.len();
    (answer, bytes)
}
