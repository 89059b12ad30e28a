//! The pages and what they need, from the files embedded at build time.

use crate::Server;
use crate::auth::{Asked, is_short, set_cookie, xsrf_cookie};
use crate::error::{Answer, Failure, no_such_endpoint};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use rust_embed::Embed;

/// The built interface: embedded in a release, read from the disk otherwise; empty before it was built.
#[derive(Embed)]
#[folder = "../../../ui/dist"]
#[allow_missing = true]
struct Dist;

/// What a page may load and do: itself, its own host, nothing else.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; frame-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'self'";

const MISSING: &str =
    "The interface was not built into this host. Build it with `cargo xtask`, then build the host again.";
const NO_FOLDER: &str =
    "This is a Commonplace host. Each of its folders has an address of its own: open the link you were given.";

/// Whatever is not below `/api`: the page at the base, or one of its files.
pub(crate) async fn serve(State(server): State<Server>, asked: Asked, request: Request) -> Answer {
    let path = asked.rest("/")?;
    if path == "api" || path.starts_with("api/") {
        return Err(no_such_endpoint(&request));
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(crate::error::method_not_allowed().await);
    }
    if let Some(response) = redeem(&server, &asked) {
        return Ok(response);
    }
    if !path.is_empty() {
        return Ok(match Dist::get(&path) {
            Some(file) => embedded(&path, file),
            None => plain(StatusCode::NOT_FOUND, "There is nothing at this address."),
        });
    }
    if asked.base.slug.is_none() {
        return Ok(plain(StatusCode::OK, NO_FOLDER));
    }
    Ok(match Dist::get("guest.html") {
        Some(file) => embedded("guest.html", file),
        None => plain(StatusCode::OK, MISSING),
    })
}

/// A page asked for with a good `?token=`: the token moves into a cookie and out of the address.
pub(crate) fn redeem(server: &Server, asked: &Asked) -> Option<Response> {
    let token = asked.query("token").filter(|token| !token.is_empty())?;
    let slug = asked.base.slug.as_deref();
    let good = match slug {
        Some(slug) => {
            let granted = server.host().authenticate(slug, &token, asked.peer.is_local()).map_err(Failure::from);
            asked.counted(server, &token, granted, |grant| grant.owner && is_short(&token)).is_ok()
        }
        None => asked.owner(server).is_ok(),
    };
    if !good {
        return None;
    }
    let cookie = HeaderValue::from_str(&set_cookie(server.port(), slug, &token, true, asked.peer.secure)).ok()?;
    let rest = crate::base::query_without(asked.query.as_deref(), "token");
    // Two slashes at the beginning would name another host.
    let path = format!("{}{}", asked.base.prefix, asked.path);
    let location = HeaderValue::from_str(&format!("/{}{rest}", path.trim_start_matches(['/', '\\']))).ok()?;
    let proof = HeaderValue::from_str(&xsrf_cookie(server, asked, &token)).ok()?;
    let cookies = AppendHeaders([(header::SET_COOKIE, proof), (header::SET_COOKIE, cookie)]);
    Some((StatusCode::FOUND, cookies, [(header::LOCATION, location), no_store()]).into_response())
}

/// The answer that sends a browser to another page here.
pub(crate) fn see_other(address: &str) -> Response {
    let location = HeaderValue::from_str(address).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::FOUND, [(header::LOCATION, location), no_store()]).into_response()
}

fn embedded(path: &str, file: rust_embed::EmbeddedFile) -> Response {
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let kind = match kind.type_() {
        mime_guess::mime::TEXT => format!("{}; charset=utf-8", kind.essence_str()),
        _ => kind.essence_str().to_owned(),
    };
    // Names below `assets/` carry a hash of their content.
    let keep = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_str(&kind).unwrap_or(HeaderValue::from_static("text/plain"))),
        (header::CACHE_CONTROL, HeaderValue::from_static(keep)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY)),
    ];
    (headers, file.data.into_owned()).into_response()
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    (status, [kind, no_store()], format!("{text}\n")).into_response()
}

fn no_store() -> (HeaderName, HeaderValue) {
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
}
