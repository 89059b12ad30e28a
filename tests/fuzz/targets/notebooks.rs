//! Files of any bytes: read, and written like themselves and like any other bytes.

use super::{BETWEEN, model};
use protocol::Model;
use ydoc::Document;

pub(super) fn run(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else { return };
    let model = model(*first);
    let mut parts = rest.splitn(2, |byte| *byte == BETWEEN);
    let (file, like) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let mut document = Document::new(model, 7);
    if let Err(error) = document.load(file) {
        assert!(!error.to_string().is_empty());
        return;
    }
    assert_eq!(text(&document.to_bytes(file)), text(file), "opening and writing changes nothing");
    let written = document.to_bytes(like);
    let mut again = Document::new(model, 8);
    again.load(&written).unwrap_or_else(|error| panic!("it wrote what it cannot read: {error}\n{}", text(&written)));
    assert_eq!(text(&again.to_bytes(&written)), text(&written), "what it wrote is written as it is");
    if model == Model::Notebook {
        assert_eq!(says(&again), says(&document), "written like {}", text(like));
    }
}

/// What a notebook says. Ids are left out, because files of older versions have none.
fn says(document: &Document) -> serde_json::Value {
    let bytes = document.to_bytes(b"");
    let mut value: serde_json::Value = serde_json::from_slice(&bytes).expect("it writes JSON");
    for cell in value["cells"].as_array_mut().expect("cells") {
        cell.as_object_mut().expect("a cell").remove("id");
    }
    value
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
