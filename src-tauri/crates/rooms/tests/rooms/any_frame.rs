//! Whatever a client sends, the room lives.

use crate::stage::{ANA, BEN, Stage};
use bytes::Bytes;
use proptest::prelude::*;
use protocol::Role;

fn frames() -> impl Strategy<Value = Vec<u8>> {
    let body = proptest::collection::vec(any::<u8>(), 0..40);
    let head = prop_oneof![
        Just(vec![0, 0]),
        Just(vec![0, 1]),
        Just(vec![0, 2]),
        Just(vec![1]),
        Just(b"\x02\x04save".to_vec()),
        Just(b"\x02\x07stored?".to_vec()),
        Just(vec![3]),
        Just(vec![125]),
        Just(vec![]),
    ];
    (head, any::<bool>(), body).prop_map(|(mut head, sized, body)| {
        if sized {
            head.push(body.len() as u8);
        }
        head.extend(body);
        head
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn sync_6_no_frame_stops_a_room(all in proptest::collection::vec(frames(), 1..30)) {
        let mut stage = Stage::text("one\n");
        stage.join(ANA);
        stage.join_as(BEN, Role::View);
        for frame in &all {
            stage.frame(ANA, Bytes::from(frame.clone()));
            stage.frame(BEN, Bytes::from(frame.clone()));
        }
        prop_assert!(stage.closed.is_empty());
        stage.forget();
        stage.insert(ANA, 0, "still ");
        prop_assert!(stage.peers[&BEN].text().contains("still "));
    }
}
