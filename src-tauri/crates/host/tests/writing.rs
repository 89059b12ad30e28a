//! Who may change what is in a folder.

mod support;

use host::{ContentsQuery, Grant};
use protocol::contents::{Create, Save};
use protocol::{ErrorCode, Role};
use serde_json::json;
use support::{Place, owner};

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
