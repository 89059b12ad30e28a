//! What a document says, the same for a live one and for a file: cells with sources and outputs. A text is one cell.
//!
//! Everything that anybody writes is made of unique characters, so that each loss, duplicate or resurrection is seen.

use protocol::Model;
use serde_json::Value;
use std::collections::BTreeSet;
use yrs::types::ToJson;
use yrs::updates::decoder::Decode;
use yrs::{Any, Doc, GetString, Options, ReadTxn, StateVector, Transact, Update};

/// Id of the only cell of a text.
pub(crate) const TEXT: &str = "text";

/// The n-th unique character; every fourth needs two UTF-16 units and four bytes.
pub(crate) fn token(n: u32) -> char {
    let code = if n % 4 == 3 { 0x20000 + n } else { 0x4e00 + n };
    char::from_u32(code).expect("a character")
}

/// Whether this is a unique character.
pub(crate) fn is_token(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c) || ('\u{20000}'..='\u{2a6df}').contains(&c)
}

/// The unique characters in a text.
pub(crate) fn tokens(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|c| is_token(*c))
}

/// Whether the host made this id, for a cell with one that another has too.
pub(crate) fn is_made(id: &str) -> bool {
    let made = |(family, number): (&str, &str)| family.len() == 8 && number.bytes().all(|byte| byte.is_ascii_digit());
    id.split_once('-').is_some_and(made)
}

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) id: String,
    pub(crate) source: String,
    /// The unique characters of each output.
    pub(crate) outputs: Vec<String>,
}

impl Cell {
    /// All unique characters.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = char> + '_ {
        tokens(&self.source).chain(self.outputs.iter().flat_map(|output| output.chars()))
    }
}

/// A document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) cells: Vec<Cell>,
}

impl View {
    /// A live document.
    pub(crate) fn of_doc(model: Model, doc: &Doc) -> Result<Self, String> {
        if model == Model::Text {
            let text = doc.get_or_insert_text("source");
            return Ok(Self::of_text(text.get_string(&doc.transact())));
        }
        let cells = doc.get_or_insert_array("cells");
        Self::of_cells(&value(&cells.to_json(&doc.transact())))
    }

    /// A state as the room gives it away.
    pub(crate) fn of_state(model: Model, state: &[u8]) -> Result<Self, String> {
        let doc = document(0x7fff_0000);
        apply(&doc, state)?;
        Self::of_doc(model, &doc)
    }

    /// A file.
    pub(crate) fn of_file(model: Model, bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|error| format!("the file is not UTF-8: {error}"))?;
        if model == Model::Text {
            return Ok(Self::of_text(text.replace("\r\n", "\n")));
        }
        let notebook: Value = serde_json::from_str(text).map_err(|error| format!("the file is not JSON: {error}"))?;
        Self::of_cells(&notebook["cells"])
    }

    fn of_text(source: String) -> Self {
        Self { cells: vec![Cell { id: TEXT.to_owned(), source, outputs: Vec::new() }] }
    }

    fn of_cells(cells: &Value) -> Result<Self, String> {
        let cells = cells.as_array().ok_or("the notebook has no cells")?;
        let read = |cell: &Value| {
            let id = cell["id"].as_str().ok_or_else(|| format!("a cell has no id: {cell}"))?.to_owned();
            let outputs = cell["outputs"].as_array().map(|all| all.iter().map(output_tokens).collect());
            Ok(Cell { id, source: multiline(&cell["source"]), outputs: outputs.unwrap_or_default() })
        };
        Ok(Self { cells: cells.iter().map(read).collect::<Result<_, String>>()? })
    }

    /// The cell with this id.
    pub(crate) fn cell(&self, id: &str) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.id == id)
    }

    /// All unique characters.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = char> + '_ {
        self.cells.iter().flat_map(Cell::tokens)
    }

    /// Ids that several cells have.
    pub(crate) fn twins(&self) -> impl Iterator<Item = &str> {
        let mut seen = BTreeSet::new();
        self.cells.iter().map(|cell| cell.id.as_str()).filter(move |id| !seen.insert(*id))
    }

    /// Whether both say the same; where an id is or was there twice, one side may have one that the host made.
    pub(crate) fn says(&self, other: &Self) -> bool {
        let same = |(a, b): (&Cell, &Cell)| {
            let known = a.id == b.id || is_made(&a.id) || is_made(&b.id);
            known && a.source == b.source && a.outputs == b.outputs
        };
        self.cells.len() == other.cells.len() && self.cells.iter().zip(&other.cells).all(same)
    }

    /// What is there twice, as a sentence; cells may be for which this says so.
    pub(crate) fn doubled(&self, may_be: impl Fn(&str) -> bool) -> Result<(), String> {
        let mut seen = BTreeSet::new();
        if let Some(id) = self.twins().find(|id| !may_be(id)) {
            return Err(format!("cell {id} is there twice"));
        }
        match self.tokens().find(|token| !seen.insert(*token)) {
            Some(token) => Err(format!("{token} is there twice")),
            None => Ok(()),
        }
    }

    /// Without the characters for which this says so.
    pub(crate) fn without(mut self, gone: impl Fn(char) -> bool) -> Self {
        for cell in &mut self.cells {
            cell.source.retain(|c| !gone(c));
        }
        self
    }
}

/// An empty document as browsers have them: offsets in UTF-16 units.
pub(crate) fn document(client: u64) -> Doc {
    Doc::with_options(Options {
        offset_kind: yrs::OffsetKind::Utf16,
        ..Options::with_client_id(yrs::block::ClientID::new(client))
    })
}

/// Applies an update.
pub(crate) fn apply(doc: &Doc, update: &[u8]) -> Result<(), String> {
    let update = Update::decode_v1(update).map_err(|error| format!("an update cannot be read: {error}"))?;
    doc.transact_mut().apply_update(update).map_err(|error| format!("an update cannot be applied: {error}"))
}

/// What a peer with this state vector lacks.
pub(crate) fn missing(doc: &Doc, vector: &[u8]) -> Result<Vec<u8>, String> {
    let vector = StateVector::decode_v1(vector).map_err(|error| format!("a state vector cannot be read: {error}"))?;
    Ok(doc.transact().encode_state_as_update_v1(&vector))
}

/// As JSON; what can hold no unique characters is null.
fn value(any: &Any) -> Value {
    match any {
        Any::String(text) => text.as_ref().into(),
        Any::Array(values) => values.iter().map(value).collect(),
        Any::Map(members) => members.iter().map(|(key, member)| (key.clone(), value(member))).collect(),
        _ => Value::Null,
    }
}

/// A string, or a list of lines.
fn multiline(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}

/// The unique characters anywhere in an output.
fn output_tokens(value: &Value) -> String {
    match value {
        Value::String(text) => tokens(text).collect(),
        Value::Array(values) => values.iter().map(output_tokens).collect(),
        Value::Object(members) => members.values().map(output_tokens).collect(),
        _ => String::new(),
    }
}
