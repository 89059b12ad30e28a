//! Earlier versions of a file over HTTP: the list, the bytes of one, and putting one back.

use crate::Server;
use crate::auth::Asked;
use crate::error::{Answer, Failure};
use crate::guest::{download_headers, parse};
use crate::sending::carried;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use protocol::ErrorCode;
use protocol::version::Restore;

const BELOW: &str = "/api/commonplace/versions/";

/// `GET versions/{path}`: the list; with `?id=N` the bytes of one, to be saved and never shown.
pub(crate) async fn get(State(server): State<Server>, asked: Asked) -> Answer {
    let grant = asked.grant(&server)?;
    let path = asked.rest(BELOW)?;
    let Some(id) = asked.query("id") else {
        return Ok(Json(server.host().versions(&grant, &path).await?).into_response());
    };
    let Ok(number) = id.parse() else {
        return Err(Failure::new(
            ErrorCode::BadRequest,
            format!("`id` is {id:?}, but names a version of {path} by number"),
        ));
    };
    let listed = server.host().versions(&grant, &path).await?;
    let size = listed.versions.iter().find(|version| version.id == number).map_or(0, |version| version.size);
    let held = server.transit().of(asked.peer).hold(usize::try_from(size).unwrap_or(usize::MAX)).await?;
    let (version, bytes) = server.host().version(&grant, &path, number).await?;
    Ok((download_headers(&file_name(&path, version.id)), carried(bytes, held)).into_response())
}

/// `POST versions/{path}`: puts one back.
pub(crate) async fn restore(State(server): State<Server>, asked: Asked, body: Bytes) -> Answer<StatusCode> {
    let grant = asked.grant_to_change(&server)?;
    let path = asked.rest(BELOW)?;
    let request: Restore = parse(&body, r#"{"restore": 17}"#)?;
    server.host().restore(&grant, &path, request.restore).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The name under which a version is saved: the file's own, with the version before its extension.
fn file_name(path: &str, id: u64) -> String {
    let name = path.rsplit('/').next().unwrap_or_default();
    match name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()) {
        Some((stem, extension)) => format!("{stem}.{id}.{extension}"),
        None => format!("{name}.{id}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_saved_beside_the_file_and_not_over_it() {
        assert_eq!(file_name("a/counts.ipynb", 7), "counts.7.ipynb");
        assert_eq!(file_name("LICENSE", 7), "LICENSE.7");
    }
}
