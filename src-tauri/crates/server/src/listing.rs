//! The list of files over a WebSocket, as it changes.

use crate::Server;
use crate::auth::Asked;
use crate::error::Answer;
use crate::events::{ended, quitting};
use crate::socket::{LISTENS, Message, Socket, Upgrade, close};
use axum::extract::State;
use futures_util::{SinkExt, StreamExt};
use host::FileWatch;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// How often something is said to whoever looks; pages give up a line that was silent twice as long.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// `GET files/live`, a WebSocket: [`protocol::guest::FileNews`] as text frames.
pub(crate) async fn subscribe(State(server): State<Server>, asked: Asked, upgrade: Answer<Upgrade>) -> Answer {
    let grant = asked.grant_to_connect(&server)?;
    let upgrade = upgrade?;
    let files = server.host().watch_files(&grant).await?;
    Ok(upgrade.serve(server, asked, LISTENS, async move |server, asked, socket, _| {
        tell(socket, files, &server, &asked).await;
    }))
}

async fn tell(socket: Socket, mut files: FileWatch, server: &Server, asked: &Asked) {
    let (mut sink, mut from_client) = socket.split();
    let mut changes = server.host().changes();
    let mut sign = interval_at(Instant::now() + SIGN_OF_LIFE, SIGN_OF_LIFE);
    sign.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let news = tokio::select! {
            news = files.next() => news,
            _ = sign.tick() => Some(files.nothing()),
            changed = changes.changed() => match changed {
                // Whoever lost access since then is told so, although nothing is new.
                Ok(()) if asked.grant(server).is_ok() => continue,
                _ => None,
            },
            () = server.stopping().cancelled() => return close(&mut sink, quitting()).await,
            message = from_client.next() => match message {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => continue,
            },
        };
        if let Err(failure) = asked.grant(server) {
            return close(&mut sink, ended(&failure)).await;
        }
        let Some(text) = news.and_then(|news| serde_json::to_string(&news).ok()) else {
            return close(&mut sink, quitting()).await;
        };
        if sink.send(Message::Text(text.into())).await.is_err() {
            return;
        }
    }
}
