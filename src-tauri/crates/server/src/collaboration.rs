//! Opening documents and the sockets of rooms. A frame is bytes here; what is in it is the room's business.

use crate::Server;
use crate::auth::Asked;
use crate::base;
use crate::error::{Answer, Failure};
use crate::intake::{Intake, Refused};
use crate::socket::{LINGER, Message, Socket, Upgrade, close, linger, write};
use crate::transit::Held;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use futures_util::StreamExt;
use host::{Closing, Connection, Outgoing};
use protocol::{CloseCode, ErrorCode, session};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::Error;

/// How often a client is pinged; proxies and dead peers are found by it.
const PING: Duration = Duration::from_secs(25);
/// A client of whom nothing came for so long, pongs and parts of messages included, is gone; unless it is being sent something long.
const SILENCE: Duration = Duration::from_secs(75);
/// A client that is there answers within this when the computer woke from sleep.
const PROOF: Duration = Duration::from_secs(10);
/// What it is asked then.
const AWAKE: &[u8] = b"awake";

/// `PUT session/{path}`. The body is parsed whatever its content type: JupyterLab sends JSON as `text/plain`.
pub(crate) async fn put_session(State(server): State<Server>, asked: Asked, body: Bytes) -> Answer {
    let path = asked.rest("/api/collaboration/session/")?;
    let grant = asked.grant_to_change(&server)?;
    let request: session::Request = serde_json::from_slice(&body).map_err(|error| {
        let expected = r#"{"format": "json", "type": "notebook"}"#;
        Failure::new(ErrorCode::BadRequest, format!("The body must be like {expected}: {error}"))
    })?;
    let (response, created) = server.host().open_session(&grant, &path, request).await?;
    let room = format!("{}:{}:{}", response.format, response.ty, response.file_id);
    tracing::info!("Request for Y document '{}' with room ID: {}", path.escape_debug(), room.escape_debug());
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(response)).into_response())
}

/// `GET room/{roomId}`, a WebSocket. The room's name is what follows the last `/`, percent-decoded.
pub(crate) async fn join(State(server): State<Server>, asked: Asked, upgrade: Answer<Upgrade>) -> Answer {
    let grant = asked.grant_to_connect(&server)?;
    let name = asked.path.rsplit('/').next().and_then(base::decode).filter(|name| !name.is_empty());
    let Some(room) = name else {
        return Err(Failure::new(ErrorCode::BadRequest, format!("{} names no room", asked.path)));
    };
    let upgrade = upgrade?;
    let session = asked.query("sessionId").unwrap_or_default();
    let most = server.options().max_message;
    Ok(upgrade.serve(server, asked, most, async move |server, asked, socket, intake| {
        match server.host().join(&grant, &room, &session, asked.device()).await {
            Ok(connection) => serve(socket, intake, connection, &room, server.host().wakes()).await,
            Err(closing) => {
                let (mut sink, stream) = socket.split();
                close(&mut sink, closing).await;
                linger(stream).await;
            }
        }
    }))
}

/// What the reader has to say.
enum Read {
    /// With what it holds until the room has it.
    Frame(Bytes, Held),
    Refused(Refused),
    /// It answered after the computer woke.
    Alive,
}

/// The writer, and the only one that talks to the room; the reader is a task of its own.
async fn serve(
    socket: Socket,
    intake: Arc<Intake>,
    mut connection: Connection,
    room: &str,
    mut wakes: watch::Receiver<u64>,
) {
    let (mut sink, stream) = socket.split();
    let (frames, mut read) = mpsc::channel(16);
    let writing = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn(reader(stream, intake, frames, room.to_owned(), writing.clone(), wakes.clone()));
    let mut ping = tokio::time::interval_at(Instant::now() + PING, PING);
    let closing = loop {
        tokio::select! {
            frame = read.recv() => match frame {
                Some(Read::Frame(frame, _held)) => if !connection.send(frame).await {
                    // Its last words, if it had any, are in the outbox.
                    break last_words(&mut connection).await;
                },
                Some(Read::Alive) => connection.is_alive(),
                Some(Read::Refused(why)) => break Some(refusal(why)),
                None => break None,
            },
            outgoing = connection.receive() => match outgoing {
                Some(Outgoing::Frame(frame)) => {
                    writing.store(true, Ordering::Relaxed);
                    let written = write(&mut sink, Message::Binary(frame)).await;
                    writing.store(false, Ordering::Relaxed);
                    if !written {
                        break None;
                    }
                }
                Some(Outgoing::Close(closing)) => break Some(closing),
                None => break Some(gone(room)),
            },
            // The connection may have died meanwhile, and nobody would say so.
            Ok(()) = wakes.changed() => if !write(&mut sink, Message::Ping(Bytes::from_static(AWAKE))).await {
                break None;
            },
            _ = ping.tick() => if !write(&mut sink, Message::Ping(Bytes::new())).await {
                break None;
            },
        }
    };
    drop(connection);
    if let Some(closing) = closing {
        close(&mut sink, closing).await;
        // The reader ends when the client answers the close; until then what it still sends is read and dropped.
        drop(read);
        let abort = reader.abort_handle();
        if timeout(LINGER, reader).await.is_err() {
            abort.abort();
        }
    } else {
        reader.abort();
    }
}

async fn last_words(connection: &mut Connection) -> Option<Closing> {
    while let Some(outgoing) = connection.receive().await {
        if let Outgoing::Close(closing) = outgoing {
            return Some(closing);
        }
    }
    None
}

fn refusal(why: Refused) -> Closing {
    let (code, reason) = match why {
        Refused::TooBig => (CloseCode::TooBig, "A message is larger than this host accepts"),
        Refused::Busy => (CloseCode::FellBehind, "This host is taking as many long messages as it can. Try again."),
    };
    Closing { code, reason: reason.to_owned() }
}

fn gone(room: &str) -> Closing {
    Closing { code: CloseCode::Fault, reason: protocol::close::fit_reason(&format!("Room {room} ended unexpectedly")) }
}

/// Binary frames go to the room; text is not part of the protocol and is ignored.
async fn reader(
    mut stream: impl futures_util::Stream<Item = Result<Message, Error>> + Unpin,
    intake: Arc<Intake>,
    frames: mpsc::Sender<Read>,
    room: String,
    writing: Arc<AtomicBool>,
    mut wakes: watch::Receiver<u64>,
) {
    // Until when it must have answered.
    let mut proof: Option<Instant> = None;
    // When it gave a sign of life while no message became whole.
    let mut sign: Option<Instant> = None;
    loop {
        let since = sign.take().unwrap_or_else(Instant::now);
        let until = proof.unwrap_or(since + SILENCE);
        let message = tokio::select! {
            message = timeout_at(until, stream.next()) => message,
            Ok(()) = wakes.changed() => {
                proof = Some(Instant::now() + PROOF);
                continue;
            }
        };
        let read = match message {
            Ok(Some(Ok(Message::Binary(frame)))) => Read::Frame(frame, intake.message()),
            Ok(Some(Ok(Message::Text(_)))) => {
                drop(intake.message());
                tracing::debug!(room, "text frame ignored");
                continue;
            }
            Ok(Some(Ok(Message::Pong(answer)))) if proof.is_some() && answer == AWAKE => {
                proof = None;
                Read::Alive
            }
            Ok(Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)))) => continue,
            // It cannot answer a ping that waits behind a long message, nor answer one before a long message of its own is whole.
            Err(_) => {
                let now = Instant::now();
                let alive = if writing.load(Ordering::Relaxed) { now } else { intake.heard() };
                if alive + proof.map_or(SILENCE, |_| PROOF) <= now {
                    return;
                }
                proof = proof.map(|_| alive + PROOF);
                sign = Some(alive);
                continue;
            }
            Ok(Some(Err(_))) => match intake.refused() {
                Some(why) => {
                    let _ = frames.send(Read::Refused(why)).await;
                    // The rest of the message cannot be read; the writer closes, and lingers for as long as this waits.
                    return std::future::pending().await;
                }
                None => return,
            },
            Ok(Some(Ok(Message::Close(_))) | None) => return,
        };
        // After the writer is done, frames are still read, so that the client's answer to our close is seen.
        let _ = frames.send(read).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Peer;
    use crate::intake::Inlet;
    use crate::transit::Transit;
    use tokio::io::{AsyncWriteExt, DuplexStream};
    use tokio_tungstenite::WebSocketStream;
    use tokio_tungstenite::tungstenite::protocol::Role;

    /// Bytes of the message that comes slowly.
    const LENGTH: u16 = 1000;

    struct Line {
        theirs: DuplexStream,
        read: mpsc::Receiver<Read>,
        wakes: watch::Sender<u64>,
    }

    async fn line() -> Line {
        let here = "127.0.0.1".parse().unwrap();
        let share = Transit::new(1 << 20, Duration::from_secs(30)).of(Peer { remote: here, here, secure: false });
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        let intake = Arc::new(Intake::default());
        let inlet = Inlet::new(ours, intake.clone(), share, 1 << 20);
        let stream = WebSocketStream::from_raw_socket(inlet, Role::Server, None).await;
        let (frames, read) = mpsc::channel(16);
        let (wakes, woken) = watch::channel(0);
        tokio::spawn(reader(stream, intake, frames, String::new(), Arc::default(), woken));
        Line { theirs, read, wakes }
    }

    impl Line {
        /// Half of the message, in pieces with a pause before each.
        async fn half(&mut self, pause: Duration) {
            for _ in 0..10 {
                tokio::time::sleep(pause).await;
                let _ = self.theirs.write_all(&[7; LENGTH as usize / 20]).await;
            }
        }

        async fn head(&mut self) {
            let head = [&[0x82, 0xfe][..], &LENGTH.to_be_bytes(), &[0; 4]].concat();
            self.theirs.write_all(&head).await.unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn frame_34_a_message_that_takes_long_to_come_is_no_silence() {
        let mut line = line().await;
        line.head().await;
        line.half(SILENCE / 2).await;
        line.half(SILENCE / 2).await;
        let whole = line.read.recv().await;
        assert!(matches!(&whole, Some(Read::Frame(frame, _)) if frame[..] == [7; LENGTH as usize]), "it is let go");

        // On waking, who is in the middle of a message cannot answer before it is whole.
        line.head().await;
        line.half(PROOF / 4).await;
        line.wakes.send(1).unwrap();
        line.half(PROOF / 4).await;
        assert!(matches!(line.read.recv().await, Some(Read::Frame(..))), "it is let go on waking");
    }

    #[tokio::test(start_paused = true)]
    async fn frame_34_half_a_message_and_then_nothing_is_silence() {
        let mut line = line().await;
        line.head().await;
        line.half(SILENCE / 2).await;
        let last = Instant::now();
        assert!(line.read.recv().await.is_none());
        assert!(last.elapsed() <= SILENCE + Duration::from_secs(1), "{:?}", last.elapsed());

        let mut line = self::line().await;
        line.head().await;
        line.half(PROOF / 4).await;
        line.wakes.send(1).unwrap();
        let woken = Instant::now();
        assert!(line.read.recv().await.is_none());
        assert!(woken.elapsed() <= PROOF + Duration::from_secs(1), "{:?}", woken.elapsed());
    }
}
