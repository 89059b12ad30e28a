//! What is in a file decides, byte by byte; not its time, and not what an editor would make of its line ends.

use crate::files_seen::{state, stated, told, until_told};
use protocol::{Action, Digest, Level};
use std::fs;
use std::time::{Duration, SystemTime};
use tests::{DEADLINE, TestHost, notebook, until};
use yrs::{ReadTxn, Transact};

fn set_modified(host: &TestHost, path: &str, time: SystemTime) {
    fs::File::options().write(true).open(host.path(path)).unwrap().set_modified(time).unwrap();
}

fn modified(host: &TestHost, path: &str) -> SystemTime {
    fs::metadata(host.path(path)).unwrap().modified().unwrap()
}

#[tokio::test]
async fn disk_90_content_decides_not_its_time_or_size() {
    let host = TestHost::start(&[("a.md", "one\n")]).await;
    let client = host.open_text("a.md").await.synced().await;
    let time = modified(&host, "a.md");
    // Restored with an older time, as `cp -p` does.
    host.write("beside", "older\n");
    set_modified(&host, "beside", time - Duration::from_secs(86_400));
    fs::rename(host.path("beside"), host.path("a.md")).unwrap();
    client.until("what was restored", |seen| seen.text() == "older\n").await;
    stated(&client, "a.md", b"older\n").await;
    // The same size and time, in the same file.
    let time = modified(&host, "a.md");
    host.write("a.md", "OLDER\n");
    set_modified(&host, "a.md", time);
    client.until("other bytes", |seen| seen.text() == "OLDER\n").await;
    // From the future.
    host.write("a.md", "then\n");
    set_modified(&host, "a.md", SystemTime::now() + Duration::from_secs(86_400));
    client.until("another time", |seen| seen.text() == "then\n").await;
    client.type_at(0, "and ");
    host.saved("a.md", "and then\n").await;
}

#[tokio::test]
async fn disk_91_a_touched_file_is_no_news() {
    let host = TestHost::start(&[("a.md", "one\n"), ("n.ipynb", &notebook(&[("code", "1")]))]).await;
    let text = host.open_text("a.md").await.synced().await;
    let cells = host.open_notebook("n.ipynb").await.synced().await;
    stated(&text, "a.md", b"one\n").await;
    stated(&cells, "n.ipynb", notebook(&[("code", "1")]).as_bytes()).await;
    let edits = || [&text, &cells].map(|client| client.see(|seen| seen.doc.transact().state_vector()));
    let before = edits();
    for path in ["a.md", "n.ipynb"] {
        set_modified(&host, path, SystemTime::now() + Duration::from_secs(5));
        // The same bytes written once more, and by another file in its place.
        let same = fs::read(host.path(path)).unwrap();
        host.write(path, &same);
        host.write("beside", &same);
        fs::rename(host.path("beside"), host.path(path)).unwrap();
    }
    // A later change of another file was seen: so was this.
    host.write("b.md", "b\n");
    let other = host.open_text("b.md").await.synced().await;
    host.write("b.md", "bb\n");
    other.until("a later change", |seen| seen.text() == "bb\n").await;
    text.handled().await;
    cells.handled().await;
    assert_eq!(edits(), before);
    assert_eq!(told(&host, Action::Overwrite, Level::Debug).await, 1, "that of b.md");
}

#[tokio::test]
async fn disk_92_a_half_written_notebook_is_waited_for() {
    let whole = notebook(&[("code", "1"), ("markdown", "two")]);
    let host = TestHost::start(&[("n.ipynb", &notebook(&[("code", "1")]))]).await;
    let client = host.open_notebook("n.ipynb").await.synced().await;
    client.type_in_cell(0, 1, " + 1");
    until("saved", async || host.read("n.ipynb").contains("1 + 1")).await;
    // A slow writer: half first, the rest when the host looked at the half.
    let (half, _) = whole.split_at(whole.len() / 2);
    host.write("n.ipynb", half);
    client.type_in_cell(0, 0, "x = ");
    client.handled().await;
    host.write("n.ipynb", &whole);
    // The writer's version lacks " + 1", which it took out; what was typed since stays.
    client.until("both", |seen| seen.sources() == ["x = 1", "two"]).await;
    until("saved", async || host.read("n.ipynb").contains("x = 1")).await;
    assert_eq!(told(&host, Action::Load, Level::Warning).await, 0, "waiting was enough");
    // One that stays half is told once, and nothing is written over it.
    host.write("n.ipynb", half);
    until_told(&host, Action::Load, Level::Warning, 1).await;
    client.type_in_cell(0, 0, "y = ");
    client.handled().await;
    assert_eq!(host.read("n.ipynb"), half);
    host.write("n.ipynb", &whole);
    client.until("it is whole", |seen| seen.sources() == ["y = 1", "two"]).await;
    assert_eq!(told(&host, Action::Load, Level::Warning).await, 1);
}

#[tokio::test]
async fn disk_93_byte_order_marks_line_ends_and_last_lines_stay_as_they_are() {
    // Before, and after one letter was typed before "b": all else is as it was, byte for byte.
    let cases = [
        ("lf.txt", "a\nb\nc\n", "a\nXb\nc\n"),
        ("crlf.txt", "a\r\nb\r\nc\r\n", "a\r\nXb\r\nc\r\n"),
        ("mixed.txt", "a\nb\r\nc\r\n", "a\nXb\r\nc\r\n"),
        ("cr.txt", "a\rb\rc\r", "a\rXb\rc\r"),
        ("bom.txt", "\u{feff}a\r\nb\r\n", "\u{feff}a\r\nXb\r\n"),
        ("open.txt", "a\nb", "a\nXb"),
        ("crlf-open.txt", "a\r\nb", "a\r\nXb"),
    ];
    let files: Vec<(&str, &str)> = cases.iter().map(|(path, before, _)| (*path, *before)).collect();
    let host = TestHost::start(&files).await;
    for (path, before, after) in cases {
        let client = host.open_text(path).await.synced().await;
        stated(&client, path, before.as_bytes()).await;
        let at = client.text().encode_utf16().position(|unit| unit == u16::from(b'b')).unwrap();
        client.type_at(at as u32, "X");
        host.saved(path, after).await;
        stated(&client, path, after.as_bytes()).await;
        // Another program adds a line with the file's own line end.
        let end = if before.contains("\r\n") { "\r\n" } else { "\n" };
        let more = format!("{after}{end}more");
        host.write(path, &more);
        client.until("the new line", |seen| seen.text().ends_with("more")).await;
        client.type_at(client.text().encode_utf16().count() as u32, "Y");
        let expected = more + "Y";
        host.saved(path, &expected).await;
    }
}

#[tokio::test]
async fn disk_94_a_file_that_becomes_binary_is_told_and_left_alone() {
    let host = TestHost::start(&[("a.txt", "text\n")]).await;
    host.write("b.txt", [0x62, 0xe9, 0x0a]);
    let (code, reason) = host.open_text("b.txt").await.closed().await;
    assert_eq!(code, 4400);
    assert!(reason.contains("b.txt") && reason.contains("UTF-8"), "{reason}");
    let client = host.open_text("a.txt").await.synced().await;
    let latin = [0x74, 0xe9, 0x78, 0x74, 0x0a];
    host.write("a.txt", latin);
    until_told(&host, Action::Load, Level::Warning, 1).await;
    client.type_at(0, "kept ");
    client.handled().await;
    assert_eq!(fs::read(host.path("a.txt")).unwrap(), latin);
    host.write("a.txt", "tèxt\n");
    client.until("it is text again", |seen| seen.text() == "kept tèxt\n").await;
    host.saved("a.txt", "kept tèxt\n").await;
}

#[tokio::test]
async fn disk_95_a_text_of_50_mb_opens_merges_and_is_saved() {
    let mut lines: Vec<String> =
        (0..1_000_000).map(|line| format!("line {line:07}, of a file that is so long as to be 50 MB")).collect();
    let text = |lines: &[String]| lines.join("\n") + "\n";
    let host = TestHost::start(&[("big.txt", &text(&lines))]).await;
    assert!(fs::metadata(host.path("big.txt")).unwrap().len() >= 50_000_000);
    let client = host.open_text("big.txt").await.synced().await;
    client.type_at(0, "typed ");
    lines[500_000] = "changed by another program".to_owned();
    host.write("big.txt", text(&lines));
    lines[0].insert_str(0, "typed ");
    let expected = text(&lines);
    let digest = Digest::of(expected.as_bytes()).to_hex();
    // However slow the machine is.
    let waiting = async {
        while client.see(|seen| state(seen, "hash") != digest) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    assert!(tokio::time::timeout(DEADLINE * 10, waiting).await.is_ok(), "both are saved");
    assert!(client.text() == expected && host.read("big.txt") == expected);
}

#[tokio::test]
async fn disk_96_the_hosts_own_client_ids_fit_32_bits_and_wider_ones_are_taken_whole() {
    let host = TestHost::start(&[("a.md", "one\n"), ("n.ipynb", &notebook(&[("code", "1")]))]).await;
    let client = host.open_text("a.md").await.synced().await;
    let own = client.see(|seen| seen.doc.client_id().get());
    client.type_at(0, "Z");
    host.saved("a.md", "Zone\n").await;
    host.write("a.md", "Zone\ntwo\n");
    stated(&client, "a.md", b"Zone\ntwo\n").await;
    let late = host.open_text("a.md").await.synced().await;
    assert_eq!(late.text(), "Zone\ntwo\n");
    let authors = |seen: &tests::Seen| -> Vec<u64> {
        seen.doc.transact().state_vector().iter().map(|(author, _)| author.get()).collect()
    };
    let (authors, cells) = (late.see(authors), host.open_notebook("n.ipynb").await.synced().await.see(authors));
    assert!(own > u64::from(u32::MAX) && authors.contains(&own), "{own} among {authors:?}");
    let ours: Vec<u64> = authors.into_iter().filter(|author| *author != own).chain(cells).collect();
    assert!(ours.len() > 1 && ours.iter().all(|author| (1..1 << 32).contains(author)), "{ours:?}");
}
