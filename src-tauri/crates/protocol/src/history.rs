//! What is remembered of a document between two moments of its life: the numbered log, the base, the intent. Shared by
//! `rooms`, which decides, and `store`, which keeps; updates and states are opaque here.

use crate::Digest;
use std::sync::Arc;

/// Position in a room's update log: 1 is the first update. The room numbers, the store keeps.
pub type Seq = u64;

/// The last state that disk and room agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseRecord {
    /// Digest of the bytes that were on disk.
    pub digest: Digest,
    /// Where the state is.
    pub at: BaseAt,
}

/// Where a base's state is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaseAt {
    /// The log up to and including this number.
    Log(Seq),
    /// A copy: after a merge into unsaved edits the base is no prefix of the log.
    Copy(Arc<[u8]>),
}

/// "The bytes with this digest, standing for the log up to `seq`, are about to be written."
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Digest of the bytes.
    pub digest: Digest,
    /// The log they stand for.
    pub seq: Seq,
}
