//! A file of any bytes merged into a document of another, in which people may type.

use super::{BETWEEN, edit, input::Input, model};
use protocol::Digest;
use ydoc::{Base, Document, merge_disk};

pub(super) fn run(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else { return };
    let model = model(*first);
    let mut parts = rest.splitn(3, |byte| *byte == BETWEEN);
    let mut next = || parts.next().unwrap_or_default();
    let (before, disk, typed) = (next(), next(), next());
    let mut live = Document::new(model, 7);
    if live.load(before).is_err() {
        return;
    }
    let base = Base { state: live.state(), digest: Digest::of(before) };
    let mut input = Input::new(typed);
    for round in 0..32u64 {
        if input.is_empty() {
            break;
        }
        if let Some(update) = edit::update(model, &live.state(), 100 + round % 3, &mut input) {
            live.apply(&update).expect("a sound edit");
        }
    }
    let touched = live.state() != base.state;
    let unchanged = merge_disk(model, &live.state(), &base, before, 11).expect("it was read before");
    assert!(unchanged.update.is_none(), "a disk that says nothing new brings something");
    let Ok(merge) = merge_disk(model, &live.state(), &base, disk, 11) else { return };
    if let Some(update) = &merge.update {
        live.apply(update).expect("a merge can be applied");
    }
    let at_base = Document::from_state(model, 1, &merge.base.state).expect("the new base");
    assert_eq!(text(&at_base.to_bytes(disk)), text(disk), "the new base is the disk");
    assert_eq!(merge.base.digest, Digest::of(disk));
    if !touched {
        assert_eq!(text(&live.to_bytes(disk)), text(disk), "without edits here the document becomes the disk");
        assert!(!merge.report.live_edits && merge.report.conflicts.is_empty() && merge.report.kept == 0);
    }
    let again = merge_disk(model, &live.state(), &merge.base, disk, 11).expect("it was read before");
    assert!(again.update.is_none(), "the same disk brings something twice");
    let written = live.to_bytes(disk);
    Document::new(model, 8).load(&written).expect("what was merged can be written and read");
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
