//! The page in which an output of a notebook is shown: a frame of nobody's origin. What is in it comes from the page around it.
//!
//! Not here: which outputs there are (the guest page). An output's scripts run, and reach neither that page nor this host.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

const PAGE: &str = include_str!("output.html");

/// A page without a name, a cookie or a way out: what it shows, it has been given. Where it may go is also bound by the page around
/// it, which frames nothing but this host.
const POLICY: &str = "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; \
    style-src 'unsafe-inline'; img-src data: blob:; media-src data: blob:; font-src data:; connect-src 'none'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// `GET output`: the same for everybody, and nothing of a folder.
pub(crate) async fn frame() -> Response {
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    let policy = (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    let keep = (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    ([kind, policy, keep], PAGE).into_response()
}
