//! Folders and the disk below a running host: added, removed, missing, edited and moved by others.

mod support;

use host::{ContentsQuery, Grant};
use protocol::guest::FileKind;
use protocol::{Action, CloseCode, DocumentKind, ErrorCode};
use support::{Peer, Place, event, holds, owner, until};

#[test]
fn file_32_an_edit_on_disk_reaches_whoever_is_in_the_document() {
    let place = Place::new(&[("a.md", "one\ntwo\n")]);
    place.run(async |host| {
        let mut events = host.events();
        let mut ana = Peer::open(&host, &owner(&host), "a.md").await;
        place.write("a.md", "one\ntwo and more\n");
        ana.sees("one\ntwo and more\n").await;
        let record = event(&mut events, "the merge", |record| record.event.action == Action::Overwrite).await;
        assert_eq!(record.event.path.as_deref(), Some("a.md"));
        // Replaced as programs replace files: a new one, renamed onto it.
        place.write(".new", "one\nthree\n");
        std::fs::rename(place.folder().join(".new"), place.folder().join("a.md")).unwrap();
        ana.sees("one\nthree\n").await;
        host.shutdown().await;
        assert!(holds(&place.folder().join("a.md"), "one\nthree\n"));
    });
}

#[test]
fn file_33_a_renamed_file_keeps_its_id_and_whoever_is_in_it_writes_the_new_one() {
    let place = Place::new(&[("a.md", "one\n"), ("x/b.md", "two\n")]);
    place.run(async |host| {
        let grant = owner(&host);
        let mut events = host.events();
        let mut ana = Peer::open(&host, &grant, "a.md").await;
        let mut ben = Peer::open(&host, &grant, "x/b.md").await;
        std::fs::rename(place.folder().join("a.md"), place.folder().join("c.md")).unwrap();
        event(&mut events, "the rename", |record| record.event.action == Action::Rename).await;
        std::fs::rename(place.folder().join("x"), place.folder().join("y")).unwrap();
        event(&mut events, "the folder's rename", |record| record.event.action == Action::Rename).await;
        until(&host, "the new paths", |host| {
            let mut documents = host.folders()[0].people[0].documents.clone();
            documents.sort();
            documents == ["c.md", "y/b.md"]
        })
        .await;
        for (path, peer) in [("c.md", &mut ana), ("y/b.md", &mut ben)] {
            let (answer, new) = host.open_session(&grant, path, DocumentKind::text()).await.unwrap();
            assert_eq!((answer.file_id, new), (peer.file.clone(), false), "{path}");
            peer.type_in("typed\n").await;
            event(&mut events, "the save", |record| {
                record.event.action == Action::Save && record.event.path.as_deref() == Some(path)
            })
            .await;
        }
        host.shutdown().await;
        assert_eq!(place.read("c.md"), "one\ntyped\n");
        assert_eq!(place.read("y/b.md"), "two\ntyped\n");
        assert!(!place.folder().join("a.md").exists());
    });
}

#[test]
fn file_34_a_file_that_moved_while_the_host_was_off_keeps_its_id_and_its_history() {
    let place = Place::new(&[("a.md", "some text of its own\n"), ("b.md", "another text\n")]);
    let open = |path: &'static str| {
        place.run(async |host| {
            let peer = Peer::open(&host, &owner(&host), path).await;
            host.shutdown().await;
            (peer.file.clone(), peer.text())
        })
    };
    let (a, b) = (open("a.md").0, open("b.md").0);
    std::fs::create_dir(place.folder().join("deep")).unwrap();
    std::fs::rename(place.folder().join("a.md"), place.folder().join("deep/c.md")).unwrap();
    // Copied and deleted: only the content tells.
    std::fs::copy(place.folder().join("b.md"), place.folder().join("d.md")).unwrap();
    std::fs::remove_file(place.folder().join("b.md")).unwrap();
    assert_eq!(open("deep/c.md"), (a, "some text of its own\n".into()));
    assert_eq!(open("d.md"), (b, "another text\n".into()));
}

#[test]
fn file_35_a_deleted_file_stays_open_and_has_its_id_again_when_it_comes_back() {
    let place = Place::new(&[("a.md", "one\n")]);
    place.run(async |host| {
        let grant = owner(&host);
        let mut events = host.events();
        let mut ana = Peer::open(&host, &grant, "a.md").await;
        std::fs::remove_file(place.folder().join("a.md")).unwrap();
        event(&mut events, "the deletion", |record| record.event.action == Action::Delete).await;
        let gone = host.open_session(&grant, "a.md", DocumentKind::text()).await.unwrap_err();
        assert_eq!(gone.code, ErrorCode::NotFound);
        assert!(!place.folder().join("a.md").exists());
        place.write("a.md", "one\nback\n");
        ana.sees("one\nback\n").await;
        let (answer, new) = host.open_session(&grant, "a.md", DocumentKind::text()).await.unwrap();
        assert_eq!((answer.file_id, new), (ana.file.clone(), false));
        host.shutdown().await;
    });
}

#[test]
fn session_8_a_removed_folder_lets_everybody_go_and_saves_first() {
    let place = Place::new(&[("a.md", "")]);
    let mut config = place.config();
    config.policy.save_delay = Some(std::time::Duration::from_secs(3600));
    config.policy.save_at_most = std::time::Duration::from_secs(3600);
    let first = place.run_with(config, async |host| {
        let mut ana = Peer::open(&host, &owner(&host), "a.md").await;
        ana.type_in("typed").await;
        until(&host, "an edit", |host| host.folders()[0].unsaved == 1).await;
        host.remove_folder("tide-pools").await.unwrap();
        assert_eq!(ana.end().await.code, CloseCode::NotShared);
        assert!(host.folders().is_empty() && host.only_folder().is_none());
        assert_eq!(host.remove_folder("tide-pools").await.unwrap_err().code, ErrorCode::NotFound);
        host.shutdown().await;
        ana.file.clone()
    });
    assert_eq!(place.read("a.md"), "typed");
    // Added again, it has its ids and histories.
    place.run(async |host| {
        let ana = Peer::open(&host, &owner(&host), "a.md").await;
        assert_eq!((ana.file.clone(), ana.text()), (first, "typed".into()));
    });
}

#[test]
fn session_9_a_folder_that_is_not_there_stays_in_the_list_and_comes_back() {
    let place = Place::new(&[("a.md", "hello\n")]);
    place.run(async |host| host.shutdown().await);
    let away = place.directory.path().join("away");
    std::fs::rename(place.folder(), &away).unwrap();
    place.run(async |host| {
        assert_eq!(host.only_folder().as_deref(), Some("tide-pools"));
        assert!(!host.folders()[0].present);
        let gone = host.open_session(&owner(&host), "a.md", DocumentKind::text()).await.unwrap_err();
        assert_eq!(gone.message, "The folder Tide pools is not there.");
        std::fs::rename(&away, place.folder()).unwrap();
        until(&host, "the folder", |host| host.folders()[0].present).await;
        let mut ana = Peer::open(&host, &owner(&host), "a.md").await;
        ana.type_in("there\n").await;
        host.shutdown().await;
        assert_eq!(place.read("a.md"), "hello\nthere\n");
    });
}

#[test]
fn session_10_folders_have_slugs_of_their_own_and_are_added_once() {
    let place = Place::new(&[("a.md", "")]);
    place.run(async |host| {
        let second = place.directory.path().join("other").join("Tide pools!");
        std::fs::create_dir_all(&second).unwrap();
        assert_eq!(host.add_folder(&place.folder(), Some("else")).await.unwrap(), "tide-pools");
        assert_eq!(host.add_folder(&second, None).await.unwrap(), "tide-pools-2");
        let wrong = |path, slug: Option<&'static str>| {
            let (host, path) = (host.clone(), place.directory.path().join(path));
            async move { host.add_folder(&path, slug).await.unwrap_err().code }
        };
        assert_eq!(wrong("nowhere", None).await, ErrorCode::NotFound);
        assert_eq!(wrong("Tide pools/a.md", None).await, ErrorCode::BadRequest);
        assert_eq!(wrong("other", Some("api")).await, ErrorCode::BadRequest);
        assert_eq!(wrong("other", Some("tide-pools")).await, ErrorCode::BadRequest);
        assert_eq!(host.add_sample().await.unwrap(), "tide-pools-3");
        assert_eq!(host.add_sample().await.unwrap(), "tide-pools-3");
        assert_eq!(
            host.folders().iter().map(|folder| folder.name.as_str()).collect::<Vec<_>>(),
            ["Tide pools", "Tide pools!", "Tide pools"]
        );
        assert!(host.only_folder().is_none() && host.has_folder("tide-pools-2"));
    });
}

#[test]
fn file_36_lists_and_contents_show_what_is_on_disk_and_who_is_in_it() {
    let notebook = r#"{"cells": [{"cell_type": "code", "source": ["a\n", "b"], "outputs": []}], "nbformat": 4}"#;
    let place = Place::new(&[("a.md", "hi"), ("x/n.ipynb", notebook), (".hidden", ""), ("p.png", "p")]);
    place.run(async |host| {
        let grant = owner(&host);
        let _ana = Peer::open(&host, &grant, "a.md").await;
        let list = host.files(&grant).await.unwrap();
        let files: Vec<_> = list.files.iter().map(|f| (f.path.as_str(), f.kind, f.people.len())).collect();
        let expected = [("a.md", FileKind::Text, 1), ("p.png", FileKind::Other, 0), ("x/n.ipynb", FileKind::Notebook, 0)];
        assert_eq!(files, expected);
        let get = |path: &'static str, content, hash| {
            let (host, grant) = (host.clone(), grant.clone());
            async move { host.contents(&grant, path, ContentsQuery { content, hash, ..ContentsQuery::default() }).await }
        };
        let root = get("", true, false).await.unwrap();
        let names = |content: &serde_json::Value| -> Vec<String> {
            content.as_array().unwrap().iter().map(|child| child["name"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!((root.name.as_str(), root.ty.as_str()), ("", "directory"));
        assert_eq!(names(root.content.as_ref().unwrap()), ["a.md", "p.png", "x"]);
        let model = get("/x/n.ipynb", true, true).await.unwrap();
        assert_eq!(model.content.unwrap()["cells"][0]["source"], "a\nb");
        assert_eq!(model.hash, Some(protocol::Digest::of(notebook.as_bytes()).to_hex()));
        assert!(model.last_modified.ends_with('Z') && model.writable);
        assert_eq!(get("a.md", false, false).await.unwrap().content, None);
        assert_eq!(&*host.read_file(&grant, "a.md").await.unwrap().bytes, b"hi");
        assert_eq!(get(".hidden", true, false).await.unwrap_err().code, ErrorCode::NotFound);
        let asked = ContentsQuery { ty: Some("directory".into()), ..ContentsQuery::default() };
        assert_eq!(host.contents(&grant, "a.md", asked).await.unwrap_err().code, ErrorCode::BadRequest);
        let elsewhere = Grant { slug: "elsewhere".to_owned(), ..grant };
        assert_eq!(host.files(&elsewhere).await.unwrap_err().code, ErrorCode::NotFound);
        assert_eq!(host.read_file(&elsewhere, "a.md").await.unwrap_err().code, ErrorCode::NotFound);
    });
}
