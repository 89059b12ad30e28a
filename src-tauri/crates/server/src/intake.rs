//! What comes in on a WebSocket before it is a message: the heads of its frames are read as they pass, and a long message is let
//! through once there is room for it.
//!
//! Not here: putting messages together (the library's), what they say. The library makes room for a frame as soon as its head says
//! how long it is; so it does not see the head before there is room.

use crate::transit::{Held, Share};
use bytes::{Buf, Bytes};
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// Why a message is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It is longer than any may be.
    TooBig,
    /// Others took too long.
    Busy,
}

/// What a socket's reader knows of the bytes below it.
pub(crate) struct Intake(Mutex<State>);

struct State {
    frames: Frames,
    /// For the message under way.
    held: Held,
    /// For long messages that are whole, by their number.
    whole: VecDeque<(u64, Held)>,
    /// Messages that are whole, and that the reader got.
    arrived: u64,
    read: u64,
    refused: Option<Refused>,
    heard: Instant,
}

impl Default for Intake {
    fn default() -> Self {
        Self(Mutex::new(State {
            frames: Frames::default(),
            held: Held::default(),
            whole: VecDeque::new(),
            arrived: 0,
            read: 0,
            refused: None,
            heard: Instant::now(),
        }))
    }
}

impl Intake {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The reader got a message, text or binary: what is held for it.
    pub(crate) fn message(&self) -> Held {
        let mut state = self.lock();
        state.read += 1;
        let read = state.read;
        let is_its = state.whole.front().is_some_and(|(number, _)| *number == read);
        let held = if is_its { state.whole.pop_front() } else { None };
        held.map(|(_, held)| held).unwrap_or_default()
    }

    /// Why nothing more is read, if that is so.
    pub(crate) fn refused(&self) -> Option<Refused> {
        self.lock().refused
    }

    /// When the last byte came, or this began.
    pub(crate) fn heard(&self) -> Instant {
        self.lock().heard
    }
}

impl State {
    /// These bytes come next. The bytes that the message under way has by what was said of it until now.
    fn pass(&mut self, bytes: &[u8]) -> usize {
        if !bytes.is_empty() {
            self.heard = Instant::now();
        }
        let (held, whole, arrived) = (&mut self.held, &mut self.whole, &mut self.arrived);
        self.frames.pass(bytes, || {
            *arrived += 1;
            let held = std::mem::take(held);
            if !held.is_empty() {
                whole.push_back((*arrived, held));
            }
        });
        usize::try_from(self.frames.message).unwrap_or(usize::MAX)
    }
}

/// Reads the heads of frames (RFC 6455, 5.2) out of bytes as they pass.
#[derive(Default)]
struct Frames {
    /// What there is of a head.
    head: Vec<u8>,
    /// Bytes of the frame still to come.
    left: u64,
    /// It is part of a message, and not about the connection.
    data: bool,
    /// It ends its message.
    last: bool,
    /// Bytes of the message under way, as its heads say.
    message: u64,
}

impl Frames {
    fn pass(&mut self, mut bytes: &[u8], mut whole: impl FnMut()) {
        while let Some((first, rest)) = bytes.split_first() {
            if self.left > 0 {
                let passed = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
                self.left -= passed as u64;
                bytes = &bytes[passed..];
            } else {
                self.head.push(*first);
                bytes = rest;
                let Some(length) = length(&self.head) else { continue };
                (self.data, self.last) = (first_of(&self.head) & 0x08 == 0, first_of(&self.head) & 0x80 != 0);
                self.head.clear();
                self.left = length;
                if self.data {
                    self.message = self.message.saturating_add(length);
                }
            }
            if self.left == 0 && self.data && self.last {
                self.message = 0;
                whole();
            }
        }
    }
}

fn first_of(head: &[u8]) -> u8 {
    head.first().copied().unwrap_or_default()
}

/// The length of what follows, once the head is whole.
fn length(head: &[u8]) -> Option<u64> {
    let second = head.get(1)?;
    let more = match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let mask = if second & 0x80 != 0 { 4 } else { 0 };
    if head.len() < 2 + more + mask {
        return None;
    }
    let long = head.get(2..2 + more)?.iter().fold(0, |length, byte| length << 8 | u64::from(*byte));
    Some(if more > 0 { long } else { u64::from(second & 0x7f) })
}

type Waiting = Pin<Box<dyn Future<Output = Option<Held>> + Send>>;

/// A line whose long messages wait until there is room for them.
pub(crate) struct Inlet<S> {
    stream: S,
    intake: Arc<Intake>,
    share: Share,
    /// The longest message.
    most: usize,
    /// What was read and may not be seen yet.
    back: Bytes,
    waiting: Option<Waiting>,
}

impl<S> Inlet<S> {
    pub(crate) fn new(stream: S, intake: Arc<Intake>, share: Share, most: usize) -> Self {
        Self { stream, intake, share, most, back: Bytes::new(), waiting: None }
    }

    fn refuse(&self, why: Refused) -> io::Error {
        self.intake.lock().refused = Some(why);
        io::Error::other("a message is not taken")
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Inlet<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let inlet = self.get_mut();
        loop {
            if let Some(waiting) = &mut inlet.waiting {
                let held = ready!(waiting.as_mut().poll(context));
                inlet.waiting = None;
                let Some(held) = held else { return Poll::Ready(Err(inlet.refuse(Refused::Busy))) };
                inlet.intake.lock().held.add(held);
            }
            if !inlet.back.is_empty() {
                let part = inlet.back.split_to(inlet.back.remaining().min(into.remaining()));
                into.put_slice(&part);
                return Poll::Ready(Ok(()));
            }
            let before = into.filled().len();
            ready!(Pin::new(&mut inlet.stream).poll_read(context, into))?;
            let mut state = inlet.intake.lock();
            let read = into.filled().get(before..).unwrap_or_default();
            let bytes = state.pass(read);
            if bytes > inlet.most {
                drop(state);
                into.set_filled(before);
                return Poll::Ready(Err(inlet.refuse(Refused::TooBig)));
            }
            if !inlet.share.lacks(bytes, &state.held) {
                return Poll::Ready(Ok(()));
            }
            inlet.back = Bytes::copy_from_slice(read);
            into.set_filled(before);
            inlet.waiting = Some(Box::pin(inlet.share.clone().more(bytes, state.held.units())));
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Inlet<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Peer;
    use crate::transit::{SMALL, Transit};
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

    const BINARY: u8 = 0x82;
    const PART: u8 = 0x02;
    const MORE: u8 = 0x00;
    const LAST: u8 = 0x80;
    const PONG: u8 = 0x8a;

    /// The head of a client's frame.
    fn head(kind: u8, length: usize) -> Vec<u8> {
        let mut head = vec![kind];
        match length {
            0..126 => head.push(0x80 | length as u8),
            126..0x1_0000 => head.extend([&[0xfe][..], &(length as u16).to_be_bytes()].concat()),
            _ => head.extend([&[0xff][..], &(length as u64).to_be_bytes()].concat()),
        }
        head.extend([7; 4]);
        head
    }

    fn frame(kind: u8, length: usize) -> Vec<u8> {
        [head(kind, length), vec![0xff; length]].concat()
    }

    #[test]
    fn heads_are_found_wherever_the_bytes_are_cut() {
        let sent = [
            frame(BINARY, 0),
            frame(PART, 3),
            frame(PONG, 125),
            frame(MORE, 70_000),
            frame(LAST, 126),
            frame(BINARY, 125),
            head(PART, 9),
        ]
        .concat();
        for cut in [1, 2, 5, 4096, sent.len()] {
            let (mut frames, mut whole, mut most) = (Frames::default(), 0, 0);
            for bytes in sent.chunks(cut) {
                frames.pass(bytes, || whole += 1);
                most = most.max(frames.message);
            }
            assert_eq!((whole, frames.message, frames.left), (3, 9, 9), "{cut}");
            assert!(cut > 4096 || most >= 70_003, "{most}");
        }
        let mut frames = Frames::default();
        frames.pass(&[0x02, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], || {});
        frames.pass(&[0; 4], || {});
        assert_eq!(frames.message, u64::MAX);
    }

    fn inlet(transit: &Transit, most: usize) -> (Inlet<DuplexStream>, Arc<Intake>, DuplexStream) {
        let here = "127.0.0.1".parse().unwrap();
        let (ours, theirs) = tokio::io::duplex(64 << 20);
        let intake = Arc::new(Intake::default());
        let share = transit.of(Peer { remote: here, here, secure: false });
        (Inlet::new(ours, intake.clone(), share, most), intake, theirs)
    }

    /// What is read until there is so much, or an error.
    async fn all(inlet: &mut Inlet<DuplexStream>, length: usize) -> Vec<u8> {
        let (mut bytes, mut part) = (Vec::new(), vec![0; 4096]);
        while bytes.len() < length {
            let Ok(read @ 1..) = inlet.read(&mut part).await else { break };
            bytes.extend_from_slice(&part[..read]);
        }
        bytes
    }

    #[tokio::test(start_paused = true)]
    async fn safe_13_the_head_of_a_long_frame_is_seen_once_there_is_room_for_it() {
        let transit = Transit::new(4 * SMALL, Duration::from_secs(30));
        let (mut one, read, mut theirs) = inlet(&transit, 3 * SMALL);
        theirs.write_all(&frame(BINARY, 9)).await.unwrap();
        theirs.write_all(&frame(BINARY, 3 * SMALL)).await.unwrap();
        let sent = frame(BINARY, 9).len() + frame(BINARY, 3 * SMALL).len();
        let bytes = all(&mut one, sent).await;
        assert!(bytes.len() == sent && bytes.ends_with(&[0xff; 1000]) && bytes.starts_with(&head(BINARY, 9)));
        assert!(read.message().is_empty(), "a short one holds nothing");
        let held = read.message();

        // What was whole before is handed on with what waits.
        let (mut two, _, mut theirs) = inlet(&transit, 3 * SMALL);
        theirs.write_all(&frame(BINARY, 5)).await.unwrap();
        let mut bytes = vec![0; frame(BINARY, 5).len()];
        two.read_exact(&mut bytes).await.unwrap();
        theirs.write_all(&head(BINARY, 2 * SMALL)).await.unwrap();
        let mut first = [0; 64];
        let seen = tokio::time::timeout(Duration::from_secs(20), two.read(&mut first)).await;
        assert!(seen.is_err(), "{seen:?}");
        drop(held);
        assert_eq!(two.read(&mut first).await.unwrap(), head(BINARY, 2 * SMALL).len());

        // What comes in parts is counted together, and who waits too long is told.
        let (mut three, refused, mut theirs) = inlet(&transit, 3 * SMALL);
        theirs.write_all(&frame(PART, SMALL)).await.unwrap();
        theirs.write_all(&frame(MORE, SMALL)).await.unwrap();
        theirs.write_all(&frame(MORE, SMALL / 2)).await.unwrap();
        let seen = all(&mut three, usize::MAX).await.len();
        assert!((SMALL..2 * SMALL + 40).contains(&seen), "{seen}");
        assert_eq!(refused.refused(), Some(Refused::Busy));
        drop((three, refused));
        assert!(inlet(&transit, 1).0.share.more(2 * SMALL, 0).await.is_some(), "what it held is free again");
    }

    #[tokio::test]
    async fn safe_13_what_is_longer_than_any_message_may_be_waits_for_nothing() {
        let transit = Transit::new(4 * SMALL, Duration::from_secs(30));
        let (mut one, intake, mut theirs) = inlet(&transit, 64 << 10);
        theirs.write_all(&frame(PART, 40 << 10)).await.unwrap();
        theirs.write_all(&head(LAST, 40 << 10)).await.unwrap();
        assert!(all(&mut one, usize::MAX).await.len() <= (40 << 10) + 40);
        assert_eq!(intake.refused(), Some(Refused::TooBig));
    }
}
