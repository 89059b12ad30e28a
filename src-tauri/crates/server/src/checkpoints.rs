//! Checkpoints, at `{path}/checkpoints` and `{path}/checkpoints/{id}` below `api/contents`.
//!
//! They share their addresses with the contents API, whose paths have any number of parts: whoever asks for a path that ends
//! like this means the checkpoints, as with Jupyter.

use crate::Server;
use crate::auth::Asked;
use crate::base;
use crate::error::{Answer, method_not_allowed};
use axum::Json;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::IntoResponse;

/// What a path means: a file, and the id of one of its checkpoints. `None`: it is a file's own path.
pub(crate) fn named(path: &str) -> Option<(&str, Option<&str>)> {
    if let Some(file) = path.strip_suffix("/checkpoints") {
        return Some((file, None));
    }
    let (start, id) = path.rsplit_once('/')?;
    start.strip_suffix("/checkpoints").map(|file| (file, Some(id)))
}

/// Lists, makes, goes back to and forgets them.
pub(crate) async fn answer(server: &Server, asked: &Asked, method: &Method, file: &str, id: Option<&str>) -> Answer {
    let host = server.host();
    let file = file.trim_matches('/');
    match (method, id) {
        (&Method::GET, None) => Ok(Json(host.checkpoints(&asked.grant(server)?, file).await?).into_response()),
        (&Method::POST, None) => {
            let made = host.make_checkpoint(&asked.grant_to_change(server)?, file).await?;
            let path: Vec<String> = file.split('/').map(base::encode).collect();
            let (prefix, path, id) = (&asked.base.prefix, path.join("/"), &made.id);
            let location = HeaderValue::from_str(&format!("{prefix}/api/contents/{path}/checkpoints/{id}")).ok();
            let mut answer = (StatusCode::CREATED, Json(made)).into_response();
            answer.headers_mut().extend(location.map(|location| (header::LOCATION, location)));
            Ok(answer)
        }
        (&Method::POST, Some(id)) => {
            host.restore_checkpoint(&asked.grant_to_change(server)?, file, id).await?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        (&Method::DELETE, Some(id)) => {
            host.remove_checkpoint(&asked.grant_to_change(server)?, file, id).await?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        _ => Err(method_not_allowed().await),
    }
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn the_end_of_a_path_says_whether_checkpoints_are_meant() {
        assert_eq!(named("/d/a.txt/checkpoints"), Some(("/d/a.txt", None)));
        assert_eq!(named("/d/a.txt/checkpoints/checkpoint"), Some(("/d/a.txt", Some("checkpoint"))));
        assert_eq!(named("/d/a.txt"), None);
        assert_eq!(named("checkpoints"), None);
        assert_eq!(named("/my-checkpoints"), None);
    }
}
