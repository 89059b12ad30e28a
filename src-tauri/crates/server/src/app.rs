//! The routes, what happens to every request before them and to every answer after them.

use crate::auth::{Asked, Peer, device, is_nobody_elses, names_this_computer};
use crate::base::{Resolved, host_of, resolve};
use crate::error::{Answer, Failure, method_not_allowed, panicked};
use crate::{
    Server, collaboration, contents, events, files, forks, guest, lab, listing, output, page, panel, versions,
};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, Uri, Version, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use protocol::{ErrorCode, VERSION};
use serde_json::json;
use std::collections::BTreeMap;
use time::format_description::well_known::Rfc3339;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;

/// Everything the server answers.
pub(crate) fn router(server: Server) -> Router {
    let routes = Router::new()
        .route("/api", get(version))
        .route("/api/", get(version))
        .route("/api/me", get(me))
        .route("/api/status", get(status))
        .route("/api/contents", contents::methods())
        .route("/api/contents/", contents::methods())
        .route("/api/contents/{*path}", contents::methods())
        .route("/files/{*path}", get(files::get))
        .route("/api/collaboration/session/", put(collaboration::put_session))
        .route("/api/collaboration/session/{*path}", put(collaboration::put_session))
        .route("/api/collaboration/room/", get(collaboration::join))
        .route("/api/collaboration/room/{*room}", get(collaboration::join))
        .route("/api/collaboration/fork/{*room}", get(forks::list).put(forks::create).delete(forks::delete))
        .route("/api/collaboration/timeline/{*path}", get(forks::timeline))
        .route("/api/collaboration/undo_redo/{*room}", put(forks::turn))
        .route("/api/events/subscribe", get(events::subscribe))
        .route("/api/commonplace/hello", post(guest::hello))
        .route("/api/commonplace/join", post(guest::join))
        .route("/api/commonplace/knock", post(guest::knock))
        .route("/api/commonplace/knock/wait", post(guest::wait))
        .route("/api/commonplace/knock/stop", post(guest::stop))
        .route("/api/commonplace/files", get(guest::files))
        .route("/api/commonplace/files/live", get(listing::subscribe))
        .route("/api/commonplace/file/{*path}", get(guest::file))
        .route("/api/commonplace/output", get(output::frame))
        .route("/api/commonplace/versions/{*path}", get(versions::get).post(versions::restore))
        .route("/api/commonplace/panel", get(panel::subscribe).post(panel::command))
        .route("/api/commonplace/panel/events", get(panel::older))
        .merge(lab::routes())
        .fallback(page::serve)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(server.clone());
    // The inner router sees the path inside the base: `enter` runs before it.
    Router::new()
        .fallback_service(routes)
        .layer(RequestBodyTimeoutLayer::new(server.options().limits.body))
        .layer(from_fn_with_state(server, enter))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(may_be_compressed)))
        .layer(header_unless_set(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'self'"))
        .layer(header_unless_set(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header_unless_set(header::X_FRAME_OPTIONS, "SAMEORIGIN"))
        .layer(header_unless_set(header::REFERRER_POLICY, "no-referrer"))
        .layer(header_unless_set(header::CACHE_CONTROL, "no-store"))
}

/// Ranges and digests are of bytes as they are.
fn may_be_compressed(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    !headers.contains_key(header::ACCEPT_RANGES)
}

fn header_unless_set(name: header::HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

/// Finds the base of a request, refuses whom the listener must not serve, and takes the base off the path.
async fn enter(
    State(server): State<Server>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    mut request: Request,
    next: Next,
) -> Answer<Response> {
    // A page that comes back in the instant in which the host begins must not read that its folder is not there.
    server.opened().cancelled().await;
    // Folders are being closed: what is asked now must not look as if they had never been there.
    if server.stopping().is_cancelled() {
        return Err(Failure::stopping());
    }
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let named = match peer.is_local() {
        true => names_this_computer(host, |address| server.is_bound(address)),
        // A name that the owner has a certificate for is the owner's.
        false => is_nobody_elses(host) || server.tls().is_some_and(|tls| tls.is_for(host_of(host))),
    };
    if !named {
        return Err(Failure::new(ErrorCode::Forbidden, format!("{host:?} is not a name of this computer")));
    }
    let uri = request.uri();
    if let Some(response) = to_tls(&server, peer, uri) {
        return Ok(response);
    }
    let host = server.host();
    let (base, path) = match resolve(uri.path(), |slug| host.has_folder(slug), host.only_folder()) {
        Resolved::At(base, path) => (base, path),
        Resolved::Redirect(to) => {
            let to = format!("{to}{}", uri.query().map(|query| format!("?{query}")).unwrap_or_default());
            return Ok(Redirect::temporary(&to).into_response());
        }
    };
    // From outside, a folder that is not shared there looks exactly like one that does not exist.
    let open = peer.is_local() || base.slug.as_deref().is_none_or(|slug| server.is_shared_at(slug, peer.here));
    let (base, path) = if open { (base, path) } else { hidden(uri.path()) };
    // This computer, by its own address, proves nothing.
    if open && !peer.is_local() && peer.remote != peer.here {
        server.reached(base.slug.as_deref(), peer.here, &device(peer, request.headers()));
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let Ok(inside) = format!("{path}{query}").parse::<PathAndQuery>() else {
        return Err(Failure::new(ErrorCode::BadRequest, format!("{path} is no address")));
    };
    *request.uri_mut() = Uri::from(inside);
    request.extensions_mut().insert(base);
    request.extensions_mut().insert(peer);
    Ok(next.run(request).await)
}

/// With a certificate, what another device asks for unencrypted is not answered but sent on to where it is encrypted.
fn to_tls(server: &Server, peer: Peer, uri: &Uri) -> Option<Response> {
    if peer.secure || peer.is_local() || server.tls().is_none() {
        return None;
    }
    let (scheme, authority) = server.origin(&peer.here.to_string());
    let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    Some(Redirect::permanent(&format!("{scheme}://{authority}{path}")).into_response())
}

fn hidden(path: &str) -> (crate::base::Base, String) {
    (crate::base::Base { slug: None, prefix: String::new() }, path.to_owned())
}

/// `GET api`: open to everybody, as Jupyter's is.
async fn version() -> Json<serde_json::Value> {
    Json(json!({ "version": VERSION }))
}

/// `GET api/me`: who asks, and what they may do of what they asked about.
async fn me(State(server): State<Server>, asked: Asked) -> Answer<Json<serde_json::Value>> {
    let grant = asked.grant(&server)?;
    let wanted: BTreeMap<String, Vec<String>> = match asked.query("permissions").filter(|text| !text.is_empty()) {
        Some(text) => serde_json::from_str(&text).map_err(|error| {
            let expected = r#"{"contents": ["read", "write"]}"#;
            Failure::new(ErrorCode::BadRequest, format!("`permissions` must be like {expected}: {error}"))
        })?,
        None => BTreeMap::new(),
    };
    let mut permissions = serde_json::Map::new();
    for (resource, actions) in wanted {
        let allowed = actions.into_iter().filter(|action| match action.as_str() {
            "read" => true,
            "write" => grant.role.may_edit(),
            // Only the event stream; running code is not offered.
            "execute" => resource == "events",
            _ => false,
        });
        let allowed = allowed.collect();
        permissions.insert(resource, allowed);
    }
    permissions.insert("updatable_fields".to_owned(), json!([]));
    Ok(Json(json!({ "identity": grant.user, "permissions": permissions })))
}

/// `GET api/status`, of one folder.
async fn status(State(server): State<Server>, asked: Asked) -> Answer<Json<serde_json::Value>> {
    let grant = asked.grant(&server)?;
    let started = server.started().format(&Rfc3339).unwrap_or_default();
    let now = server.host().statistics(&grant.slug)?;
    let rooms = now.rooms.iter().map(|room| json!({ "room": room.room, "path": room.path, "clients": room.clients }));
    Ok(Json(json!({
        "started": started,
        "last_activity": started,
        "connections": now.connections,
        "kernels": 0,
        // Beyond Jupyter's keys: edits of the last minute, and where the connections are.
        "patches_per_minute": now.patches,
        "rooms": rooms.collect::<Vec<_>>(),
    })))
}
