//! The host as a library, beside clients on sockets; and what is counted of those.

use protocol::{DocumentKind, ErrorCode};
use serde_json::json;
use tests::{Setup, TestHost, notebook};
use yrs::updates::decoder::Decode;
use yrs::{Any, Array, ArrayRef, Doc, Map, MapRef, Out, ReadTxn, Text, Transact, Update};

/// The update of somebody who types at the start of a text that has this state.
fn typed(state: &[u8], words: &str) -> Vec<u8> {
    let doc = Doc::new();
    doc.transact_mut().apply_update(Update::decode_v1(state).unwrap()).unwrap();
    let before = doc.transact().state_vector();
    doc.get_or_insert_text("source").insert(&mut doc.transact_mut(), 0, words);
    doc.transact().encode_state_as_update_v1(&before)
}

#[tokio::test]
async fn seed_2_a_program_with_the_host_inside_gets_a_copy_or_the_live_document() {
    let setup = Setup { cleanup_delay: Some(std::time::Duration::ZERO), ..Setup::default() };
    let host = TestHost::start_with(&[("a.txt", "hello\n"), ("b.txt", "")], setup).await;
    let (text, slug) = (DocumentKind::text(), host.slug.clone());
    assert!(host.host.document(&slug, "a.txt", &text).await.unwrap().is_none(), "it is not open");
    let ana = host.open_text("a.txt").await.synced().await;
    let mut copy = host.host.document(&slug, "a.txt", &text).await.unwrap().unwrap();
    assert_eq!(copy.bytes(), b"hello\n");
    copy.document.apply(&typed(&copy.document.state(), "copied ")).unwrap();
    assert_eq!(copy.bytes(), b"copied hello\n");

    let live = host.host.live_document(&slug, "a.txt", &text).await.unwrap().unwrap();
    let state = live.state().await.unwrap();
    live.apply(typed(&state, "live ").into()).await.unwrap();
    ana.until("the edit", |seen| seen.text() == "live hello\n").await;
    host.saved("a.txt", "live hello\n").await;
    assert_eq!(host.host.document(&slug, "a.txt", &text).await.unwrap().unwrap().bytes(), b"live hello\n");
    assert_eq!(copy.bytes(), b"copied hello\n");
    let error = live.apply(b"no update".as_slice().into()).await.unwrap_err();
    assert!(error.message.starts_with("a.txt was not edited."), "{error}");
    assert!(host.host.live_document(&slug, "a.txt", &DocumentKind::notebook()).await.unwrap().is_none());
    assert!(host.host.live_document(&slug, "b.txt", &text).await.unwrap().is_none());

    // A handle keeps nothing open.
    drop(ana);
    tests::until("the room ends", async || host.host.document(&slug, "a.txt", &text).await.unwrap().is_none()).await;
    let error = live.apply(typed(&state, "late ").into()).await.unwrap_err();
    assert_eq!(error.message, "a.txt was not edited. It was closed.");
}

#[cfg(unix)]
#[tokio::test]
async fn seed_32_all_names_of_a_file_are_one_document_for_a_program_too() {
    let host = TestHost::start(&[("d/a.txt", "hello\n")]).await;
    std::os::unix::fs::symlink("d/a.txt", host.path("link.txt")).unwrap();
    std::os::unix::fs::symlink("d", host.path("elsewhere")).unwrap();
    let (text, slug) = (DocumentKind::text(), host.slug.clone());
    let ana = host.open_text("link.txt").await.synced().await;
    for name in ["d/a.txt", "link.txt", "elsewhere/a.txt", "/d//a.txt", "./d/./a.txt"] {
        let copy = host.host.document(&slug, name, &text).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(copy.unwrap_or_else(|| panic!("{name} is not open")).bytes(), ana.text().as_bytes());
        let live = host.host.live_document(&slug, name, &text).await.unwrap().unwrap();
        live.apply(typed(&live.state().await.unwrap(), &format!("{name} ")).into()).await.unwrap();
        ana.until(name, |seen| seen.text().starts_with(name)).await;
        let opened = host.host.open_document(&slug, name, &text).await.unwrap();
        assert_eq!(opened.state().await, live.state().await);
    }
    assert_eq!(host.host.folders()[0].documents, 1);
    // What leads out of the folder is nobody's other name.
    std::os::unix::fs::symlink("/etc", host.path("out")).unwrap();
    assert!(host.host.document(&slug, "out/passwd", &text).await.unwrap().is_none());
    assert_eq!(host.host.open_document(&slug, "out/passwd", &text).await.err().unwrap().code, ErrorCode::NotFound);
}

#[tokio::test]
async fn seed_33_a_document_that_is_opened_for_a_program_stays_open_until_it_is_let_go() {
    let setup = Setup { cleanup_delay: Some(std::time::Duration::ZERO), ..Setup::default() };
    let host = TestHost::start_with(&[("a.txt", "hello\n"), ("bad.ipynb", "{")], setup).await;
    let (text, slug) = (DocumentKind::text(), host.slug.clone());
    let opened = host.host.open_document(&slug, "a.txt", &text).await.unwrap();
    let ana = host.open_text("a.txt").await.synced().await;
    for number in 0..600 {
        // More than waits for somebody who does not listen.
        ana.type_at(0, &format!("{number} "));
        ana.handled().await;
    }
    drop(ana);
    opened.apply(typed(&opened.state().await.unwrap(), "program ").into()).await.unwrap();
    assert_eq!(host.host.folders()[0].documents, 1, "it is open although nobody else is there");
    drop(opened);
    tests::until("the room ends", async || host.host.folders()[0].documents == 0).await;
    assert!(host.read("a.txt").starts_with("program 599 598 "), "{}", host.read("a.txt"));

    let refused = async |path: &str, kind| host.host.open_document(&slug, path, &kind).await.err().unwrap();
    let missing = refused("none.txt", text.clone()).await;
    assert!(missing.code == ErrorCode::NotFound && missing.message.contains("none.txt"), "{missing}");
    let broken = refused("bad.ipynb", DocumentKind::notebook()).await;
    assert!(
        broken.code == ErrorCode::BadRequest && broken.message.starts_with("bad.ipynb cannot be opened."),
        "{broken}"
    );
}

#[tokio::test]
async fn seed_6_each_folder_counts_its_own_rooms_clients_and_edits() {
    let host = TestHost::start(&[("a.txt", "")]).await;
    let ana = host.open_text("a.txt").await.synced().await;
    let (room, session) = host.session("a.txt", "text", "file").await;
    let ben = host.join(&room, &session).await.synced().await;
    let eva = host.join("JupyterLab:globalAwareness", "").await;
    eva.announce("Eva");
    ana.type_at(0, "x");
    ana.handled().await;
    ben.until("the edit", |seen| seen.text() == "x").await;
    host.add_folder("ponds").await;
    let status = async |slug: &str| {
        let status = host.owner("GET", &format!("/{slug}/api/status")).send().await.json();
        (status["connections"].clone(), status["patches_per_minute"].clone(), status["rooms"].clone())
    };
    let rooms = json!([
        { "room": "JupyterLab:globalAwareness", "path": null, "clients": 1 },
        { "room": room, "path": "a.txt", "clients": 2 },
    ]);
    assert_eq!(status("tides").await, (json!(3), json!(1), rooms));
    assert_eq!(status("ponds").await, (json!(0), json!(0), json!([])));
    assert_eq!(host.server.state().edits_per_minute, 1);
}

/// An edit of the metadata of the first cell.
fn trust(doc: &Doc) {
    let cells = doc.get_or_insert_array("cells");
    let mut txn = doc.transact_mut();
    metadata(&cells, &txn).insert(&mut txn, "trusted", Any::Bool(true));
}

fn metadata(cells: &ArrayRef, txn: &impl ReadTxn) -> MapRef {
    let Some(Out::YMap(cell)) = cells.get(txn, 0) else { panic!("no cell") };
    let Some(Out::YMap(metadata)) = cell.get(txn, "metadata") else { panic!("no metadata") };
    metadata
}

#[tokio::test]
async fn seed_9_a_notebook_is_not_trusted_when_it_is_loaded_and_no_trust_reaches_its_file() {
    let text =
        notebook(&[("code", "1")]).replacen("\"metadata\": {}", "\"metadata\": {\n    \"trusted\": true\n   }", 1);
    let host = TestHost::start(&[("a.ipynb", &text)]).await;
    let trusted = |doc: &Doc| {
        let cells = doc.get_or_insert_array("cells");
        let txn = doc.transact();
        metadata(&cells, &txn).get(&txn, "trusted")
    };
    let ana = host.open_notebook("a.ipynb").await.synced().await;
    assert_eq!(ana.see(|seen| trusted(&seen.doc)), None);
    let model = host.owner("GET", "/api/contents/a.ipynb").send().await.json();
    assert_eq!(model["content"]["cells"][0]["metadata"]["trusted"], json!(false));
    // Somebody trusts it, and edits.
    ana.edit(trust);
    ana.type_in_cell(0, 0, "2 + ");
    // The file keeps what it had, and gets what was typed.
    host.saved("a.ipynb", &text.replace("\"1\"", "\"2 + 1\"")).await;

    let plain = notebook(&[("code", "1")]);
    host.write("b.ipynb", &plain);
    let ben = host.open_notebook("b.ipynb").await.synced().await;
    ben.edit(trust);
    ben.type_in_cell(0, 0, "2 + ");
    host.saved("b.ipynb", &plain.replace("\"1\"", "\"2 + 1\"")).await;
}
