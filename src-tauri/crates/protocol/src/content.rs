//! Bytes of a file and the digest that names them.

use sha2::Digest as _;
use std::fmt;
use std::sync::Arc;

/// SHA-256 of a file's bytes. The only notion of "version" a file has; modification times are never compared.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// Lower-case hexadecimal, as the contents API and `state.hash` write it.
    pub fn to_hex(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// From 32 bytes, as stored.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({}…)", &self.to_hex()[..8])
    }
}

/// What was read from a file at one moment.
#[derive(Clone, PartialEq, Eq)]
pub struct DiskContent {
    /// The whole file. Shared, because it is looked at by several.
    pub bytes: Arc<[u8]>,
    /// Digest of `bytes`.
    pub digest: Digest,
}

impl DiskContent {
    /// Content with its digest computed.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        let digest = Digest::of(&bytes);
        Self { bytes, digest }
    }
}

impl fmt::Debug for DiskContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DiskContent({} bytes, {:?})", self.bytes.len(), self.digest)
    }
}
