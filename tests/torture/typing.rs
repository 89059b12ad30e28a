//! What a person does to a document: types tokens, deletes some, adds a cell.

use crate::ledger::{Ledger, is_token};
use crate::rng::Rng;
use yrs::{Any, Array, ArrayPrelim, Doc, GetString, In, Map, MapPrelim, Out, Text, TextPrelim, TextRef, Transact};

/// What kind of document it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Notebook,
    /// The text of a notebook.
    Json,
}

/// No more cells than this.
pub(crate) const MOST_CELLS: usize = 8;
/// Longer texts are thinned out.
pub(crate) const LONG: usize = 60;

fn texts(kind: Kind, doc: &Doc) -> Vec<TextRef> {
    if kind != Kind::Notebook {
        return vec![doc.get_or_insert_text("source")];
    }
    let cells = doc.get_or_insert_array("cells");
    let txn = doc.transact();
    let source = |cell: Out| match cell {
        Out::YMap(cell) => match cell.get(&txn, "source") {
            Some(Out::YText(source)) => Some(source),
            _ => None,
        },
        _ => None,
    };
    cells.iter(&txn).filter_map(source).collect()
}

/// Everything the document says, cells apart.
pub(crate) fn content(kind: Kind, doc: &Doc) -> Vec<String> {
    let texts = texts(kind, doc);
    let txn = doc.transact();
    texts.iter().map(|text| text.get_string(&txn)).collect()
}

/// One edit by `who`.
pub(crate) fn edit(kind: Kind, doc: &Doc, rng: &mut Rng, ledger: &mut Ledger, who: &str) {
    let texts = texts(kind, doc);
    if kind == Kind::Notebook && (texts.is_empty() || (texts.len() < MOST_CELLS && rng.chance(4))) {
        let token = ledger.token(who);
        let at = rng.below(texts.len() + 1) as u32;
        let cells = doc.get_or_insert_array("cells");
        cells.insert(&mut doc.transact_mut(), at, cell(&format!("made-{}", crate::ledger::number(token)), token));
        return;
    }
    let text = &texts[rng.below(texts.len())];
    if kind == Kind::Json {
        return edit_json(doc, text, rng, ledger, who);
    }
    let chars: Vec<char> = text.get_string(&doc.transact()).chars().collect();
    let unit = |at: usize| chars[..at].iter().map(|c| c.len_utf16() as u32).sum::<u32>();
    let mut txn = doc.transact_mut();
    if chars.len() > LONG || (chars.len() > 3 && rng.chance(25)) {
        let at = rng.below(chars.len());
        let end = (at + 1 + rng.below(if chars.len() > LONG { 20 } else { 4 })).min(chars.len());
        let gone: String = chars[at..end].iter().collect();
        ledger.deleted(who, &gone, true);
        text.remove_range(&mut txn, unit(at), unit(end) - unit(at));
        return;
    }
    let at = rng.below(chars.len() + 1);
    text.insert(&mut txn, unit(at), &fresh(rng, ledger, who));
}

/// Types beside a token, or deletes some that stand together: inside of what a cell says, so that it stays a notebook.
fn edit_json(doc: &Doc, text: &TextRef, rng: &mut Rng, ledger: &mut Ledger, who: &str) {
    let chars: Vec<char> = text.get_string(&doc.transact()).chars().collect();
    let unit = |at: usize| chars[..at].iter().map(|c| c.len_utf16() as u32).sum::<u32>();
    let places: Vec<usize> = (0..chars.len()).filter(|at| is_token(chars[*at])).collect();
    let Some(at) = places.get(rng.below(places.len())).copied() else { return };
    let mut txn = doc.transact_mut();
    if rng.chance(25) {
        let most = 1 + rng.below(4);
        let gone: String = chars[at..].iter().copied().take(most).take_while(|c| is_token(*c)).collect();
        ledger.deleted(who, &gone, true);
        text.remove_range(&mut txn, unit(at), gone.encode_utf16().count() as u32);
    } else {
        let typed = fresh(rng, ledger, who).replace('\n', "\\n");
        text.insert(&mut txn, unit(at + rng.below(2)), &typed);
    }
}

/// Takes what people typed out of a notebook's text where it stands between the parts. What went.
pub(crate) fn mend(doc: &Doc) -> String {
    let text = doc.get_or_insert_text("source");
    let now = text.get_string(&doc.transact());
    if serde_json::from_str::<serde_json::Value>(&now).is_ok() {
        return String::new();
    }
    let (mut at, mut quoted, mut escaped) = (0, false, false);
    let mut strays = Vec::new();
    let mut rest = &now[..];
    while let Some(c) = rest.chars().next() {
        let typed = ["\\n", "é", "sea "].into_iter().find(|typed| rest.starts_with(typed));
        let size = match typed {
            _ if quoted => 0,
            Some(typed) => typed.len(),
            None if is_token(c) => c.len_utf8(),
            None => 0,
        };
        let part = if size > 0 { &rest[..size] } else { &rest[..c.len_utf8()] };
        let units = part.encode_utf16().count() as u32;
        if size > 0 {
            strays.push((at, units, part));
        } else {
            quoted ^= c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
        }
        at += units;
        rest = &rest[part.len()..];
    }
    let mut txn = doc.transact_mut();
    strays.iter().rev().for_each(|(at, units, _)| text.remove_range(&mut txn, *at, *units));
    strays.into_iter().map(|(_, _, part)| part).collect()
}

/// Some tokens, sometimes with a line end or a word between.
pub(crate) fn fresh(rng: &mut Rng, ledger: &mut Ledger, who: &str) -> String {
    let mut typed = String::new();
    for _ in 0..=rng.below(3) {
        typed.push(ledger.token(who));
        if rng.chance(20) {
            typed.push_str(["\n", " ", "é", "sea "][rng.below(4)]);
        }
    }
    typed
}

/// A change of plain text as [`edit`] makes one: the new text and what went.
pub(crate) fn changed(text: &str, rng: &mut Rng, ledger: &mut Ledger, who: &str) -> (String, String) {
    let mut chars: Vec<char> = text.chars().collect();
    let at = rng.below(chars.len() + 1);
    if chars.len() > 3 && at < chars.len() && rng.chance(30) {
        let end = (at + 1 + rng.below(4)).min(chars.len());
        // Line ends stay, so that there is one way only to understand what was done.
        let gone: String = chars.drain(at..end).filter(|c| *c != '\n').collect();
        let kept: String = chars.iter().collect();
        return (kept, gone);
    }
    let typed = fresh(rng, ledger, who);
    chars.splice(at..at, typed.chars());
    (chars.iter().collect(), String::new())
}

fn cell(id: &str, token: char) -> MapPrelim {
    MapPrelim::from([
        ("id", In::from(id)),
        ("cell_type", In::from("code")),
        ("source", In::from(TextPrelim::new(token.to_string()))),
        ("metadata", In::from(MapPrelim::default())),
        ("execution_count", In::Any(Any::Null)),
        ("outputs", In::from(ArrayPrelim::default())),
    ])
}
