//! Rooms without a file.

use crate::stage::{ANA, BEN, POLICY, aware, body, frame, member};
use bytes::Bytes;
use protocol::{CloseCode, Role};
use rooms::{Effect, Input, Now, TransientRoom};
use std::time::Duration;

fn at(seconds: u64) -> Now {
    Now { elapsed: Duration::from_secs(seconds), unix_ms: 1_700_000_000_000 + seconds * 1000 }
}

fn tell(room: &mut TransientRoom, now: Now, input: Input) -> Vec<Effect> {
    let mut effects = Vec::new();
    room.handle(now, input, &mut effects);
    effects
}

fn join(client: protocol::ClientId) -> Input {
    Input::Join { client, member: member(client, Role::Edit) }
}

#[test]
fn aware_8_a_room_without_a_file_shares_awareness_and_chat() {
    let mut room = TransientRoom::new("lobby".to_owned(), POLICY);
    let effects = tell(&mut room, at(0), join(ANA));
    assert!(matches!(&effects[..], [Effect::Send { to: ANA, frame }, Effect::Emit(event)]
        if frame[..] == [0, 0, 1, 0] && event.path.is_none()));
    tell(&mut room, at(0), join(BEN));
    let effects = tell(&mut room, at(1), Input::Frame { client: ANA, bytes: aware(7, 1, "{}") });
    assert!(matches!(&effects[..], [Effect::Broadcast { except: None, frame }] if *frame == aware(7, 1, "{}")));
    let effects = tell(&mut room, at(1), Input::Frame { client: ANA, bytes: frame(&[0x7d], b"1") });
    assert!(matches!(&effects[..], [Effect::Broadcast { except: Some(ANA), .. }]));
    let effects = tell(&mut room, at(2), Input::Frame { client: BEN, bytes: Bytes::from_static(&[0, 0, 1, 0]) });
    assert!(matches!(&effects[..], [Effect::Send { to: BEN, frame }] if body(frame, 2) == [0, 0]));
    let effects = tell(&mut room, at(3), Input::Leave { client: ANA });
    assert!(matches!(&effects[..], [Effect::Broadcast { .. }, Effect::Emit(_)]));
    assert_eq!((room.people().len(), room.clients()), (1, vec![BEN]));
}

#[test]
fn aware_9_an_empty_room_without_a_file_goes_after_a_while() {
    let mut room = TransientRoom::new("lobby".to_owned(), POLICY);
    tell(&mut room, at(0), join(ANA));
    tell(&mut room, at(1), Input::Leave { client: ANA });
    assert!(room.is_empty());
    assert_eq!(room.deadline(), Some(Duration::from_secs(61)));
    tell(&mut room, at(30), join(ANA));
    tell(&mut room, at(40), Input::Leave { client: ANA });
    assert!(matches!(tell(&mut room, at(100), Input::Tick)[..], [Effect::Done]));
    assert_eq!(room.deadline(), None);
}

#[test]
fn event_6_who_comes_and_goes_in_the_global_room_is_no_news() {
    let mut room = TransientRoom::new("JupyterLab:globalAwareness".to_owned(), POLICY);
    let mut effects = tell(&mut room, at(0), join(ANA));
    effects.extend(tell(&mut room, at(1), Input::Leave { client: ANA }));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Emit(_))));
}

#[test]
fn closing_disconnects_everybody() {
    let mut room = TransientRoom::new("lobby".to_owned(), POLICY);
    tell(&mut room, at(0), join(ANA));
    let effects = tell(&mut room, at(1), Input::Close { reason: "bye".to_owned() });
    assert!(matches!(&effects[0], Effect::Disconnect { client: ANA, code: CloseCode::Quitting, .. }));
    assert!(matches!(effects.last(), Some(Effect::Done)));
    let effects = tell(&mut room, at(2), join(BEN));
    assert!(matches!(effects[..], [Effect::Disconnect { client: BEN, code: CloseCode::FellBehind, .. }]));
}
