//! What the front end asks of parts of Jupyter that are not here, and the honest answers: there are no kernels, no
//! terminals, nothing to build and one language.

use crate::Server;
use crate::auth::Asked;
use crate::error::{Answer, Failure};
use axum::extract::State;
use axum::routing::{MethodRouter, get, post};
use axum::{Json, Router};
use protocol::ErrorCode;
use serde_json::{Value, json};

pub(crate) fn routes() -> Router<Server> {
    Router::new()
        .route("/api/kernelspecs", still(|| json!({ "default": "", "kernelspecs": {} })))
        .route("/api/kernels", still(|| json!([])).post(refuse))
        .route("/api/kernels/{id}/execute", post(refuse_execution))
        .route("/api/sessions", still(|| json!([])).post(refuse))
        .route("/api/terminals", still(|| json!([])).post(refuse))
        .route("/api/nbconvert", still(|| json!({})))
        // Where a path of the host's disk lies in the folder: nobody is told.
        .route("/api/resolvePath", still(|| json!({ "resolved": [] })))
        .route("/api/config/{*section}", still(|| json!({})))
        .route("/lsp/status", still(|| json!({ "version": 2, "sessions": {}, "specs": {} })))
        .route("/lab/api/build", still(|| json!({ "status": "stable", "message": "" })))
        .route("/lab/api/listings/{*list}", still(listings))
        .route("/lab/api/translations", still(languages))
        .route("/lab/api/translations/", still(languages))
        .route("/lab/api/translations/{*locale}", still(|| json!({ "data": {}, "message": "" })))
}

/// The same answer for everybody who may be here.
fn still(answer: fn() -> Value) -> MethodRouter<Server> {
    get(async move |State(server): State<Server>, asked: Asked| -> Answer<Json<Value>> {
        asked.grant(&server)?;
        Ok(Json(answer()))
    })
}

fn listings() -> Value {
    json!({
        "blocked_extensions_uris": [], "allowed_extensions_uris": [],
        "blocked_extensions": [], "allowed_extensions": [],
    })
}

fn languages() -> Value {
    json!({ "data": { "en": { "displayName": "English", "nativeName": "English" } }, "message": "" })
}

/// Starting something that runs code.
async fn refuse(State(server): State<Server>, asked: Asked) -> Answer {
    asked.grant_to_change(&server)?;
    Err(Failure::new(ErrorCode::Forbidden, "This host runs no code"))
}

/// Running a cell here, which front ends ask for where `server_side_execution` is on.
async fn refuse_execution(State(server): State<Server>, asked: Asked) -> Answer {
    asked.grant_to_change(&server)?;
    let message = match server.host().config().server_side_execution {
        true => "server_side_execution is on, but this host runs no code yet: the cell was not run",
        false => "This host runs no code",
    };
    Err(Failure::new(ErrorCode::Forbidden, message))
}
