//! What a visitor's JupyterLab keeps on the host: one JSON object for each visitor, folder and purpose. Nobody sees
//! another's, and none of it lies in the folder.

use crate::Server;
use crate::error::{Answer, Failure};
use host::Grant;
use protocol::ErrorCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Entries of one kind that a visitor may have.
const ENTRIES: usize = 200;
/// Bytes that one kind may take for one visitor.
const BYTES: usize = 1024 * 1024;

/// One thing that is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) value: Value,
    pub(crate) created: String,
    pub(crate) last_modified: String,
}

/// Everything of one kind, by id.
pub(crate) type Entries = BTreeMap<String, Entry>;

/// What is kept; something unreadable counts as nothing.
pub(crate) async fn all(server: &Server, grant: &Grant, kind: &str) -> Answer<Entries> {
    let text = server.host().kept(grant, kind).await?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

/// Keeps a value under an id, or with `None` forgets it.
pub(crate) async fn set(server: &Server, grant: &Grant, kind: &str, id: &str, value: Option<Value>) -> Answer<()> {
    let _one_at_a_time = server.keeping().lock().await;
    let mut entries = all(server, grant, kind).await?;
    let now = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
    match value {
        Some(value) => {
            let created = entries.get(id).map_or_else(|| now.clone(), |entry| entry.created.clone());
            entries.insert(id.to_owned(), Entry { value, created, last_modified: now });
        }
        None => drop(entries.remove(id)),
    }
    let failed = |error: serde_json::Error| Failure::new(ErrorCode::Fault, error.to_string());
    let text = serde_json::to_string(&entries).map_err(failed)?;
    if entries.len() > ENTRIES || text.len() > BYTES {
        return Err(Failure::new(ErrorCode::BadRequest, format!("{id} is more than the host keeps for one visitor")));
    }
    Ok(server.host().keep(grant, kind, &text).await?)
}
