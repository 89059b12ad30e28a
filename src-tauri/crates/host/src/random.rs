//! The only place where the host draws random numbers: from the system, by way of UUIDv4.

use rooms::Authors;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A UUIDv4 as text.
pub(crate) fn id() -> String {
    Uuid::new_v4().to_string()
}

/// 32 hex digits, for a person.
pub(crate) fn username() -> String {
    Uuid::new_v4().simple().to_string()
}

/// 32 hex digits with 128 random bits: a link's secret, a token. One UUIDv4 has 122, so two are drawn.
pub(crate) fn secret() -> String {
    let digest = Sha256::new().chain_update(Uuid::new_v4()).chain_update(Uuid::new_v4()).finalize();
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// So many decimal digits, for people to read and type.
pub(crate) fn digits<const COUNT: u32>() -> String {
    let number = Uuid::new_v4().as_u128() % 10_u128.pow(COUNT);
    format!("{number:0width$}", width = COUNT as usize)
}

/// Y client ids of a room's own writers.
pub(crate) fn authors() -> Authors {
    loop {
        let (document, disk, views) = (author(), author(), author());
        if document != disk && disk != views && views != document {
            return Authors { document, disk, views };
        }
    }
}

/// A Y client id: below 2^32 and not 0.
pub(crate) fn author() -> ydoc::AuthorId {
    let [a, b, c, d, ..] = *Uuid::new_v4().as_bytes();
    u64::from(u32::from_le_bytes([a, b, c, d]).max(1))
}

#[cfg(test)]
mod tests {
    #[test]
    fn secrets_are_32_hex_digits_and_differ() {
        let (a, b) = (super::secret(), super::secret());
        assert!(a.len() == 32 && a.bytes().all(|c| c.is_ascii_hexdigit()));
        assert_ne!(a, b);
    }
}
