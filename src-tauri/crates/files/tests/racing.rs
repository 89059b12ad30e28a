//! A folder is exchanged for a link that leads out, again and again, while what is in it is used.

#![cfg(any(target_os = "linux", target_vendor = "apple"))]
#![allow(clippy::unwrap_used)]

use files::{Root, Trash};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const ROUNDS: usize = 250;
const SECRET: &str = "secret";

/// Every path below a folder, and what is in it.
fn snapshot(folder: &Path, below: &Path, found: &mut BTreeMap<PathBuf, Option<Vec<u8>>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), below.join(entry.file_name()))).unwrap();
        let content = (!path.is_dir()).then(|| std::fs::read(&path).unwrap());
        if content.is_none() {
            snapshot(&path, &name, found);
        }
        found.insert(name, content);
    }
}

fn all(folder: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    snapshot(folder, Path::new(""), &mut found);
    found
}

#[tokio::test]
async fn safe_20_what_changes_between_a_look_and_an_act_leads_nobody_out() {
    let place = tempfile::tempdir().unwrap();
    let (beach, outside) = (place.path().join("beach"), place.path().join("outside"));
    for folder in [&beach.join("d"), &outside] {
        std::fs::create_dir_all(folder.join("sub")).unwrap();
    }
    for name in ["f.txt", "moved.txt", "gone.txt", "sub/f.txt", "outside-only.txt"] {
        std::fs::write(outside.join(name), SECRET).unwrap();
    }
    std::os::unix::fs::symlink(&outside, beach.join("link")).unwrap();
    let before = all(&outside);
    let root = Root::open(&beach).unwrap();
    let trash = Trash { system: false, own: place.path().join("trash") };

    let stop = Arc::new(AtomicBool::new(false));
    let exchanging = std::thread::spawn({
        let (stop, d, link) = (stop.clone(), beach.join("d"), beach.join("link"));
        move || {
            use rustix::fs::{CWD, RenameFlags, renameat_with};
            while !stop.load(Ordering::Relaxed) {
                renameat_with(CWD, &d, CWD, &link, RenameFlags::EXCHANGE).unwrap();
            }
        }
    });
    let (mut done, mut refused) = (0, 0);
    let mut count = |succeeded: bool| *(if succeeded { &mut done } else { &mut refused }) += 1;
    for round in 0..ROUNDS {
        let text = |what: &str| -> Arc<[u8]> { format!("{what} in round {round}").into_bytes().into() };
        for path in ["d/f.txt", "d/sub/f.txt"] {
            let read = root.read(path, 1 << 20).await;
            let expect = read.as_ref().ok().map(|content| content.digest);
            assert!(read.as_ref().map_or(true, |content| *content.bytes != *SECRET.as_bytes()), "read outside");
            count(read.is_ok());
            let looked = root.metadata(path).await;
            assert!(looked.as_ref().map_or(true, |file| file.size != SECRET.len() as u64), "looked outside");
            count(root.write_if(path, text("written"), expect).await.is_ok());
        }
        let children = root.children("d").await.unwrap_or_default();
        assert!(children.iter().all(|child| child.path != "d/outside-only.txt"), "listed outside");
        count(root.write_if(&format!("d/new-{round}.txt"), text("new"), None).await.is_ok());
        count(root.make_directory(&format!("d/made-{round}")).await.is_ok());
        count(root.rename("d/moved.txt", &format!("d/moved-{round}.txt")).await.is_ok());
        count(root.rename(&format!("d/new-{round}.txt"), "d/moved.txt").await.is_ok());
        count(root.delete("d/gone.txt").await.is_ok());
        count(root.discard("d/sub", trash.clone()).await.is_ok());
        count(root.recover("d/f.txt", None).await.is_ok());
        count(root.copy_directory("d/sub", &format!("d/copy-{round}"), 1 << 20).await.is_ok());
        root.make_directory("d/sub").await.ok();
    }
    stop.store(true, Ordering::Relaxed);
    exchanging.join().unwrap();
    assert_eq!(all(&outside), before);
    let trashed = if trash.own.exists() { all(&trash.own) } else { BTreeMap::new() };
    assert!(
        trashed.values().flatten().all(|content| content != SECRET.as_bytes()),
        "somebody else's file in the trash"
    );
    assert!(done > ROUNDS && refused > ROUNDS, "no race: {done} done, {refused} refused");
}
