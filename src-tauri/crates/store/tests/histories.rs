//! Histories of documents, in a file and in a temporary one: one suite for both.

#![allow(clippy::unwrap_used)]

use protocol::{BaseAt, BaseRecord, Digest, Intent, Seq};
use std::path::Path;
use std::sync::Arc;
use store::{Batch, FolderId, History, Store};

const ROOM: &str = "json:notebook:7f3c";

struct Each {
    store: Store,
    folder: FolderId,
    place: Option<tempfile::TempDir>,
}

async fn with_folder(store: Store, place: Option<tempfile::TempDir>) -> Each {
    let folder = store.add_folder("/home/ada/beach", "beach").await.unwrap().id;
    Each { store, folder, place }
}

async fn both() -> [Each; 2] {
    let place = tempfile::tempdir().unwrap();
    let (on_disk, aside) = Store::open(&place.path().join("state/commonplace.db")).await.unwrap();
    assert_eq!(aside, None);
    [with_folder(on_disk, Some(place)).await, with_folder(Store::temporary().await.unwrap(), None).await]
}

fn update(text: &str) -> Arc<[u8]> {
    text.as_bytes().into()
}

fn appends(entries: &[(Seq, &str)]) -> Batch {
    Batch { append: entries.iter().map(|(seq, text)| (*seq, update(text))).collect(), ..Batch::default() }
}

fn base_at(seq: Seq) -> BaseRecord {
    BaseRecord { digest: Digest::of(b"on disk"), at: BaseAt::Log(seq) }
}

fn log_of(history: &History) -> Vec<(Seq, String)> {
    history.log.iter().map(|(seq, bytes)| (*seq, String::from_utf8_lossy(bytes).into_owned())).collect()
}

fn entries(list: &[(Seq, &str)]) -> Vec<(Seq, String)> {
    list.iter().map(|(seq, text)| (*seq, (*text).to_owned())).collect()
}

/// The files as a crash at this moment would leave them.
fn crash_image(of: &Path) -> tempfile::TempDir {
    let image = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(of).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), image.path().join(entry.file_name())).unwrap();
    }
    image
}

#[tokio::test]
async fn store_1_what_was_confirmed_is_there_after_a_crash() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("commonplace.db");
    let each = with_folder(Store::open(&path).await.unwrap().0, None).await;
    let batch = Batch {
        base: Some(base_at(1)),
        intent: Some(Intent { digest: Digest::of(b"next"), seq: 2 }),
        ..appends(&[(1, "one"), (2, "two")])
    };
    each.store.commit(each.folder, ROOM, 3, batch.clone()).await.unwrap();
    let Batch { append: log, base, intent, .. } = batch;
    let expected = History { since: 3, log, base, intent, merges: Vec::new() };

    let image = crash_image(place.path());
    let (after, aside) = Store::open(&image.path().join("commonplace.db")).await.unwrap();
    assert_eq!(aside, None);
    assert_eq!(after.history(each.folder, ROOM).await.unwrap(), expected);

    let folder = each.folder;
    drop(each);
    let (again, _) = Store::open(&path).await.unwrap();
    assert_eq!(again.history(folder, ROOM).await.unwrap(), expected);
}

#[tokio::test]
async fn store_2_commits_at_the_same_time_are_each_answered_and_one_that_is_refused_harms_no_other() {
    for each in both().await {
        let mut tasks = Vec::new();
        for number in 0..200_u64 {
            let (store, folder) = (each.store.clone(), each.folder);
            tasks.push(tokio::spawn(async move {
                let room = format!("text:file:{}", number % 20);
                let seq = number / 20 + 1;
                store.commit(folder, &room, 1, appends(&[(seq, &format!("{number}"))])).await
            }));
        }
        let refused = each.store.commit(each.folder, ROOM, 1, appends(&[(2, "two"), (1, "one")])).await;
        let text = refused.unwrap_err().to_string();
        assert!(text.contains(ROOM) && text.contains("update 1 comes after update 2"), "{text}");
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        for room in 0..20 {
            let history = each.store.history(each.folder, &format!("text:file:{room}")).await.unwrap();
            let numbers: Vec<Seq> = history.log.iter().map(|(seq, _)| *seq).collect();
            assert_eq!(numbers, (1..=10).collect::<Vec<_>>());
        }
        assert_eq!(each.store.history(each.folder, ROOM).await.unwrap(), History::default(), "nothing of it is left");
    }
}

#[tokio::test]
async fn an_update_that_is_stored_already_may_be_sent_again_but_not_changed() {
    for each in both().await {
        each.store.commit(each.folder, ROOM, 1, appends(&[(1, "one"), (2, "two")])).await.unwrap();
        each.store.commit(each.folder, ROOM, 1, appends(&[(2, "two"), (3, "three")])).await.unwrap();
        assert!(each.store.commit(each.folder, ROOM, 1, appends(&[(2, "zwei"), (4, "four")])).await.is_err());
        let history = each.store.history(each.folder, ROOM).await.unwrap();
        assert_eq!(log_of(&history), entries(&[(1, "one"), (2, "two"), (3, "three")]));
    }
}

#[tokio::test]
async fn a_commit_that_was_given_up_neither_blocks_nor_loses_the_next() {
    for each in both().await {
        let given_up = each.store.commit(each.folder, ROOM, 1, appends(&[(1, "one")]));
        let mut given_up = Box::pin(given_up);
        std::future::poll_fn(|context| {
            let _ = given_up.as_mut().poll(context);
            std::task::Poll::Ready(())
        })
        .await;
        drop(given_up);
        each.store.commit(each.folder, ROOM, 1, appends(&[(2, "two")])).await.unwrap();
        let history = each.store.history(each.folder, ROOM).await.unwrap();
        assert_eq!(log_of(&history), entries(&[(1, "one"), (2, "two")]));
    }
}

#[tokio::test]
async fn store_3_an_intent_is_kept_until_a_base_confirms_it() {
    for each in both().await {
        let intent = Some(Intent { digest: Digest::of(b"next"), seq: 1 });
        each.store.commit(each.folder, ROOM, 1, Batch { intent, ..appends(&[(1, "one")]) }).await.unwrap();
        each.store.commit(each.folder, ROOM, 1, appends(&[(2, "two")])).await.unwrap();
        assert_eq!(each.store.history(each.folder, ROOM).await.unwrap().intent, intent);
        let copy = BaseRecord { digest: Digest::of(b"next"), at: BaseAt::Copy(update("state")) };
        for base in [base_at(1), copy] {
            let batch = Batch { base: Some(base.clone()), ..Batch::default() };
            each.store.commit(each.folder, ROOM, 1, batch).await.unwrap();
            let history = each.store.history(each.folder, ROOM).await.unwrap();
            assert_eq!((history.base, history.intent), (Some(base), None));
        }
    }
}

#[tokio::test]
async fn store_4_compaction_keeps_what_a_base_or_an_intent_stands_for() {
    for each in both().await {
        let three = [(1, "one"), (2, "two"), (3, "three")];
        let compact = |seq, state: &str| each.store.compact(each.folder, ROOM, 1, seq, update(state));
        each.store.commit(each.folder, ROOM, 1, Batch { base: Some(base_at(2)), ..appends(&three) }).await.unwrap();
        compact(3, "all").await.unwrap();
        assert_eq!(log_of(&each.store.history(each.folder, ROOM).await.unwrap()), entries(&three), "past the base");

        let intent = Some(Intent { digest: Digest::of(b"next"), seq: 2 });
        let later = Batch { base: Some(base_at(3)), intent, ..Batch::default() };
        each.store.commit(each.folder, ROOM, 1, later).await.unwrap();
        compact(3, "all").await.unwrap();
        assert_eq!(log_of(&each.store.history(each.folder, ROOM).await.unwrap()), entries(&three), "past the intent");

        compact(2, "first two").await.unwrap();
        let history = each.store.history(each.folder, ROOM).await.unwrap();
        assert_eq!(log_of(&history), entries(&[(2, "first two"), (3, "three")]));
        assert_eq!((&history.base, history.intent), (&Some(base_at(3)), intent));

        assert!(compact(1, "gone").await.is_err(), "no such update");
        assert!(compact(2, "").await.is_err(), "an empty state");
        assert_eq!(each.store.history(each.folder, ROOM).await.unwrap(), history);
        each.store.commit(each.folder, ROOM, 1, appends(&[(4, "four")])).await.unwrap();
    }
}

#[tokio::test]
async fn store_124_a_log_is_shortened_only_in_the_history_that_it_was_read_from() {
    for each in both().await {
        let three = [(1, "one"), (2, "two"), (3, "three")];
        each.store.commit(each.folder, ROOM, 1, appends(&three)).await.unwrap();
        // What was read is put together while the history is laid aside and begins anew.
        each.store.clear_history(each.folder, ROOM).await.unwrap();
        each.store.commit(each.folder, ROOM, 2, appends(&three)).await.unwrap();
        each.store.compact(each.folder, ROOM, 1, 3, update("of before")).await.unwrap();
        assert_eq!(log_of(&each.store.history(each.folder, ROOM).await.unwrap()), entries(&three));
        each.store.compact(each.folder, ROOM, 2, 3, update("of now")).await.unwrap();
        assert_eq!(log_of(&each.store.history(each.folder, ROOM).await.unwrap()), entries(&[(3, "of now")]));
    }
}

#[tokio::test]
async fn store_5_a_cleared_history_begins_anew() {
    for each in both().await {
        for since in 1..=3 {
            let batch = Batch { base: Some(base_at(1)), ..appends(&[(1, "one")]) };
            each.store.commit(each.folder, ROOM, since, batch).await.unwrap();
            assert_eq!(each.store.history(each.folder, ROOM).await.unwrap().since, since);
            each.store.clear_history(each.folder, ROOM).await.unwrap();
            assert_eq!(each.store.history(each.folder, ROOM).await.unwrap(), History::default());
        }
        if let Some(place) = &each.place {
            let beside = rusqlite::Connection::open(place.path().join("state/commonplace.db")).unwrap();
            let kept: i64 = beside
                .query_row("SELECT count(*) FROM documents JOIN updates ON document = id", [], |row| row.get(0))
                .unwrap();
            assert_eq!(kept, 3, "each is still there for a person to look at");
        }
    }
}

#[tokio::test]
async fn after_closing_everything_fails_with_a_sentence() {
    for each in both().await {
        each.store.close().await;
        each.store.close().await;
        let text = each.store.commit(each.folder, ROOM, 1, appends(&[(1, "one")])).await.unwrap_err().to_string();
        assert_eq!(text, format!("the store failed: the history of {ROOM}: it is closed"));
        assert!(each.store.folders().await.is_err());
    }
}

#[tokio::test]
async fn the_last_text_that_was_taken_from_a_view_is_remembered_with_the_update() {
    for Each { store, folder, place: _place } in both().await {
        let taken = |seq| Intent { digest: Digest::of(b"text"), seq };
        let took = |at, seq| Batch { took: vec![("view".to_owned(), taken(seq))], ..appends(&[(at, "update")]) };
        assert_eq!(store.taken(folder, ROOM, "view").await.unwrap(), None);
        store.commit(folder, ROOM, 1, took(1, 5)).await.unwrap();
        store.commit(folder, ROOM, 1, took(2, 9)).await.unwrap();
        assert_eq!(store.taken(folder, ROOM, "view").await.unwrap(), Some(taken(9)));
        assert!(store.commit(folder, ROOM, 1, took(1, 11)).await.is_ok(), "the same again");
        assert!(
            store.commit(folder, ROOM, 1, Batch { append: vec![(1, update("else"))], ..took(1, 12) }).await.is_err()
        );
        assert_eq!(store.taken(folder, ROOM, "view").await.unwrap(), Some(taken(11)), "never without its update");
        store.clear_history(folder, ROOM).await.unwrap();
        assert_eq!(store.taken(folder, ROOM, "view").await.unwrap(), None);
    }
}
