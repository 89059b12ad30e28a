//! From a request to a WebSocket: the handshake, and what is counted below it.
//!
//! Not here: who may have one, and what is said on it.

use crate::Server;
use crate::auth::Asked;
use crate::error::Failure;
use crate::intake::{Inlet, Intake};
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::Request;
use axum::http::request::Parts;
use axum::response::Response;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use host::Closing;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use protocol::ErrorCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};

pub(crate) use tokio_tungstenite::tungstenite::Message;

/// The longest message on a socket whose client has nothing to say.
pub(crate) const LISTENS: usize = 64 << 10;
/// How long one message may take to be written to a slow client: the largest over a slow network.
const WRITE: Duration = Duration::from_secs(300);
/// How long a socket stays open after we closed it, for a client that is still sending and would else miss the reason.
pub(crate) const LINGER: Duration = Duration::from_secs(2);

/// A WebSocket.
pub(crate) type Socket = WebSocketStream<Inlet<TokioIo<Upgraded>>>;
/// Its half that is written to.
pub(crate) type Sink = SplitSink<Socket, Message>;
/// Its half that is read.
pub(crate) type Stream = SplitStream<Socket>;

/// A request that asks for a WebSocket, as it may.
pub(crate) struct Upgrade {
    response: Response,
    upgrade: OnUpgrade,
}

impl FromRequestParts<Server> for Upgrade {
    type Rejection = Failure;

    /// Jupyter's 400 for a plain request.
    async fn from_request_parts(parts: &mut Parts, _: &Server) -> Result<Self, Failure> {
        let mut asked = Request::new(());
        (*asked.method_mut(), *asked.version_mut()) = (parts.method.clone(), parts.version);
        asked.headers_mut().clone_from(&parts.headers);
        let response = create_response_with_body(&asked, Body::empty).ok();
        let upgrade = response.zip(parts.extensions.remove::<OnUpgrade>());
        let (response, upgrade) = upgrade.ok_or_else(|| {
            Failure::new(ErrorCode::BadRequest, format!("{} speaks WebSocket only", parts.uri.path()))
        })?;
        Ok(Self { response, upgrade })
    }
}

impl Upgrade {
    /// The answer to the request; after it the socket is served until it ends. `most`: bytes of the longest message.
    pub(crate) fn serve<F>(
        self,
        server: Server,
        asked: Asked,
        most: usize,
        serve: impl FnOnce(Server, Asked, Socket, Arc<Intake>) -> F + Send + 'static,
    ) -> Response
    where
        F: Future<Output = ()> + Send,
    {
        let Self { response, upgrade } = self;
        tokio::spawn(async move {
            let Ok(upgraded) = upgrade.await else { return };
            let (intake, share) = (Arc::new(Intake::default()), server.messages_in().of(asked.peer));
            let inlet = Inlet::new(TokioIo::new(upgraded), intake.clone(), share, most);
            let config = WebSocketConfig::default().max_message_size(Some(most)).max_frame_size(Some(most));
            let socket = WebSocketStream::from_raw_socket(inlet, Role::Server, Some(config)).await;
            let sockets = server.sockets().clone();
            sockets.track_future(serve(server, asked, socket, intake)).await;
        });
        response
    }
}

/// Writes a message; whether that could be done.
pub(crate) async fn write(sink: &mut Sink, message: Message) -> bool {
    matches!(timeout(WRITE, sink.send(message)).await, Ok(Ok(())))
}

/// Sends a close frame.
pub(crate) async fn close(sink: &mut Sink, closing: Closing) {
    let frame = CloseFrame { code: closing.code.code().into(), reason: closing.reason.into() };
    write(sink, Message::Close(Some(frame))).await;
}

/// Reads and drops what a client sends until it answers our close.
pub(crate) async fn linger(mut stream: Stream) {
    let until_closed = async { while let Some(Ok(_)) = stream.next().await {} };
    let _ = timeout(LINGER, until_closed).await;
}
