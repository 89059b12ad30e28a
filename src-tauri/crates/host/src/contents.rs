//! The contents API's reading half.

use crate::access::Grant;
use crate::encoding::{base64, rfc3339};
use crate::shared::read_fault;
use crate::writing::Content;
use crate::{ContentsQuery, Host, Result, kinds};
use files::{Metadata, Root};
use protocol::contents::Model;
use protocol::{DiskContent, ErrorBody, ErrorCode};
use serde_json::Value;

impl Host {
    /// Describes a file or folder, with its content if that is asked for.
    pub async fn contents(&self, grant: &Grant, path: &str, query: ContentsQuery) -> Result<Model> {
        let folder = self.shared().folder(&grant.slug)?;
        let root = folder.root()?;
        let path = Root::normalise(path).map_err(read_fault)?;
        let file = root.metadata(&path).await.map_err(read_fault)?;
        let wants = query.ty.as_deref();
        if file.directory != (wants == Some("directory")) && wants.is_some() {
            let what = if file.directory { "a directory" } else { "not a directory" };
            return Err(ErrorBody::new(ErrorCode::BadRequest, format!("{path} is {what}.")).because("bad type"));
        }
        let may_edit = grant.role.may_edit();
        if file.directory {
            let mut model = describe(&file, may_edit);
            if query.content {
                let children = root.children(&path).await.map_err(read_fault)?;
                let children = children.iter().map(|child| serde_json::to_value(describe(child, may_edit)));
                let children: std::result::Result<Vec<Value>, _> = children.collect();
                let failed = |error: serde_json::Error| ErrorBody::new(ErrorCode::Fault, error.to_string());
                model.content = Some(Value::Array(children.map_err(failed)?));
                model.format = Some("json".to_owned());
            }
            return Ok(model);
        }
        let mut model = describe(&file, may_edit);
        if let Some(ty) = wants {
            ty.clone_into(&mut model.ty);
            if ty == "notebook" {
                model.mimetype = None;
            }
        }
        if query.content || query.hash {
            let content = root.read(&path, self.shared().config.max_file).await.map_err(read_fault)?;
            if query.hash {
                model.hash = Some(content.digest.to_hex());
                model.hash_algorithm = Some("sha256".to_owned());
            }
            if query.content {
                // A large notebook takes a while to parse.
                let format = query.format.clone();
                let filled = tokio::task::spawn_blocking(move || fill(model, &content, format.as_deref())).await;
                return filled.map_err(|error| ErrorBody::new(ErrorCode::Fault, error.to_string()))?;
            }
        }
        Ok(model)
    }

    /// A file's bytes as they are on disk, and their digest.
    pub async fn read_file(&self, grant: &Grant, path: &str) -> Result<DiskContent> {
        let root = self.shared().folder(&grant.slug)?.root()?;
        let path = Root::normalise(path).map_err(read_fault)?;
        root.read(&path, self.shared().config.max_file).await.map_err(read_fault)
    }
}

/// A file or folder without its content.
fn describe(file: &Metadata, may_edit: bool) -> Model {
    let ty = match file.directory {
        true => "directory",
        false if file.path.to_ascii_lowercase().ends_with(".ipynb") => "notebook",
        false => "file",
    };
    Model {
        name: kinds::name(&file.path).to_owned(),
        path: file.path.clone(),
        last_modified: rfc3339(file.modified),
        created: rfc3339(file.created),
        content: None,
        format: None,
        mimetype: if ty == "file" { kinds::mimetype(&file.path).map(str::to_owned) } else { None },
        size: (!file.directory).then_some(file.size),
        writable: file.writable && may_edit,
        hash: None,
        hash_algorithm: None,
        ty: ty.to_owned(),
    }
}

/// Fills in the content, in the format asked for or the one that fits.
fn fill(mut model: Model, content: &DiskContent, format: Option<&str>) -> Result<Model> {
    let refuse = |why: &str| Err(ErrorBody::new(ErrorCode::BadRequest, format!("{} {why}.", model.path)));
    let misfit = |why: &str| refuse(why).map_err(|error: ErrorBody| error.because("bad format"));
    if model.ty == "notebook" {
        let mut notebook: Value = match serde_json::from_slice(&content.bytes) {
            Ok(notebook) => notebook,
            Err(error) => return refuse(&format!("is no readable notebook: {error}")),
        };
        if !is_current(&notebook) {
            // Clients read format 4 alone; in a room it is that, too.
            let bytes = Content::Notebook(notebook).bytes(&model.path, &[])?;
            notebook =
                serde_json::from_slice(&bytes).map_err(|error| ErrorBody::new(ErrorCode::Fault, error.to_string()))?;
        }
        join_lines(&mut notebook);
        distrust(&mut notebook);
        model.content = Some(notebook);
        model.format = Some("json".to_owned());
        return Ok(model);
    }
    let text = std::str::from_utf8(&content.bytes);
    let (format, content, usual) = match (format, text) {
        (Some("base64"), _) | (None, Err(_)) => ("base64", base64(&content.bytes), "application/octet-stream"),
        (Some("text") | None, Ok(text)) => ("text", text.to_owned(), "text/plain"),
        (Some("text"), Err(_)) => return misfit("is not UTF-8 text"),
        (Some(other), _) => return refuse(&format!("cannot be given as {other}")),
    };
    model.content = Some(Value::String(content));
    model.format = Some(format.to_owned());
    model.mimetype.get_or_insert_with(|| usual.to_owned());
    Ok(model)
}

/// Whether it has the form of format 4.
fn is_current(notebook: &Value) -> bool {
    let format = notebook.get("nbformat").and_then(Value::as_i64);
    notebook.is_object() && format.map_or(notebook.get("worksheets").is_none(), |format| format >= 4)
}

/// Marks code as not trusted, as Jupyter does on reading: its clients then show no output that could run something. The mark is
/// never written into a file.
fn distrust(notebook: &mut Value) {
    let cells = notebook.get_mut("cells").and_then(Value::as_array_mut).into_iter().flatten();
    for cell in cells.filter(|cell| cell.get("cell_type").is_some_and(|ty| ty == "code")) {
        if let Some(metadata) = cell.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("trusted".to_owned(), Value::Bool(false));
        }
    }
}

/// Joins what notebooks may keep as lists of lines, as nbformat does when it reads one.
fn join_lines(notebook: &mut Value) {
    let Some(cells) = notebook.get_mut("cells").and_then(Value::as_array_mut) else { return };
    for cell in cells {
        if let Some(source) = cell.get_mut("source") {
            join(source);
        }
        if let Some(attachments) = cell.get_mut("attachments").and_then(Value::as_object_mut) {
            attachments.values_mut().for_each(join_bundle);
        }
        for output in cell.get_mut("outputs").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(text) = output.get_mut("text") {
                join(text);
            }
            if let Some(data) = output.get_mut("data") {
                join_bundle(data);
            }
        }
    }
}

fn join_bundle(bundle: &mut Value) {
    for (mimetype, value) in bundle.as_object_mut().into_iter().flatten() {
        if mimetype != "application/json" && !(mimetype.starts_with("application/") && mimetype.ends_with("+json")) {
            join(value);
        }
    }
}

fn join(value: &mut Value) {
    if let Value::Array(lines) = value
        && lines.iter().all(Value::is_string)
    {
        *value = Value::String(lines.iter().filter_map(Value::as_str).collect());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn file(path: &str) -> Metadata {
        let path = path.to_owned();
        Metadata { path, directory: false, size: 3, modified: 0, created: 0, writable: true, inode: None }
    }

    #[test]
    fn contents_come_in_the_format_that_fits_or_is_asked_for() {
        let get = |path: &str, bytes: &[u8], format: Option<&str>| {
            let content = DiskContent::new(bytes);
            let model = fill(describe(&file(path), true), &content, format);
            model.map(|model| (model.format.unwrap(), model.content.unwrap(), model.mimetype))
        };
        let plain = Some("text/plain".to_owned());
        assert_eq!(get("a", b"hi", None), Ok(("text".into(), json!("hi"), plain)));
        let image = Some("image/png".to_owned());
        assert_eq!(get("a.png", b"\xff", None), Ok(("base64".into(), json!("/w=="), image)));
        assert_eq!(get("a", b"\xff", Some("text")).unwrap_err().code, ErrorCode::BadRequest);
        assert_eq!(get("a", b"", Some("json")).unwrap_err().code, ErrorCode::BadRequest);
        assert_eq!(get("a.ipynb", b"{", None).unwrap_err().code, ErrorCode::BadRequest);
    }

    #[test]
    fn rest_51_an_old_notebook_is_read_as_one_of_format_4_and_other_json_is_none() {
        let read = |bytes: &str| fill(describe(&file("a.ipynb"), true), &DiskContent::new(bytes.as_bytes()), None);
        let code = r#"{"cell_type":"code","input":["1+","1"],"prompt_number":3,"language":"python",
            "outputs":[{"output_type":"pyout","prompt_number":3,"text":["2"],"html":["<b>2</b>"]}]}"#;
        let head = r#"{"cell_type":"heading","level":2,"source":["Head"]}"#;
        for (format, cell) in [(r#""nbformat":3,"#, head), ("", code)] {
            let old = format!(r#"{{"metadata":{{"name":"x"}},{format}"worksheets":[{{"cells":[{cell},{code}]}}]}}"#);
            let notebook = read(&old).unwrap().content.unwrap();
            assert_eq!((&notebook["nbformat"], &notebook["metadata"]), (&json!(4), &json!({})), "{notebook}");
            assert!(notebook.get("worksheets").is_none(), "{notebook}");
            let cell = &notebook["cells"][1];
            assert_eq!(
                (&cell["execution_count"], &cell["metadata"]),
                (&json!(3), &json!({ "trusted": false })),
                "{cell}"
            );
            let data = json!({ "text/plain": "2", "text/html": "<b>2</b>" });
            assert_eq!((&cell["outputs"][0]["data"], cell["source"].is_string()), (&data, true), "{cell}");
        }
        for none in ["[1]", "7", r#"{"nbformat":1,"cells":[]}"#] {
            let error = read(none).map(|model| model.content).expect_err(none);
            assert_eq!(error.code, ErrorCode::BadRequest, "{none}");
        }
    }

    #[test]
    fn lines_of_notebooks_are_joined_but_json_stays() {
        let mut notebook = json!({"cells": [
            {"source": ["a\n", "b"], "outputs": [
                {"text": ["x\n", "y"]},
                {"data": {"text/html": ["<p>", "</p>"], "application/json": ["a", "b"], "application/geo+json": ["c"]}},
            ]},
            {"source": "plain", "attachments": {"i.png": {"image/png": ["AA", "BB"]}}},
            {"source": 7},
        ]});
        join_lines(&mut notebook);
        assert_eq!(
            notebook,
            json!({"cells": [
                {"source": "a\nb", "outputs": [
                    {"text": "x\ny"},
                    {"data": {"text/html": "<p></p>", "application/json": ["a", "b"], "application/geo+json": ["c"]}},
                ]},
                {"source": "plain", "attachments": {"i.png": {"image/png": "AABB"}}},
                {"source": 7},
            ]})
        );
        join_lines(&mut json!([1]));
    }
}
