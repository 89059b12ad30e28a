//! The read-only contents API.

use crate::Server;
use crate::auth::Asked;
use crate::error::{Answer, Failure};
use axum::Json;
use axum::extract::State;
use host::ContentsQuery;
use protocol::{ErrorCode, contents};

/// `GET contents/{path}`.
pub(crate) async fn get(State(server): State<Server>, asked: Asked) -> Answer<Json<contents::Model>> {
    let grant = asked.grant(&server)?;
    let path = asked.rest("/api/contents")?;
    let query = ContentsQuery {
        content: flag(&asked, "content")?.unwrap_or(true),
        ty: one_of(&asked, "type", &["directory", "notebook", "file"])?,
        format: one_of(&asked, "format", &["text", "base64", "json"])?,
        hash: flag(&asked, "hash")?.unwrap_or(false),
    };
    Ok(Json(server.host().contents(&grant, path.trim_matches('/'), query).await?))
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
