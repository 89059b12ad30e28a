//! Jupyter's contents API. Bodies are JSON, whatever their content type says: JupyterLab sends them as `text/plain`.

use crate::Server;
use crate::auth::Asked;
use crate::base;
use crate::checkpoints;
use crate::error::{Answer, Failure};
use crate::sending::carried;
use crate::transit::SMALL;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::MethodRouter;
use host::ContentsQuery;
use protocol::ErrorCode;
use protocol::contents::{Create, Model, Move, Save};
use serde::de::DeserializeOwned;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// Bytes of a long body that must arrive each second, on average.
const SLOWEST: usize = 256 << 10;

/// All that is answered at a path.
pub(crate) fn methods() -> MethodRouter<Server> {
    MethodRouter::new().get(answer).post(answer).put(answer).patch(answer).delete(answer)
}

/// Whoever asks for a path that ends like those of checkpoints means these.
async fn answer(State(server): State<Server>, asked: Asked, request: Request) -> Answer {
    let path = asked.rest("/api/contents")?;
    if let Some((file, id)) = checkpoints::named(&path) {
        return checkpoints::answer(&server, &asked, request.method(), file, id).await;
    }
    let path = path.trim_matches('/');
    match *request.method() {
        Method::POST => post(&server, &asked, path, request).await,
        Method::PUT => put(&server, &asked, path, request).await,
        Method::PATCH => patch(&server, &asked, path, request).await,
        Method::DELETE => delete(&server, &asked, path).await,
        _ => get(&server, &asked, path).await,
    }
}

/// `GET {path}`: a model, with content unless told otherwise.
async fn get(server: &Server, asked: &Asked, path: &str) -> Answer {
    let grant = asked.grant(server)?;
    let query = ContentsQuery {
        content: flag(asked, "content")?.unwrap_or(true),
        ty: asked.query("type").filter(|ty| !ty.is_empty()).map(known_type),
        format: one_of(asked, "format", &["text", "base64", "json"])?,
        hash: flag(asked, "hash")?.unwrap_or(false),
    };
    // As bytes, as text and as JSON.
    let size = match query.content {
        true => server.host().contents(&grant, path, ContentsQuery::default()).await?.size.unwrap_or(0),
        false => 0,
    };
    let held =
        server.transit().of(asked.peer).hold(usize::try_from(size).unwrap_or(usize::MAX).saturating_mul(3)).await?;
    let model = server.host().contents(&grant, path, query).await?;
    let json = serde_json::to_vec(&model);
    let json = json.map_err(|error| Failure::new(ErrorCode::Fault, format!("{path} cannot be sent: {error}")))?;
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    Ok((kind, last_modified(&model), carried(json, held)).into_response())
}

/// `POST {folder}`: something new in it, under a name that is free.
async fn post(server: &Server, asked: &Asked, path: &str, request: Request) -> Answer {
    let grant = asked.grant_to_change(server)?;
    let create: Create = body(server, asked, request).await?.unwrap_or_default();
    let model = server.host().create(&grant, path, create).await?;
    Ok(made(asked, StatusCode::CREATED, model))
}

/// `PUT {path}`: the content of a file, or a new folder.
async fn put(server: &Server, asked: &Asked, path: &str, request: Request) -> Answer {
    let grant = asked.grant_to_change(server)?;
    let (model, new) = match body::<Save>(server, asked, request).await? {
        Some(save) => server.host().save(&grant, path, save).await?,
        // As Jupyter: without a body it is a `POST`.
        None => (server.host().create(&grant, path, Create::default()).await?, true),
    };
    Ok(made(asked, if new { StatusCode::CREATED } else { StatusCode::OK }, model))
}

/// `PATCH {path}`: another path.
async fn patch(server: &Server, asked: &Asked, path: &str, request: Request) -> Answer {
    let grant = asked.grant_to_change(server)?;
    let Some(to) = body::<Move>(server, asked, request).await? else {
        return Err(Failure::new(ErrorCode::BadRequest, r#"The body must be like {"path": "new.txt"}, but is empty"#));
    };
    let model = server.host().rename(&grant, path, to.path.as_deref()).await?;
    Ok(made(asked, StatusCode::OK, model))
}

/// `DELETE {path}`: into the trash.
async fn delete(server: &Server, asked: &Asked, path: &str) -> Answer {
    let grant = asked.grant_to_change(server)?;
    server.host().delete(&grant, path).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The body, `None` if it is empty. A long one must say how long it is, and come faster than [`SLOWEST`].
async fn body<T: DeserializeOwned>(server: &Server, asked: &Asked, request: Request) -> Answer<Option<T>> {
    let (head, body) = request.into_parts();
    let chunked = head.headers.contains_key(header::TRANSFER_ENCODING);
    let said = head.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let said = said.filter(|_| !chunked);
    let limit = said.map_or(SMALL, |_| server.options().max_message);
    let too_big = || {
        let message = format!("The request is longer than the {limit} bytes that are taken at once");
        Failure::new(ErrorCode::TooBig, message)
    };
    let size = said.unwrap_or(0);
    if size > limit {
        return Err(too_big());
    }
    // As bytes, as JSON and as what is written.
    let _held = server.transit().of(asked.peer).hold(size.saturating_mul(3)).await?;
    let patience = server.options().limits.body + Duration::from_secs((size / SLOWEST) as u64);
    let read = tokio::time::timeout(patience, axum::body::to_bytes(body, limit)).await;
    let bytes = match read {
        Ok(Ok(bytes)) => bytes,
        // The library has no public type for it.
        Ok(Err(error)) if error.to_string().contains("length limit") => return Err(too_big()),
        Ok(Err(_)) | Err(_) => {
            return Err(Failure::new(ErrorCode::BadRequest, "The body of the request did not arrive in time"));
        }
    };
    if bytes.is_empty() {
        return Ok(None);
    }
    // A list would be taken for an object whose keys were left out.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(Failure::new(ErrorCode::BadRequest, "The body must be a JSON object"));
    }
    let parsed = serde_json::from_slice(&bytes);
    parsed.map_err(|error| Failure::new(ErrorCode::BadRequest, format!("The body is not what is needed here: {error}")))
}

/// A model with the headers that tell where it is.
fn made(asked: &Asked, status: StatusCode, model: Model) -> axum::response::Response {
    let mut headers = last_modified(&model);
    let path: Vec<String> = model.path.split('/').map(base::encode).collect();
    let location = format!("{}/api/contents/{}", asked.base.prefix, path.join("/"));
    if let Ok(location) = HeaderValue::from_str(&location) {
        headers.insert(header::LOCATION, location);
    }
    (status, headers, Json(model)).into_response()
}

fn last_modified(model: &Model) -> HeaderMap {
    let date =
        format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
    let date = OffsetDateTime::parse(&model.last_modified, &Rfc3339).ok().and_then(|time| time.format(&date).ok());
    let date = date.and_then(|date| HeaderValue::from_str(&date).ok());
    date.map(|date| (header::LAST_MODIFIED, date)).into_iter().collect()
}

/// A type that is not known is a file's, as in Jupyter.
fn known_type(ty: String) -> String {
    let known = ["directory", "notebook", "file"].contains(&ty.as_str());
    if known { ty } else { "file".to_owned() }
}

fn flag(asked: &Asked, name: &str) -> Answer<Option<bool>> {
    let value = one_of(asked, name, &["0", "1"])?;
    Ok(value.map(|value| value == "1"))
}

fn one_of(asked: &Asked, name: &str, known: &[&str]) -> Answer<Option<String>> {
    match asked.query(name).filter(|value| !value.is_empty()) {
        Some(value) if !known.contains(&value.as_str()) => {
            let message = format!("`{name}` is {value:?}, but must be one of {}", known.join(", "));
            Err(Failure::new(ErrorCode::BadRequest, message))
        }
        value => Ok(value),
    }
}
