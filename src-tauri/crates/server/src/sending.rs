//! A file's bytes as an answer: all of them, the range that is asked for, or word that the other end has them already.
//!
//! Not here: under which type and policy they are shown (`files`, `guest`).

use crate::Server;
use crate::auth::Asked;
use crate::error::Answer;
use crate::transit::Held;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use host::{ContentsQuery, Grant};
use protocol::Digest;
use std::ops::Range;

/// What a `Range` asks for of so many bytes.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    /// Everything: there is none, or it is one that may be passed over, as several at once are.
    All,
    Part(Range<usize>),
    /// What is not there.
    Beyond,
}

/// Bytes with what they hold.
struct Carried<T> {
    bytes: T,
    _held: Held,
}

/// Bytes that count as being on their way until the last of them was sent.
pub(crate) fn carried(bytes: impl AsRef<[u8]> + Send + 'static, held: Held) -> Bytes {
    Bytes::from_owner(Carried { bytes, _held: held })
}

impl<T: AsRef<[u8]>> AsRef<[u8]> for Carried<T> {
    fn as_ref(&self) -> &[u8] {
        self.bytes.as_ref()
    }
}

/// A file's bytes and their digest, once there is room for so many.
pub(crate) async fn read(server: &Server, asked: &Asked, grant: &Grant, path: &str) -> Answer<(Bytes, Digest)> {
    let size = server.host().contents(grant, path, ContentsQuery::default()).await?.size.unwrap_or(0);
    let held = server.transit().of(asked.peer).hold(usize::try_from(size).unwrap_or(usize::MAX)).await?;
    let content = server.host().read_file(grant, path).await?;
    Ok((carried(content.bytes, held), content.digest))
}

/// The answer to a request of this method and with these headers. `headers`: what else is said of the bytes.
pub(crate) fn send(
    method: &Method,
    asked: &HeaderMap,
    mut headers: HeaderMap,
    (bytes, digest): (Bytes, Digest),
) -> Response {
    let tag = format!("\"{}\"", digest.to_hex());
    let text = |name| asked.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    headers.extend(HeaderValue::from_str(&tag).ok().map(|tag| (header::ETAG, tag)));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if text(header::IF_NONE_MATCH).is_some_and(|tags| is_among(&tag, tags)) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let size = bytes.len();
    // A part of what has changed since would be put together with the other part of what was there before.
    let is_same = text(header::IF_RANGE).is_none_or(|known| known.trim() == tag);
    let range = text(header::RANGE).filter(|_| is_same && *method == Method::GET);
    let (status, bytes, part) = match range.map_or(Wanted::All, |range| wanted(range, size)) {
        Wanted::All => return (headers, Body::from(bytes)).into_response(),
        Wanted::Part(part) => {
            let told = format!("bytes {}-{}/{size}", part.start, part.end - 1);
            (StatusCode::PARTIAL_CONTENT, bytes.slice(part), told)
        }
        Wanted::Beyond => (StatusCode::RANGE_NOT_SATISFIABLE, Bytes::new(), format!("bytes */{size}")),
    };
    headers.extend(HeaderValue::from_str(&part).ok().map(|part| (header::CONTENT_RANGE, part)));
    (status, headers, Body::from(bytes)).into_response()
}

/// Whether an `If-None-Match` names this tag, strongly or weakly.
fn is_among(tag: &str, tags: &str) -> bool {
    tags.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

fn wanted(range: &str, size: usize) -> Wanted {
    let parts = range.split_once('=').filter(|(unit, _)| unit.trim().eq_ignore_ascii_case("bytes"));
    let Some((first, last)) = parts.and_then(|(_, range)| range.split_once('-')) else { return Wanted::All };
    let (Some(first), Some(last)) = (number(first), number(last)) else { return Wanted::All };
    match (first, last) {
        (None, None) => Wanted::All,
        (Some(first), Some(last)) if last < first => Wanted::All,
        (None, Some(0)) => Wanted::Beyond,
        (Some(first), _) if first >= size => Wanted::Beyond,
        (None, Some(_)) if size == 0 => Wanted::Beyond,
        (Some(first), last) => Wanted::Part(first..last.map_or(size, |last| size.min(last.saturating_add(1)))),
        (None, Some(count)) => Wanted::Part(size.saturating_sub(count)..size),
    }
}

/// A number of a range, which may be left out; `None`: it is none.
fn number(text: &str) -> Option<Option<usize>> {
    let text = text.trim();
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Past everything that there is.
    Some((!text.is_empty()).then(|| text.parse().unwrap_or(usize::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_understood_and_what_is_none_is_passed_over() {
        for (range, part) in [("bytes=0-3", 0..4), ("bytes=2-", 2..10), ("BYTES = 4 - 99", 4..10), ("bytes=-3", 7..10)]
        {
            assert_eq!(wanted(range, 10), Wanted::Part(part), "{range}");
        }
        assert_eq!(wanted("bytes=-99999999999999999999", 10), Wanted::Part(0..10));
        for range in ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99999999999999999999-"] {
            assert_eq!(wanted(range, 10), Wanted::Beyond, "{range}");
        }
        assert_eq!((wanted("bytes=0-", 0), wanted("bytes=-1", 0)), (Wanted::Beyond, Wanted::Beyond));
        for range in
            ["", "bytes", "bytes=", "bytes=-", "bytes=3-1", "bytes=0-1,3-4", "bytes=+1-2", "lines=0-1", "bytes=a-b"]
        {
            assert_eq!(wanted(range, 10), Wanted::All, "{range}");
        }
    }

    #[test]
    fn a_tag_is_found_among_others() {
        assert!(is_among("\"a\"", "\"b\", W/\"a\"") && is_among("\"a\"", "*"));
        assert!(!is_among("\"a\"", "\"b\"") && !is_among("\"a\"", "a"));
    }
}
