//! Editor windows: pages of the host over loopback HTTP, as every guest gets them, with the owner's token. No capability
//! names these windows, so their pages can ask nothing of the shell.

use crate::app::Running;
use protocol::{ErrorBody, ErrorCode};
use std::hash::{DefaultHasher, Hash, Hasher};
use tauri::{AppHandle, Manager, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder};

/// What a window shows of a folder.
#[derive(Hash)]
pub(crate) enum Page {
    /// Its page.
    Folder,
    /// Its page, at this document.
    Document(String),
    /// JupyterLab.
    Lab,
}

/// Opens a page of the folder, or brings its window to the front.
pub(crate) fn open(app: &AppHandle, running: &Running, slug: &str, page: &Page) -> Result<(), ErrorBody> {
    let fault = |error: &dyn std::fmt::Display| {
        ErrorBody::new(ErrorCode::Fault, format!("A window for {slug} cannot be opened: {error}"))
    };
    let label = label(slug, page);
    if let Some(window) = app.get_webview_window(&label) {
        return window.unminimize().and_then(|()| window.set_focus()).map_err(|error| fault(&error));
    }
    let address = address(&running.server.url(), slug, running.host.owner_token(), page);
    let url: Url = address.parse().map_err(|error| fault(&error))?;
    let origin = url.origin();
    WebviewWindowBuilder::new(app, label, WebviewUrl::External(url))
        .title("Commonplace")
        .inner_size(1180.0, 800.0)
        .min_inner_size(480.0, 400.0)
        .on_navigation(move |url| url.origin() == origin)
        .on_document_title_changed(entitle)
        .build()
        .map(drop)
        .map_err(|error| fault(&error))
}

/// A window is called what its page is.
pub(crate) fn entitle(window: WebviewWindow, title: String) {
    if let Err(error) = window.set_title(&title) {
        tracing::debug!(%error, "a window kept its title");
    }
}

/// One window for each page: labels take few characters, paths many.
fn label(slug: &str, page: &Page) -> String {
    let mut hasher = DefaultHasher::new();
    (slug, page).hash(&mut hasher);
    format!("editor-{:016x}", hasher.finish())
}

/// `{url}{slug}/?token={token}#/{path}`, encoded; JupyterLab's is `{url}{slug}/lab?token={token}`.
fn address(url: &str, slug: &str, token: &str, page: &Page) -> String {
    let at = |below: &str| format!("{url}{}/{below}?token={}", encoded(slug), encoded(token));
    match page {
        Page::Folder => at(""),
        Page::Lab => at("lab"),
        Page::Document(path) => {
            format!("{}#/{}", at(""), path.split('/').map(encoded).collect::<Vec<_>>().join("/"))
        }
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
        let check = |page, expect: &str| assert_eq!(address("http://127.0.0.1:1/", "tides", "a+b", &page), expect);
        let document = |path: &str| Page::Document(path.to_owned());
        check(Page::Folder, "http://127.0.0.1:1/tides/?token=a%2Bb");
        check(Page::Lab, "http://127.0.0.1:1/tides/lab?token=a%2Bb");
        check(document("methods/Höhe 1%.md"), "http://127.0.0.1:1/tides/?token=a%2Bb#/methods/H%C3%B6he%201%25.md");
        assert_ne!(label("a", &document("b")), label("a", &Page::Folder));
    }
}
