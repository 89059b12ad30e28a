//! JupyterLab's own front end, unmodified, from an installation on this computer: its page, its files, and what it keeps
//! for each visitor.
//!
//! Not here: contents, sessions and rooms, which it shares with every other client. Nothing of Python runs.

mod assets;
mod files;
mod kept;
mod page;
mod settings;
mod still;
mod workspaces;

pub(crate) use assets::Installation;

use crate::Server;
use crate::auth::Asked;
use crate::error::{Answer, Failure};
use crate::page::{redeem, see_other};
use assets::Assets;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use protocol::ErrorCode;
use std::sync::Arc;

/// What JupyterLab asks for besides what other clients ask for too.
pub(crate) fn routes() -> Router<Server> {
    Router::new()
        .route("/lab", get(lab))
        .route("/lab/", get(lab))
        .route("/lab/{*path}", get(lab))
        .route("/doc", get(lab))
        .route("/doc/", get(lab))
        .route("/doc/{*path}", get(lab))
        .route("/static/lab/{*path}", get(files::bundle))
        .route("/lab/extensions/@commonplace/lab/static/extension.js", get(files::ours))
        .route("/lab/extensions/{*path}", get(files::extension))
        .route("/lab/api/themes/{*path}", get(files::theme))
        .route("/lab/api/licenses", get(files::licenses))
        .route("/lab/api/licenses/", get(files::licenses))
        .route("/lab/api/settings", get(settings::list))
        .route("/lab/api/settings/", get(settings::list))
        .route("/lab/api/settings/{*id}", get(settings::one).put(settings::put))
        .route("/lab/api/workspaces", get(workspaces::list))
        .route("/lab/api/workspaces/", get(workspaces::list))
        .route("/lab/api/workspaces/{*id}", get(workspaces::one).put(workspaces::put).delete(workspaces::delete))
        .merge(still::routes())
}

/// The page, at any address below `lab` and `doc` that is nothing else.
async fn lab(State(server): State<Server>, asked: Asked, request: Request) -> Answer {
    let path = asked.rest("/")?;
    if path.starts_with("lab/api/") {
        return Err(crate::error::no_such_endpoint(&request));
    }
    if asked.base.slug.is_none() {
        return Err(Failure::new(ErrorCode::NotFound, "No folder is at this address; its name comes first"));
    }
    if let Some(response) = redeem(&server, &asked) {
        return Ok(response);
    }
    // Who is not in yet comes in by the folder's own page.
    let Ok(grant) = asked.grant(&server) else { return Ok(see_other(&format!("{}/", asked.base.prefix))) };
    if let Some(bare) = path.strip_suffix('/').filter(|bare| !bare.contains('/')) {
        let query = asked.query.as_deref().map(|query| format!("?{query}")).unwrap_or_default();
        return Ok(see_other(&format!("{}/{bare}{query}", asked.base.prefix)));
    }
    let html = match server.installation().assets() {
        Ok(assets) => {
            (StatusCode::OK, page::render(&assets, &asked.base.prefix, &path, &grant, server.host().config()).await?)
        }
        Err(missing) => (StatusCode::NOT_FOUND, page::missing(missing, grant.owner)),
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(page::POLICY)),
    ];
    let mut response = (html.0, headers, html.1).into_response();
    if let Some(proof) = asked.set_xsrf(&server).and_then(|cookie| HeaderValue::from_str(&cookie).ok()) {
        response.headers_mut().append(header::SET_COOKIE, proof);
    }
    Ok(response)
}

/// The installation, for somebody who may be here.
fn assets_for(server: &Server, asked: &Asked) -> Answer<Arc<Assets>> {
    asked.grant(server)?;
    server.installation().assets().map_err(|missing| Failure::new(ErrorCode::NotFound, missing.to_string()))
}

/// Work on files, away from the threads that serve sockets.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Answer<T> + Send + 'static) -> Answer<T> {
    let failed = |error: tokio::task::JoinError| Failure::new(ErrorCode::Fault, error.to_string());
    tokio::task::spawn_blocking(work).await.map_err(failed)?
}

fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}
