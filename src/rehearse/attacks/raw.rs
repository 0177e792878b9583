//! Attacks below HTTP: connections that say little, too much or nothing.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{Ground, address};

/// Slow connections, from so many networks; each sends a byte so often.
const SLOW_CONNECTIONS: u64 = 300;
const SLOW_NETWORKS: u64 = 20;
const BYTE_EVERY: Duration = Duration::from_secs(2);
/// After its end a connection is made again so soon.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// Senders of huge bodies, what they announce, and what each sends at most.
const BODY_SENDERS: u64 = 8;
const BODY_BYTES: u64 = 1_000_000_000;
const CHUNK_BYTES: usize = 64 * 1024;
const CHUNKS_MAX: usize = 256;
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Opens a connection and closes it at once.
pub(super) async fn come_and_go(ground: Ground, number: u64) {
    let dialled = ground.network.dial(address(134, number % 16, number / 16)).await;
    let mut tally = ground.tally.borrow_mut();
    tally.tried += 1;
    tally.cut += u64::from(dialled.is_err());
}

/// Connections that never finish their request.
pub(super) fn slowloris(tasks: &mut JoinSet<()>, ground: &Ground) {
    for number in 0..SLOW_CONNECTIONS {
        let ground = ground.clone();
        tasks.spawn_local(async move {
            sleep_until(ground.begins).await;
            while Instant::now() < ground.until {
                ground.tally.borrow_mut().tried += 1;
                if let Ok(line) = ground.network.dial(address(135, number % SLOW_NETWORKS, number)).await {
                    crawl(line, ground.until).await;
                }
                if Instant::now() < ground.until {
                    ground.tally.borrow_mut().cut += 1;
                }
                sleep(AGAIN_AFTER).await;
            }
        });
    }
}

/// Sends a byte now and then until the server has enough of it.
async fn crawl(mut line: TcpStream, until: Instant) {
    let mut sent = line.write_all(b"POST /api/v1/login HTTP/1.1\r\nhost: localhost\r\nx-slow: ").await;
    let mut answer = [0; 256];
    while sent.is_ok() && Instant::now() < until {
        tokio::select! {
            // Whatever it says, or its end.
            _ = line.read(&mut answer) => return,
            () = sleep(BYTE_EVERY) => sent = line.write_all(b"a").await,
        }
    }
}

/// Bodies far larger than any form.
pub(super) fn bodies(tasks: &mut JoinSet<()>, ground: &Ground) {
    for number in 0..BODY_SENDERS {
        let ground = ground.clone();
        tasks.spawn_local(async move {
            sleep_until(ground.begins).await;
            while Instant::now() < ground.until {
                ground.tally.borrow_mut().tried += 1;
                let dialled = ground.network.dial(address(136, number, 1)).await;
                let status = match dialled {
                    Ok(line) => send_huge(line, ground.until).await,
                    Err(_) => None,
                };
                {
                    let mut tally = ground.tally.borrow_mut();
                    match status {
                        Some(status) => *tally.answers.entry(status).or_default() += 1,
                        None => tally.cut += 1,
                    }
                }
                sleep(AGAIN_AFTER).await;
            }
        });
    }
}

/// Sends until the server answers or hangs up; gives the status of its answer.
async fn send_huge(mut line: TcpStream, until: Instant) -> Option<String> {
    let head = format!(
        "POST /api/v1/login HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {BODY_BYTES}\r\n\r\n"
    );
    let (mut from, mut to) = line.split();
    to.write_all(head.as_bytes()).await.ok()?;
    let chunk = vec![b'x'; CHUNK_BYTES];
    let send = async {
        for _ in 0..CHUNKS_MAX {
            if Instant::now() >= until || to.write_all(&chunk).await.is_err() {
                break;
            }
        }
        sleep(ANSWER_WITHIN).await;
    };
    let mut answer = [0; 256];
    let read = tokio::select! {
        read = timeout(ANSWER_WITHIN * 2, from.read(&mut answer)) => read.ok()?.ok()?,
        () = send => return None,
    };
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    answer.split(' ').nth(1).map(str::to_owned)
}
