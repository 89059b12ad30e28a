//! What the guest page asks: who am I, let me in, which files are there.

use crate::Server;
use crate::auth::{Asked, set_cookie};
use crate::base::encode;
use crate::error::{Answer, Failure};
use crate::sending::send;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::IntoResponse;
use protocol::guest::{FileList, Hello, Join};
use protocol::{ErrorCode, VERSION};
use serde::Deserialize;
use std::time::Instant;

/// Body of `POST hello`.
#[derive(Deserialize)]
struct HelloRequest {
    secret: Option<String>,
}

/// `POST hello`: what a cookie or a secret says about the folder; nothing about it without either.
pub(crate) async fn hello(State(server): State<Server>, asked: Asked, body: Bytes) -> Answer<Json<Hello>> {
    let slug = asked.slug()?;
    let request: HelloRequest = parse(&body, r#"{"secret": null}"#)?;
    let sharing = server.is_shared(slug);
    let mut hello = Hello {
        version: VERSION.to_owned(),
        folder: None,
        host: None,
        me: None,
        role: None,
        sharing: false,
        jupyterlab: false,
    };
    if let Ok(grant) = asked.grant(&server) {
        let folders = server.host().folders();
        hello.folder = folders.into_iter().find(|folder| folder.slug == slug).map(|folder| folder.name);
        hello.host = Some(server.host().host_name().to_owned());
        hello.me = Some(grant.user);
        hello.role = Some(grant.role);
        hello.sharing = sharing;
        hello.jupyterlab = server.installation().is_there();
    } else if let Some(secret) = request.secret {
        may_try(&server, &asked)?;
        let offer = counted(&server, &asked, server.host().link_offer(slug, &secret).map_err(Failure::from))?;
        hello.folder = Some(offer.folder);
        hello.host = Some(offer.host);
        hello.role = Some(offer.role);
        hello.sharing = sharing;
        hello.jupyterlab = server.installation().is_there();
    }
    Ok(Json(hello))
}

/// `POST join`: a secret and a name for a cookie.
pub(crate) async fn join(State(server): State<Server>, asked: Asked, body: Bytes) -> Answer {
    let slug = asked.slug()?;
    asked.refuse_forgery()?;
    let join: Join = parse(&body, r##"{"secret": "…", "name": "Ana", "color": "#2f6fde"}"##)?;
    may_try(&server, &asked)?;
    let joined = server.host().join_folder(slug, join).await.map_err(Failure::from);
    let (token, joined) = counted(&server, &asked, joined)?;
    let cookie = HeaderValue::from_str(&set_cookie(server.port(), Some(slug), &token))
        .map_err(|error| Failure::new(ErrorCode::Fault, format!("The cookie for {slug} cannot be sent: {error}")))?;
    Ok(([(header::SET_COOKIE, cookie)], Json(joined)).into_response())
}

/// Refuses an address that sent too many wrong secrets.
fn may_try(server: &Server, asked: &Asked) -> Answer<()> {
    let may = server.attempts().may_try(asked.peer.remote, Instant::now());
    may.then_some(()).ok_or_else(Failure::too_many)
}

/// Counts wrong secrets by address.
fn counted<T>(server: &Server, asked: &Asked, answer: Answer<T>) -> Answer<T> {
    let (address, now) = (asked.peer.remote, Instant::now());
    if answer.as_ref().is_err_and(|failure| failure.code() == ErrorCode::LinkEnded) {
        server.attempts().failed(address, now);
    }
    answer
}

/// A JSON body, or a sentence that says what it must be like.
pub(crate) fn parse<T: serde::de::DeserializeOwned>(body: &[u8], like: &str) -> Answer<T> {
    serde_json::from_slice(body)
        .map_err(|error| Failure::new(ErrorCode::BadRequest, format!("The body must be like {like}: {error}")))
}

/// `GET files`.
pub(crate) async fn files(State(server): State<Server>, asked: Asked) -> Answer<Json<FileList>> {
    let grant = asked.grant(&server)?;
    Ok(Json(server.host().files(&grant).await?))
}

/// `GET file/{path}`: a file's bytes. Pictures may be shown, everything else is saved, and nothing runs.
pub(crate) async fn file(State(server): State<Server>, method: Method, asked: Asked) -> Answer {
    let grant = asked.grant(&server)?;
    let path = asked.rest("/api/commonplace/file/")?;
    let content = server.host().read_file(&grant, &path).await?;
    Ok(send(&method, &asked.headers, file_headers(&path), content))
}

fn file_headers(path: &str) -> HeaderMap {
    let guessed = mime_guess::from_path(path).first_raw().unwrap_or_default();
    let picture = ["image/png", "image/jpeg", "image/gif", "image/webp"].into_iter().find(|kind| *kind == guessed);
    headers(path.rsplit('/').next().unwrap_or_default(), picture)
}

/// Headers of bytes that are saved under this name and never shown.
pub(crate) fn download_headers(name: &str) -> HeaderMap {
    headers(name, None)
}

fn headers(name: &str, picture: Option<&'static str>) -> HeaderMap {
    let disposition = if picture.is_some() { "inline" } else { "attachment" };
    let disposition = format!("{disposition}; filename*=UTF-8''{}", encode(name));
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(picture.unwrap_or("application/octet-stream")));
    if let Ok(value) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    let policy = "default-src 'none'; sandbox; frame-ancestors 'self'";
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_raster_images_are_shown_in_place() {
        let headers = |path| {
            let headers = file_headers(path);
            let text = |name: header::HeaderName| headers[name].to_str().unwrap().to_owned();
            (text(header::CONTENT_TYPE), text(header::CONTENT_DISPOSITION))
        };
        assert_eq!(headers("a/b.png"), ("image/png".into(), "inline; filename*=UTF-8''b.png".into()));
        let saved = "application/octet-stream";
        assert_eq!(headers("a b.svg"), (saved.into(), "attachment; filename*=UTF-8''a%20b.svg".into()));
        assert_eq!(headers("x.html").0, saved);
        assert_eq!(headers("été\".txt").1, "attachment; filename*=UTF-8''%C3%A9t%C3%A9%22.txt");
    }
}
