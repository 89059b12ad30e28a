//! Copies of open documents, and their earlier states, over HTTP: `fork`, `timeline` and `undo_redo` as `jupyter_server_ydoc` has
//! them. What is missing is answered in its words and in ours.

use crate::Server;
use crate::auth::Asked;
use crate::error::{Answer, Failure};
use crate::guest::parse;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use host::{Turn, Turned};
use protocol::{DocumentKind, ErrorBody, ErrorCode};
use serde_json::json;

const FORK: &str = "/api/collaboration/fork/";
const TIMELINE: &str = "/api/collaboration/timeline/";
const UNDO_REDO: &str = "/api/collaboration/undo_redo/";

/// `GET fork/{room}`: the forks of a document, by name.
pub(crate) async fn list(State(server): State<Server>, asked: Asked) -> Answer {
    let grant = asked.grant(&server)?;
    Ok(Json(server.host().forks(&grant, &asked.rest(FORK)?)?).into_response())
}

/// `PUT fork/{room}`: makes one.
pub(crate) async fn create(State(server): State<Server>, asked: Asked, body: Bytes) -> Answer {
    let grant = asked.grant_to_change(&server)?;
    let root = asked.rest(FORK)?;
    let request = parse(&body, r#"{"synchronize": false, "title": "…", "description": "…"}"#)?;
    match server.host().create_fork(&grant, &root, request).await {
        Ok(created) => Ok((StatusCode::CREATED, Json(created)).into_response()),
        Err(error) => missing(error),
    }
}

/// `DELETE fork/{fork}?merge=true|false`: ends one.
pub(crate) async fn delete(State(server): State<Server>, asked: Asked) -> Answer {
    let grant = asked.grant_to_change(&server)?;
    let name = asked.rest(FORK)?;
    let merge = match asked.query("merge").as_deref() {
        Some("true") => true,
        Some("false") => false,
        _ => return Err(Failure::new(ErrorCode::BadRequest, "`merge` must be true or false; nothing was deleted")),
    };
    match server.host().delete_fork(&grant, &name, merge).await {
        Ok(()) => Ok(StatusCode::OK.into_response()),
        Err(error) => missing(error),
    }
}

/// `GET timeline/{path}?format=F&type=T`: the states in which an open document was.
pub(crate) async fn timeline(State(server): State<Server>, asked: Asked) -> Answer {
    let grant = asked.grant(&server)?;
    let path = asked.rest(TIMELINE)?;
    let (Some(format), Some(ty)) = (asked.query("format"), asked.query("type")) else {
        let message = format!("`format` and `type` must say how {path} is open");
        return Err(Failure::new(ErrorCode::BadRequest, message));
    };
    match server.host().timeline(&grant, &path, &DocumentKind { format, ty }).await {
        Ok(timeline) => Ok(Json(timeline).into_response()),
        Err(error) => missing(error),
    }
}

/// `PUT undo_redo/{room}?action=undo|redo|restore&steps=N&forkRoom=ID`: moves what a fork shows in time.
pub(crate) async fn turn(State(server): State<Server>, asked: Asked) -> Answer {
    let grant = asked.grant_to_change(&server)?;
    let root = asked.rest(UNDO_REDO)?;
    let steps = asked.query("steps").and_then(|steps| steps.parse().ok());
    let (Some(action), Some(steps), Some(fork)) = (asked.query("action"), steps, asked.query("forkRoom")) else {
        let message = "`action`, `steps` (a number) and `forkRoom` must say what to do";
        return Err(Failure::new(ErrorCode::BadRequest, message));
    };
    let (turn, done) = match action.as_str() {
        "undo" => (Turn::Back(steps), "undone"),
        "redo" => (Turn::Forth(steps), "redone"),
        "restore" => {
            return match server.host().end_timeline(&grant, &root, &fork) {
                Ok(()) => Ok(Json(json!({ "code": 200, "status": "Document restored successfully" })).into_response()),
                Err(error) => missing(error),
            };
        }
        _ => {
            let message = format!("`action` is {action:?}, but must be undo, redo or restore");
            return Err(Failure::new(ErrorCode::BadRequest, message));
        }
    };
    match server.host().turn(&grant, &root, &fork, turn).await {
        Ok(Turned::Moved) => Ok(Json(json!({ "status": done })).into_response()),
        Ok(Turned::AtEnd) => {
            let error = format!("No more {action} operations available");
            Ok(Json(json!({ "error": error })).into_response())
        }
        Err(error) => missing(error),
    }
}

/// 404 with the reference server's keys beside ours; any other failure as everywhere.
fn missing(error: ErrorBody) -> Answer<Response> {
    if error.code != ErrorCode::NotFound {
        return Err(error.into());
    }
    let body = json!({ "code": 404, "error": error.message, "message": error.message, "reason": null });
    Ok((StatusCode::NOT_FOUND, Json(body)).into_response())
}
