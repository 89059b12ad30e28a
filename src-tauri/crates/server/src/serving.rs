//! HTTP/1.1 on the connections of one listener: which are taken, how long a request may take to arrive, and how they end.
//!
//! Not here: what is answered (`app`), which listeners there are (`listen`).

use crate::auth::Peer;
use crate::lan::{Stream, Tls};
use crate::limits::Connections;
use crate::line::Line;
use axum::Router;
use axum::extract::ConnectInfo;
use axum::serve::Listener;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::add_extension::AddExtension;

/// Bytes of a request's head, its address included: those of JupyterLab have less than 2 KiB.
const LONGEST_HEAD: usize = 32 << 10;
/// What is said, if it can be, to those for whom there is no place.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 30\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Length: 66\r\n\r\n\
    This host has as many connections as it takes. Try again in 30 s.\n";

/// Serves until it is told to stop. `open` is dropped with the listener; after that, requests under way finish.
pub(crate) async fn serve(
    mut listener: TcpListener,
    app: Router,
    connections: Connections,
    tls: Option<Tls>,
    stop: CancellationToken,
    open: oneshot::Sender<()>,
) {
    let serving = TaskTracker::new();
    loop {
        let (stream, address) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = Listener::accept(&mut listener) => accepted,
        };
        let peer = peer(&stream, address);
        let Some(place) = connections.take(peer) else {
            tracing::debug!("no place for another connection of {}", peer.remote);
            let _ = stream.try_write(FULL);
            continue;
        };
        // Keystrokes are small messages that must not wait for each other.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!("cannot set TCP_NODELAY: {error}");
        }
        let (app, connections, tls, stop) = (app.clone(), connections.clone(), tls.clone(), stop.clone());
        serving.spawn(async move {
            let greeted = tokio::select! {
                greeted = greet(tls, stream) => greeted,
                () = stop.cancelled() => return,
            };
            let Some(stream) = greeted else { return };
            let peer = Peer { secure: stream.is_secure(), ..peer };
            let line = Line::new(stream, connections.limits().stall, place);
            answer(line, peer, app, connections, stop).await;
        });
    }
    drop((listener, open));
    serving.close();
    serving.wait().await;
}

/// A connection on which both ends know how to speak; `None`: they did not come together.
async fn greet(tls: Option<Tls>, stream: TcpStream) -> Option<Stream> {
    match tls {
        None => Some(Stream::Plain(stream)),
        Some(tls) => tls.greet(stream).await,
    }
}

/// Answers the requests of one connection, one after the other.
async fn answer(
    line: Line<impl AsyncRead + AsyncWrite + Unpin + Send + 'static>,
    peer: Peer,
    app: Router,
    connections: Connections,
    stop: CancellationToken,
) {
    let service = TowerToHyperService::new(AddExtension::new(app, ConnectInfo(peer)));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(connections.limits().head).max_header_size(LONGEST_HEAD);
    let connection = http.serve_connection(TokioIo::new(line), service).with_upgrades();
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!("a connection of {} ended: {error}", peer.remote);
    }
}

fn peer(stream: &TcpStream, address: SocketAddr) -> Peer {
    // Unknown is treated as from outside.
    let here = stream.local_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.ip());
    Peer { remote: address.ip().to_canonical(), here: here.to_canonical(), secure: false }
}
