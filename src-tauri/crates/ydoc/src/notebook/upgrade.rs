//! Notebooks of formats 2 and 3 in the form of format 4, as far as their common keys go.

use super::{Cell, Notebook, Output, Values, ids, read};
use crate::ParseError;
use crate::json::Node;
use yrs::Any;

/// Names that mime types had.
const MIMES: [(&str, &str); 9] = [
    ("text", "text/plain"),
    ("html", "text/html"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("jpeg", "image/jpeg"),
    ("latex", "text/latex"),
    ("json", "application/json"),
    ("javascript", "application/javascript"),
    ("pdf", "application/pdf"),
];

/// The notebook that a file of format 2 or 3 stands for, in format 4.5. Without worksheets it has no cells.
pub(crate) fn from_3(root: &Node) -> Result<Notebook, ParseError> {
    let sheets = match root.get("worksheets") {
        None if root.get("cells").is_none() => &[],
        sheets => sheets.and_then(Node::elements).ok_or_else(|| {
            ParseError::NotANotebook("not a notebook: the format is older than 4, but there are no worksheets".into())
        })?,
    };
    let nodes = sheets.iter().filter_map(|sheet| sheet.get("cells").and_then(Node::elements)).flatten();
    let mut cells: Vec<Cell> = nodes.filter(|node| node.is_object()).map(cell).collect();
    ids::identify(&mut cells);
    let meta = [("nbformat".to_owned(), Any::from(4)), ("nbformat_minor".to_owned(), Any::from(5))];
    let mut metadata = root.get("metadata").map(read::values).unwrap_or_default();
    metadata.retain(|key, _| !read::is_dropped(key) && key != "name");
    Ok(Notebook { meta: meta.into(), metadata, cells })
}

/// The text of a string or of a list of lines, which may lack their ends.
fn joined(node: &Node) -> Option<String> {
    let lines: Vec<&str> = node.elements().unwrap_or_default().iter().map_while(Node::string).collect();
    match (node.elements(), lines.first()) {
        (Some(all), Some(first)) if all.len() == lines.len() && !first.ends_with(['\n', '\r']) => {
            Some(lines.join("\n"))
        }
        _ => node.joined(),
    }
}

fn cell(node: &Node) -> Cell {
    let kind = node.get("cell_type").and_then(Node::string).unwrap_or("raw");
    let source = if kind == "code" { "input" } else { "source" };
    let mut source = node.get(source).and_then(joined).unwrap_or_default();
    let mut cell = Cell {
        id: String::new(),
        given: String::new(),
        own_id: false,
        kind: match kind {
            "code" => "code",
            "markdown" | "heading" | "html" => "markdown",
            _ => "raw",
        }
        .to_owned(),
        source: String::new(),
        metadata: node.get("metadata").map(read::values).unwrap_or_default(),
        outputs: Vec::new(),
        rest: Values::new(),
    };
    cell.metadata.remove("trusted");
    if kind == "heading" {
        let level = match node.get("level").map(Node::to_any) {
            Some(Any::Number(level)) => level.as_i64().unwrap_or(1).clamp(1, 6),
            _ => 1,
        };
        source = format!("{} {}", "#".repeat(level as usize), source.replace('\n', " "));
    }
    if kind == "code" {
        let count = node.get("prompt_number").map_or(Any::Null, Node::to_any);
        cell.rest.insert("execution_count".into(), count);
        if let Some(Any::Bool(true)) = node.get("collapsed").map(Node::to_any) {
            cell.metadata.insert("collapsed".into(), Any::Bool(true));
        }
        let outputs = node.get("outputs").and_then(Node::elements).unwrap_or_default();
        cell.outputs = outputs.iter().filter(|output| output.is_object()).map(output).collect();
    }
    cell.source = source;
    cell
}

fn output(node: &Node) -> Output {
    let text = |text: &str| Any::String(text.into());
    let kind = node.get("output_type").and_then(Node::string).unwrap_or_default();
    let mut output = Output::default();
    match kind {
        "stream" => {
            output.rest.insert("output_type".into(), text("stream"));
            let name = node.get("stream").and_then(Node::string).unwrap_or("stdout");
            output.rest.insert("name".into(), text(name));
            output.text = Some(node.get("text").and_then(joined).unwrap_or_default());
        }
        "pyerr" => {
            output.rest.insert("output_type".into(), text("error"));
            for key in ["ename", "evalue", "traceback"] {
                output.rest.insert(key.into(), node.get(key).map_or(Any::Null, Node::to_any));
            }
        }
        _ => {
            let result = kind == "pyout";
            output.rest.insert("output_type".into(), text(if result { "execute_result" } else { "display_data" }));
            if result {
                let count = node.get("prompt_number").map_or(Any::Null, Node::to_any);
                output.rest.insert("execution_count".into(), count);
            }
            let data = MIMES.iter().filter_map(|(old, mime)| {
                let value = node.get(old)?;
                let value = joined(value).map_or_else(|| value.to_any(), |text| Any::String(text.into()));
                Some(((*mime).to_owned(), value))
            });
            output.rest.insert("data".into(), Any::Map(data.collect::<std::collections::HashMap<_, _>>().into()));
            let metadata = node.get("metadata").filter(|metadata| metadata.is_object());
            output.rest.insert("metadata".into(), metadata.map_or_else(|| Any::Map(Default::default()), Node::to_any));
        }
    }
    output
}
