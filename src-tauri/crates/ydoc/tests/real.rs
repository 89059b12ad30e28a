//! What real notebooks showed: each test is the smallest notebook that shows it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use protocol::{Digest, Model};
use ydoc::{Base, Document, merge_disk};
use yrs::updates::decoder::Decode;
use yrs::{Array, Map, OffsetKind, Options, Out, Text, Transact};

fn loaded(bytes: &str) -> (Document, Base) {
    let mut document = Document::new(Model::Notebook, 7);
    document.load(bytes.as_bytes()).unwrap();
    let base = Base { state: document.state(), digest: Digest::of(bytes.as_bytes()) };
    (document, base)
}

fn written(document: &Document, like: &str) -> String {
    String::from_utf8(document.to_bytes(like.as_bytes())).unwrap()
}

/// Types in a cell's source.
fn types(document: &mut Document, cell: u32, at: u32, what: &str) {
    let mut options = Options::with_client_id(yrs::ClientID::new(5));
    options.offset_kind = OffsetKind::Utf16;
    let peer = yrs::Doc::with_options(options);
    let cells = peer.get_or_insert_array("cells");
    let mut txn = peer.transact_mut();
    txn.apply_update(yrs::Update::decode_v1(&document.state()).unwrap()).unwrap();
    let Some(Out::YMap(map)) = cells.get(&txn, cell) else { panic!("a cell is a map") };
    let Some(Out::YText(text)) = map.get(&txn, "source") else { panic!("a source is text") };
    text.insert(&mut txn, at, what);
    let update = txn.encode_update_v1();
    drop(txn);
    document.apply(&update).unwrap();
}

fn lines(sources: &[&str]) -> String {
    let cells: Vec<_> = sources
        .iter()
        .map(|source| format!(r#"{{"cell_type":"markdown","metadata":{{}},"source":["{source}"]}}"#))
        .collect();
    format!(r#"{{"cells":[{}],"metadata":{{}},"nbformat":4,"nbformat_minor":2}}"#, cells.join(","))
}

#[test]
fn disk_60_of_cells_that_say_the_same_each_gets_its_own_edits() {
    let check = |before: &[&str], disk: &[&str], cell: u32, expect: &[&str]| {
        let (mut live, base) = loaded(&lines(before));
        types(&mut live, cell, 0, "typed ");
        let disk = lines(disk);
        let merge = merge_disk(Model::Notebook, &live.state(), &base, disk.as_bytes(), 11).unwrap();
        live.apply(&merge.update.unwrap()).unwrap();
        assert_eq!(written(&live, &disk), lines(expect));
    };
    check(&["nav", "text", "nav"], &["disk nav", "text", "nav"], 2, &["disk nav", "text", "typed nav"]);
    check(&["nav", "text", "nav"], &["nav", "text", "disk nav"], 0, &["typed nav", "text", "disk nav"]);
    check(&["a", "a", "a"], &["a", "disk a", "a"], 2, &["a", "disk a", "typed a"]);
    check(&["a", "a", "a"], &["a", "disk a", "a"], 0, &["typed a", "disk a", "a"]);
    check(&["nav", "text", "nav"], &["text", "nav"], 2, &["text", "typed nav"]);
}

#[test]
fn save_60_lines_that_are_divided_otherwise_stay_so() {
    let file =
        |source: &str| format!(r#"{{"cells":[{{"cell_type":"raw","metadata":{{}},"source":{source}}}],"nbformat":4}}"#);
    let check = |before: &str, at: u32, after: &str| {
        let before = file(before);
        let (mut document, _) = loaded(&before);
        types(&mut document, 0, at, "X");
        assert_eq!(written(&document, &before), file(after));
    };
    check(r#"["a\n","b\n",""]"#, 0, r#"["Xa\n","b\n",""]"#);
    check(r#"["a\n","b\n",""]"#, 4, r#"["a\n","b\n","X"]"#);
    check(r#"["a\nb\n","c\n","d"]"#, 4, r#"["a\nb\n","Xc\n","d"]"#);
    check(r#"["a\n","b\nc\nd"]"#, 0, r#"["Xa\n","b\nc\nd"]"#);
    check(r#"["a\n","a\n","a\n"]"#, 2, r#"["a\n","Xa\n","a\n"]"#);
    check(r#"["a","b"]"#, 0, r#"["Xab"]"#);
    check(r#"[]"#, 0, r#"["X"]"#);
}

#[test]
fn save_61_notebooks_of_formats_2_and_3_open() {
    let old = |version: u8, cells: &str| format!(r#"{{"metadata":{{"name":""}},"nbformat":{version},{cells}"x":0}}"#);
    let cells = r#""worksheets":[{"cells":[{"cell_type":"markdown","source":["* One","","two"]},{"cell_type":"code",
        "collapsed":false,"input":["1","2\u00e9"],"language":"python","prompt_number":1,
        "outputs":[{"output_type":"pyout","prompt_number":1,"text":["a","b"]}]}]}],"#;
    for version in [2, 3] {
        let file = old(version, cells);
        let (mut document, _) = loaded(&file);
        assert_eq!(written(&document, &file), file, "unchanged");
        types(&mut document, 0, 0, "typed ");
        let value: serde_json::Value = serde_json::from_str(&written(&document, &file)).unwrap();
        assert_eq!(value["nbformat"], 4);
        assert_eq!(value["cells"][0]["source"], serde_json::json!(["typed * One\n", "\n", "two"]));
        assert_eq!(value["cells"][1]["source"], serde_json::json!(["1\n", "2é"]));
        assert_eq!(value["cells"][1]["outputs"][0]["data"]["text/plain"], serde_json::json!(["a\n", "b"]));
        let empty = old(version, "");
        assert_eq!(written(&loaded(&empty).0, &empty), empty);
    }
    assert!(Document::new(Model::Notebook, 7).load(old(3, r#""cells":[],"#).as_bytes()).is_err());
}

#[test]
fn save_62_the_manifest_of_public_notebooks_is_whole() {
    const MANIFEST: &str = include_str!("../../../../tests/fixtures/notebooks/MANIFEST.tsv");
    const README: &str = include_str!("../../../../tests/fixtures/notebooks/README.md");
    let mut seen = std::collections::HashSet::new();
    for row in MANIFEST.lines() {
        let columns: Vec<&str> = row.split('\t').collect();
        let [repository, commit, path, digest, bytes, format, result] = columns[..] else { panic!("{row}") };
        let is_hex = |text: &str, digits: usize| text.len() == digits && text.bytes().all(|b| b.is_ascii_hexdigit());
        assert!(repository.split('/').filter(|part| !part.is_empty()).count() == 2, "{row}");
        assert!(is_hex(commit, 40) && is_hex(digest, 64), "{row}");
        assert!(path.ends_with(".ipynb") && !path.starts_with('/'), "{row}");
        assert!(bytes.parse::<u64>().is_ok_and(|bytes| bytes > 0) && !format.is_empty(), "{row}");
        assert!(README.contains(&format!("\n- `{result}`: ")), "{result} is not explained: {row}");
        assert!(seen.insert((repository, commit, path)), "twice: {row}");
    }
    assert!(seen.len() >= 200, "{}", seen.len());
}
