//! From a notebook in a document to a file's bytes.

use super::read::{File, has_ids, is_dropped, is_stream};
use super::write::{Style, Want, write};
use super::{Cell, Notebook, Output, Values, ids, is_json_mime, is_text_mime, pair, read};
use crate::json::Node;
use std::collections::BTreeMap;
use yrs::Any;

/// The bytes of a notebook. What says the same in `like` keeps the bytes it has there.
pub(crate) fn render(notebook: &Notebook, like: &[u8]) -> Vec<u8> {
    let file = read::file(like).ok();
    let text = std::str::from_utf8(like).unwrap_or_default();
    match &file {
        Some(file) if file.upgraded && says_the_same(&file.notebook, notebook) => like.to_vec(),
        Some(file) if !file.upgraded => {
            let style = Style::of(text, &file.root);
            let want = wanted(notebook, Some(file), style.lines);
            write(&want, Some((text, &file.root)), style).into_bytes()
        }
        _ => write(&wanted(notebook, None, true), None, Style::canonical()).into_bytes(),
    }
}

/// Whether two notebooks differ in nothing but ids: in a file that is older than ids every reading makes its own.
fn says_the_same(one: &Notebook, other: &Notebook) -> bool {
    let of = |notebook: &Notebook| (notebook.meta.clone(), notebook.metadata.clone(), notebook.cells.len());
    let mut pairs = one.cells.iter().zip(&other.cells);
    of(one) == of(other) && pairs.all(|(one, other)| one.says_the_same(other))
}

fn wanted(notebook: &Notebook, like: Option<&File>, lines: bool) -> Want {
    let nodes = like.and_then(|file| file.root.get("cells")).and_then(Node::elements).unwrap_or_default();
    let cells = without_doubles(&notebook.cells);
    let before = like.map(|file| file.notebook.cells.as_slice()).unwrap_or_default();
    let before = pair::pair(before, &cells);
    let with_ids = has_ids(&notebook.meta);
    let cells = cells.iter().zip(before).map(|(cell, from)| {
        let there = from.and_then(|from| Some((nodes.get(from)?, like?.notebook.cells.get(from)?)));
        (from, wanted_cell(cell, there, with_ids, lines))
    });
    let mut want: BTreeMap<String, Want> = like
        .map(|file| file.root.members().iter().map(|member| (member.key.clone(), Want::Keep)).collect())
        .unwrap_or_default();
    want.insert("cells".into(), Want::Placed(cells.collect()));
    for key in ["nbformat", "nbformat_minor"] {
        let default = if key == "nbformat" { 4 } else { 5 };
        let value = notebook.meta.get(key).cloned().unwrap_or_else(|| Any::from(default));
        let unchanged = like.is_some_and(|file| file.notebook.meta.get(key) == Some(&value));
        want.insert(key.into(), if unchanged { Want::Keep } else { Want::Value(value) });
    }
    let node = like.and_then(|file| file.root.get("metadata"));
    let mut metadata = map_of(&notebook.metadata, node);
    if let Want::Map(metadata) = &mut metadata {
        for member in node.map(Node::members).unwrap_or_default().iter().filter(|member| is_dropped(&member.key)) {
            metadata.insert(member.key.clone(), Want::Keep);
        }
    }
    want.insert("metadata".into(), implied_if(notebook.metadata.is_empty(), metadata));
    Want::Map(want)
}

/// Cells without those that say and are called the same as an earlier one: two people moved one cell at the same time.
fn without_doubles(cells: &[Cell]) -> Vec<Cell> {
    let mut first: std::collections::HashMap<&str, &Cell> = std::collections::HashMap::new();
    let mut kept = Vec::with_capacity(cells.len());
    for cell in cells {
        let earlier = *first.entry(&cell.id).or_insert(cell);
        if std::ptr::eq(earlier, cell) || earlier != cell {
            kept.push(cell.clone());
        }
    }
    kept
}

fn implied_if(implied: bool, want: Want) -> Want {
    if implied { Want::Implied(Box::new(want)) } else { want }
}

/// An object of plain values; what is no object there stays when there is nothing to say.
fn map_of(values: &Values, there: Option<&Node>) -> Want {
    match there {
        Some(node) if !node.is_object() && values.is_empty() => Want::Keep,
        _ => Want::Map(values.iter().map(|(key, value)| (key.clone(), Want::Value(value.clone()))).collect()),
    }
}

fn wanted_cell(cell: &Cell, there: Option<(&Node, &Cell)>, with_ids: bool, lines: bool) -> Want {
    let (node, before) = (there.map(|there| there.0), there.map(|there| there.1));
    let get = |key: &str| node.and_then(|node| node.get(key));
    let mut want = BTreeMap::new();
    for (key, value) in &cell.rest {
        let value = match (key.as_str(), value) {
            ("attachments", Any::Map(files)) if files.is_empty() && get("attachments").is_none() => continue,
            ("attachments", Any::Map(files)) => {
                let files = files.iter().map(|(name, file)| (name.clone(), bundle(file, lines)));
                Want::Map(files.collect())
            }
            _ => Want::Value(value.clone()),
        };
        want.insert(key.clone(), value);
    }
    if get("attachments").is_some_and(|node| node.is_object() && node.members().is_empty()) {
        want.entry("attachments".into()).or_insert(Want::Keep);
    }
    let id = Want::Value(Any::String(cell.id.as_str().into()));
    let id = match before {
        // It has none, or one that other cells have or had too: as it is there.
        Some(before) if before.given.is_empty() || ids::is_family(&before.given, &cell.id) => Want::Keep,
        None if !with_ids => Want::Keep,
        _ => id,
    };
    want.insert("id".into(), id);
    let same_kind = before.is_some_and(|before| before.kind == cell.kind);
    let kind = Want::Value(Any::String(cell.kind.as_str().into()));
    want.insert("cell_type".into(), if same_kind { Want::Keep } else { kind });
    let odd = |key: &str| get(key).is_some_and(|node| node.joined().is_none());
    let source = Want::Text { text: cell.source.clone(), lines };
    let source = if cell.source.is_empty() && odd("source") { Want::Keep } else { source };
    want.insert("source".into(), implied_if(cell.source.is_empty(), source));
    let mut metadata = map_of(&cell.metadata, get("metadata"));
    if let Want::Map(metadata) = &mut metadata {
        metadata.insert("trusted".into(), Want::Keep);
    }
    want.insert("metadata".into(), implied_if(cell.metadata.is_empty(), metadata));
    want.insert("execution_state".into(), Want::Keep);
    if cell.kind == "code" {
        let unreadable = same_kind && get("outputs").is_some_and(|node| read::outputs(node).is_none());
        let outputs = Want::List(cell.outputs.iter().map(|output| wanted_output(output, lines)).collect());
        let outputs = if cell.outputs.is_empty() && unreadable { Want::Keep } else { outputs };
        want.insert("outputs".into(), implied_if(same_kind && cell.outputs.is_empty(), outputs));
        let count = want.remove("execution_count").unwrap_or(Want::Value(Any::Null));
        let none = matches!(count, Want::Value(Any::Null));
        want.insert("execution_count".into(), implied_if(same_kind && none, count));
    }
    Want::Map(want)
}

fn wanted_output(output: &Output, lines: bool) -> Want {
    let mut want: BTreeMap<String, Want> = BTreeMap::new();
    for (key, value) in &output.rest {
        let value = if key == "data" { bundle(value, lines) } else { Want::Value(value.clone()) };
        want.insert(key.clone(), value);
    }
    if let Some(text) = &output.text {
        debug_assert!(is_stream(&output.rest));
        want.insert("text".into(), Want::Text { text: text.clone(), lines });
    }
    Want::Map(want)
}

fn bundle(value: &Any, lines: bool) -> Want {
    let Any::Map(data) = value else { return Want::Value(value.clone()) };
    let data = data.iter().map(|(mime, value)| {
        let want = match value {
            Any::String(text) if !is_json_mime(mime) => {
                Want::Text { text: text.to_string(), lines: lines && is_text_mime(mime) }
            }
            _ => Want::Value(value.clone()),
        };
        (mime.clone(), want)
    });
    Want::Map(data.collect())
}
