//! Two rooms on one file: a notebook and its text, a text under two names, a broken notebook and the text that mends it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tests::{Setup, TestClient, TestHost, frame, notebook, until};
use yrs::{GetString, Text, Transact};

fn unsaved() -> Setup {
    Setup { save_delay: None, ..Setup::default() }
}

async fn open(host: &TestHost, path: &str, format: &str, ty: &str) -> TestClient {
    let (room, session) = host.session(path, format, ty).await;
    host.join(&room, &session).await.synced().await
}

/// Types into a text before this mark.
fn type_before(client: &TestClient, mark: &str, typed: &str) {
    client.edit(|doc| {
        let text = doc.get_or_insert_text("source");
        let at = text.get_string(&doc.transact()).find(mark).expect("the mark is there") as u32;
        text.insert(&mut doc.transact_mut(), at, typed);
    });
}

fn erase(client: &TestClient, what: &str) {
    client.edit(|doc| {
        let text = doc.get_or_insert_text("source");
        let at = text.get_string(&doc.transact()).find(what).expect("it is there") as u32;
        text.remove_range(&mut doc.transact_mut(), at, what.len() as u32);
    });
}

/// People type in a notebook and in its text without a pause, and nothing is saved. Each is shown the other's words, once; says how
/// long after.
async fn typed_in_both(before: &str, rounds: usize) {
    let host = TestHost::start_with(&[("n.ipynb", before)], unsaved()).await;
    let text = open(&host, "n.ipynb", "text", "file").await;
    let cells = host.open_notebook("n.ipynb").await.synced().await;
    let over = Arc::new(AtomicBool::new(false));
    // Nobody pauses before everybody saw everything.
    let typing = async |write: &dyn Fn()| {
        let mut strokes = 0;
        while !over.load(Ordering::Relaxed) {
            write();
            strokes += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        strokes
    };
    let seeing = async {
        let mut lags = Vec::new();
        for round in 0..rounds {
            let (here, there) = (format!("<n{round}>"), format!("<t{round}>"));
            cells.type_in_cell(0, 0, &here);
            type_before(&text, "Tides", &there);
            let typed = Instant::now();
            let in_text = async {
                text.until("the notebook's word", |seen| seen.text().contains(&here)).await;
                typed.elapsed()
            };
            let in_cells = async {
                cells.until("the text's word", |seen| seen.sources()[0].contains(&there)).await;
                typed.elapsed()
            };
            let (in_text, in_cells) = tokio::join!(in_text, in_cells);
            lags.extend([in_text, in_cells]);
        }
        assert_eq!(host.read("n.ipynb"), before, "all that without a save");
        over.store(true, Ordering::Relaxed);
        lags
    };
    let in_cell = || cells.type_in_cell(0, 0, ".");
    let in_text = || type_before(&text, "Tides", ",");
    let (dots, commas, mut lags) = tokio::join!(typing(&in_cell), typing(&in_text), seeing);
    lags.sort_unstable();
    let (kib, median, worst) = (before.len() >> 10, lags[lags.len() / 2], lags[lags.len() - 1]);
    println!("views of {kib} KiB: {} words seen, median {median:.0?}, worst {worst:.0?}", lags.len());
    let count = |text: &str, sign: &str| text.matches(sign).count();
    cells.until("every stroke", |seen| count(&seen.sources()[0], ",") == commas).await;
    text.until("every stroke", |seen| count(&seen.text(), ".") == dots + count(before, ".")).await;
    let source = cells.see(|seen| seen.sources())[0].clone();
    for round in 0..rounds {
        for word in [format!("<n{round}>"), format!("<t{round}>")] {
            assert_eq!((count(&source, &word), count(&text.text(), &word)), (1, 1), "{word}");
        }
    }
    assert_eq!((count(&source, "."), count(&source, ",")), (dots, commas));
}

/// `VIEWS_KIB=1024` has a notebook of that size.
#[tokio::test]
async fn sync_70_notebook_and_text_show_each_others_words_while_both_are_typed_in_and_nothing_is_saved() {
    let kib = std::env::var("VIEWS_KIB").map_or(0, |text| text.parse().expect("VIEWS_KIB is a number"));
    let long = "high and low water, twice a day and a little later each day\n".repeat(40);
    let more = (0..kib * 1024 / long.len()).map(|_| ("markdown", &*long));
    let cells: Vec<_> = std::iter::once(("markdown", "Tides")).chain(more).collect();
    typed_in_both(&notebook(&cells), 20).await;
}

#[tokio::test]
async fn sync_70_the_same_text_under_two_names_is_in_step_and_saved_once() {
    let host = TestHost::start_with(&[("a.txt", "end\n")], unsaved()).await;
    let (file, unicode) = (open(&host, "a.txt", "text", "file").await, open(&host, "a.txt", "text", "unicode").await);
    for round in 0..5 {
        type_before(&file, "end", "f");
        type_before(&unicode, "end", "u");
        let both = |seen: &tests::Seen| seen.text().len() == 2 * (round + 1) + 4;
        file.until("both", both).await;
        unicode.until("both", both).await;
    }
    assert_eq!(file.text(), unicode.text());
    assert_eq!(host.read("a.txt"), "end\n");
    let text = file.text();
    drop(file);
    drop(unicode);
    host.saved("a.txt", &text).await;
}

#[tokio::test]
async fn sync_71_half_typed_json_blocks_nobody_and_is_taken_when_it_is_whole() {
    let host = TestHost::start(&[("n.ipynb", &notebook(&[("raw", "Tides")]))]).await;
    let cells = host.open_notebook("n.ipynb").await.synced().await;
    let text = open(&host, "n.ipynb", "text", "file").await;
    type_before(&text, "\"nbformat\"", "\"half\": ");
    text.send(frame::save(1));
    text.until("an answer", |seen| !seen.raw.is_empty()).await;
    let answer = text.see(|seen| seen.raw[0].clone());
    assert_eq!(answer["status"], "failed");
    assert!(answer.to_string().contains("n.ipynb is no readable notebook"), "{answer}");
    cells.type_in_cell(0, 0, "High ");
    text.until("the notebook goes on", |seen| seen.text().contains("High Tides")).await;
    until("the notebook is saved", async || host.read("n.ipynb").contains("High Tides")).await;
    assert!(text.text().contains("\"half\": ") && !host.read("n.ipynb").contains("half"));
    type_before(&text, "\"nbformat\"", "1, ");
    until("the rest of it", async || host.read("n.ipynb").contains("\"half\": 1, ")).await;
}

#[tokio::test]
async fn sync_73_a_save_asked_for_in_a_view_is_answered_when_the_file_is_written() {
    let host = TestHost::start_with(&[("n.ipynb", &notebook(&[("raw", "Tides")]))], unsaved()).await;
    let text = open(&host, "n.ipynb", "text", "file").await;
    type_before(&text, "Tides", "High ");
    text.send(frame::save(3));
    text.until("an answer", |seen| !seen.raw.is_empty()).await;
    let success = serde_json::json!({ "type": "save", "responseTo": 3, "status": "success" });
    assert_eq!(text.see(|seen| seen.raw[0].clone()), success);
    assert_eq!(host.read("n.ipynb"), notebook(&[("raw", "High Tides")]));
}

#[tokio::test]
async fn sync_72_what_a_view_has_is_in_the_file_after_a_restart() {
    let host = TestHost::start_with(&[("n.ipynb", &notebook(&[("raw", "Tides")]))], unsaved()).await;
    let text = open(&host, "n.ipynb", "text", "file").await;
    type_before(&text, "Tides", "High ");
    text.handled().await;
    let host = host.restart().await;
    assert_eq!(host.read("n.ipynb"), notebook(&[("raw", "High Tides")]));
    let (cells, text) =
        (host.open_notebook("n.ipynb").await.synced().await, open(&host, "n.ipynb", "text", "file").await);
    assert_eq!(cells.see(|seen| seen.sources()), ["High Tides"]);
    assert_eq!(text.text(), host.read("n.ipynb"));
}

#[tokio::test]
async fn disk_101_a_broken_notebook_is_mended_through_its_text() {
    let whole = notebook(&[("raw", "Tides")]);
    let host = TestHost::start(&[("n.ipynb", &whole.replace("\"cells\"", "<<<<<<< \"cells\""))]).await;
    let text = open(&host, "n.ipynb", "text", "file").await;
    erase(&text, "<<<<<<< ");
    host.saved("n.ipynb", &whole).await;
    let cells = host.open_notebook("n.ipynb").await.synced().await;
    cells.type_in_cell(0, 0, "High ");
    text.until("they are in step from then on", |seen| seen.text() == notebook(&[("raw", "High Tides")])).await;
    // Broken by another program, while both are open.
    until("saved", async || host.read("n.ipynb").contains("High Tides")).await;
    let broken = host.read("n.ipynb").replace("\"cells\"", "======= \"cells\"");
    host.write("n.ipynb", &broken);
    text.until("what the file says", |seen| seen.text() == broken).await;
    cells.type_in_cell(0, 0, "Very ");
    erase(&text, "======= ");
    until("both", async || host.read("n.ipynb") == notebook(&[("raw", "Very High Tides")])).await;
    text.until("in step again", |seen| seen.text() == notebook(&[("raw", "Very High Tides")])).await;
}

#[tokio::test]
async fn disk_100_an_edit_on_disk_reaches_notebook_and_text() {
    let host = TestHost::start(&[("n.ipynb", &notebook(&[("raw", "Tides")]))]).await;
    let text = open(&host, "n.ipynb", "text", "file").await;
    let cells = host.open_notebook("n.ipynb").await.synced().await;
    host.write("n.ipynb", notebook(&[("raw", "Tides of May")]));
    text.until("the text", |seen| seen.text().contains("Tides of May")).await;
    cells.until("the notebook", |seen| seen.sources() == ["Tides of May"]).await;
}
