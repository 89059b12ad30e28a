//! Where the cells of a notebook are in its text: found apart from the crate's own parser, which is what is on trial.
//!
//! For text that is JSON only; of anything else it says nothing useful.

use std::ops::Range;

/// A cell in the text of a file.
pub(crate) struct Place {
    /// The whole cell.
    pub(crate) cell: Range<usize>,
    /// The value of its `source`.
    pub(crate) source: Option<Range<usize>>,
}

/// The list of cells and each cell; `None` if there is no such list.
pub(crate) fn cells(text: &str) -> Option<(Range<usize>, Vec<Place>)> {
    let bytes = text.as_bytes();
    let root = blank(bytes, if text.starts_with('\u{feff}') { 3 } else { 0 });
    let list = member(bytes, root, "\"cells\"")?;
    if bytes.get(list.start) != Some(&b'[') {
        return None;
    }
    let mut places = Vec::new();
    let mut at = blank(bytes, list.start + 1);
    while bytes.get(at).is_some_and(|byte| *byte != b']') {
        let cell = at..skip(bytes, at);
        places.push(Place { source: member(bytes, cell.start, "\"source\""), cell: cell.clone() });
        at = blank(bytes, cell.end);
        if bytes.get(at) == Some(&b',') {
            at = blank(bytes, at + 1);
        }
    }
    Some((list, places))
}

/// The value of the last member with this name (in quotation marks) of the object that begins here.
fn member(bytes: &[u8], object: usize, name: &str) -> Option<Range<usize>> {
    if bytes.get(object) != Some(&b'{') {
        return None;
    }
    let (mut at, mut found) = (blank(bytes, object + 1), None);
    while bytes.get(at) == Some(&b'"') {
        let key = at..skip(bytes, at);
        let start = blank(bytes, blank(bytes, key.end) + 1);
        let value = start..skip(bytes, start);
        at = blank(bytes, value.end);
        if bytes.get(at) == Some(&b',') {
            at = blank(bytes, at + 1);
        }
        if &bytes[key] == name.as_bytes() {
            found = Some(value);
        }
    }
    found
}

fn blank(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

/// The end of the value that begins here.
fn skip(bytes: &[u8], start: usize) -> usize {
    let (mut at, mut depth, mut quoted) = (start, 0usize, false);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if quoted => at += 1,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted && depth > 0 => depth -= 1,
            _ if quoted || depth > 0 => {}
            b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t' => return at,
            _ => {}
        }
        at += 1;
        if !quoted && depth == 0 && matches!(byte, b'"' | b'}' | b']') {
            return at;
        }
    }
    at
}
