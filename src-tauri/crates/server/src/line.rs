//! The bytes of one connection: they count as one until they end, and they end when the other end takes none for too long.
//!
//! Not here: what they say.

use crate::limits::Place;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// A connection that has a place. Upgraded to a WebSocket it still is this one.
pub(crate) struct Line<S> {
    stream: S,
    stall: Duration,
    /// Runs while nothing more can be written.
    until: Option<Pin<Box<Sleep>>>,
    _place: Place,
}

impl<S> Line<S> {
    pub(crate) fn new(stream: S, stall: Duration, place: Place) -> Self {
        Self { stream, stall, until: None, _place: place }
    }

    /// The same answer, or an error if it was "not yet" for too long.
    fn timed<T>(&mut self, context: &mut Context<'_>, answer: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if answer.is_ready() {
            self.until = None;
            return answer;
        }
        let until = self.until.get_or_insert_with(|| Box::pin(sleep(self.stall)));
        until.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Line<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Line<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let line = self.get_mut();
        let answer = Pin::new(&mut line.stream).poll_write(context, bytes);
        line.timed(context, answer)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let line = self.get_mut();
        let answer = Pin::new(&mut line.stream).poll_write_vectored(context, parts);
        line.timed(context, answer)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        let answer = Pin::new(&mut line.stream).poll_flush(context);
        line.timed(context, answer)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        let answer = Pin::new(&mut line.stream).poll_shutdown(context);
        line.timed(context, answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Peer;
    use crate::limits::{Connections, Limits};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test(start_paused = true)]
    async fn safe_12_an_other_end_that_takes_nothing_is_let_go() {
        let stall = Duration::from_secs(60);
        let here = "192.168.1.2".parse().unwrap();
        let place = Connections::new(Limits::default()).take(Peer { remote: here, here, secure: false }).unwrap();
        let (ours, mut theirs) = tokio::io::duplex(4);
        let mut line = Line::new(ours, stall, place);
        // Slow is no fault.
        let begun = tokio::time::Instant::now();
        let reading = tokio::spawn(async move {
            let mut bytes = [0; 4];
            for _ in 0..3 {
                sleep(stall - Duration::from_secs(1)).await;
                theirs.read_exact(&mut bytes).await.unwrap();
            }
            theirs
        });
        line.write_all(&[0; 16]).await.unwrap();
        assert!(begun.elapsed() > 2 * stall);
        let _theirs = reading.await.unwrap();
        let error = line.write_all(&[0; 16]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
