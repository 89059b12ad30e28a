//! The host as a library, beside clients on sockets; and what is counted of those.

use protocol::DocumentKind;
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

    let live = host.host.live_document(&slug, "a.txt", &text).unwrap().unwrap();
    let state = live.state().await.unwrap();
    live.apply(typed(&state, "live ").into()).await.unwrap();
    ana.until("the edit", |seen| seen.text() == "live hello\n").await;
    host.saved("a.txt", "live hello\n").await;
    assert_eq!(host.host.document(&slug, "a.txt", &text).await.unwrap().unwrap().bytes(), b"live hello\n");
    assert_eq!(copy.bytes(), b"copied hello\n");
    let error = live.apply(b"no update".as_slice().into()).await.unwrap_err();
    assert!(error.message.starts_with("a.txt was not edited."), "{error}");
    assert!(host.host.live_document(&slug, "a.txt", &DocumentKind::notebook()).unwrap().is_none());
    assert!(host.host.live_document(&slug, "b.txt", &text).unwrap().is_none());

    // A handle keeps nothing open.
    drop(ana);
    tests::until("the room ends", async || host.host.document(&slug, "a.txt", &text).await.unwrap().is_none()).await;
    let error = live.apply(typed(&state, "late ").into()).await.unwrap_err();
    assert_eq!(error.message, "a.txt was not edited. It was closed.");
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
