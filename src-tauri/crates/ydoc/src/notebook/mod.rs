//! Notebooks in plain form: what a file and a Y document have in common, and what the merge compares.
//!
//! Not in it: what belongs to one of them alone (`trusted`, `execution_state`, other top-level keys of a file).

pub(crate) mod edit;
pub(crate) mod ids;
pub(crate) mod merge;
pub(crate) mod pair;
pub(crate) mod plan;
pub(crate) mod read;
pub(crate) mod render;
pub(crate) mod shape;
pub(crate) mod upgrade;
pub(crate) mod write;

use std::collections::BTreeMap;
use yrs::Any;

/// Plain values by key; sorted, because operations must come in the same order every time.
pub(crate) type Values = BTreeMap<String, Any>;

/// A notebook.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Notebook {
    /// `nbformat`, `nbformat_minor`.
    pub(crate) meta: Values,
    /// The notebook's metadata.
    pub(crate) metadata: Values,
    /// In order.
    pub(crate) cells: Vec<Cell>,
}

/// A cell.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    /// Its id.
    pub(crate) id: String,
    /// The id that it was read with: empty if it had none, and perhaps that of others too.
    pub(crate) given: String,
    /// Whether it was read with an id that no other cell has.
    pub(crate) own_id: bool,
    /// `code`, `markdown` or `raw`.
    pub(crate) kind: String,
    /// Its text.
    pub(crate) source: String,
    /// Its metadata, without `trusted`.
    pub(crate) metadata: Values,
    /// Its outputs; empty unless it is code.
    pub(crate) outputs: Vec<Output>,
    /// `execution_count`, `attachments` and whatever else there is.
    pub(crate) rest: Values,
}

/// An output of a code cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Output {
    /// The text of a stream.
    pub(crate) text: Option<String>,
    /// Everything else.
    pub(crate) rest: Values,
}

impl Cell {
    /// Whether everything but the id is the same. Not to have been run is said by a null as well as by nothing.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        let told = |(key, value): &(&String, &Any)| *key != "execution_count" || **value != Any::Null;
        (&self.kind, &self.source, &self.metadata, &self.outputs)
            == (&other.kind, &other.source, &other.metadata, &other.outputs)
            && self.rest.iter().filter(told).eq(other.rest.iter().filter(told))
    }
}

impl PartialEq for Cell {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && self.says_the_same(other)
    }
}

/// Whether a mime type's value is JSON: never joined, never split.
pub(crate) fn is_json_mime(mime: &str) -> bool {
    mime == "application/json" || (mime.starts_with("application/") && mime.ends_with("+json"))
}

/// Whether the value of a mime type is written as a list of lines.
pub(crate) fn is_text_mime(mime: &str) -> bool {
    mime.starts_with("text/") || mime == "application/javascript" || mime == "image/svg+xml"
}
