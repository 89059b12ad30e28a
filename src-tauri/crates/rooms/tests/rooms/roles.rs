//! What people may do, and how that changes while they are here: ROLE.

use crate::stage::{ANA, BEN, CEM, Stage, body, frame, member};
use protocol::{ClientId, Role};
use rooms::{Effect, Input, Now, TransientRoom};
use serde_json::json;
use std::time::Duration;

/// What a client was told of its role.
fn told(stage: &Stage, client: ClientId) -> Vec<serde_json::Value> {
    stage.raw(client).filter(|said| said["type"] == "role").collect()
}

#[test]
fn role_12_a_role_changes_at_once_and_the_client_is_told() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.join_as(BEN, Role::View);
    stage.insert(BEN, 0, "lost? ");
    assert_eq!(stage.content(), "one\n");
    stage.forget();
    stage.give(Input::Role { client: BEN, role: Role::Edit });
    assert_eq!(told(&stage, BEN), [json!({"type": "role", "role": "edit"})]);
    assert_eq!(stage.got(BEN, &[0, 0]).len(), 1, "the room asks what it has");
    assert_eq!(stage.content(), "lost? one\n", "what it made meanwhile leaves no gap");
    stage.insert(BEN, 0, "b ");
    assert_eq!((stage.content().as_str(), stage.peers[&ANA].text().as_str()), ("b lost? one\n", "b lost? one\n"));

    stage.give(Input::Role { client: BEN, role: Role::View });
    stage.insert(BEN, 0, "no ");
    assert_eq!(stage.content(), "b lost? one\n");
    assert_eq!(told(&stage, BEN).last(), Some(&json!({"type": "role", "role": "view"})));
    stage.forget();
    // What is so already is no news, and neither is somebody who is not here.
    stage.give(Input::Role { client: BEN, role: Role::View });
    stage.give(Input::Role { client: CEM, role: Role::Edit });
    assert!(stage.sent.is_empty() && stage.closed.is_empty());
    assert_eq!(told(&stage, ANA), [] as [serde_json::Value; 0]);
}

#[test]
fn role_13_two_clients_of_different_roles_keep_them_in_either_order_of_arrival() {
    for viewer_first in [true, false] {
        let mut stage = Stage::text("one\n");
        let order =
            if viewer_first { [(BEN, Role::View), (ANA, Role::Edit)] } else { [(ANA, Role::Edit), (BEN, Role::View)] };
        for (client, role) in order {
            stage.join_as(client, role);
        }
        stage.insert(BEN, 0, "b");
        assert_eq!(stage.content(), "one\n", "viewer first: {viewer_first}");
        stage.insert(ANA, 0, "a");
        assert_eq!(stage.content(), "aone\n", "viewer first: {viewer_first}");
        // One leaves: the other's role is still the other's.
        stage.leave(ANA);
        stage.insert(BEN, 0, "b");
        assert_eq!(stage.content(), "aone\n", "viewer first: {viewer_first}");
    }
}

#[test]
fn role_14_in_a_room_without_a_file_roles_change_too() {
    let policy = crate::stage::POLICY;
    let now = Now { elapsed: Duration::ZERO, unix_ms: 0 };
    let mut room = TransientRoom::new("board".to_owned(), policy);
    let mut give = |input| {
        let mut effects = Vec::new();
        room.handle(now, input, &mut effects);
        effects
    };
    give(Input::Join { client: ANA, member: member(ANA, Role::Edit) });
    give(Input::Join { client: BEN, member: member(BEN, Role::View) });
    let peer = crate::stage::Peer::new(BEN);
    let update = peer.insert(0, "x");
    let shared = |effects: Vec<Effect>| effects.iter().any(|effect| matches!(effect, Effect::Broadcast { .. }));
    assert!(!shared(give(Input::Frame { client: BEN, bytes: frame(&[0, 2], &update) })));
    let told = give(Input::Role { client: BEN, role: Role::Edit });
    let to_ben = told.iter().filter_map(|effect| match effect {
        Effect::Send { to, frame } if *to == BEN => Some(frame),
        _ => None,
    });
    assert!(to_ben.clone().any(|frame| frame.starts_with(&[0, 0])), "it asks what Ben has");
    assert!(to_ben.clone().any(|frame| frame[0] == 2 && !body(frame, 1).is_empty()));
    assert!(shared(give(Input::Frame { client: BEN, bytes: frame(&[0, 2], &update) })));
}
