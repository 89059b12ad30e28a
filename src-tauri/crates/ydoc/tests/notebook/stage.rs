//! What the tests of notebooks start from and look at.

use protocol::{Digest, Model};
use serde_json::{Value, json};
use ydoc::{Base, Document, Merge, merge_disk};
use yrs::updates::decoder::Decode;
use yrs::{Array, ArrayRef, GetString, Map, MapRef, OffsetKind, Options, Out, Text, TextRef, Transact, TransactionMut};

/// A peer with a notebook editor.
pub(crate) struct Peer {
    pub(crate) doc: yrs::Doc,
    pub(crate) cells: ArrayRef,
}

impl Peer {
    pub(crate) fn of(document: &Document, id: u64) -> Self {
        let mut options = Options::with_client_id(yrs::ClientID::new(id));
        options.offset_kind = OffsetKind::Utf16;
        let doc = yrs::Doc::with_options(options);
        let cells = doc.get_or_insert_array("cells");
        doc.get_or_insert_map("meta");
        doc.transact_mut().apply_update(yrs::Update::decode_v1(&document.state()).unwrap()).unwrap();
        Self { doc, cells }
    }

    pub(crate) fn edit(&self, run: impl FnOnce(&mut TransactionMut<'_>)) -> Vec<u8> {
        let mut txn = self.doc.transact_mut();
        run(&mut txn);
        txn.encode_update_v1()
    }

    pub(crate) fn cell(&self, txn: &impl yrs::ReadTxn, id: &str) -> Option<(u32, MapRef, TextRef)> {
        let mut cells = self.cells.iter(txn).enumerate();
        cells.find_map(|(at, cell)| {
            let Out::YMap(cell) = cell else { return None };
            let Some(Out::YText(text)) = cell.get(txn, "source") else { return None };
            (cell.get(txn, "id") == Some(Out::Any(id.into()))).then_some((at as u32, cell, text))
        })
    }

    /// Types at the start of a cell.
    pub(crate) fn types(&self, id: &str, what: &str) -> Vec<u8> {
        self.edit(|txn| {
            let (_, _, text) = self.cell(txn, id).unwrap();
            text.insert(txn, 0, what);
        })
    }

    pub(crate) fn deletes(&self, id: &str) -> Vec<u8> {
        self.edit(|txn| {
            let (at, ..) = self.cell(txn, id).unwrap();
            self.cells.remove(txn, at);
        })
    }

    /// Moves a cell as JupyterLab does: a deletion, and a copy with the same id.
    pub(crate) fn moves(&self, id: &str, to: u32) -> Vec<u8> {
        self.edit(|txn| {
            let (at, cell, text) = self.cell(txn, id).unwrap();
            let kind = cell.get(txn, "cell_type").unwrap().to_string(txn);
            let source = text.get_string(txn);
            self.cells.remove(txn, at);
            let copy = self.cells.insert(txn, to, yrs::MapPrelim::default());
            copy.insert(txn, "cell_type", kind.as_str());
            copy.insert(txn, "id", id);
            copy.insert(txn, "source", yrs::TextPrelim::new(source));
            copy.insert(txn, "metadata", yrs::MapPrelim::default());
            if kind == "code" {
                copy.insert(txn, "execution_count", yrs::Any::Null);
                copy.insert(txn, "outputs", yrs::ArrayPrelim::default());
            }
        })
    }
}

pub(crate) fn code(id: &str, source: &str) -> Value {
    json!({"cell_type": "code", "execution_count": null, "id": id, "metadata": {}, "outputs": [],
           "source": source.split_inclusive('\n').collect::<Vec<_>>()})
}

pub(crate) fn notebook(cells: &[Value]) -> Value {
    json!({"cells": cells, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5})
}

pub(crate) fn bytes(value: &Value) -> String {
    let pretty = serde_json::to_string_pretty(value).unwrap();
    let lines = pretty.lines().map(|line| {
        let text = line.trim_start();
        format!("{}{text}\n", " ".repeat((line.len() - text.len()) / 2))
    });
    lines.collect()
}

pub(crate) fn file(cells: &[(&str, &str)]) -> String {
    bytes(&notebook(&cells.iter().map(|(id, source)| code(id, source)).collect::<Vec<_>>()))
}

pub(crate) fn loaded(bytes: &str) -> (Document, Base) {
    let mut document = Document::new(Model::Notebook, 7);
    document.load(bytes.as_bytes()).unwrap();
    let base = Base { state: document.state(), digest: Digest::of(bytes.as_bytes()) };
    (document, base)
}

pub(crate) fn written(document: &Document, like: &str) -> String {
    String::from_utf8(document.to_bytes(like.as_bytes())).unwrap()
}

pub(crate) fn merge(live: &mut Document, base: &Base, disk: &str) -> Merge {
    let merge = merge_disk(Model::Notebook, &live.state(), base, disk.as_bytes(), 11).unwrap();
    if let Some(update) = &merge.update {
        live.apply(update).unwrap();
    }
    let at_base = Document::from_state(Model::Notebook, 1, &merge.base.state).unwrap();
    assert_eq!(written(&at_base, disk), disk, "the base is what is on disk");
    merge
}

/// Ids and sources of the cells of a live document, as they would be saved.
pub(crate) fn cells(document: &Document) -> Vec<(String, String)> {
    let value: Value = serde_json::from_slice(&document.to_bytes(b"")).unwrap();
    let cells = value["cells"].as_array().unwrap().iter();
    let text = |cell: &Value| match &cell["source"] {
        Value::Array(lines) => lines.iter().map(|line| line.as_str().unwrap()).collect(),
        other => other.as_str().unwrap().to_owned(),
    };
    cells.map(|cell| (cell["id"].as_str().unwrap_or_default().to_owned(), text(cell))).collect()
}

pub(crate) fn check(live: &Document, expect: &[(&str, &str)]) {
    let cells = cells(live);
    let cells: Vec<_> = cells.iter().map(|(id, source)| (id.as_str(), source.as_str())).collect();
    assert_eq!(cells, expect);
}

pub(crate) const UGLY: &[&str] = &[
    r#"{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":[]}"#,
    "{\"cells\": [], \"metadata\": {}, \"nbformat\": 4, \"nbformat_minor\": 5}\n\n",
    "{\r\n\t\"nbformat\": 4,\r\n\t\"cells\": [ ]\r\n}",
    r#"{"cells":[{"cell_type":"code","source":"a\u00e9\ud800","outputs":[{"output_type":"stream","name":"stdout","text":["x\n","y"]}]}],"nbformat":4,"extra":{"a":1.0}}"#,
    r#"{"cells":[{"cell_type":"markdown","source":[],"attachments":{},"id":"a","metadata":{"trusted":true,"n":1e400}},{"cell_type":"strange","id":"a","source":7,"metadata":5},{"source":"x","x":[NaN,-Infinity,123456789012345678901234567890,1.0,-0]}],"metadata":{"signature":"s","orig_nbformat":2},"nbformat":4,"nbformat_minor":4}"#,
    r#"{"cells":[{"cell_type":"code","id":"c","execution_state":"busy","execution_count":0,"outputs":7,"source":["a"," b"],"source":["c"]}],"nbformat":4,"nbformat_minor":9,"nbformat_minor":5}"#,
    r#"{"cells":[{"cell_type":"code","id":"c","outputs":[{"output_type":"display_data","data":{"text/html":["<b>","x"],"application/json":["a","b"],"image/png":"iVBOR\n","x/y":[1]},"metadata":{}},{"output_type":"error","traceback":["a","b"]},{"output_type":"stream","text":5}],"source":""}],"nbformat":4}"#,
    "\u{feff}{\"cells\":[],\"nbformat\":4}",
    r#"{"metadata":{"name":"x"},"nbformat":3,"nbformat_minor":0,"worksheets":[{"cells":[{"cell_type":"heading","level":2,"source":["T"]},{"cell_type":"code","input":["1+1"],"outputs":[{"output_type":"pyout","prompt_number":1,"text":["2"]}],"prompt_number":1}]}]}"#,
];
