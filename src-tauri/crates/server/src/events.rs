//! Jupyter's event stream: one JSON object per text frame.

use crate::Server;
use crate::auth::Asked;
use crate::error::{Answer, Failure};
use crate::socket::{LISTENS, Message, Socket, Upgrade, close};
use axum::extract::State;
use futures_util::{SinkExt, StreamExt};
use host::Closing;
use protocol::{CloseCode, ErrorCode, EventRecord};
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, interval_at};

const PING: Duration = Duration::from_secs(25);

/// `GET events/subscribe`, a WebSocket: the folder's events from now on.
pub(crate) async fn subscribe(State(server): State<Server>, asked: Asked, upgrade: Answer<Upgrade>) -> Answer {
    let slug = asked.grant_to_connect(&server)?.slug;
    let upgrade = upgrade?;
    let events = server.host().events();
    Ok(upgrade.serve(server, asked, LISTENS, async move |server, asked, socket, _| {
        stream(socket, events, &server, &asked, &slug).await;
    }))
}

async fn stream(
    socket: Socket,
    mut events: broadcast::Receiver<EventRecord>,
    server: &Server,
    asked: &Asked,
    slug: &str,
) {
    let (mut sink, mut from_client) = socket.split();
    let mut ping = interval_at(Instant::now() + PING, PING);
    loop {
        let message = tokio::select! {
            event = events.recv() => match event {
                Ok(record) if record.folder == slug => {
                    // Who lost access since then gets nothing more.
                    if let Err(failure) = asked.grant(server) {
                        return close(&mut sink, ended(&failure)).await;
                    }
                    match record.event.to_jupyter().and_then(|event| serde_json::to_string(&event).ok()) {
                        Some(text) => Message::Text(text.into()),
                        None => continue,
                    }
                }
                // Who fell behind misses events; the stream makes no promise about them.
                Ok(_) | Err(RecvError::Lagged(_)) => continue,
                Err(RecvError::Closed) => return close(&mut sink, quitting()).await,
            },
            () = server.stopping().cancelled() => return close(&mut sink, quitting()).await,
            message = from_client.next() => match message {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => continue,
            },
            _ = ping.tick() => Message::Ping(Default::default()),
        };
        if sink.send(message).await.is_err() {
            return;
        }
    }
}

/// Why a stream ends for somebody whose access ended.
pub(crate) fn ended(failure: &Failure) -> Closing {
    let (code, reason) = match failure.code() {
        ErrorCode::NotShared => (CloseCode::NotShared, "The folder is no longer shared"),
        _ => (CloseCode::Forbidden, "You have no access any more"),
    };
    Closing { code, reason: reason.to_owned() }
}

/// Why a stream ends when the host does.
pub(crate) fn quitting() -> Closing {
    Closing { code: CloseCode::Quitting, reason: "The host is quitting".to_owned() }
}
