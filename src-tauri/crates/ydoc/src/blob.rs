//! `YBlob`: bytes under one key of the root map `source`, replaced whole. Written as `bytes`; the older `base64` is read.

use crate::text;
use yrs::{Any, Doc, Map, MapRef, Out, ReadTxn, Transact, TransactionMut, WriteTxn};

/// The root.
pub(crate) fn root(doc: &Doc) -> MapRef {
    doc.get_or_insert_map("source")
}

/// Sets the bytes, unless they are these already.
pub(crate) fn load(txn: &mut TransactionMut<'_>, bytes: &[u8]) {
    let source = txn.get_or_insert_map("source");
    if read(txn, &source).as_deref() != Some(bytes) {
        source.insert(txn, "bytes", Any::Buffer(bytes.into()));
    }
}

/// The bytes; those of `like` if there are none.
pub(crate) fn render(doc: &Doc, like: &[u8]) -> Vec<u8> {
    let source = root(doc);
    read(&doc.transact(), &source).unwrap_or_else(|| like.to_vec())
}

fn read(txn: &impl ReadTxn, source: &MapRef) -> Option<Vec<u8>> {
    match (source.get(txn, "bytes"), source.get(txn, "base64")) {
        (Some(Out::Any(Any::Buffer(bytes))), _) => Some(bytes.to_vec()),
        (Some(Out::Any(Any::String(text))), _) | (_, Some(Out::Any(Any::String(text)))) => {
            Some(text::from_base64(&text))
        }
        _ => None,
    }
}
