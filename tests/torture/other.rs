//! Another program that edits the file: reads it, changes it and writes it, over a temporary file or in place.
//!
//! What it replaced is known exactly, because it exchanges instead of renaming over: whatever came out that it had not
//! read was overwritten by it, as any program may that saves a stale copy, and is no loss of ours.

use crate::ledger::{Ledger, is_token, number, tokens};
use crate::rng::Rng;
use crate::typing::{Kind, MOST_CELLS, changed};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What it calls itself.
const NAME: &str = "disk";

/// Texts of the file, cells apart; `None`: no document, or half of one.
pub(crate) fn content(kind: Kind, bytes: &str) -> Option<Vec<String>> {
    if kind != Kind::Notebook {
        return Some(vec![bytes.to_owned()]);
    }
    let notebook: Value = serde_json::from_str(bytes).ok()?;
    Some(notebook["cells"].as_array()?.iter().map(|cell| source(&cell["source"])).collect())
}

fn source(source: &Value) -> String {
    match source {
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        text => text.as_str().unwrap_or_default().to_owned(),
    }
}

/// Texts with the numbers of their tokens, for people.
pub(crate) fn show(kind: Kind, bytes: &str) -> String {
    content(kind, bytes).map_or("half a notebook".to_owned(), |texts| numbers(&texts.join("|")))
}

/// A text with the numbers of its tokens, for people.
pub(crate) fn numbers(text: &str) -> String {
    let one = |c: char| if is_token(c) { format!("{}.", number(c)) } else { c.escape_debug().to_string() };
    text.chars().map(one).collect()
}

fn all(kind: Kind, bytes: &str) -> BTreeSet<char> {
    content(kind, bytes).unwrap_or_default().iter().flat_map(|text| tokens(text).collect::<Vec<_>>()).collect()
}

/// One edit of the file at `path`, over a temporary file.
pub(crate) fn replace(kind: Kind, path: &Path, rng: &mut Rng, ledger: &mut Ledger) -> String {
    let read = std::fs::read_to_string(path).unwrap();
    let Some((new, gone)) = think(kind, &read, rng, ledger) else { return String::new() };
    let temporary = path.with_file_name(".other-program");
    std::fs::write(&temporary, &new).unwrap();
    renameat_with(CWD, &temporary, CWD, path, RenameFlags::EXCHANGE).unwrap();
    let out = std::fs::read_to_string(&temporary).unwrap();
    std::fs::remove_file(&temporary).unwrap();
    ledger.edited_on_disk();
    ledger.deleted(NAME, &gone, true);
    all(kind, &read).symmetric_difference(&all(kind, &out)).for_each(|c| ledger.overwritten(*c));
    let stale = if out == read { String::new() } else { format!(", replacing {}", show(kind, &out)) };
    format!("{} to {}{stale}", show(kind, &read), show(kind, &new))
}

/// One edit of the file at `path`, in place: emptied and written anew.
pub(crate) fn rewrite(kind: Kind, path: &Path, rng: &mut Rng, ledger: &mut Ledger) -> String {
    let mut file = std::fs::File::options().read(true).write(true).open(path).unwrap();
    let mut read = String::new();
    file.read_to_string(&mut read).unwrap();
    let Some((new, gone)) = think(kind, &read, rng, ledger) else { return String::new() };
    file.set_len(0).unwrap();
    file.rewind().unwrap();
    file.write_all(new.as_bytes()).unwrap();
    ledger.edited_on_disk();
    ledger.deleted(NAME, &gone, true);
    // Exchanged by the host meanwhile: then this was written into a file that has no name any more.
    if std::fs::metadata(path).map(|now| now.ino()).ok() != file.metadata().map(|ours| ours.ino()).ok() {
        all(kind, &read).symmetric_difference(&all(kind, &new)).for_each(|c| ledger.overwritten(*c));
        tokens(&gone).for_each(|c| ledger.overwritten(c));
    }
    format!("{} to {}", show(kind, &read), show(kind, &new))
}

/// The new bytes, and the text that went.
fn think(kind: Kind, read: &str, rng: &mut Rng, ledger: &mut Ledger) -> Option<(String, String)> {
    if kind == Kind::Text {
        return Some(changed(read, rng, ledger, NAME));
    }
    let mut notebook: Value = serde_json::from_str(read).ok()?;
    let cells = notebook["cells"].as_array_mut()?;
    let mut gone = String::new();
    if cells.is_empty() || (cells.len() < MOST_CELLS && rng.chance(8)) {
        let token = ledger.token(NAME);
        let id = format!("disk-{}", crate::ledger::number(token));
        let cell = json!({
            "cell_type": "markdown", "id": id, "metadata": {}, "source": [token.to_string()]
        });
        cells.insert(rng.below(cells.len() + 1), cell);
    } else {
        let at = rng.below(cells.len());
        let (text, removed) = changed(&source(&cells[at]["source"]), rng, ledger, NAME);
        cells[at]["source"] = text.split_inclusive('\n').map(str::to_owned).collect();
        gone = removed;
    }
    let text = if rng.chance(70) { serde_json::to_string_pretty(&notebook) } else { serde_json::to_string(&notebook) };
    Some((text.unwrap(), gone))
}
