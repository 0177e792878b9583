//! A connection that holds its place, and ends when its client takes no byte of an answer for too long, or takes it too slowly; and
//! when it came while connections were scarce and says nothing.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use super::connections::Place;

/// How long a client may keep an answer waiting.
#[derive(Debug, Clone, Copy)]
pub(super) struct StallBounds {
    /// Without taking a byte.
    pub(super) at_once: Duration,
    /// In all, until it asks for something again.
    pub(super) of_an_answer: Duration,
}

#[derive(Debug)]
pub(super) struct BoundedStream<I> {
    inner: I,
    _place: Place,
    bounds: StallBounds,
    /// What the client may still keep this answer waiting.
    left: Duration,
    /// Runs while a write waits for the client, since when.
    stalled: Option<(Pin<Box<Sleep>>, Instant)>,
    /// Runs until the client says its first byte.
    silence: Option<Pin<Box<Sleep>>>,
}

impl<I> BoundedStream<I> {
    pub(super) fn new(inner: I, place: Place, bounds: StallBounds, silence_timeout: Option<Duration>) -> Self {
        let silence = silence_timeout.map(|timeout| Box::pin(sleep(timeout)));
        Self { inner, _place: place, bounds, left: bounds.of_an_answer, stalled: None, silence }
    }

    fn bounded<T>(&mut self, written: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            if let Some((_, since)) = self.stalled.take() {
                self.left = self.left.saturating_sub(since.elapsed());
            }
            return written;
        }
        let timeout = self.bounds.at_once.min(self.left);
        let (stalled, _) = self.stalled.get_or_insert_with(|| (Box::pin(sleep(timeout)), Instant::now()));
        stalled.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for BoundedStream<I> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let read = Pin::new(&mut this.inner).poll_read(cx, into);
        if read.is_ready() {
            this.silence = None;
            this.left = this.bounds.of_an_answer;
        } else if let Some(silence) = &mut this.silence
            && silence.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for BoundedStream<I> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.inner).poll_write(cx, bytes);
        this.bounded(written, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.inner).poll_write_vectored(cx, bytes);
        this.bounded(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.inner).poll_flush(cx);
        this.bounded(flushed, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let shut = Pin::new(&mut this.inner).poll_shutdown(cx);
        this.bounded(shut, cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Load;
    use crate::serve::ConnectionLimits;
    use crate::serve::connections::Connections;
    use std::net::IpAddr;
    use std::sync::Arc;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

    const BOUNDS: StallBounds = StallBounds { at_once: Duration::from_secs(20), of_an_answer: Duration::from_mins(1) };

    /// A connection that has the only place, and its client.
    fn connection(silence: Option<Duration>) -> (BoundedStream<DuplexStream>, DuplexStream, Arc<Connections>) {
        let limits = ConnectionLimits { connections_max: 1, ..ConnectionLimits::default() };
        let connections = Connections::new(&limits, &[], Load::default());
        let place = connections.enter(IpAddr::from([192, 0, 2, 1])).expect("a place");
        let (ours, theirs) = tokio::io::duplex(8);
        (BoundedStream::new(ours, place, BOUNDS, silence), theirs, connections)
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_cut_off_and_gives_its_place_back() {
        let (mut stream, _theirs, connections) = connection(None);
        stream.write_all(b"12345678").await.expect("it fits");
        let cut = stream.write_all(b"more").await.expect_err("nobody reads");
        assert_eq!(cut.kind(), io::ErrorKind::TimedOut);
        assert!(connections.enter(IpAddr::from([192, 0, 2, 1])).is_err());
        drop(stream);
        assert!(connections.enter(IpAddr::from([192, 0, 2, 1])).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_an_answer_byte_by_byte_is_cut_off_after_a_minute() {
        let (mut stream, mut theirs, _connections) = connection(None);
        let began = Instant::now();
        let reading = tokio::spawn(async move {
            let mut taken = 0;
            while theirs.read_u8().await.is_ok() {
                taken += 1;
                sleep(Duration::from_secs(10)).await;
            }
            taken
        });
        let cut = stream.write_all(&[b'x'; 200]).await.expect_err("it would take half an hour");
        assert_eq!((cut.kind(), began.elapsed().as_secs()), (io::ErrorKind::TimedOut, 60));
        drop(stream);
        assert!(reading.await.expect("no panic") < 20);
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_connection_is_cut_off_early_only_while_connections_are_scarce() {
        let (mut scarce, _theirs, _connections) = connection(Some(Duration::from_secs(2)));
        assert_eq!(scarce.read_u8().await.expect_err("cut").kind(), io::ErrorKind::TimedOut);
        let (mut usual, _theirs, _connections) = connection(None);
        assert!(tokio::time::timeout(Duration::from_mins(1), usual.read_u8()).await.is_err(), "not by this bound");
        let (mut speaks, mut theirs, _connections) = connection(Some(Duration::from_secs(2)));
        theirs.write_u8(7).await.expect("it fits");
        assert_eq!(speaks.read_u8().await.expect("a byte"), 7);
        assert!(tokio::time::timeout(Duration::from_mins(1), speaks.read_u8()).await.is_err());
    }
}
