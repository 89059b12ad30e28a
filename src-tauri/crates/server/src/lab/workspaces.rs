//! Layouts of JupyterLab's window, each visitor's own.

use super::{kept, no_content};
use crate::Server;
use crate::auth::Asked;
use crate::error::{Answer, Failure};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use protocol::ErrorCode;
use serde_json::{Value, json};

const KIND: &str = "lab-workspaces";
const PREFIX: &str = "/lab/api/workspaces/";

/// `GET lab/api/workspaces`.
pub(crate) async fn list(State(server): State<Server>, asked: Asked) -> Answer<Json<Value>> {
    let grant = asked.grant(&server)?;
    let entries = kept::all(&server, &grant, KIND).await?;
    let values: Vec<Value> = entries.values().map(shown).collect();
    let ids: Vec<&Value> = values.iter().map(|value| &value["metadata"]["id"]).collect();
    Ok(Json(json!({ "workspaces": { "ids": ids, "values": values } })))
}

/// `GET lab/api/workspaces/{id}`: one that nobody saved is empty.
pub(crate) async fn one(State(server): State<Server>, asked: Asked) -> Answer<Json<Value>> {
    let grant = asked.grant(&server)?;
    let id = asked.rest(PREFIX)?;
    let entries = kept::all(&server, &grant, KIND).await?;
    let new = || json!({ "data": {}, "metadata": { "id": format!("/{}", bare(&id)) } });
    Ok(Json(entries.get(bare(&id)).map_or_else(new, shown)))
}

/// `PUT lab/api/workspaces/{id}`.
pub(crate) async fn put(State(server): State<Server>, asked: Asked, body: Bytes) -> Answer {
    let grant = asked.grant_to_change(&server)?;
    let id = asked.rest(PREFIX)?;
    let parsed: Option<Value> = serde_json::from_slice(&body).ok();
    let meant = |value: &Value| value["metadata"]["id"].as_str().is_some_and(|named| bare(named) == bare(&id));
    let Some(value) = parsed.filter(meant) else {
        let expected = format!(r#"{{"data": {{}}, "metadata": {{"id": "{id}"}}}}"#);
        return Err(Failure::new(ErrorCode::BadRequest, format!("The body must be like {expected}")));
    };
    kept::set(&server, &grant, KIND, bare(&id), Some(value)).await?;
    Ok(no_content())
}

/// `DELETE lab/api/workspaces/{id}`.
pub(crate) async fn delete(State(server): State<Server>, asked: Asked) -> Answer {
    let grant = asked.grant_to_change(&server)?;
    kept::set(&server, &grant, KIND, bare(&asked.rest(PREFIX)?), None).await?;
    Ok(no_content())
}

/// The front end names `default` also `/default`.
fn bare(id: &str) -> &str {
    id.trim_matches('/')
}

fn shown(entry: &kept::Entry) -> Value {
    let mut value = entry.value.clone();
    value["metadata"]["created"] = json!(entry.created);
    value["metadata"]["last_modified"] = json!(entry.last_modified);
    value
}
