//! The front end's own files.

use super::assets::Assets;
use super::{assets_for, blocking};
use crate::Server;
use crate::auth::Asked;
use crate::error::{Answer, Failure};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use protocol::ErrorCode;
use serde_json::{Value, json};
use std::path::PathBuf;

/// `GET static/lab/{path}`: the bundle.
pub(crate) async fn bundle(State(server): State<Server>, asked: Asked) -> Answer {
    send(&server, &asked, "/static/lab/", |assets, path| assets.lab("static", path)).await
}

/// `GET lab/extensions/{name}/static/{path}`.
pub(crate) async fn extension(State(server): State<Server>, asked: Asked) -> Answer {
    send(&server, &asked, "/lab/extensions/", Assets::extension).await
}

/// `GET lab/extensions/@commonplace/lab/static/extension.js`: our own.
pub(crate) async fn ours(State(server): State<Server>, asked: Asked) -> Answer {
    asked.grant(&server)?;
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8"));
    let keep = (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(([kind, keep], include_str!("extension.js")).into_response())
}

/// `GET lab/api/themes/{path}`. Addresses in a style sheet are relative to its own, so it needs no rewriting.
pub(crate) async fn theme(State(server): State<Server>, asked: Asked) -> Answer {
    send(&server, &asked, "/lab/api/themes/", |assets, path| assets.lab("themes", path)).await
}

/// `GET lab/api/licenses`: of everything in the bundle.
pub(crate) async fn licenses(State(server): State<Server>, asked: Asked) -> Answer<Json<Value>> {
    let assets = assets_for(&server, &asked)?;
    let read = move || {
        let place = assets.lab("static", "third-party-licenses.json");
        let text = place.and_then(|place| std::fs::read(place).ok()).unwrap_or_default();
        Ok(serde_json::from_slice(&text).unwrap_or_else(|_| json!({ "packages": [] })))
    };
    let licenses: Value = blocking(read).await?;
    Ok(Json(json!({ "bundles": { "@jupyterlab/application-top": licenses } })))
}

async fn send(server: &Server, asked: &Asked, start: &str, place: impl Fn(&Assets, &str) -> Option<PathBuf>) -> Answer {
    let assets = assets_for(server, asked)?;
    let path = asked.rest(start)?;
    let missing = || Failure::new(ErrorCode::NotFound, format!("JupyterLab on this computer has no {path}"));
    let place = place(&assets, &path).ok_or_else(missing)?;
    let read = tokio::fs::read(&place).await.map_err(|_| missing())?;
    let kind = mime_guess::from_path(&place).first_or_octet_stream();
    let kind = match kind.type_() {
        mime_guess::mime::TEXT => format!("{}; charset=utf-8", kind.essence_str()),
        _ => kind.essence_str().to_owned(),
    };
    // Private: only who may be here gets it.
    let keep = if has_digest(&path) { "private, max-age=31536000, immutable" } else { "no-cache" };
    let kind = HeaderValue::from_str(&kind).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, HeaderValue::from_static(keep))];
    Ok((headers, read).into_response())
}

/// Whether the name carries a digest of the content: `79.504725712e8f37cb.js`.
fn has_digest(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.split('.').any(|part| part.len() >= 16 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_digest_are_kept_by_browsers() {
        assert!(has_digest("79.504725712e8f37cb.js") && has_digest("a/2cfe4f053e829d1b.woff"));
        assert!(!has_digest("@jupyterlab/theme-light-extension/index.css") && !has_digest("package.json"));
    }
}
