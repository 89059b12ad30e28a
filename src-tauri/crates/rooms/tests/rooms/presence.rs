//! Who is here, and chat: AWARE and CHAT.

use crate::stage::{ANA, BEN, CEM, Stage, aware, body, frame, member};
use bytes::Bytes;
use protocol::{ClientId, Role};
use rooms::Input;
use serde_json::{Value, json};

#[test]
fn aware_1_what_is_new_reaches_all_and_its_author() {
    let mut stage = Stage::text("");
    stage.join(ANA);
    stage.join(BEN);
    stage.forget();
    let hello = || aware(7, 1, r#"{"user":{"name":"Ana"}}"#);
    stage.frame(ANA, hello());
    assert_eq!(stage.got(BEN, &[1]), [hello()]);
    assert_eq!(stage.got(ANA, &[1]), [hello()], "or its client would reconnect after 30 s");
    stage.forget();
    stage.frame(BEN, aware(8, 1, "{}"));
    stage.forget();
    stage.frame(BEN, hello());
    assert!(stage.sent.is_empty(), "what others echo goes nowhere");
}

#[test]
fn aware_2_a_newcomer_hears_at_once_who_is_here() {
    let mut stage = Stage::text("");
    stage.join(ANA);
    stage.frame(ANA, aware(7, 1, "{}"));
    stage.join(BEN);
    assert_eq!(&stage.sent[&BEN][0][..2], [0, 0]);
    assert_eq!(stage.sent[&BEN][1], aware(7, 1, "{}"));
}

#[test]
fn aware_3_who_leaves_without_a_word_is_gone_for_the_others() {
    let mut stage = Stage::text("");
    stage.join(ANA);
    stage.join(BEN);
    stage.frame(ANA, aware(7, 4, "{}"));
    stage.forget();
    stage.leave(ANA);
    assert_eq!(stage.got(BEN, &[1]), [aware(7, 5, "null")]);
    stage.join(CEM);
    assert_eq!(stage.got(CEM, &[1]), Vec::<Bytes>::new());
}

#[test]
fn aware_4_an_old_socket_takes_no_id_with_it_that_a_new_one_took_over() {
    let mut stage = Stage::text("");
    stage.join(ANA);
    stage.join(CEM);
    stage.frame(ANA, aware(7, 4, "{}"));
    // Her client is back before the old socket has ended.
    let (again, member) = (ClientId(11), member(ANA, Role::Edit));
    stage.give(Input::Join { client: again, member });
    stage.frame(again, aware(7, 4, "{}"));
    // Ben's sends on what it hears before it says who it is: that takes over nothing.
    stage.join(BEN);
    stage.frame(BEN, aware(7, 4, "{}"));
    stage.forget();
    stage.leave(ANA);
    stage.leave(BEN);
    assert_eq!(stage.got(CEM, &[1]), Vec::<Bytes>::new());
    stage.leave(again);
    assert_eq!(stage.got(CEM, &[1]), [aware(7, 5, "null")]);
}

#[test]
fn aware_5_no_socket_is_left_in_silence() {
    let mut stage = Stage::text("");
    stage.join(ANA);
    stage.join(BEN);
    stage.frame(ANA, aware(7, 1, "{}"));
    stage.forget();
    stage.pass(14_900);
    assert!(stage.sent.is_empty());
    stage.pass(200);
    assert_eq!(stage.got(ANA, &[1]), [aware(7, 1, "{}")]);
    assert_eq!(stage.got(BEN, &[1]), [Bytes::from_static(&[1, 1, 0])], "nothing of its own to say");
    stage.pass(30_000);
    assert_eq!((stage.got(ANA, &[1]).len(), stage.got(BEN, &[1]).len()), (3, 3));
}

#[test]
fn aware_6_who_asks_gets_all_known_states() {
    let mut stage = Stage::text("");
    stage.join(ANA);
    stage.join(BEN);
    stage.frame(ANA, aware(7, 1, "{}"));
    stage.forget();
    stage.frame(BEN, Bytes::from_static(&[3]));
    assert_eq!(stage.got(BEN, &[1]), [aware(7, 1, "{}")]);
    assert_eq!(stage.got(ANA, &[1]), Vec::<Bytes>::new());
}

#[test]
fn aware_7_people_are_listed_with_role_time_and_awareness_ids() {
    let mut stage = Stage::text("");
    stage.join(ANA);
    stage.frame(ANA, aware(7, 1, "{}"));
    stage.join_as(BEN, Role::View);
    let people = stage.room.people();
    assert_eq!(people.len(), 2);
    assert_eq!((people[0].client, &people[0].awareness[..]), (ANA, &[7][..]));
    assert_eq!((people[1].member.role, people[1].since), (Role::View, stage.now.unix_ms));
    assert!(!stage.room.is_empty());
}

#[test]
fn chat_1_a_message_reaches_each_other_client_once_with_sender_and_time() {
    let mut stage = Stage::text("");
    for client in [ANA, BEN, CEM] {
        stage.join(client);
    }
    stage.forget();
    let content = json!({"text": "hé ".repeat(100)});
    stage.frame(ANA, frame(&[0x7d], content.to_string().as_bytes()));
    assert_eq!(stage.got(ANA, &[0x7d]).len(), 0);
    for client in [BEN, CEM] {
        let frames = stage.got(client, &[0x7d]);
        assert_eq!(frames.len(), 1);
        let message: Value = serde_json::from_slice(body(&frames[0], 1)).unwrap();
        let timestamp = stage.now.unix_ms as f64 / 1000.0;
        assert_eq!(message, json!({"sender": "ana", "timestamp": timestamp, "content": content}));
    }
}

#[test]
fn chat_2_what_is_no_json_is_ignored_and_viewers_may_chat() {
    let mut stage = Stage::text("");
    stage.join(ANA);
    stage.join_as(BEN, Role::View);
    stage.forget();
    stage.frame(ANA, frame(&[0x7d], b"{nonsense"));
    assert!(stage.sent.is_empty() && stage.closed.is_empty());
    stage.frame(BEN, frame(&[0x7d], b"\"hi\""));
    assert_eq!(stage.got(ANA, &[0x7d]).len(), 1);
}
