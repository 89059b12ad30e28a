//! Settings: the schemas that JupyterLab and its extensions bring, with what each visitor chose.

use super::kept::{self, Entries};
use super::{assets_for, blocking, no_content};
use crate::Server;
use crate::auth::Asked;
use crate::error::{Answer, Failure};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use protocol::ErrorCode;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const KIND: &str = "lab-settings";
const PREFIX: &str = "/lab/api/settings/";

/// `GET lab/api/settings`.
pub(crate) async fn list(State(server): State<Server>, asked: Asked) -> Answer<Json<Value>> {
    let assets = assets_for(&server, &asked)?;
    let ids_only = asked.query("ids_only").is_some_and(|value| value == "true");
    let chosen = kept::all(&server, &asked.grant(&server)?, KIND).await?;
    let list = move || {
        let known = plugins(&assets.schemas());
        let described = known.iter().rev().filter_map(|(id, place)| match ids_only {
            true => Some(json!({ "id": id })),
            false => describe(id, place, &chosen),
        });
        Ok(described.collect::<Vec<Value>>())
    };
    Ok(Json(json!({ "settings": blocking(list).await? })))
}

/// `GET lab/api/settings/{id}`.
pub(crate) async fn one(State(server): State<Server>, asked: Asked) -> Answer<Json<Value>> {
    let (id, place) = find(&server, &asked).await?;
    let chosen = kept::all(&server, &asked.grant(&server)?, KIND).await?;
    let failed = format!("The schema of {id} cannot be read");
    let described = blocking(move || Ok(describe(&id, &place, &chosen))).await?;
    described.map(Json).ok_or_else(|| Failure::new(ErrorCode::Fault, failed))
}

/// `PUT lab/api/settings/{id}`: the text that a visitor chose, JSON with comments.
pub(crate) async fn put(State(server): State<Server>, asked: Asked, body: Bytes) -> Answer {
    let grant = asked.grant_to_change(&server)?;
    let (id, _) = find(&server, &asked).await?;
    let body: Option<Value> = serde_json::from_slice(&body).ok();
    let Some(raw) = body.as_ref().and_then(|body| body["raw"].as_str()) else {
        return Err(Failure::new(ErrorCode::BadRequest, r#"The body must be like {"raw": "{}"}"#));
    };
    kept::set(&server, &grant, KIND, &id, Some(json!(raw))).await?;
    Ok(no_content())
}

/// The plugin that is asked about, and its schema.
async fn find(server: &Server, asked: &Asked) -> Answer<(String, PathBuf)> {
    let assets = assets_for(server, asked)?;
    let id = asked.rest(PREFIX)?;
    let missing = Failure::new(ErrorCode::NotFound, format!("JupyterLab has no settings {id}"));
    let place = blocking(move || Ok(plugins(&assets.schemas()).remove_entry(&id))).await?;
    place.ok_or(missing)
}

/// Every plugin with settings: `{package}/{plugin}.json` is the schema of `{package}:{plugin}`.
fn plugins(schemas: &[PathBuf]) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    for root in schemas {
        for package in packages(root) {
            let name = package.strip_prefix(root).unwrap_or(&package).to_string_lossy().replace('\\', "/");
            for place in entries(&package).filter(|place| place.extension().is_some_and(|end| end == "json")) {
                let plugin = place.file_stem().unwrap_or_default().to_string_lossy();
                found.insert(format!("{name}:{plugin}"), place.clone());
            }
        }
    }
    found
}

/// `package` and `@scope/package`.
fn packages(root: &Path) -> Vec<PathBuf> {
    let is_scope = |place: &Path| place.file_name().is_some_and(|name| name.to_string_lossy().starts_with('@'));
    entries(root).flat_map(|place| if is_scope(&place) { entries(&place).collect() } else { vec![place] }).collect()
}

fn entries(directory: &Path) -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// A plugin as the front end wants it; a schema that cannot be read leaves it out.
fn describe(id: &str, place: &Path, chosen: &Entries) -> Option<Value> {
    let schema: Value = serde_json::from_slice(&std::fs::read(place).ok()?).ok()?;
    let package = std::fs::read(place.with_file_name("package.json.orig")).unwrap_or_default();
    let package: Value = serde_json::from_slice(&package).unwrap_or_default();
    let entry = chosen.get(id);
    let raw = entry.and_then(|entry| entry.value.as_str()).unwrap_or("{}");
    // The front end reads `raw`, which may have comments; this is for others.
    let settings = serde_json::from_str(raw).unwrap_or_else(|_| json!({}));
    Some(json!({
        "id": id,
        "schema": schema,
        "version": package["version"].as_str().unwrap_or("N/A"),
        "raw": raw,
        "settings": settings,
        "warning": null,
        "last_modified": entry.map(|entry| &entry.last_modified),
        "created": entry.map(|entry| &entry.created),
    }))
}
