//! Files for browsers, at `/files/{path}` as Jupyter has them: shown by their own type, in a sandbox.
//!
//! Not here: the guest page's files, which are saved or are pictures (`guest`).

use crate::Server;
use crate::auth::Asked;
use crate::base::encode;
use crate::error::Answer;
use crate::sending::{read, send};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, header};

/// What a page among the files may do: run its scripts as nobody, without our cookies, and load what is in the folder. Nothing
/// from elsewhere.
const SANDBOX: &str = "sandbox allow-scripts; default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; \
    connect-src 'none'; form-action 'none'; frame-ancestors 'self'";
/// The same without scripts, for a page whose address has a secret that they could read.
const STILL: &str = "sandbox; default-src 'self' data: blob: 'unsafe-inline'; script-src 'none'; connect-src 'none'; \
    form-action 'none'; frame-ancestors 'self'";

/// `GET files/{path}`; with `download=1` it is saved instead of shown.
pub(crate) async fn get(State(server): State<Server>, method: Method, asked: Asked) -> Answer {
    let grant = asked.grant(&server)?;
    let path = asked.rest("/files/")?;
    let content = read(&server, &asked, &grant, &path).await?;
    let download = asked.query("download").is_some_and(|value| !value.is_empty() && value != "0");
    let secret = asked.query("token").is_some();
    Ok(send(&method, &asked.headers, headers(&path, download, secret), content))
}

fn headers(path: &str, download: bool, secret: bool) -> HeaderMap {
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_notebook = name.to_ascii_lowercase().ends_with(".ipynb");
    let guessed = mime_guess::from_path(name).first_or_octet_stream();
    let kind = match guessed.type_() {
        _ if is_notebook => "application/x-ipynb+json".to_owned(),
        mime_guess::mime::TEXT => format!("{}; charset=utf-8", guessed.essence_str()),
        _ => guessed.essence_str().to_owned(),
    };
    let mut headers = HeaderMap::new();
    if download || is_notebook {
        let disposition = format!("attachment; filename*=utf-8''{}", encode(name));
        headers.extend(HeaderValue::from_str(&disposition).ok().map(|value| (header::CONTENT_DISPOSITION, value)));
    }
    headers.extend(HeaderValue::from_str(&kind).ok().map(|value| (header::CONTENT_TYPE, value)));
    let policy = if secret { STILL } else { SANDBOX };
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers
}
