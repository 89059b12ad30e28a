//! Reading, saving and listing, in real folders.

#![allow(clippy::unwrap_used)]

use files::{ReadError, Root, WriteError};
use protocol::{Digest, DiskContent};
use std::path::Path;
use std::sync::Arc;

const LIMIT: u64 = 1 << 20;

fn folder() -> (tempfile::TempDir, Root) {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("beach");
    std::fs::create_dir_all(root.join("methods")).unwrap();
    std::fs::write(root.join("notes.md"), "before").unwrap();
    std::fs::write(root.join("methods/transect.md"), "walk").unwrap();
    std::fs::write(place.path().join("secret.txt"), "secret").unwrap();
    let root = Root::open(&root).unwrap();
    (place, root)
}

fn bytes(text: &str) -> Arc<[u8]> {
    text.as_bytes().into()
}

fn digest(text: &str) -> Option<Digest> {
    Some(Digest::of(text.as_bytes()))
}

fn content(text: &str) -> DiskContent {
    DiskContent::new(text.as_bytes())
}

fn not_found<T>(path: &str) -> Result<T, ReadError> {
    Err(ReadError::NotFound(path.to_owned()))
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn file_1_no_path_leaves_the_folder_or_names_something_hidden() {
    for (given, normal) in [("", ""), ("/", ""), ("a", "a"), ("/a//b/./c/", "a/b/c"), ("a b/ü.md", "a b/ü.md")] {
        assert_eq!(Root::normalise(given).as_deref(), Ok(normal));
    }
    for refused in ["..", "a/../b", "../secret.txt", ".git/config", "a/.hidden/b", "a/.commonplace-x.tmp", "a\0b"] {
        assert_eq!(Root::normalise(refused), not_found(refused), "{refused}");
    }
    let (_place, root) = folder();
    assert_eq!(root.read("/methods//transect.md", LIMIT).await, Ok(content("walk")));
    assert_eq!(root.read("../secret.txt", LIMIT).await, not_found("../secret.txt"));
    assert_eq!(root.read("nothing.md", LIMIT).await, not_found("nothing.md"));
    assert_eq!(root.read("notes.md/below", LIMIT).await, not_found("notes.md/below"));
    assert_eq!(root.read("methods", LIMIT).await, Err(ReadError::Directory("methods".into())));
    assert_eq!(root.read("notes.md", 5).await, Err(ReadError::TooBig { path: "notes.md".into(), size: 6, limit: 5 }));
    assert!(root.write_if("../new.txt", bytes("x"), None).await.is_err());
    assert!(root.write_if(".new.txt", bytes("x"), None).await.is_err());
    assert!(Root::open(&root.path().join("notes.md")).is_err());
}

#[cfg(unix)]
#[tokio::test]
async fn file_2_links_are_followed_only_while_they_stay_inside() {
    use std::os::unix::fs::symlink;
    let (place, root) = folder();
    let inside = root.path();
    symlink("methods/transect.md", inside.join("inside.md")).unwrap();
    symlink(place.path().join("secret.txt"), inside.join("outside.txt")).unwrap();
    symlink(place.path(), inside.join("up")).unwrap();
    symlink("nowhere", inside.join("dangling")).unwrap();
    std::fs::create_dir(inside.join(".git")).unwrap();
    std::fs::write(inside.join(".git/config"), "hidden").unwrap();
    symlink(".git/config", inside.join("config")).unwrap();

    assert_eq!(root.read("inside.md", LIMIT).await, Ok(content("walk")));
    for path in ["outside.txt", "up/secret.txt", "dangling", "config"] {
        assert_eq!(root.read(path, LIMIT).await, not_found(path));
        assert_eq!(root.metadata(path).await, not_found(path));
        let error = root.write_if(path, bytes("x"), digest("secret")).await.unwrap_err();
        assert!(matches!(error, WriteError::Outside(_) | WriteError::Other { .. }), "{path}: {error}");
    }
    assert_eq!(std::fs::read(place.path().join("secret.txt")).unwrap(), b"secret");

    root.write_if("inside.md", bytes("run"), digest("walk")).await.unwrap();
    assert!(inside.join("inside.md").is_symlink(), "the link stays a link");
    assert_eq!(std::fs::read(inside.join("methods/transect.md")).unwrap(), b"run");

    let listed: Vec<String> = root.children("").await.unwrap().into_iter().map(|child| child.path).collect();
    assert_eq!(listed, ["inside.md", "methods", "notes.md"]);
    let (listed, more) = root.files(100).await.unwrap();
    let listed: Vec<&str> = listed.iter().map(|file| file.path.as_str()).collect();
    assert_eq!((listed, more), (vec!["inside.md", "methods/transect.md", "notes.md"], false));
}

#[tokio::test]
async fn file_3_a_file_is_replaced_whole_and_only_if_it_holds_what_was_expected() {
    let (_place, root) = folder();
    let done = root.write_if("notes.md", bytes("after"), digest("before")).await;
    assert_eq!(done, Ok(Digest::of(b"after")));
    assert_eq!(root.read("notes.md", LIMIT).await, Ok(content("after")));
    let stale = root.write_if("notes.md", bytes("mine"), digest("before")).await;
    assert_eq!(stale, Err(WriteError::Changed(Some(content("after")))));
    assert_eq!(root.write_if("gone.md", bytes("x"), digest("x")).await, Err(WriteError::Changed(None)));

    assert_eq!(root.write_if("new.md", bytes("new"), None).await, Ok(Digest::of(b"new")));
    let taken = root.write_if("new.md", bytes("other"), None).await;
    assert_eq!(taken, Err(WriteError::Changed(Some(content("new")))));
    assert_eq!(names(root.path()), ["methods", "new.md", "notes.md"], "nothing is left beside them");

    let folder = root.write_if("methods", bytes("x"), None).await.unwrap_err();
    assert_eq!(folder.to_string(), "methods cannot be written: it is a folder");
    let nowhere = root.write_if("none/a.md", bytes("x"), None).await.unwrap_err();
    assert_eq!(nowhere.to_string(), "none/a.md cannot be written: its folder does not exist");
    let long = format!("{}.md", "n".repeat(240));
    assert_eq!(root.write_if(&long, bytes("x"), None).await, Ok(Digest::of(b"x")));
}

#[tokio::test]
async fn file_3_of_many_writers_that_expect_the_same_exactly_one_succeeds() {
    let (_place, root) = folder();
    let mut expected = "before".to_owned();
    for round in 0..10 {
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                let (root, expect) = (root.clone(), digest(&expected));
                let text = format!("round {round} writer {writer}");
                tokio::spawn(async move { (root.write_if("notes.md", bytes(&text), expect).await, text) })
            })
            .collect();
        let mut winners = Vec::new();
        for writer in writers {
            let (outcome, text) = writer.await.unwrap();
            match outcome {
                Ok(_) => winners.push(text),
                Err(WriteError::Changed(Some(_))) => {}
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(winners.len(), 1, "{winners:?}");
        expected = winners.remove(0);
        assert_eq!(root.read("notes.md", LIMIT).await, Ok(content(&expected)));
        assert_eq!(names(root.path()), ["methods", "notes.md"]);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn file_5_a_replaced_file_keeps_its_rights_and_a_read_only_one_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let (_place, root) = folder();
    let file = root.path().join("notes.md");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o750)).unwrap();
    root.write_if("notes.md", bytes("after"), digest("before")).await.unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o750);

    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o444)).unwrap();
    let writable = root.metadata("notes.md").await.unwrap().writable;
    let outcome = root.write_if("notes.md", bytes("again"), digest("after")).await;
    // The administrator may write everything.
    let administrator = std::fs::File::options().append(true).open(&file).is_ok();
    assert_eq!(writable, administrator);
    let refused = "notes.md cannot be written: it is read-only";
    assert_eq!(outcome.map_err(|error| error.to_string()).err().as_deref(), (!administrator).then_some(refused));

    let methods = root.path().join("methods");
    std::fs::set_permissions(&methods, PermissionsExt::from_mode(0o555)).unwrap();
    let outcome = root.write_if("methods/transect.md", bytes("run"), digest("walk")).await;
    std::fs::set_permissions(&methods, PermissionsExt::from_mode(0o755)).unwrap();
    let refused = "methods/transect.md cannot be written: its folder cannot be written: Permission denied";
    assert_eq!(outcome.map_err(|error| error.to_string()).err().as_deref(), (!administrator).then_some(refused));
    assert_eq!(names(&methods), ["transect.md"]);
}

#[tokio::test]
async fn file_6_listings_leave_out_what_is_hidden_and_what_is_ignored() {
    let (_place, root) = folder();
    let make = |path: &str, text: &str| {
        let place = root.path().join(path);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(place, text).unwrap();
    };
    make(".gitignore", "*.log\n/out/\n");
    make(".git/config", "");
    make("run.log", "");
    make("out/big.csv", "");
    make("node_modules/a/index.js", "");
    make("methods/__pycache__/a.pyc", "");
    make("methods/b.md", "");
    let (all, more) = root.files(100).await.unwrap();
    let paths: Vec<&str> = all.iter().map(|file| file.path.as_str()).collect();
    assert_eq!((paths, more), (vec!["methods/b.md", "methods/transect.md", "notes.md"], false));
    let (some, more) = root.files(2).await.unwrap();
    assert_eq!((some.len(), more), (2, true));

    let children = root.children("methods").await.unwrap();
    let paths: Vec<(&str, bool)> = children.iter().map(|child| (child.path.as_str(), child.directory)).collect();
    let expected = [("methods/__pycache__", true), ("methods/b.md", false), ("methods/transect.md", false)];
    assert_eq!(paths, expected);
    assert_eq!(root.children("nothing").await, not_found("nothing"));
    assert!(root.children("notes.md").await.is_err());

    let notes = root.metadata("/notes.md").await.unwrap();
    assert_eq!((notes.path.as_str(), notes.directory, notes.size, notes.writable), ("notes.md", false, 6, true));
    assert!(notes.modified > 1_500_000_000_000 && notes.created > 1_500_000_000_000);
    assert!(root.metadata("").await.unwrap().directory);
}

/// As a program that was killed in the middle of a save leaves it.
fn leave(root: &Root, name: &str, (ours, expected): (&str, &str), content: &str) {
    let short = |text: &str| Digest::of(text.as_bytes()).to_hex()[..16].to_owned();
    let left = format!(".commonplace-{}-{}-{}-1-0-0.tmp", short(name), short(ours), short(expected));
    std::fs::write(root.path().join(left), content).unwrap();
}

#[tokio::test]
async fn file_7_what_an_interrupted_save_left_is_removed_and_what_it_displaced_goes_back() {
    let (_place, root) = folder();
    root.recover("notes.md", None).await.unwrap();
    let check = async |left: &[(&str, &str, &str)], intended: &str, inside: &str| {
        std::fs::write(root.path().join("notes.md"), "ours").unwrap();
        left.iter().for_each(|(ours, expected, content)| leave(&root, "notes.md", (ours, expected), content));
        leave(&root, "other.md", ("ours", "before"), "theirs");
        root.recover("notes.md", digest(intended)).await.unwrap();
        assert_eq!(root.read("notes.md", LIMIT).await, Ok(content(inside)), "{left:?}");
        root.recover("other.md", None).await.unwrap();
        assert_eq!(names(root.path()), ["methods", "notes.md"]);
    };
    check(&[("ours", "before", "before")], "ours", "ours").await;
    check(&[("ours", "before", "theirs")], "ours", "theirs").await;
    // Of another save, or of one that never reached the file.
    check(&[("older", "before", "theirs")], "ours", "ours").await;
    check(&[("newer", "ours", "new")], "newer", "ours").await;
    check(&[("ours", "before", "theirs"), ("older", "oldest", "oldest")], "ours", "theirs").await;
}

#[tokio::test]
async fn store_121_what_may_be_nowhere_else_is_found_beside_a_file() {
    let (_place, root) = folder();
    let check = async |left: &[(&str, &str, &str)], intended: Option<&str>, found: &[&str]| {
        std::fs::write(root.path().join("notes.md"), "ours").unwrap();
        left.iter().for_each(|(ours, expected, content)| leave(&root, "notes.md", (ours, expected), content));
        let intended = intended.and_then(digest);
        let contents: Vec<_> = found.iter().map(|text| content(text)).collect();
        assert_eq!(root.left_beside("notes.md", intended).await, Ok(contents), "{left:?}");
        root.recover("notes.md", intended).await.unwrap();
        assert_eq!(root.left_beside("notes.md", intended).await, Ok(vec![]));
        assert_eq!(names(root.path()), ["methods", "notes.md"]);
    };
    // What was to be put there and never was; what came out unexpected; half of what was to be put there.
    check(&[("new", "before", "new")], None, &["new"]).await;
    check(&[("ours", "before", "theirs")], None, &["theirs"]).await;
    check(&[("new", "before", "n")], None, &["n"]).await;
    // In the file; kept before the save; empty; known to the document.
    check(&[("ours", "before", "ours")], None, &[]).await;
    check(&[("ours", "before", "before")], None, &[]).await;
    check(&[("new", "before", "")], None, &[]).await;
    check(&[("new", "before", "new")], Some("new"), &[]).await;
    check(&[("ours", "before", "theirs"), ("new", "ours", "new")], Some("new"), &["theirs"]).await;
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_no_file_does_not_stop_anybody() {
    let (_place, root) = folder();
    let socket = std::os::unix::net::UnixListener::bind(root.path().join("socket")).unwrap();
    assert!(matches!(root.read("socket", LIMIT).await, Err(ReadError::Other { .. })));
    assert!(matches!(root.write_if("socket", bytes("x"), None).await, Err(WriteError::Other { .. })));
    assert_eq!(root.children("").await.unwrap().len(), 2);
    drop(socket);
}
