//! Text documents: what they keep of a file, and how edits on disk reach them.

#![allow(clippy::unwrap_used, clippy::expect_used)]
use protocol::{Digest, Model};
use ydoc::{Base, Document, Merge, StateValue, merge_disk, merge_room};
use yrs::updates::decoder::Decode;
use yrs::{GetString, OffsetKind, Options, Text, TextRef, Transact};

/// A peer with a text editor.
struct Peer {
    doc: yrs::Doc,
    text: TextRef,
}

impl Peer {
    fn of(document: &Document, id: u64) -> Self {
        let mut options = Options::with_client_id(yrs::ClientID::new(id));
        options.offset_kind = OffsetKind::Utf16;
        let doc = yrs::Doc::with_options(options);
        let text = doc.get_or_insert_text("source");
        doc.transact_mut().apply_update(yrs::Update::decode_v1(&document.state()).unwrap()).unwrap();
        Self { doc, text }
    }

    fn replace(&self, from: u32, len: u32, with: &str) -> Vec<u8> {
        let mut txn = self.doc.transact_mut();
        self.text.remove_range(&mut txn, from, len);
        self.text.insert(&mut txn, from, with);
        txn.encode_update_v1()
    }

    fn read(&self) -> String {
        self.text.get_string(&self.doc.transact())
    }
}

fn loaded(bytes: &str) -> (Document, Base) {
    let mut document = Document::new(Model::Text, 7);
    document.load(bytes.as_bytes()).unwrap();
    let base = Base { state: document.state(), digest: Digest::of(bytes.as_bytes()) };
    (document, base)
}

fn merge(live: &mut Document, base: &Base, disk: &str, author: u64) -> Merge {
    let merge = merge_disk(Model::Text, &live.state(), base, disk.as_bytes(), author).unwrap();
    if let Some(update) = &merge.update {
        live.apply(update).unwrap();
    }
    let at_base = Document::from_state(Model::Text, 1, &merge.base.state).unwrap();
    assert_eq!(String::from_utf8(at_base.to_bytes(disk.as_bytes())).unwrap(), disk);
    assert_eq!(merge.base.digest, Digest::of(disk.as_bytes()));
    merge
}

fn text(document: &Document) -> String {
    Peer::of(document, 999).read()
}

#[test]
fn sync_45_an_edit_waits_for_its_authors_earlier_ones() {
    let (mut here, _) = loaded("one\n");
    let (ana, ben) = (Peer::of(&here, 11), Peer::of(&here, 12));
    let first = ana.replace(0, 0, "A");
    ben.doc.transact_mut().apply_update(yrs::Update::decode_v1(&first).unwrap()).unwrap();
    // One update: a letter beside Ana's, and one at the end, which needs nothing but Ben's own order.
    let second = {
        let mut txn = ben.doc.transact_mut();
        ben.text.insert(&mut txn, 1, "B");
        let end = ben.text.len(&txn);
        ben.text.insert(&mut txn, end, "C");
        txn.encode_update_v1()
    };
    let before = here.state();
    assert_eq!(here.apply(&second).unwrap().update, None);
    assert_eq!((text(&here), here.state()), ("one\n".to_owned(), before), "nobody is told of a part");
    let told = here.apply(&first).unwrap().update.unwrap();
    assert_eq!(text(&here), "ABone\nC");
    let (mut there, _) = loaded("one\n");
    there.apply(&told).unwrap();
    assert_eq!(text(&there), text(&here), "what waited is told with what it waited for");
}

#[test]
fn sync_46_what_an_edit_sets_free_is_told_to_its_author_too() {
    let check = |edits: &dyn Fn(&Peer) -> Vec<u8>, expect: &str| {
        let (mut here, _) = loaded("one\n");
        let (ana, ben) = (Peer::of(&here, 11), Peer::of(&here, 12));
        let first = ana.replace(0, 0, "AB");
        ben.doc.transact_mut().apply_update(yrs::Update::decode_v1(&first).unwrap()).unwrap();
        let applied = here.apply(&edits(&ben)).unwrap();
        assert_eq!((applied.update, applied.more), (None, false));
        let applied = here.apply(&first).unwrap();
        assert!(applied.more, "it says more than Ana knows");
        ana.doc.transact_mut().apply_update(yrs::Update::decode_v1(&applied.update.unwrap()).unwrap()).unwrap();
        assert_eq!((text(&here), ana.read()), (expect.to_owned(), expect.to_owned()));
        assert!(!here.apply(&ana.replace(0, 0, "!")).unwrap().more);
    };
    check(&|ben| ben.replace(1, 0, "x"), "AxBone\n");
    check(&|ben| ben.replace(1, 1, ""), "Aone\n");
}

#[test]
fn save_1_an_unchanged_text_gives_the_same_bytes() {
    let cases = ["", "a", "a\n", "a\r\nb\r\n", "a\r\nb\nc\r\n", "\u{feff}a\r\n", "\r\r\n\n", "ünï\u{2028}cödé 🐚\n\n"];
    for case in cases {
        assert_eq!(loaded(case).0.to_bytes(case.as_bytes()), case.as_bytes(), "{case:?}");
    }
}

#[test]
fn save_2_a_changed_text_keeps_the_line_ends_of_the_lines_it_keeps() {
    let disk = "\u{feff}one\r\ntwo\nthree\r\nfour\r\n";
    let (mut document, _) = loaded(disk);
    let peer = Peer::of(&document, 5);
    assert_eq!(peer.read(), "one\ntwo\nthree\nfour\n");
    document.apply(&peer.replace(8, 0, "2½\n")).unwrap();
    assert_eq!(
        String::from_utf8(document.to_bytes(disk.as_bytes())).unwrap(),
        "\u{feff}one\r\ntwo\n2½\r\nthree\r\nfour\r\n"
    );
}

#[test]
fn save_5_the_same_bytes_give_the_same_operations() {
    for model in [Model::Text, Model::Base64, Model::Blob] {
        let load = |bytes: &[u8]| {
            let mut document = Document::new(model, 7);
            document.load(bytes).unwrap()
        };
        assert_eq!(load(b"same\r\n"), load(b"same\r\n"));
        assert_ne!(load(b"same\r\n"), load(b"same\n"));
        let mut twice = Document::from_state(model, 7, &load(b"same")).unwrap();
        assert_eq!(twice.apply(&load(b"same")).unwrap().update, None);
        assert_eq!(twice.to_bytes(b""), b"same");
    }
}

#[test]
fn disk_1_what_was_typed_and_what_was_written_are_both_there() {
    let (mut live, base) = loaded("one\ntwo\nthree\n");
    let peer = Peer::of(&live, 5);
    live.apply(&peer.replace(3, 0, " typed")).unwrap();
    let merged = merge(&mut live, &base, "one\ntwo\nTHREE\nfour\n", 11);
    assert_eq!(text(&live), "one typed\ntwo\nTHREE\nfour\n");
    assert!(merged.report.live_edits && merged.report.conflicts.is_empty(), "{:?}", merged.report);
}

#[test]
fn disk_2_without_unsaved_edits_the_document_becomes_what_is_on_disk() {
    let check = |before: &str, disk: &str| {
        let (mut live, base) = loaded(before);
        let merged = merge(&mut live, &base, disk, 11);
        assert_eq!(live.to_bytes(disk.as_bytes()), disk.as_bytes());
        assert!(!merged.report.live_edits);
    };
    check("a\nb\n", "a\r\nc\r\n");
    check("", "🐚🐚\n");
    check("🐚a🐚", "🐚b🐚");
    check("a\nb\n", "");
}

#[test]
fn disk_3_a_line_that_the_disk_did_not_touch_keeps_its_characters() {
    let (mut live, base) = loaded("one\ntwo\nthree\n");
    let peer = Peer::of(&live, 5);
    merge(&mut live, &base, "zero\none\n2\nthree\n", 11);
    // A peer that has not heard of it yet types into a line that stayed: the text arrives in that line.
    live.apply(&peer.replace(11, 0, "!")).unwrap();
    assert_eq!(text(&live), "zero\none\n2\nthr!ee\n");
}

#[test]
fn disk_4_both_wrote_on_one_line_both_are_kept_and_the_line_is_named() {
    let (mut live, base) = loaded("a\nvalue = 1\n");
    let peer = Peer::of(&live, 5);
    live.apply(&peer.replace(11, 0, "77")).unwrap();
    let merged = merge(&mut live, &base, "a\nvalue = 1.25\n", 11);
    assert!(text(&live).contains("77") && text(&live).contains(".25"), "{}", text(&live));
    assert_eq!(merged.report.conflicts.iter().map(|it| it.number).collect::<Vec<_>>(), [2]);
}

#[test]
fn sync_75_two_rooms_of_a_file_that_type_in_one_word_leave_it_one_word() {
    let (live, base) = loaded("the end\n");
    let peer = Peer::of(&live, 5);
    let mut live = live;
    live.apply(&peer.replace(4, 0, "f")).unwrap();
    let merge = merge_room(Model::Text, &live.state(), &base, b"the uend\n", 11).unwrap();
    live.apply(&merge.update.unwrap()).unwrap();
    assert!(["the fuend\n", "the ufend\n"].contains(&&*text(&live)), "{}", text(&live));
    assert!(merge.report.conflicts.is_empty());
}

#[test]
fn disk_9_merges_that_follow_one_another_double_nothing() {
    let (mut live, base) = loaded("one\ntwo\n");
    let peer = Peer::of(&live, 5);
    live.apply(&peer.replace(0, 0, "T")).unwrap();
    let first = merge(&mut live, &base, "one\ntwo\nthree\n", 11);
    live.apply(&peer.replace(0, 0, "U")).unwrap();
    merge(&mut live, &first.base, "one\ntwo\nthree\nfour\n", 11);
    assert_eq!(text(&live), "UTone\ntwo\nthree\nfour\n");
    // The base was not remembered, and the disk went on: ids must not be given twice.
    let (mut live, base) = loaded("one\n");
    merge(&mut live, &base, "one\nx\n", 11);
    let again = merge_disk(Model::Text, &live.state(), &base, b"one\nyy\n", 11).unwrap();
    live.apply(&again.update.unwrap()).unwrap();
    assert_eq!(
        {
            let mut lines: Vec<_> = text(&live).lines().map(str::to_owned).collect();
            lines.sort();
            lines
        },
        ["one", "x", "yy"]
    );
    // The disk has what we have.
    let (mut live, base) = loaded("one\n");
    merge(&mut live, &base, "one\nx\n", 11);
    assert_eq!(merge(&mut live, &base, "one\nx\n", 11).update, None);
}

#[test]
fn an_update_is_told_once_and_says_what_it_brought() {
    let (mut live, _) = loaded("one\n");
    let peer = Peer::of(&live, 5);
    let (first, second) = (peer.replace(0, 0, "a"), peer.replace(1, 0, "b"));
    let early = live.apply(&second).unwrap();
    assert_eq!((early.update, early.content), (None, false));
    let both = live.apply(&first).unwrap();
    assert!(both.content && both.update.is_some() && !both.dirtied);
    assert_eq!(text(&live), "abone\n");
    assert_eq!(live.apply(&first).unwrap().update, None);
    assert!(live.apply(b"nonsense").is_err());

    let mut other = Document::from_state(Model::Text, 9, &live.state()).unwrap();
    let dirty = other.set_state(&[("dirty", StateValue::Bool(true)), ("path", StateValue::Text("a".into()))]).unwrap();
    assert_eq!(other.set_state(&[("dirty", StateValue::Bool(true))]), None);
    let applied = live.apply(&dirty).unwrap();
    assert!(applied.dirtied && !applied.content && live.is_dirty());
    assert_eq!(live.diff(&other.state_vector()).unwrap(), [0, 0]);
    assert!(live.diff(b"\xff").is_err());
}

#[test]
fn sync_110_an_update_of_our_own_is_taken_whole_or_not_at_all() {
    let (mut here, _) = loaded("one\n");
    let ana = Peer::of(&here, 11);
    let updates = [ana.replace(0, 0, "A"), ana.replace(1, 0, "B"), ana.replace(0, 1, "")];
    let before = here.state();
    let waits = "not a valid update: it builds on something that is not here";
    for update in &updates[1..] {
        assert_eq!(here.apply_whole(update).unwrap_err().to_string(), waits);
        assert_eq!(here.state(), before);
    }
    // Nor does it wait.
    assert!(here.apply_whole(&updates[0]).unwrap().awaits.is_empty());
    assert_eq!(text(&here), "Aone\n");
    for update in &updates[1..] {
        assert!(here.apply_whole(update).unwrap().update.is_some());
    }
    assert_eq!((text(&here), here.apply_whole(&updates[2]).unwrap().update), ("Bone\n".to_owned(), None));
    // What comes with what it builds on.
    let (mut here, _) = loaded("one\n");
    let all = yrs::merge_updates_v1(&updates).unwrap();
    here.apply_whole(&all).unwrap();
    assert_eq!(text(&here), "Bone\n");
}

#[test]
fn sync_111_what_waits_says_for_what() {
    let (mut here, _) = loaded("one\n");
    let ana = Peer::of(&here, 11);
    let (first, second, gone) = (ana.replace(0, 0, "A"), ana.replace(1, 0, "B"), ana.replace(0, 1, ""));
    assert!(!here.holds(&second) && !here.holds(&gone));
    assert_eq!(here.apply(&second).unwrap().awaits, [(11, 2)]);
    assert_eq!(here.apply(&gone).unwrap().awaits, [(11, 1)]);
    assert!(!here.reaches((11, 1)));
    assert!(here.apply(&first).unwrap().awaits.is_empty());
    assert!(here.reaches((11, 2)) && here.holds(&second) && here.holds(&gone) && here.holds(&first));
    // A deletion of what is here is not held before it was made.
    assert!(!here.holds(&ana.replace(0, 1, "")));
    assert!(!here.holds(b"nonsense"));
}
