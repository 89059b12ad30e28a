//! Making, moving, copying and discarding in a real folder.

#![allow(clippy::unwrap_used)]

use files::{ChangeError, Root, Trash};
use std::path::Path;

fn root(files: &[&str]) -> (tempfile::TempDir, Root) {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("folder");
    std::fs::create_dir(&folder).unwrap();
    for path in files {
        std::fs::create_dir_all(folder.join(path).parent().unwrap()).unwrap();
        std::fs::write(folder.join(path), *path).unwrap();
    }
    let root = Root::open(&folder).unwrap();
    (place, root)
}

fn read(root: &Root, path: &str) -> Option<String> {
    std::fs::read_to_string(root.path().join(path)).ok()
}

#[tokio::test]
async fn file_81_nothing_is_made_or_moved_over_something_that_is_there() {
    let (_place, root) = root(&["a.md", "b.md", "d/c.md"]);
    let exists = |path: &str| Err(ChangeError::Exists(path.to_owned()));
    assert_eq!(root.make_directory("d").await, exists("d"));
    assert_eq!(root.make_directory("a.md").await, exists("a.md"));
    assert_eq!(root.rename("a.md", "b.md").await, exists("b.md"));
    assert_eq!(root.rename("a.md", "d").await, exists("d"));
    assert_eq!(root.copy_directory("d", "b.md", 9).await, exists("b.md"));
    assert_eq!(root.rename("a.md", "d/a.md").await, Ok(()));
    assert_eq!(root.rename("d", "e").await, Ok(()));
    assert_eq!(root.make_directory("e/f").await, Ok(()));
    assert_eq!((read(&root, "e/a.md").as_deref(), read(&root, "b.md").as_deref()), (Some("a.md"), Some("b.md")));
    assert_eq!(root.rename("e/a.md", "e/A.md").await, Ok(()));
    assert_eq!(read(&root, "e/A.md").as_deref(), Some("a.md"));
}

#[tokio::test]
async fn file_82_nothing_new_is_outside_hidden_or_in_itself() {
    let (place, root) = root(&["a.md", ".h", "d/c.md"]);
    let folder = |path: &Path| path.join("out.md");
    for (from, to) in [("a.md", "../out.md"), ("../x", "y"), (".h", "h"), ("a.md", "none/a.md"), ("none", "x")] {
        let moved = root.rename(from, to).await;
        assert!(matches!(moved, Err(ChangeError::NotFound(_))), "{from} to {to}: {moved:?}");
    }
    for (from, to) in [("a.md", ".a"), ("a.md", ".git/a"), ("d", "d/e"), ("", "x"), ("a.md", ""), ("a.md", "nul")] {
        let moved = root.rename(from, to).await;
        assert!(matches!(moved, Err(ChangeError::Refused(_))), "{from} to {to}: {moved:?}");
    }
    assert!(!folder(place.path()).exists());
    #[cfg(unix)]
    {
        std::fs::write(place.path().join("secret"), "s").unwrap();
        std::os::unix::fs::symlink("../secret", root.path().join("leak")).unwrap();
        std::os::unix::fs::symlink("..", root.path().join("up")).unwrap();
        std::os::unix::fs::symlink("a.md", root.path().join("link")).unwrap();
        let gone = |path: &str| Err(ChangeError::NotFound(path.to_owned()));
        assert_eq!(root.rename("leak", "mine").await, gone("leak"));
        assert_eq!(root.rename("a.md", "up/a.md").await, gone("up"));
        assert_eq!(root.make_directory("up/d").await, gone("up"));
        // A link is a thing of its own, and never written over by what it leads to.
        assert_eq!(root.rename("link", "a.md").await, Err(ChangeError::Exists("a.md".to_owned())));
        assert_eq!(root.rename("a.md", "link").await, Err(ChangeError::Exists("link".to_owned())));
        assert_eq!(root.rename("link", "other").await, Ok(()));
        assert_eq!(read(&root, "other").as_deref(), Some("a.md"));
    }
}

#[tokio::test]
async fn file_83_a_copied_folder_leaves_out_hidden_files_and_links_and_has_a_limit() {
    let (_place, root) = root(&["d/in/a.md", "d/.git/x", "d/b.md"]);
    #[cfg(unix)]
    std::os::unix::fs::symlink("b.md", root.path().join("d/link")).unwrap();
    assert_eq!(root.copy_directory("d", "d/copy", 100).await, Ok(()));
    assert_eq!(read(&root, "d/copy/in/a.md").as_deref(), Some("d/in/a.md"));
    assert_eq!(read(&root, "d/copy/b.md").as_deref(), Some("d/b.md"));
    assert!(["d/copy/.git", "d/copy/link", "d/copy/copy"].iter().all(|path| !root.path().join(path).exists()));
    let big = root.copy_directory("d", "e", 8).await;
    assert!(matches!(big, Err(ChangeError::TooBig { .. })), "{big:?}");
    assert!(!root.path().join("e").exists());
}

#[tokio::test]
async fn file_84_without_the_systems_trash_what_is_deleted_can_be_found_in_ours() {
    let (place, root) = root(&["a.md", "d/.git/x", "d/c.md"]);
    let trash = Trash { system: false, own: place.path().join("trash") };
    root.discard("a.md", trash.clone()).await.unwrap();
    root.discard("d", trash.clone()).await.unwrap();
    assert!(!root.path().join("a.md").exists() && !root.path().join("d").exists());
    let mut kept = Vec::new();
    for holder in std::fs::read_dir(&trash.own).unwrap() {
        let holder = holder.unwrap().path();
        let from = std::fs::read_to_string(holder.join("from")).unwrap();
        let name = Path::new(&from).file_name().unwrap().to_owned();
        assert_eq!(Path::new(&from), root.path().join(&name));
        kept.push(holder.join(name));
    }
    kept.sort();
    assert!(kept.iter().any(|place| std::fs::read(place).is_ok_and(|bytes| bytes == b"a.md")), "{kept:?}");
    assert!(kept.iter().any(|place| std::fs::read(place.join(".git/x")).is_ok()), "{kept:?}");
    assert_eq!(root.discard("a.md", trash.clone()).await, Err(ChangeError::NotFound("a.md".to_owned())));
    assert!(matches!(root.discard("", trash).await, Err(ChangeError::Refused(_))));
}

#[tokio::test]
async fn file_90_what_the_trash_does_not_take_stays_where_it_is_and_is_named() {
    let (place, root) = root(&["a.md", "d/c.md"]);
    std::fs::write(place.path().join("trash"), "no folder").unwrap();
    let trash = Trash { system: false, own: place.path().join("trash") };
    for path in ["a.md", "d"] {
        let refused = root.discard(path, trash.clone()).await.unwrap_err();
        assert!(
            refused.to_string().starts_with(&format!("{path} cannot be changed: it cannot be moved to the trash: ")),
            "{refused}"
        );
    }
    assert_eq!((read(&root, "a.md").as_deref(), read(&root, "d/c.md").as_deref()), (Some("a.md"), Some("d/c.md")));
}

#[tokio::test]
async fn file_91_a_file_a_link_and_an_empty_folder_are_deleted_for_good_and_nothing_else() {
    let (_place, root) = root(&["a.md", "d/.hidden", "b.md"]);
    std::fs::create_dir(root.path().join("empty")).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("d", root.path().join("link")).unwrap();
        root.delete("link").await.unwrap();
    }
    root.delete("a.md").await.unwrap();
    root.delete("empty").await.unwrap();
    let full = root.delete("d").await.unwrap_err();
    assert!(matches!(&full, ChangeError::Refused(why) if why.starts_with("d is not empty")), "{full:?}");
    assert!(matches!(root.delete("").await, Err(ChangeError::Refused(_))));
    assert_eq!(root.delete("../b.md").await, Err(ChangeError::NotFound("../b.md".to_owned())));
    let mut left: Vec<_> = std::fs::read_dir(root.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!((left, read(&root, "d/.hidden").as_deref()), (vec!["b.md".into(), "d".into()], Some("d/.hidden")));
}
