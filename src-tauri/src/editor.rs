//! Editor windows: pages of the host over loopback HTTP, as every guest gets them, with the owner's token. No capability
//! names these windows, so their pages can ask nothing of the shell.

use crate::app::Running;
use protocol::{ErrorBody, ErrorCode};
use std::hash::{DefaultHasher, Hash, Hasher};
use tauri::{AppHandle, Manager, Url, WebviewUrl, WebviewWindowBuilder};

/// Opens the folder's page, at a document if `path` is given, or brings its window to the front.
pub(crate) fn open(app: &AppHandle, running: &Running, slug: &str, path: Option<&str>) -> Result<(), ErrorBody> {
    let fault = |error: &dyn std::fmt::Display| {
        ErrorBody::new(ErrorCode::Fault, format!("A window for {slug} cannot be opened: {error}"))
    };
    let label = label(slug, path);
    if let Some(window) = app.get_webview_window(&label) {
        return window.unminimize().and_then(|()| window.set_focus()).map_err(|error| fault(&error));
    }
    let address = address(&running.server.url(), slug, running.host.owner_token(), path);
    let url: Url = address.parse().map_err(|error| fault(&error))?;
    let origin = url.origin();
    WebviewWindowBuilder::new(app, label, WebviewUrl::External(url))
        .title("Commonplace")
        .inner_size(1180.0, 800.0)
        .min_inner_size(480.0, 400.0)
        .on_navigation(move |url| url.origin() == origin)
        .on_document_title_changed(|window, title| {
            if let Err(error) = window.set_title(&title) {
                tracing::debug!(%error, "a window kept its title");
            }
        })
        .build()
        .map(drop)
        .map_err(|error| fault(&error))
}

/// One window for each page: labels take few characters, paths many.
fn label(slug: &str, path: Option<&str>) -> String {
    let mut hasher = DefaultHasher::new();
    (slug, path).hash(&mut hasher);
    format!("editor-{:016x}", hasher.finish())
}

/// `{url}{slug}/?token={token}#/{path}`, encoded.
fn address(url: &str, slug: &str, token: &str, path: Option<&str>) -> String {
    let page = format!("{url}{}/?token={}", encoded(slug), encoded(token));
    match path {
        None => page,
        Some(path) => format!("{page}#/{}", path.split('/').map(encoded).collect::<Vec<_>>().join("/")),
    }
}

/// Percent-encodes everything that is not unreserved.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ui_45_editor_windows_get_an_address_that_names_the_document() {
        let check = |path, expect: &str| assert_eq!(address("http://127.0.0.1:1/", "tides", "a+b", path), expect);
        check(None, "http://127.0.0.1:1/tides/?token=a%2Bb");
        check(Some("methods/Höhe 1%.md"), "http://127.0.0.1:1/tides/?token=a%2Bb#/methods/H%C3%B6he%201%25.md");
        assert_ne!(label("a", Some("b")), label("a", None));
    }
}
