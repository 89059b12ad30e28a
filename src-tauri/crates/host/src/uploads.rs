//! Files that arrive in parts, in memory until the last part: nothing of half a file is ever at its path.

use crate::Result;
use protocol::{ErrorBody, ErrorCode};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A part that nothing followed for so long is forgotten.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// What is being uploaded: slug, path, and the username of who does it.
pub(crate) type Key = (String, String, String);

/// How far an upload is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arrived {
    /// So many bytes.
    Part(u64),
    /// All of it.
    Whole(Vec<u8>),
}

struct Upload {
    bytes: Vec<u8>,
    /// Number of the next part.
    next: i64,
    touched: Duration,
}

/// All uploads under way.
#[derive(Default)]
pub(crate) struct Uploads(Mutex<HashMap<Key, Upload>>);

impl Uploads {
    /// Takes a part, numbered from 1; the last one is -1. Together all uploads may have `limit` bytes. `now`: of the monotonic
    /// clock.
    pub(crate) fn add(&self, now: Duration, key: Key, number: i64, part: &[u8], limit: u64) -> Result<Arrived> {
        let mut uploads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        uploads.retain(|_, upload| now.saturating_sub(upload.touched) < PATIENCE);
        if number == 1 {
            uploads.remove(&key);
        }
        let others: usize = uploads.values().map(|upload| upload.bytes.len()).sum();
        if (others + part.len()) as u64 > limit {
            uploads.remove(&key);
            let message = format!("{} cannot be uploaded: at most {limit} bytes can be at once.", key.1);
            return Err(ErrorBody::new(ErrorCode::TooBig, message));
        }
        let path = key.1.clone();
        let upload = match number {
            1 => uploads.entry(key.clone()).or_insert(Upload { bytes: Vec::new(), next: 1, touched: now }),
            _ => match uploads.get_mut(&key).filter(|upload| number == -1 || number == upload.next) {
                Some(upload) => upload,
                None => {
                    let message = format!("Part {number} of {path} does not follow what came before; begin again.");
                    return Err(ErrorBody::new(ErrorCode::BadRequest, message));
                }
            },
        };
        upload.bytes.extend_from_slice(part);
        (upload.next, upload.touched) = (upload.next + 1, now);
        let size = upload.bytes.len() as u64;
        match number {
            -1 => Ok(Arrived::Whole(uploads.remove(&key).map(|upload| upload.bytes).unwrap_or_default())),
            _ => Ok(Arrived::Part(size)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(path: &str) -> Key {
        ("tides".to_owned(), path.to_owned(), "ana".to_owned())
    }

    #[test]
    fn parts_are_joined_in_order_and_bounded_and_forgotten() {
        let uploads = Uploads::default();
        let at = |now, path: &str, number, part: &[u8]| {
            uploads.add(now, key(path), number, part, 8).map_err(|error| error.code)
        };
        let add = |path: &str, number, part: &[u8]| at(Duration::ZERO, path, number, part);
        assert_eq!(add("a", 1, b"one"), Ok(Arrived::Part(3)));
        assert_eq!(add("a", 3, b"x"), Err(ErrorCode::BadRequest));
        assert_eq!(add("a", 2, b"two"), Ok(Arrived::Part(6)));
        assert_eq!(add("b", 1, b"three"), Err(ErrorCode::TooBig));
        assert_eq!(add("a", -1, b"!"), Ok(Arrived::Whole(b"onetwo!".to_vec())));
        assert_eq!(add("a", -1, b"!"), Err(ErrorCode::BadRequest));
        assert_eq!(add("a", 1, b"one"), Ok(Arrived::Part(3)));
        assert_eq!(add("a", 1, b"again"), Ok(Arrived::Part(5)));
        assert_eq!(add("a", -1, b"four"), Err(ErrorCode::TooBig));
        assert_eq!(add("a", 1, b"one"), Ok(Arrived::Part(3)));
        assert_eq!(at(PATIENCE, "a", 2, b"two"), Err(ErrorCode::BadRequest));
    }
}
