//! Edits as a sound client makes them, chosen by a few bytes; and the same edits damaged.

use super::input::Input;
use protocol::Model;
use yrs::updates::decoder::Decode;
use yrs::{
    Any, Array, ArrayPrelim, Doc, Map, MapPrelim, Out, Text, TextPrelim, TextRef, Transact, TransactionMut, Update,
};

/// The update of one edit of a document with this state; `None` if a sound client could make nothing of the state.
pub(crate) fn update(model: Model, state: &[u8], author: u64, input: &mut Input<'_>) -> Option<Vec<u8>> {
    let mut options = yrs::Options::with_client_id(yrs::ClientID::new(author));
    options.offset_kind = yrs::OffsetKind::Utf16;
    let doc = Doc::with_options(options);
    let (text, cells, meta) =
        (doc.get_or_insert_text("source"), doc.get_or_insert_array("cells"), doc.get_or_insert_map("meta"));
    let (map, state_map) = (doc.get_or_insert_map("source_map"), doc.get_or_insert_map("state"));
    doc.transact_mut().apply_update(Update::decode_v1(state).ok()?).ok()?;
    let mut txn = doc.transact_mut();
    let (what, place) = (input.byte(), input.byte());
    match (what % 8, model) {
        (0, _) => {
            let key = ["dirty", "path", "hash", "other"][usize::from(place) % 4];
            state_map.insert(&mut txn, key, value(input));
        }
        (1..=3, Model::Text | Model::Base64) => type_or_remove(&mut txn, &text, place, input),
        (1..=4, Model::Notebook) => {
            let count = cells.len(&txn);
            let Some(Out::YMap(cell)) = cells.get(&txn, u32::from(place) % count.max(1)) else { return None };
            match what % 8 {
                1 | 2 => {
                    let Some(Out::YText(source)) = cell.get(&txn, "source") else { return None };
                    type_or_remove(&mut txn, &source, input.byte(), input);
                }
                3 => {
                    let keys =
                        ["id", "cell_type", "source", "metadata", "outputs", "execution_count", "attachments", "x"];
                    let key = keys[usize::from(input.byte()) % keys.len()];
                    cell.insert(&mut txn, key, value(input));
                }
                _ => {
                    let Some(Out::YArray(outputs)) = cell.get(&txn, "outputs") else { return None };
                    let at = outputs.len(&txn);
                    let output = outputs.insert(&mut txn, at, MapPrelim::default());
                    output.insert(&mut txn, "output_type", "stream");
                    output.insert(&mut txn, "text", TextPrelim::new(input.text()));
                }
            }
        }
        (5, Model::Notebook) => {
            let at = u32::from(place) % (cells.len(&txn) + 1);
            let cell = cells.insert(&mut txn, at, MapPrelim::default());
            let kind = ["code", "markdown", "raw", "odd"][usize::from(place) % 4];
            cell.insert(&mut txn, "cell_type", kind);
            cell.insert(&mut txn, "id", format!("n{place}"));
            cell.insert(&mut txn, "metadata", MapPrelim::default());
            cell.insert(&mut txn, "outputs", ArrayPrelim::default());
            cell.insert(&mut txn, "source", TextPrelim::new(input.text()));
        }
        (6, Model::Notebook) if cells.len(&txn) > 0 => {
            let at = u32::from(place) % cells.len(&txn);
            cells.remove(&mut txn, at);
        }
        (7, Model::Notebook) => {
            let key = ["metadata", "nbformat", "nbformat_minor", "x"][usize::from(place) % 4];
            meta.insert(&mut txn, key, value(input));
        }
        // Into a root that the model does not have: foreign, but sound.
        _ => {
            map.insert(&mut txn, "key", value(input));
        }
    }
    Some(txn.encode_update_v1())
}

fn type_or_remove(txn: &mut TransactionMut<'_>, text: &TextRef, place: u8, input: &mut Input<'_>) {
    let length = text.len(txn);
    let pieces = text.diff(txn, yrs::types::text::YChange::identity);
    let count = |value: &Out| match value {
        Out::Any(Any::String(string)) => string.encode_utf16().count(),
        _ => 1,
    };
    // Somebody put into it what is no content of a text: a sound client finds no place in it.
    if pieces.iter().map(|piece| count(&piece.insert)).sum::<usize>() != length as usize {
        return;
    }
    let at = u32::from(place >> 1) % (length + 1);
    if place & 1 == 0 {
        text.insert(txn, at, &input.text());
    } else {
        let most = length - at;
        text.remove_range(txn, at, u32::from(input.byte()).min(most));
    }
}

fn value(input: &mut Input<'_>) -> Any {
    match input.byte() % 8 {
        0 => Any::Null,
        1 => true.into(),
        2 => Any::from(i64::from(input.byte())),
        3 => Any::from(f64::from(input.byte()) / 8.0),
        4 => Any::Undefined,
        5 => Any::from(
            [("k".to_owned(), Any::from(input.text()))].into_iter().collect::<std::collections::HashMap<_, _>>(),
        ),
        6 => Any::from(vec![Any::from(input.text()), Any::Null]),
        _ => Any::from(input.text()),
    }
}

/// Other bytes in some places: pairs of position and byte.
pub(super) fn damage(update: &mut [u8], input: &mut Input<'_>) {
    for pair in input.chunk().chunks_exact(2) {
        if !update.is_empty() {
            let at = usize::from(pair[0]) % update.len();
            update[at] = pair[1];
        }
    }
}
