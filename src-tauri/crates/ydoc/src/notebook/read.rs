//! From a file's JSON to a notebook in plain form.

use super::{Cell, Notebook, Output, Values, ids, is_json_mime, upgrade};
use crate::json::{self, Kind, Node};
use crate::{ParseError, notebook};
use std::collections::HashMap;
use yrs::Any;

/// A file: its JSON and the notebook that it stands for.
pub(crate) struct File {
    /// The JSON.
    pub(crate) root: Node,
    /// The notebook.
    pub(crate) notebook: Notebook,
    /// It has an older form than the notebook: nothing of the JSON is where it would be.
    pub(crate) upgraded: bool,
}

/// Reads a file's bytes.
pub(crate) fn file(bytes: &[u8]) -> Result<File, ParseError> {
    let text = std::str::from_utf8(bytes).map_err(|error| ParseError::Encoding(error.valid_up_to()))?;
    let root = json::parse(text)?;
    if !root.is_object() {
        return Err(ParseError::NotANotebook("not a notebook: the file holds JSON, but no object".into()));
    }
    let version = match root.get("nbformat").map(Node::to_any) {
        Some(Any::Number(number)) => number.as_i64().unwrap_or(4),
        _ if root.get("worksheets").is_some() => 3,
        _ => 4,
    };
    match version {
        4.. => Ok(File { notebook: read(&root)?, root, upgraded: false }),
        2 | 3 => Ok(File { notebook: upgrade::from_3(&root)?, root, upgraded: true }),
        _ => Err(ParseError::NotANotebook(format!("a notebook of version {version}, which is too old to be read"))),
    }
}

fn read(root: &Node) -> Result<Notebook, ParseError> {
    let Some(cells) = root.get("cells").and_then(Node::elements) else {
        return Err(ParseError::NotANotebook("not a notebook: there is no list of cells".into()));
    };
    let mut cells = cells.iter().enumerate().map(|(at, node)| cell(at, node)).collect::<Result<Vec<_>, _>>()?;
    ids::identify(&mut cells);
    let meta = [("nbformat", 4), ("nbformat_minor", 5)];
    let meta = meta.map(|(key, default)| {
        let value = root.get(key).map(Node::to_any).filter(|value| matches!(value, Any::Number(_)));
        (key.to_owned(), value.unwrap_or_else(|| Any::from(default)))
    });
    let mut metadata = root.get("metadata").map(values).unwrap_or_default();
    metadata.retain(|key, _| !is_dropped(key));
    Ok(Notebook { meta: meta.into(), metadata, cells })
}

/// Keys of a notebook's metadata that concern a file alone.
pub(crate) fn is_dropped(key: &str) -> bool {
    matches!(key, "orig_nbformat" | "orig_nbformat_minor" | "signature")
}

fn cell(at: usize, node: &Node) -> Result<Cell, ParseError> {
    if !node.is_object() {
        return Err(ParseError::NotANotebook(format!("not a notebook: cell {} is no object", at + 1)));
    }
    let kind = kind(node);
    let mut cell = Cell {
        id: node.get("id").and_then(Node::string).unwrap_or_default().to_owned(),
        given: String::new(),
        own_id: false,
        kind: kind.to_owned(),
        source: node.get("source").and_then(Node::joined).unwrap_or_default(),
        metadata: node.get("metadata").map(values).unwrap_or_default(),
        outputs: Vec::new(),
        rest: Values::new(),
    };
    cell.metadata.remove("trusted");
    for member in node.members() {
        let value = &member.value;
        match member.key.as_str() {
            "id" | "cell_type" | "source" | "metadata" | "execution_state" => {}
            "outputs" if kind == "code" => cell.outputs = outputs(value).unwrap_or_default(),
            "attachments" => {
                cell.rest.insert(member.key.clone(), attachments(value));
            }
            key => {
                cell.rest.insert(key.to_owned(), value.to_any());
            }
        }
    }
    Ok(cell)
}

/// The type of a cell; what clients would not know counts as `raw`.
pub(crate) fn kind(node: &Node) -> &str {
    match node.get("cell_type").and_then(Node::string) {
        Some(kind @ ("code" | "markdown")) => kind,
        _ => "raw",
    }
}

/// The members of an object as plain values; none of anything else.
pub(crate) fn values(node: &Node) -> Values {
    node.members().iter().map(|member| (member.key.clone(), member.value.to_any())).collect()
}

/// The outputs in a list; `None` if it is no list of objects.
pub(crate) fn outputs(node: &Node) -> Option<Vec<Output>> {
    node.elements()?.iter().map(|output| output.is_object().then(|| self::output(output))).collect()
}

fn output(node: &Node) -> Output {
    let mut output = Output { text: None, rest: values(node) };
    if is_stream(&output.rest)
        && let Some(text) = node.get("text").and_then(Node::joined)
    {
        output.text = Some(text);
        output.rest.remove("text");
    }
    if let Some(data) = node.get("data").filter(|data| data.is_object()) {
        output.rest.insert("data".into(), bundle(data));
    }
    output
}

/// Whether an output is a stream.
pub(crate) fn is_stream(output: &Values) -> bool {
    matches!(output.get("output_type"), Some(Any::String(kind)) if &**kind == "stream")
}

/// Values by mime type, with lists of lines joined.
fn bundle(node: &Node) -> Any {
    let pairs = node.members().iter().map(|member| {
        let joined = if is_json_mime(&member.key) { None } else { member.value.joined() };
        (member.key.clone(), joined.map_or_else(|| member.value.to_any(), |text| Any::String(text.into())))
    });
    Any::Map(pairs.collect::<HashMap<_, _>>().into())
}

fn attachments(node: &Node) -> Any {
    let Kind::Object(files) = &node.kind else { return node.to_any() };
    let pairs = files.iter().map(|file| {
        let value = if file.value.is_object() { bundle(&file.value) } else { file.value.to_any() };
        (file.key.clone(), value)
    });
    Any::Map(pairs.collect::<HashMap<_, _>>().into())
}

/// The notebook's minor version of format 4; 5 and later give cells ids.
pub(crate) fn has_ids(meta: &notebook::Values) -> bool {
    let number = |key: &str| match meta.get(key) {
        Some(Any::Number(number)) => number.as_f64(),
        _ => None,
    };
    let (major, minor) = (number("nbformat").unwrap_or(4.0), number("nbformat_minor").unwrap_or(5.0));
    major > 4.0 || (major == 4.0 && minor >= 5.0)
}
