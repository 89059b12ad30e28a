//! Frames on their way from a room to one client: how many may wait, and how many bytes of them.
//!
//! Not here: what happens to a client that falls further behind (`carry`). It is disconnected, and finds everything when it returns.

use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::mpsc;

/// Frames that may wait for one client.
const FRAMES: usize = 512;
/// Bytes that may wait for one client. One frame may always, however long: a document is sent whole.
const BYTES: usize = 64 << 20;
/// Bytes that may wait for all clients of a host together; beyond, nobody may have a second frame waiting.
const ALL: usize = 1 << 30;

/// Bytes that wait for one client, and for all.
struct Waiting {
    own: AtomicUsize,
    all: Arc<AtomicUsize>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.all.fetch_sub(*self.own.get_mut(), Ordering::Relaxed);
    }
}

/// Where a room puts what a client is to get.
pub(crate) struct Outbox {
    frames: mpsc::Sender<Bytes>,
    waiting: Arc<Waiting>,
}

/// Where its transport takes it out.
pub(crate) struct Inbox {
    frames: mpsc::Receiver<Bytes>,
    waiting: Arc<Waiting>,
}

/// The two ends. `all`: bytes that wait for all clients.
pub(crate) fn outbox(all: &Arc<AtomicUsize>) -> (Outbox, Inbox) {
    let (sender, receiver) = mpsc::channel(FRAMES);
    let waiting = Arc::new(Waiting { own: AtomicUsize::new(0), all: all.clone() });
    (Outbox { frames: sender, waiting: waiting.clone() }, Inbox { frames: receiver, waiting })
}

impl Outbox {
    /// Puts a frame in, without waiting; `false`: the client is too far behind, or gone.
    pub(crate) fn offer(&self, frame: Bytes) -> bool {
        let Waiting { own, all } = &*self.waiting;
        let length = frame.len();
        let before = own.fetch_add(length, Ordering::Relaxed);
        let together = all.fetch_add(length, Ordering::Relaxed);
        let fits = before == 0 || (before + length <= BYTES && together + length <= ALL);
        let sent = fits && self.frames.try_send(frame).is_ok();
        if !sent {
            own.fetch_sub(length, Ordering::Relaxed);
            all.fetch_sub(length, Ordering::Relaxed);
        }
        sent
    }
}

impl Inbox {
    /// The next frame; `None`: there will be none. May be dropped and called again: nothing is lost.
    pub(crate) async fn next(&mut self) -> Option<Bytes> {
        let frame = self.frames.recv().await?;
        self.waiting.own.fetch_sub(frame.len(), Ordering::Relaxed);
        self.waiting.all.fetch_sub(frame.len(), Ordering::Relaxed);
        Some(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn safe_16_what_waits_for_a_client_is_counted_in_frames_and_in_bytes() {
        let all = Arc::new(AtomicUsize::new(0));
        let (out, mut inbox) = outbox(&all);
        let bytes = |length: usize| Bytes::from(vec![0; length]);
        assert!(out.offer(bytes(BYTES + 1)), "a document goes whole");
        assert!(!out.offer(bytes(1)), "and nothing behind it");
        assert_eq!(inbox.next().await.map(|frame| frame.len()), Some(BYTES + 1));
        assert!(out.offer(bytes(BYTES - 1)) && out.offer(bytes(1)) && !out.offer(bytes(1)));
        assert_eq!(all.load(Ordering::Relaxed), BYTES);

        // Others have nearly all of it.
        let (other, other_inbox) = outbox(&all);
        all.fetch_add(ALL - BYTES, Ordering::Relaxed);
        assert!(other.offer(bytes(10)) && !other.offer(bytes(10)));
        all.fetch_sub(ALL - BYTES, Ordering::Relaxed);
        for _ in 1..FRAMES {
            assert!(other.offer(bytes(1)));
        }
        assert!(!other.offer(bytes(1)), "more frames than may wait");

        // Who is gone holds nothing.
        drop((inbox, other_inbox));
        assert!(!out.offer(bytes(1)));
        drop((out, other));
        assert_eq!(all.load(Ordering::Relaxed), 0);
    }
}
