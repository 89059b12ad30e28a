//! Versions of files and merges, as they are kept beside a history.

#![allow(clippy::unwrap_used)]

use protocol::{DiskContent, FileId, Kept, Merge, MergeReport, Why};
use store::{Batch, FolderId, Store};

const ROOM: &str = "json:notebook:7f3c";

/// Whose id is the last part of that name.
fn file() -> FileId {
    FileId("7f3c".to_owned())
}

async fn folder(store: &Store) -> FolderId {
    store.add_folder("/home/ada/beach", "beach").await.unwrap().id
}

fn kept(time: u64, why: Why, text: &str) -> Kept {
    Kept { time, why, content: DiskContent::new(text.as_bytes()) }
}

async fn keep(store: &Store, folder: FolderId, room: &str, keep: &[Kept]) {
    let append = vec![(1, b"update"[..].into())];
    store.commit(folder, room, 3, Batch { append, keep: keep.to_vec(), ..Batch::default() }).await.unwrap();
}

#[tokio::test]
async fn store_73_versions_of_all_rooms_of_a_file_come_back_byte_for_byte() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("commonplace.db");
    let (store, _) = Store::open(&path).await.unwrap();
    let folder = folder(&store).await;
    keep(&store, folder, ROOM, &[kept(10, Why::Here, "here"), kept(10, Why::Disk, "disk")]).await;
    keep(&store, folder, "text:file:7f3c", &[kept(20, Why::Saved, "\u{feff}text\r\n")]).await;
    keep(&store, folder, "text:file:17f3c", &[kept(30, Why::Saved, "of another file")]).await;
    // A history that is laid aside keeps its versions.
    store.clear_history(folder, ROOM).await.unwrap();
    store.close().await;
    let (store, _) = Store::open(&path).await.unwrap();
    let versions = store.versions(folder, &file()).await.unwrap();
    let seen: Vec<_> = versions.iter().map(|version| (version.time, version.why, version.size)).collect();
    assert_eq!(seen, [(20, Why::Saved, 9), (10, Why::Disk, 4), (10, Why::Here, 4)]);
    for (version, text) in versions.iter().zip(["\u{feff}text\r\n", "disk", "here"]) {
        let (found, bytes) = store.version(folder, &file(), version.id).await.unwrap().unwrap();
        assert_eq!((&found, bytes.as_slice()), (version, text.as_bytes()));
        let other = FileId("17f3c".to_owned());
        assert_eq!(store.version(folder, &other, version.id).await.unwrap(), None, "it is another file's");
    }
    assert_eq!(store.version(folder, &file(), 99).await.unwrap(), None);
}

#[tokio::test]
async fn store_74_equal_bytes_are_stored_once_and_are_no_new_version_right_after_themselves() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("commonplace.db");
    let (store, _) = Store::open(&path).await.unwrap();
    let folder = folder(&store).await;
    let (large, other) = ("x".repeat(1 << 20), "y".repeat(1 << 20));
    for time in 0..20 {
        let text = if time % 2 == 0 { &large } else { &other };
        keep(&store, folder, ROOM, &[kept(time, Why::Saved, text), kept(time, Why::Disk, text)]).await;
    }
    assert_eq!(store.versions(folder, &file()).await.unwrap().len(), 20);
    store.close().await;
    let size = std::fs::metadata(&path).unwrap().len();
    assert!(size < 4 << 20, "{size}");
}

#[tokio::test]
async fn store_72_bytes_of_versions_that_went_are_gone_too() {
    let store = Store::temporary().await.unwrap();
    let folder = folder(&store).await;
    for number in 0..9u8 {
        let content = DiskContent::new(vec![number; 16 << 20]);
        keep(&store, folder, ROOM, &[Kept { time: number.into(), why: Why::Saved, content }]).await;
    }
    let versions = store.versions(folder, &file()).await.unwrap();
    assert_eq!(versions.iter().map(|version| version.time).collect::<Vec<_>>(), [8, 7, 6, 5, 4]);
    for version in versions {
        let (_, bytes) = store.version(folder, &file(), version.id).await.unwrap().unwrap();
        assert_eq!(bytes, vec![version.time as u8; 16 << 20]);
    }
}

/// Bytes of a few pieces, none like another.
fn large(seed: u8) -> DiskContent {
    let bytes: Vec<u8> = (0..5 << 20).map(|at: u32| seed.wrapping_add((at >> 11) as u8)).collect();
    DiskContent::new(bytes)
}

#[tokio::test]
async fn store_110_a_checkpoint_is_a_version_that_stays_until_the_next_or_until_it_is_forgotten() {
    let store = Store::temporary().await.unwrap();
    let folder = folder(&store).await;
    let own = file();
    let checkpoint = |time, text| store.keep_version(folder, &own, time, kept(time, Why::Checkpoint, text));
    let checkpoints = async || {
        let all = store.versions(folder, &file()).await.unwrap().into_iter();
        all.filter(|version| version.why == Why::Checkpoint).collect::<Vec<_>>()
    };
    checkpoint(7, "one").await.unwrap();
    checkpoint(8, "two").await.unwrap();
    let [two] = checkpoints().await.try_into().unwrap();
    assert_eq!((two.time, two.size), (8, 3));
    // More than are ever kept, in one moment, the first of them with the same bytes as the checkpoint.
    for number in 0..60 {
        let text = if number == 0 { "two".to_owned() } else { format!("{number}") };
        keep(&store, folder, ROOM, &[kept(9, Why::Saved, &text)]).await;
    }
    assert_eq!(store.versions(folder, &file()).await.unwrap().len(), 20 + 1 + 1, "the newest, one of the minute, it");
    assert_eq!(checkpoints().await, std::slice::from_ref(&two));
    assert_eq!(store.version(folder, &file(), two.id).await.unwrap().unwrap().1, b"two");
    let other = FileId("17f3c".to_owned());
    assert!(!store.forget_version(folder, &other, two.id).await.unwrap(), "it is another file's");
    assert!(store.forget_version(folder, &file(), two.id).await.unwrap());
    assert!(!store.forget_version(folder, &file(), two.id).await.unwrap());
    assert_eq!((checkpoints().await, store.version(folder, &file(), two.id).await.unwrap()), (Vec::new(), None));
}

#[tokio::test]
async fn store_111_others_are_served_while_a_large_version_is_written_and_read() {
    let store = Store::temporary().await.unwrap();
    let folder = folder(&store).await;
    // What is asked for second is answered first: whoever comes gets the connection before the next piece does.
    let keep = vec![Kept { time: 1, why: Why::Saved, content: large(1) }];
    let writing = store.commit(folder, ROOM, 3, Batch { keep, ..Batch::default() });
    let other = store.set_setting("any", "thing");
    assert_eq!(first(async { writing.await.unwrap() }, async { other.await.unwrap() }).await, "second");
    let [version] = store.versions(folder, &file()).await.unwrap().try_into().unwrap();
    let own = file();
    let reading = async {
        let (_, bytes) = store.version(folder, &own, version.id).await.unwrap().unwrap();
        assert_eq!(bytes, &large(1).bytes[..]);
    };
    assert_eq!(first(reading, async { drop(store.setting("any").await.unwrap()) }).await, "second");
}

/// Does both, the first begun first; which of them ended first.
async fn first(one: impl Future<Output = ()>, two: impl Future<Output = ()>) -> &'static str {
    let ended = std::sync::OnceLock::new();
    let (one, two) = (async { (one.await, ended.set("first")) }, async { (two.await, ended.set("second")) });
    let _ = tokio::join!(biased; one, two);
    ended.into_inner().unwrap()
}

#[tokio::test]
async fn store_71_a_side_of_a_merge_with_the_bytes_of_the_version_before_it_is_kept_as_that() {
    let store = Store::temporary().await.unwrap();
    let folder = folder(&store).await;
    let both = [kept(10, Why::Saved, "here"), kept(10, Why::Here, "here"), kept(10, Why::Disk, "disk")];
    keep(&store, folder, ROOM, &both).await;
    let versions = store.versions(folder, &file()).await.unwrap();
    assert_eq!(versions.iter().map(|version| version.why).collect::<Vec<_>>(), [Why::Disk, Why::Here]);
}

#[tokio::test]
async fn store_75_the_newest_eight_merges_come_with_the_history() {
    let store = Store::temporary().await.unwrap();
    let folder = folder(&store).await;
    let merge = |id: u64| Merge {
        id,
        time: id,
        path: "a.md".to_owned(),
        closed: id > 5,
        by: Vec::new(),
        here: "0a".to_owned(),
        disk: "0b".to_owned(),
        report: MergeReport { changed: 1, ..MergeReport::default() },
    };
    for id in 1..=10 {
        let batch = Batch { append: vec![(id, b"update"[..].into())], merges: vec![merge(id)], ..Batch::default() };
        store.commit(folder, ROOM, 3, batch).await.unwrap();
    }
    let history = store.history(folder, ROOM).await.unwrap();
    assert_eq!(history.merges, (3..=10).map(merge).collect::<Vec<_>>());
}
