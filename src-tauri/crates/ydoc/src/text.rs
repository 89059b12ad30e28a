//! `YUnicode`: the root text `source`, either a file's text or the base64 form of its bytes.

use crate::{ParseError, diff, lines};
use yrs::{Doc, GetString, Text, TextRef, Transact, TransactionMut, WriteTxn};

/// The root.
pub(crate) fn root(doc: &Doc) -> TextRef {
    doc.get_or_insert_text("source")
}

/// A file's text as a document holds it.
pub(crate) fn parse(bytes: &[u8]) -> Result<String, ParseError> {
    let text = std::str::from_utf8(bytes).map_err(|error| ParseError::Encoding(error.valid_up_to()))?;
    Ok(lines::normal(text))
}

/// Fills an empty document with a file's text.
pub(crate) fn load(txn: &mut TransactionMut<'_>, bytes: &[u8]) -> Result<(), ParseError> {
    let text = parse(bytes)?;
    txn.get_or_insert_text("source").insert(txn, 0, &text);
    Ok(())
}

/// Fills an empty document with the base64 form of a file's bytes.
pub(crate) fn load_base64(txn: &mut TransactionMut<'_>, bytes: &[u8]) {
    txn.get_or_insert_text("source").insert(txn, 0, &to_base64(bytes));
}

/// The text of the document.
pub(crate) fn read(doc: &Doc) -> String {
    root(doc).get_string(&doc.transact())
}

/// The file's bytes, with the byte order mark and the line ends of `like`.
pub(crate) fn render(doc: &Doc, like: &[u8]) -> Vec<u8> {
    lines::restore(&read(doc), &String::from_utf8_lossy(like)).into_bytes()
}

/// The bytes whose base64 form the document holds.
pub(crate) fn render_base64(doc: &Doc, _like: &[u8]) -> Vec<u8> {
    from_base64(&read(doc))
}

/// Changes a Y text that reads `old` into `new`, touching only what differs.
pub(crate) fn edit(txn: &mut TransactionMut<'_>, text: &TextRef, old: &str, new: &str) {
    replace(txn, text, old, new, diff::text_hunks(old, new));
}

/// The same where both are merges of the same edits, so that almost everything stays.
pub(crate) fn settle(txn: &mut TransactionMut<'_>, text: &TextRef, old: &str, new: &str) {
    replace(txn, text, old, new, diff::close_hunks(old, new));
}

fn replace(txn: &mut TransactionMut<'_>, text: &TextRef, old: &str, new: &str, hunks: Vec<diff::Hunk>) {
    let embeds = embeds(txn, text, old);
    let mut old_at = (0, 0);
    let mut spots = Vec::new();
    for hunk in hunks {
        let start = advance(old, &mut old_at, hunk.old.start);
        let end = advance(old, &mut old_at, hunk.old.end);
        spots.push((start, end, &new[hunk.new]));
    }
    // From the end, so that the positions before stay true.
    for (start, end, inserted) in spots.into_iter().rev() {
        let mut stretches = vec![(start, end)];
        for embed in embeds.iter().filter(|embed| start < **embed && **embed < end) {
            if let Some(last) = stretches.last_mut() {
                let end = std::mem::replace(&mut last.1, *embed);
                stretches.push((*embed, end));
            }
        }
        let shift = |at: u32| at + embeds.iter().filter(|embed| **embed <= at).count() as u32;
        for (start, end) in stretches.into_iter().rev().filter(|(start, end)| start < end) {
            text.remove_range(txn, shift(start), end - start);
        }
        if !inserted.is_empty() {
            text.insert(txn, start + embeds.iter().filter(|embed| **embed < start).count() as u32, inserted);
        }
    }
}

/// Moves a pair of a byte position and its UTF-16 position forward to a byte position.
fn advance(text: &str, at: &mut (usize, u32), byte: usize) -> u32 {
    *at = (byte, at.1 + text[at.0..byte].encode_utf16().count() as u32);
    at.1
}

/// Positions (UTF-16, in the string) of what is in a text and no character; foreign clients may embed objects.
fn embeds(txn: &TransactionMut<'_>, text: &TextRef, string: &str) -> Vec<u32> {
    if text.len(txn) as usize == string.encode_utf16().count() {
        return Vec::new();
    }
    let mut at = 0;
    let mut found = Vec::new();
    for piece in text.diff(txn, yrs::types::text::YChange::identity) {
        match piece.insert {
            yrs::Out::Any(yrs::Any::String(string)) => at += string.encode_utf16().count() as u32,
            _ => found.push(at),
        }
    }
    found
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 in lines of 76 characters, each ended, as the contents manager of Jupyter gives it.
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() / 3 * 4 + bytes.len() / 57 + 8);
    for line in bytes.chunks(57) {
        for group in line.chunks(3) {
            let part = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
            let bits = part(0) << 16 | part(1) << 8 | part(2);
            for at in 0..4 {
                let digit = ALPHABET[(bits >> (18 - 6 * at) & 63) as usize];
                text.push(if at <= group.len() { char::from(digit) } else { '=' });
            }
        }
        text.push('\n');
    }
    text
}

/// The bytes of base64 text; whatever is no digit of it is passed over.
pub(crate) fn from_base64(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0u32, 0);
    for byte in text.bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => continue,
        };
        bits = bits << 6 | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_in_lines() {
        let check = |bytes: &[u8], text: &str| {
            assert_eq!(to_base64(bytes), text);
            assert_eq!(from_base64(text), bytes);
        };
        check(b"", "");
        check(b"a", "YQ==\n");
        check(b"ab", "YWI=\n");
        check(b"abc", "YWJj\n");
        check(&[0xff; 58], &format!("{}\n/w==\n", "/".repeat(76)));
    }
}
