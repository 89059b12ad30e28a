//! What other programs do to files, as the watcher tells it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use files::{Change, Root, Watcher};
use protocol::Digest;
use std::path::Path;
use std::time::Duration;

/// Waits for this change; nothing else may be reported but what was reported before: on a slow machine one write can be seen
/// as two.
async fn only(watcher: &mut Watcher, before: &mut Vec<Change>, next: Change) {
    before.push(next.clone());
    let seen = until(watcher, next).await;
    assert!(seen.iter().all(|change| before.contains(change)), "{seen:?} after {before:?}");
}

/// Everything that is reported until this change is.
async fn until(watcher: &mut Watcher, last: Change) -> Vec<Change> {
    let mut seen = Vec::new();
    let all = async {
        loop {
            let change = watcher.next().await.expect("the watcher broke down");
            seen.push(change.clone());
            if change == last {
                return;
            }
        }
    };
    let outcome = tokio::time::timeout(Duration::from_secs(60), all).await;
    assert!(outcome.is_ok(), "{last:?} was not reported, but {seen:?}");
    seen
}

fn changed(path: &str) -> Change {
    Change::Changed(path.to_owned())
}

fn moved(from: &str, to: &str) -> Change {
    Change::Moved { from: from.to_owned(), to: to.to_owned() }
}

fn start(files: &[&str]) -> (tempfile::TempDir, Root, Watcher) {
    let place = tempfile::tempdir().unwrap();
    for file in files {
        write(place.path(), file, "before");
    }
    let root = Root::open(place.path()).unwrap();
    let watcher = Watcher::start(&root, Duration::ZERO);
    (place, root, watcher)
}

fn write(root: &Path, path: &str, text: &str) {
    let place = root.join(path);
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    std::fs::write(place, text).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn file_8_what_other_programs_do_is_reported() {
    let (_place, root, mut watcher) = start(&["a.md", "deep/er/b.md"]);
    let (at, before) = (root.path(), &mut Vec::new());
    write(at, "a.md", "in place");
    only(&mut watcher, before, changed("a.md")).await;
    write(at, "deep/er/b.md", "in place");
    only(&mut watcher, before, changed("deep/er/b.md")).await;
    std::fs::rename(at.join("a.md"), at.join("deep/c.md")).unwrap();
    only(&mut watcher, before, moved("a.md", "deep/c.md")).await;
    std::fs::rename(at.join("deep"), at.join("shallow")).unwrap();
    only(&mut watcher, before, moved("deep", "shallow")).await;
    write(at, "shallow/er/b.md", "after the folder moved");
    only(&mut watcher, before, changed("shallow/er/b.md")).await;
    std::fs::remove_file(at.join("shallow/c.md")).unwrap();
    only(&mut watcher, before, changed("shallow/c.md")).await;
    write(at, "new/folder/d.md", "made");
    only(&mut watcher, before, changed("new/folder/d.md")).await;
    write(at, "new/folder/d.md", "and written");
    only(&mut watcher, before, changed("new/folder/d.md")).await;
    std::fs::remove_dir_all(at.join("shallow")).unwrap();
    only(&mut watcher, before, changed("shallow/er/b.md")).await;
    let outside = tempfile::tempdir_in(at.parent().unwrap()).unwrap();
    write(outside.path(), "in/e.md", "from outside");
    std::fs::rename(outside.path().join("in"), at.join("in")).unwrap();
    only(&mut watcher, before, changed("in/e.md")).await;
    std::fs::rename(at.join("in"), outside.path().join("out")).unwrap();
    only(&mut watcher, before, changed("in/e.md")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn file_8_a_replaced_file_is_reported_as_changed_not_as_moved() {
    let (_place, root, mut watcher) = start(&["a.md"]);
    let (at, before) = (root.path(), &mut Vec::new());
    // Our own way.
    root.write_if("a.md", b"ours".as_slice().into(), Some(Digest::of(b"before"))).await.unwrap();
    only(&mut watcher, before, changed("a.md")).await;
    // A hidden file renamed over it, then a visible one.
    for temporary in [".a.md.swp", "a.md.tmp"] {
        write(at, temporary, "theirs");
        std::fs::rename(at.join(temporary), at.join("a.md")).unwrap();
        only(&mut watcher, before, changed("a.md")).await;
    }
    // The old content put aside, then written anew.
    std::fs::rename(at.join("a.md"), at.join("a.md~")).unwrap();
    write(at, "a.md", "anew");
    let seen = until(&mut watcher, changed("a.md~")).await;
    assert!(
        seen.contains(&changed("a.md")) && !seen.iter().any(|change| matches!(change, Change::Moved { .. })),
        "{seen:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn file_8_nobody_is_woken_for_what_is_hidden_or_not_a_document() {
    let (_place, root, mut watcher) = start(&["a.md", ".git/index", "node_modules/x/index.js"]);
    let at = root.path();
    for path in [
        ".git/index",
        ".hidden",
        "node_modules/x/index.js",
        "node_modules/new.js",
        "target/debug/x",
        "__pycache__/a.pyc",
    ] {
        write(at, path, "noise");
    }
    std::fs::read(at.join("a.md")).unwrap();
    // Changes are reported in the order of their time: had the others been, they would come before the second signal.
    write(at, "a.md", "signal");
    let mut seen = until(&mut watcher, changed("a.md")).await;
    write(at, "z.md", "signal");
    seen.extend(until(&mut watcher, changed("z.md")).await);
    seen.dedup();
    assert_eq!(seen, [changed("a.md"), changed("z.md")]);
}
