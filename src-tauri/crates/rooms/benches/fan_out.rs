//! One keystroke in a room of a hundred: applied, logged and handed to everybody else.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use bytes::Bytes;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use protocol::{ClientId, DiskContent, DocumentKind, FileId, Role, RoomId, User};
use rooms::{Authors, Backing, DiskRead, DocumentRoom, Effect, Input, Member, Now, Opened, Policy};
use std::hint::black_box;
use std::time::Duration;
use yrs::{Doc, Text, Transact};

const NOW: Now = Now { elapsed: Duration::from_secs(1), unix_ms: 1_700_000_000_000 };
const POLICY: Policy = Policy {
    save_delay: Some(Duration::from_secs(1)),
    save_at_most: Duration::from_secs(5),
    cleanup_delay: None,
    keep_alive: Duration::from_secs(15),
    retry_delay: Duration::from_secs(10),
    most_edits: 512 << 20,
};

/// An open room with this many editors.
fn room(clients: u64) -> DocumentRoom {
    let id = RoomId::document(DocumentKind::text(), FileId("f".to_owned()));
    let mut room = DocumentRoom::new(id, POLICY, Authors { document: 2, disk: 3, views: 4 });
    let mut effects = Vec::new();
    for client in 1..=clients {
        let member = Member { user: User::new(format!("{client}"), "Ana", None), role: Role::Edit };
        room.handle(NOW, Input::Join { client: ClientId(client), member }, &mut effects);
    }
    let disk = DiskRead::Content(DiskContent::new("a line of text\n".repeat(1000).into_bytes()));
    let (path, backing) = ("notes.txt".to_owned(), Backing::File);
    let (merges, taken) = (std::sync::Arc::default(), None);
    let opened = Opened { log: vec![], base: None, intent: None, merges, disk, path, backing, taken };
    room.handle(NOW, Input::Opened(opened), &mut effects);
    for effect in std::mem::take(&mut effects) {
        let Effect::Run(job) = effect else { continue };
        room.handle(NOW, Input::Finished(job.run()), &mut effects);
    }
    room.handle(NOW, Input::Stored(100), &mut effects);
    assert!(room.is_open());
    room
}

/// Keystrokes of one client, as frames.
fn keystrokes(count: u32) -> Vec<Bytes> {
    let doc = Doc::with_client_id(77);
    let text = doc.get_or_insert_text("source");
    let frame = |at| {
        let mut txn = doc.transact_mut();
        text.insert(&mut txn, at, "x");
        let update = txn.encode_update_v1();
        [&[0, 2, u8::try_from(update.len()).unwrap()][..], &update].concat().into()
    };
    (0..count).map(frame).collect()
}

fn fan_out(c: &mut Criterion) {
    for clients in [2, 100] {
        c.bench_function(&format!("100 keystrokes to {clients} clients"), |b| {
            let frames = keystrokes(100);
            let fresh = || (room(clients), frames.clone());
            b.iter_batched(
                fresh,
                |(mut room, frames)| {
                    let mut sent = 0usize;
                    let mut effects = Vec::new();
                    for bytes in frames {
                        room.handle(NOW, Input::Frame { client: ClientId(1), bytes }, &mut effects);
                        for effect in effects.drain(..) {
                            if let Effect::Broadcast { except, frame } = effect {
                                let others = room.clients().into_iter().filter(|client| Some(*client) != except);
                                sent += others.map(|_| black_box(frame.clone())).collect::<Vec<_>>().len();
                            }
                        }
                    }
                    assert_eq!(sent, 100 * (clients as usize - 1));
                    room
                },
                BatchSize::SmallInput,
            );
        });
    }
}

criterion_group!(benches, fan_out);
criterion_main!(benches);
