//! Who may change what is in a folder.

mod support;

use host::{ContentsQuery, Grant};
use protocol::contents::{Create, Save};
use protocol::{Digest, ErrorCode, Role};
use serde_json::json;
use support::{Peer, Place, owner};

#[test]
fn store_121_what_a_save_left_when_the_host_died_becomes_a_version_and_does_not_lie_around() {
    let place = Place::new(&[("a.md", "hello\n"), ("b.md", "hello\n"), ("c.bin", "hello\n")]);
    // As it is left: by a save that had not come to the file, and by one that had, over what another program wrote just then.
    let short = |text: &str| Digest::of(text.as_bytes()).to_hex()[..16].to_owned();
    let leave = |name: &str, (ours, expected): (&str, &str), content: &str| {
        let left = format!(".commonplace-{}-{}-{}-1-0-0.tmp", short(name), short(ours), short(expected));
        std::fs::write(place.folder().join(left), content).unwrap();
    };
    let lying = || {
        let names = std::fs::read_dir(place.folder()).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().starts_with(".commonplace-")).count()
    };
    place.run(async |host| {
        let grant = owner(&host);
        let text = |text: &str| Save { content: Some(json!(text)), format: Some("text".into()), ..Save::default() };
        let versions = async |path: &str| {
            let list = host.versions(&grant, path).await.unwrap().versions;
            let mut texts = Vec::new();
            for version in list {
                texts.push(String::from_utf8(host.version(&grant, path, version.id).await.unwrap().1).unwrap());
            }
            texts
        };
        for path in ["a.md", "b.md", "c.bin"] {
            host.save(&grant, path, text("saved\n")).await.unwrap();
        }
        leave("a.md", ("never came\n", "saved\n"), "never came\n");
        leave("b.md", ("saved\n", "hello\n"), "another program's\n");
        leave("c.bin", ("never came\n", "saved\n"), "never came\n");
        // A document that is opened, a file whose versions somebody looks at, and one that is saved again.
        Peer::open(&host, &grant, "a.md").await.sees("saved\n").await;
        assert_eq!(versions("a.md").await, ["never came\n", "hello\n"]);
        assert_eq!(versions("b.md").await, ["another program's\n", "hello\n"]);
        host.save(&grant, "c.bin", text("again\n")).await.unwrap();
        assert_eq!(lying(), 0);
        assert_eq!(versions("c.bin").await, ["saved\n", "never came\n", "hello\n"]);
        host.shutdown().await;
    });
    assert_eq!(
        (place.read("a.md"), place.read("b.md"), place.read("c.bin")),
        ("saved\n".into(), "saved\n".into(), "again\n".into())
    );
}

#[test]
fn role_20_a_viewer_reads_and_is_told_that_nothing_is_writable_and_changes_nothing() {
    let place = Place::new(&[("a.md", "hello\n"), ("d/b.md", "b\n")]);
    place.run(async |host| {
        let viewer = Grant { role: Role::View, owner: false, ..owner(&host) };
        let query = ContentsQuery { content: true, ..ContentsQuery::default() };
        let model = host.contents(&viewer, "a.md", query).await.unwrap();
        assert_eq!((model.content, model.writable), (Some(json!("hello\n")), false));
        let text = || Save { content: Some(json!("x")), format: Some("text".into()), ..Save::default() };
        let copy = Create { copy_from: Some("a.md".into()), ..Create::default() };
        let answers = [
            host.create(&viewer, "", Create::default()).await.map(drop),
            host.create(&viewer, "", copy).await.map(drop),
            host.save(&viewer, "a.md", text()).await.map(drop),
            host.save(&viewer, "new.md", text()).await.map(drop),
            host.rename(&viewer, "a.md", Some("c.md")).await.map(drop),
            host.delete(&viewer, "d").await,
            host.make_checkpoint(&viewer, "a.md").await.map(drop),
            host.restore_checkpoint(&viewer, "a.md", "checkpoint").await,
            host.remove_checkpoint(&viewer, "a.md", "checkpoint").await,
        ];
        for answer in answers {
            assert_eq!(answer.unwrap_err().code, ErrorCode::Forbidden);
        }
        assert_eq!((place.read("a.md"), place.read("d/b.md")), ("hello\n".to_owned(), "b\n".to_owned()));
        assert_eq!(std::fs::read_dir(place.folder()).unwrap().count(), 2);

        let editor = Grant { role: Role::Edit, ..viewer };
        let (model, new) = host.save(&editor, "new.md", text()).await.unwrap();
        assert!(new && model.writable);
    });
}
