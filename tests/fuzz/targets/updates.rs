//! Foreign updates and state vectors given to a document: nothing stops it, what it tells and writes can be read, and as long as
//! all updates were sound, in whatever order, who follows it by what it tells holds the same.
//!
//! An update that no client could have made (an item that claims to be left of what is left of it) has no certain place in
//! any Y document; whoever may edit and sends it spoils a text that he may delete as well.

use super::{edit, input::Input, model};
use ydoc::Document;
use yrs::updates::decoder::Decode;

pub(super) fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let model = model(input.byte());
    let mut document = Document::new(model, 7);
    if document.load(input.chunk()).is_err() {
        return;
    }
    let mut follower = Document::from_state(model, 8, &document.state()).expect("its own state");
    let mut late: Vec<Vec<u8>> = Vec::new();
    // Whose edits: they come late, and wait for others.
    let mut made: Vec<(u64, Vec<u8>)> = Vec::new();
    let mut sound = true;
    for _ in 0..64 {
        if input.is_empty() {
            break;
        }
        let what = input.byte();
        let author = 100 + u64::from(what >> 6);
        let update = match what % 8 {
            0 | 1 => input.chunk().to_vec(),
            2 => {
                if let Ok(update) = document.diff(input.chunk()) {
                    follower.apply(&update).expect("a difference can be applied");
                }
                continue;
            }
            3 if !late.is_empty() => late.remove(usize::from(input.byte()) % late.len()),
            what => {
                // He has his own edits, whoever else does not.
                let own = made.iter().filter(|(by, _)| *by == author).map(|(_, update)| update.clone());
                let state = [document.state().to_vec()].into_iter().chain(own);
                let state = yrs::merge_updates_v1(state.collect::<Vec<_>>()).expect("sound updates");
                let Some(mut update) = edit::update(model, &state, author, &mut input) else { continue };
                if what == 4 {
                    edit::damage(&mut update, &mut input);
                } else {
                    made.push((author, update.clone()));
                }
                if what == 5 {
                    late.push(update);
                    continue;
                }
                update
            }
        };
        let foreign = matches!(what % 8, 0 | 1 | 4);
        sound &= !(tell(&mut document, &mut follower, &update) && foreign);
    }
    let written = document.to_bytes(b"");
    let mut read = Document::new(model, 11);
    read.load(&written).expect("what it writes can be read");
    same(&written, &read.to_bytes(&written), "who reads the file");
    let again = Document::from_state(model, 9, &document.state()).expect("its own state");
    let mut new = Document::new(model, 10);
    let all = new.state_vector();
    new.apply(&document.diff(&all).expect("its own vector")).expect("its own difference");
    if !sound {
        return;
    }
    same(&written, &follower.to_bytes(b""), "who follows");
    same(&written, &again.to_bytes(b""), "who gets the whole");
    same(&written, &new.to_bytes(b""), "who asks");
}

/// Whether it brought anything, or may bring something later.
fn tell(document: &mut Document, follower: &mut Document, update: &[u8]) -> bool {
    // The same state can be written in several ways.
    let state = |document: &Document| yrs::Update::decode_v1(&document.state()).expect("its own state");
    let before = state(document);
    match document.apply(update) {
        Ok(applied) => {
            if let Some(new) = &applied.update {
                follower.apply(new).expect("what it tells can be applied");
            }
            applied.update.is_some() || !document.is_all_of(&document.state())
        }
        Err(_) => {
            assert!(state(document) == before, "a part of what is refused is taken");
            false
        }
    }
}

fn same(one: &[u8], other: &[u8], who: &str) {
    assert!(
        one == other,
        "{who} has something else:\n{}\n--- instead of\n{}",
        String::from_utf8_lossy(other),
        String::from_utf8_lossy(one)
    );
}
