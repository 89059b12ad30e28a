//! What the host window shows and asks, for the window itself and for the owner's own pages.

use crate::Server;
use crate::auth::Asked;
use crate::error::{Answer, Failure};
use crate::events::quitting;
use crate::socket::{LISTENS, Message as Frame, Upgrade, close};
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State as Extract};
use axum::http::header;
use axum::response::Response;
use futures_util::{SinkExt, StreamExt};
use host::FolderState;
use protocol::panel::{Command, Folder, Message, Sharing, State};
use protocol::{ErrorCode, EventRecord, VERSION};
use serde::Deserialize;
use std::time::Duration;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{broadcast, mpsc};
use tokio::time::{Instant, interval, sleep_until};

/// Events that a new listener gets at once, and after it fell behind.
const TAIL: usize = 200;
/// Older events that a listener gets at a time.
pub(crate) const PAGE: usize = 5_000;
/// Shortest time between two states.
const PACE: Duration = Duration::from_millis(250);
/// What nobody announces (interfaces that come and go, the edits of the last minute) is looked at this often.
const LOOK: Duration = Duration::from_secs(5);

/// All that the window shows besides events.
pub(crate) fn state(server: &Server) -> State {
    let host = server.host();
    State {
        version: VERSION.to_owned(),
        host: host.host_name().to_owned(),
        folders: host.folders().into_iter().map(|folder| shown(server, folder)).collect(),
        interfaces: server.interfaces(),
        port: server.port(),
        taken_port: server.taken_port(),
        edits_per_minute: host.edits_per_minute(),
        jupyterlab: server.installation().is_there(),
        system: std::env::consts::OS.to_owned(),
        nearby: server.discovery().nearby(),
        new_token: None,
    }
}

fn shown(server: &Server, mut folder: FolderState) -> Folder {
    let place = server.doors().shared(&folder.slug);
    let sharing = folder.bound.take().zip(place).map(|(bound, place)| {
        let at = |address: &str| format!("{}/{}", server.origin(address).1, folder.slug);
        let (scheme, authority) = server.origin(&bound.interface.address);
        let address = format!("{authority}/{}", folder.slug);
        for (link, secret) in &mut folder.links {
            link.url = secret.take().map(|secret| format!("{scheme}://{address}/#{secret}"));
        }
        let present = folder.links.iter().find(|(link, _)| link.present);
        let link = present.and_then(|(link, _)| link.url.clone());
        Sharing {
            before: place.before.as_deref().map(at),
            interface: bound.interface,
            address,
            devices: folder.devices,
            link,
            code: folder.code.take(),
            since: place.since,
            away: place.away,
            // Of an address that is not announced, it would be a promise.
            name: server.discovery().name().filter(|_| !place.away).map(|name| at(&name)),
        }
    });
    Folder {
        slug: folder.slug,
        name: folder.name,
        path: folder.path,
        present: folder.present,
        sharing,
        people: folder.people,
        links: folder.links.into_iter().map(|(link, _)| link).collect(),
        knocks: folder.knocks,
        removed: folder.removed,
        tokens: folder.tokens,
        remembered: folder.remembered,
        documents: folder.documents,
        unsaved: folder.unsaved,
    }
}

/// State, the tail of events, then both as they change, until the receiver is dropped or the server stops.
pub(crate) fn messages(server: &Server) -> mpsc::Receiver<Message> {
    let (sender, receiver) = mpsc::channel(16);
    let server = server.clone();
    tokio::spawn(async move { feed(&server, &sender).await });
    receiver
}

/// Ends (with `None`) when nobody listens any more.
async fn feed(server: &Server, sender: &mpsc::Sender<Message>) -> Option<()> {
    let host = server.host();
    // Subscribed before the tail is read: nothing is missed, and what comes twice is known by its number.
    let mut events = host.events();
    let mut changes = host.changes();
    let mut shown = state(server);
    sender.send(Message::State { state: shown.clone() }).await.ok()?;
    let mut seen = 0;
    send_events(sender, tail(server).await, &mut seen).await?;
    let mut sent = Instant::now();
    let mut due: Option<Instant> = None;
    let mut look = interval(LOOK);
    loop {
        tokio::select! {
            event = events.recv() => {
                let batch = match event {
                    Ok(record) => rest(server, &mut events, vec![record]).await,
                    Err(RecvError::Lagged(_)) => tail(server).await,
                    Err(RecvError::Closed) => return None,
                };
                send_events(sender, batch, &mut seen).await?;
            }
            changed = changes.changed() => {
                changed.ok()?;
                due.get_or_insert(sent + PACE);
            }
            _ = look.tick() => {
                due.get_or_insert(sent + PACE);
            }
            () = sleep_until(due.unwrap_or(sent)), if due.is_some() => {
                due = None;
                let state = state(server);
                if state != shown {
                    shown = state.clone();
                    sent = Instant::now();
                    sender.send(Message::State { state }).await.ok()?;
                }
            }
            () = sender.closed() => return None,
            () = server.stopping().cancelled() => return None,
        }
    }
}

async fn tail(server: &Server) -> Vec<EventRecord> {
    server.host().recent_events(TAIL).await.unwrap_or_else(|error| {
        tracing::error!("cannot read the events: {error}");
        Vec::new()
    })
}

/// What else is there already, so that many events become one message.
async fn rest(
    server: &Server,
    events: &mut broadcast::Receiver<EventRecord>,
    mut batch: Vec<EventRecord>,
) -> Vec<EventRecord> {
    loop {
        match events.try_recv() {
            Ok(record) => batch.push(record),
            Err(TryRecvError::Lagged(_)) => batch.extend(tail(server).await),
            Err(TryRecvError::Empty | TryRecvError::Closed) => return batch,
        }
    }
}

async fn send_events(sender: &mpsc::Sender<Message>, mut events: Vec<EventRecord>, seen: &mut u64) -> Option<()> {
    events.retain(|record| record.seq > *seen);
    events.sort_by_key(|record| record.seq);
    events.dedup_by_key(|record| record.seq);
    let Some(last) = events.last() else { return Some(()) };
    *seen = last.seq;
    sender.send(Message::Events { events }).await.ok()
}

/// `POST /api/commonplace/panel`: a command of the owner; the answer is the new state.
pub(crate) async fn command(Extract(server): Extract<Server>, asked: Asked, body: Bytes) -> Answer<Json<State>> {
    asked.refuse_forgery(&server)?;
    asked.owner(&server)?;
    let command: Command = serde_json::from_slice(&body).map_err(|error| {
        let like = r#"{"do": "share", "slug": "tides", "address": null}"#;
        Failure::new(ErrorCode::BadRequest, format!("The body must be a command like {like}: {error}"))
    })?;
    Ok(Json(server.command(command).await?))
}

/// What is asked of the events.
#[derive(Deserialize)]
pub(crate) struct Before {
    /// A number; the answer has lower ones.
    before: u64,
}

/// `GET /api/commonplace/panel/events?before=N`, of the owner: as [`Server::events_before`].
pub(crate) async fn older(
    Extract(server): Extract<Server>,
    asked: Asked,
    query: Result<Query<Before>, QueryRejection>,
) -> Answer<Json<Vec<EventRecord>>> {
    asked.owner(&server)?;
    let Query(Before { before }) = query.map_err(|_| {
        Failure::new(
            ErrorCode::BadRequest,
            "Say which events are asked for: ?before=N, the number of one that is known",
        )
    })?;
    Ok(Json(server.events_before(before).await?))
}

/// `GET /api/commonplace/panel`, a WebSocket of the owner: [`Message`]s as text frames.
pub(crate) async fn subscribe(
    Extract(server): Extract<Server>,
    asked: Asked,
    upgrade: Answer<Upgrade>,
) -> Answer<Response> {
    if asked.headers.contains_key(header::ORIGIN) {
        asked.refuse_forgery(&server)?;
    }
    asked.owner(&server)?;
    let upgrade = upgrade?;
    Ok(upgrade.serve(server, asked, LISTENS, async |server, _, socket, _| {
        let (mut sink, mut from_client) = socket.split();
        let mut messages = messages(&server);
        loop {
            let message = tokio::select! {
                message = messages.recv() => message,
                frame = from_client.next() => match frame {
                    Some(Ok(Frame::Close(_)) | Err(_)) | None => return,
                    Some(Ok(_)) => continue,
                },
            };
            let Some(text) = message.and_then(|message| serde_json::to_string(&message).ok()) else {
                return close(&mut sink, quitting()).await;
            };
            if sink.send(Frame::Text(text.into())).await.is_err() {
                return;
            }
        }
    }))
}
