//! What a day of editing leaves in the store.

use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::sync::Arc;
use tests::{Setup, TestClient, TestHost, frame};
use yrs::{Text, Transact};

/// Bytes after which a log is shortened, as the architecture states it.
const LONG_BYTES: i64 = 16 << 20;

/// What there is at one moment, or the most at any.
#[derive(Debug, Default)]
struct Size {
    rows: i64,
    bytes: i64,
    /// SQLite's write-ahead log.
    ahead: u64,
}

fn size(store: &Path) -> Size {
    let connection = Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let sql = "SELECT count(*), coalesce(sum(length(bytes)), 0) FROM updates";
    let (rows, bytes) = connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let ahead = std::fs::metadata(store.with_extension("sqlite-wal")).map_or(0, |log| log.len());
    Size { rows, bytes, ahead }
}

/// Makes rounds of edits, each stored before the next; the most that was in the store after one.
async fn edited(rounds: usize, round: impl Fn(&TestClient, usize)) -> Size {
    let place = Arc::new(tempfile::tempdir().unwrap());
    std::fs::create_dir(place.path().join("tides")).unwrap();
    std::fs::write(place.path().join("tides/day.md"), "\n").unwrap();
    let store = place.path().join("state/commonplace.sqlite");
    let host = TestHost::start_in(place, Setup::default()).await;
    let client = host.open_text("day.md").await;
    let mut most = Size::default();
    for number in 0..rounds {
        round(&client, number);
        client.send(frame::stored(number as u64));
        client.until("it is stored", |seen| seen.raw.len() > number).await;
        let now = size(&store);
        most =
            Size { rows: most.rows.max(now.rows), bytes: most.bytes.max(now.bytes), ahead: most.ahead.max(now.ahead) };
    }
    let text = client.text();
    host.saved("day.md", &text).await;
    println!("at most {most:?}");
    host.server.stop().await;
    most
}

#[tokio::test]
async fn store_94_a_day_of_typing_leaves_a_short_log() {
    const A_ROUND: usize = 500;
    let most = edited(40, |client, number| {
        for key in 0..A_ROUND {
            // Words are typed, and some taken back.
            match key % 10 {
                9 => client.edit(|doc| {
                    let text = doc.get_or_insert_text("source");
                    text.remove_range(&mut doc.transact_mut(), 0, 5);
                }),
                _ => client.type_at((number % 7) as u32, "a"),
            }
        }
    })
    .await;
    // A thousand rows, and what came while it was shortened.
    assert!(most.rows <= (1000 + 8 * A_ROUND) as i64, "{most:?}");
    assert!(most.bytes < LONG_BYTES && most.ahead < 32 << 20, "{most:?}");
}

#[tokio::test]
async fn store_94_a_day_of_pasting_leaves_a_small_log() {
    const PASTE: usize = 1 << 20;
    let most = edited(60, |client, number| {
        let letter = char::from(b'a' + (number % 26) as u8).to_string();
        client.type_at(0, &letter.repeat(PASTE));
        client.edit(|doc| {
            let text = doc.get_or_insert_text("source");
            text.remove_range(&mut doc.transact_mut(), 0, PASTE as u32);
        });
    })
    .await;
    // As much again may come while it is shortened.
    assert!(most.bytes < 2 * LONG_BYTES + 8 * PASTE as i64, "{most:?}");
    assert!(most.ahead < 32 << 20, "{most:?}");
}
