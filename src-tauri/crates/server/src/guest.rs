//! What the guest page asks: who am I, let me in, which files are there. Who may come in is the host's to say.

use crate::Server;
use crate::auth::{Asked, set_cookie, set_device_cookie, xsrf_cookie};
use crate::base::encode;
use crate::error::{Answer, Failure};
use crate::sending::{read, send};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::IntoResponse;
use host::Tokens;
use protocol::guest::{Ask, FileList, Hello, Join, Knocked, Ticket};
use protocol::{ErrorCode, VERSION};
use serde::Deserialize;
use std::time::Instant;

/// Body of `POST hello`.
#[derive(Deserialize)]
struct HelloRequest {
    #[serde(default)]
    secret: Option<String>,
    #[serde(default)]
    code: Option<String>,
}

/// `POST hello`: what a cookie, a secret or the short code says about the folder; nothing about it without any.
pub(crate) async fn hello(State(server): State<Server>, asked: Asked, body: Bytes) -> Answer<Json<Hello>> {
    let slug = asked.slug()?;
    let request: HelloRequest = parse(&body, r#"{"secret": null}"#)?;
    let mut hello = Hello {
        version: VERSION.to_owned(),
        folder: None,
        host: None,
        me: None,
        role: None,
        ask: false,
        removed: false,
        sharing: false,
        jupyterlab: false,
    };
    match asked.grant(&server) {
        Ok(grant) => {
            hello.me = Some(grant.user);
            hello.role = Some(grant.role);
        }
        Err(failure) if failure.code() == ErrorCode::Removed => (hello.ask, hello.removed) = (true, true),
        Err(_) => {
            let (secret, code) = (request.secret.as_deref(), request.code.as_deref());
            let Some(typed) = secret.or(code) else { return Ok(Json(hello)) };
            let offer = server.host().offer(slug, secret, code, &asked.visitor(&server)).map_err(Failure::from);
            let offer = asked.counted(&server, typed, offer, |_| true)?;
            (hello.role, hello.ask) = (Some(offer.role), offer.ask);
        }
    }
    let folders = server.host().folders();
    hello.folder = folders.into_iter().find(|folder| folder.slug == slug).map(|folder| folder.name);
    hello.host = Some(server.host().host_name().to_owned());
    hello.sharing = server.is_shared(slug);
    hello.jupyterlab = server.installation().is_there();
    Ok(Json(hello))
}

/// `POST join`: a secret (or the short code) and a name for a cookie.
pub(crate) async fn join(State(server): State<Server>, asked: Asked, body: Bytes) -> Answer {
    let slug = asked.slug()?;
    asked.refuse_forgery(&server)?;
    let join: Join = parse(&body, r##"{"secret": "…", "name": "Ana", "color": "#2f6fde"}"##)?;
    let typed = join.secret.clone().or_else(|| join.code.clone()).unwrap_or_default();
    may_try(&server, &asked)?;
    let joined = server.host().join_folder(slug, join, &asked.visitor(&server)).await.map_err(Failure::from);
    let (tokens, joined) = asked.counted(&server, &typed, joined, |_| true)?;
    with_cookies(&server, &asked, &tokens, Json(joined))
}

/// `POST knock`: asks to come in, to edit, or to come back.
pub(crate) async fn knock(State(server): State<Server>, asked: Asked, body: Bytes) -> Answer {
    let slug = asked.slug()?;
    asked.refuse_forgery(&server)?;
    let ask: Ask = parse(&body, r##"{"secret": "…", "name": "Ana", "color": "#2f6fde", "wants": "edit"}"##)?;
    let typed = ask.join.secret.clone().or_else(|| ask.join.code.clone()).unwrap_or_default();
    may_try(&server, &asked)?;
    let knocked = server.host().knock(slug, ask, &asked.visitor(&server)).await.map_err(Failure::from);
    let (tokens, knocked) = asked.counted(&server, &typed, knocked, |_| true)?;
    with_cookies(&server, &asked, &tokens, Json(knocked))
}

/// `POST knock/wait`: the host's answer, or after a while that there is none yet.
pub(crate) async fn wait(State(server): State<Server>, asked: Asked, body: Bytes) -> Answer {
    let slug = asked.slug()?;
    asked.refuse_forgery(&server)?;
    let Ticket { ticket } = parse(&body, r#"{"ticket": "…"}"#)?;
    let (tokens, knocked) = tokio::select! {
        answer = server.host().wait_for_answer(slug, &ticket) => answer?,
        () = server.stopping().cancelled() => (Tokens::default(), Knocked::Over),
    };
    with_cookies(&server, &asked, &tokens, Json(knocked))
}

/// `POST knock/stop`: the page asks no more.
pub(crate) async fn stop(State(server): State<Server>, asked: Asked, body: Bytes) -> Answer {
    let slug = asked.slug()?;
    asked.refuse_forgery(&server)?;
    let Ticket { ticket } = parse(&body, r#"{"ticket": "…"}"#)?;
    server.host().take_back_knock(slug, &ticket)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// An answer with the cookies that go with it.
fn with_cookies(server: &Server, asked: &Asked, tokens: &Tokens, answer: impl IntoResponse) -> Answer {
    let (port, slug, secure) = (server.port(), asked.slug()?, asked.peer.secure);
    let proof = tokens.guest.as_ref().map(|(token, _)| xsrf_cookie(server, asked, token));
    let guest = tokens.guest.as_ref().map(|(token, lasting)| set_cookie(port, Some(slug), token, *lasting, secure));
    let device = tokens.device.as_ref().map(|token| set_device_cookie(port, slug, token, secure));
    let mut response = answer.into_response();
    for cookie in proof.into_iter().chain(guest).chain(device) {
        let cookie = HeaderValue::from_str(&cookie).map_err(|error| {
            Failure::new(ErrorCode::Fault, format!("The cookie for {slug} cannot be sent: {error}"))
        })?;
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Refuses an address that sent too many wrong secrets.
fn may_try(server: &Server, asked: &Asked) -> Answer<()> {
    let may = server.attempts().may_try(asked.peer.remote, Instant::now());
    may.then_some(()).ok_or_else(Failure::too_many)
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
    let content = read(&server, &asked, &grant, &path).await?;
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
