//! A folder with more in it than anybody looks at.

use std::fs;
use std::time::Instant;
use tests::{TestHost, until};

#[tokio::test]
async fn file_69_a_huge_folder_can_be_added_shared_listed_and_edited() {
    let host = TestHost::start(&[("notes.md", "one\n")]).await;
    let make = |folder: String, count: usize| {
        fs::create_dir_all(host.path(&folder)).unwrap();
        (0..count).for_each(|file| fs::write(host.path(&format!("{folder}/{file}.txt")), "").unwrap());
    };
    // What programs keep, and 100,000 files of people.
    (0..100).for_each(|package| make(format!("node_modules/p{package}/lib"), 100));
    (0..100).for_each(|object| make(format!(".git/objects/{object}"), 100));
    (0..1_000).for_each(|folder| make(format!("data/{folder}"), 100));
    let host = host.restart().await;
    let began = Instant::now();
    let client = host.open_text("notes.md").await.synced().await;
    println!("opened beside 120,000 files after {:?}", began.elapsed());
    let began = Instant::now();
    host.share().await;
    println!("shared after {:?}", began.elapsed());
    let began = Instant::now();
    let list = host.owner("GET", "/api/commonplace/files").send().await.json();
    let files = list["files"].as_array().unwrap();
    println!("listed {} files after {:?}", files.len(), began.elapsed());
    assert_eq!((files.len(), &list["truncated"]), (5_000, &true.into()));
    assert!(files.iter().all(|file| !file["path"].as_str().unwrap().starts_with("node_modules")));
    client.type_at(0, "typed ");
    host.saved("notes.md", "typed one\n").await;
    host.write("notes.md", "typed one\ntwo\n");
    client.until("another program's edit", |seen| seen.text() == "typed one\ntwo\n").await;
    fs::rename(host.path("notes.md"), host.path("data/7/notes.md")).unwrap();
    client.until("its new name", |seen| crate::files_seen::state(seen, "path") == "data/7/notes.md").await;
    #[cfg(target_os = "linux")]
    {
        // One for each of the 1,002 folders that people use, and none for the 20,000 files and 200 folders of programs; other
        // tests in this process may watch a few.
        until("only these are watched", async || (1_002..1_100).contains(&watches())).await;
        println!("{} watches in this process", watches());
    }
}

/// Notifications that this process has asked for.
#[cfg(target_os = "linux")]
fn watches() -> usize {
    let infos = fs::read_dir("/proc/self/fdinfo").unwrap().flatten();
    let infos = infos.filter_map(|info| fs::read_to_string(info.path()).ok());
    infos.map(|info| info.lines().filter(|line| line.starts_with("inotify ")).count()).sum()
}
