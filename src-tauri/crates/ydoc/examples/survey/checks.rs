//! What is asked of every notebook: each check says `Err` with a sentence when it does not hold.
//!
//! Not here: finding files, and what is printed.

use crate::spans::{self, Place};
use protocol::{Digest, Model};
use std::ops::Range;
use std::time::{Duration, Instant};
use ydoc::{Base, Document, merge_disk};
use yrs::updates::decoder::Decode;
use yrs::{Any, Array, ArrayRef, Map, MapRef, OffsetKind, Options, Out, Text, TextRef, Transact, TransactionMut};

/// So many cells of a notebook are edited, evenly spread.
const MOST_CELLS: usize = 6;
/// What is typed: neither it nor its beginning needs an escape.
const TYPED: &str = "# typed ";

/// What loading, saving and merging took.
#[derive(Clone, Copy, Default)]
pub(crate) struct Times {
    pub(crate) load: Duration,
    pub(crate) save: Duration,
    pub(crate) merge: Duration,
}

/// A notebook that passed.
pub(crate) struct Passed {
    /// It has an older format: an edit writes it anew.
    pub(crate) upgraded: bool,
    /// The bytes after an edit of a source, a cell's run and an added cell.
    pub(crate) edited: Vec<u8>,
    pub(crate) times: Times,
}

/// Loads, writes, edits and merges one file.
pub(crate) fn all(bytes: &[u8]) -> Result<Passed, String> {
    let mut times = Times::default();
    let (document, base) = loaded(bytes, &mut times)?;
    // Decoded, because values inside values come in any order.
    let operations = |document: &Document| yrs::Update::decode_v1(&document.state()).map_err(|error| error.to_string());
    if operations(&loaded(bytes, &mut Times::default())?.0)? != operations(&document)? {
        return Err("loading twice gives other operations".into());
    }
    let begun = Instant::now();
    let written = document.to_bytes(bytes);
    times.save = begun.elapsed();
    same(&written, bytes, "unchanged, it is written otherwise")?;
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let peer = Peer::of(&document);
    let spans = spans::cells(text).filter(|_| peer.count() == spans::cells(text).map_or(0, |found| found.1.len()));
    if let Some((list, places)) = &spans {
        edits(text, &document, list, places)?;
        disk_edits(text, &document, &base, places, &mut times)?;
    }
    let mut edited = again(&document)?;
    for update in [peer.types(0), peer.runs(0), Some(peer.appends())].into_iter().flatten() {
        apply(&mut edited, &update)?;
    }
    let edited = edited.to_bytes(bytes);
    let (reread, _) = loaded(&edited, &mut Times::default()).map_err(|error| format!("after an edit: {error}"))?;
    same(&reread.to_bytes(&edited), &edited, "after an edit it is not read as it was written")?;
    Ok(Passed { upgraded: spans.is_none(), edited, times })
}

/// An edit made here changes the bytes of what it is about, and no others.
fn edits(text: &str, document: &Document, list: &Range<usize>, places: &[Place]) -> Result<(), String> {
    let after = |update: &[u8]| -> Result<String, String> {
        let mut edited = again(document)?;
        apply(&mut edited, update)?;
        String::from_utf8(edited.to_bytes(text.as_bytes())).map_err(|error| error.to_string())
    };
    let step = places.len().div_ceil(MOST_CELLS).max(1);
    for (at, place) in places.iter().enumerate().step_by(step) {
        let edited = Peer::of(document).types(at).map(|update| after(&update)).transpose()?;
        if let (Some(edited), Some(source)) = (edited, &place.source) {
            within(text, &edited, source, &format!("typing in cell {}", at + 1))?;
            if let Some(expected) = typed(text, source)
                && text[source.clone()].contains("\\n")
            {
                same(edited.as_bytes(), expected.as_bytes(), "typing changed more than the line")?;
            }
        }
        if let Some(update) = Peer::of(document).runs(at) {
            within(text, &after(&update)?, &place.cell, &format!("running cell {}", at + 1))?;
        }
        let start = at.checked_sub(1).map_or(list.start + 1, |before| places[before].cell.end);
        let end = places.get(at + 1).map_or(list.end - 1, |next| next.cell.start);
        let gone = after(&Peer::of(document).deletes(at))?;
        within(text, &gone, &(start..end), &format!("deleting cell {}", at + 1))?;
    }
    let start = places.last().map_or(list.start + 1, |last| last.cell.end);
    within(text, &after(&Peer::of(document).appends())?, &(start..list.end - 1), "an added cell")
}

/// An edit made on disk, alone and together with one made here.
fn disk_edits(text: &str, document: &Document, base: &Base, places: &[Place], times: &mut Times) -> Result<(), String> {
    let edited = places.iter().enumerate().filter_map(|(at, place)| Some((at, typed(text, place.source.as_ref()?)?)));
    let mut disks: Vec<(Option<usize>, String)> = edited.take(1).map(|(at, disk)| (Some(at), disk)).collect();
    if let [.., before, last] = places {
        disks.push((None, [&text[..before.cell.end], &text[last.cell.end..]].concat()));
    }
    for (cell, disk) in disks {
        let begun = Instant::now();
        let merge = merge_disk(Model::Notebook, &document.state(), base, disk.as_bytes(), 11);
        times.merge = times.merge.max(begun.elapsed());
        let merge = merge.map_err(|error| format!("with an edit on disk: {error}"))?;
        let mut live = again(document)?;
        if let Some(update) = &merge.update {
            apply(&mut live, update)?;
        }
        same(&live.to_bytes(disk.as_bytes()), disk.as_bytes(), "merged, it is not what is on disk")?;
        let at_base = Document::from_state(Model::Notebook, 3, &merge.base.state).map_err(|error| error.to_string())?;
        same(&at_base.to_bytes(disk.as_bytes()), disk.as_bytes(), "the new base is not what is on disk")?;

        let other = cell.map_or(0, |cell| places.len() - 1 - cell);
        let Some(update) = Peer::of(document).types(other).filter(|_| cell != Some(other)) else { continue };
        let mut live = again(document)?;
        apply(&mut live, &update)?;
        let merge = merge_disk(Model::Notebook, &live.state(), base, disk.as_bytes(), 11);
        if let Some(update) = merge.map_err(|error| error.to_string())?.update {
            apply(&mut live, &update)?;
        }
        let (both, _) = loaded(disk.as_bytes(), &mut Times::default())?;
        let mut both = again(&both)?;
        let update = Peer::of(&both).types(other);
        apply(&mut both, &update.unwrap_or_default())?;
        let (merged, expected) = (live.to_bytes(disk.as_bytes()), both.to_bytes(disk.as_bytes()));
        same(&merged, &expected, "edits here and on disk do not add up")?;
    }
    Ok(())
}

/// The text with something typed at the start of a source that begins with some text.
fn typed(text: &str, source: &Range<usize>) -> Option<String> {
    let at = source.start + text[source.clone()].find('"')? + 1;
    (text.as_bytes()[at] != b'"').then(|| [&text[..at], TYPED, &text[at..]].concat())
}

fn within(before: &str, after: &str, place: &Range<usize>, what: &str) -> Result<(), String> {
    let (head, tail) = (&before[..place.start], &before[place.end..]);
    if after.starts_with(head) && after.ends_with(tail) && after.len() >= head.len() + tail.len() {
        return Ok(());
    }
    Err(format!("{what} changed other bytes: {}", difference(after.as_bytes(), before.as_bytes())))
}

fn same(now: &[u8], before: &[u8], what: &str) -> Result<(), String> {
    if now == before { Ok(()) } else { Err(format!("{what}: {}", difference(now, before))) }
}

fn difference(now: &[u8], before: &[u8]) -> String {
    let at = now.iter().zip(before).take_while(|(a, b)| a == b).count();
    let around = |bytes: &[u8]| {
        let part = &bytes[at.saturating_sub(20).min(bytes.len())..(at + 60).min(bytes.len())];
        String::from_utf8_lossy(part).escape_debug().to_string()
    };
    format!("at byte {at} `{}` for `{}`", around(now), around(before))
}

fn loaded(bytes: &[u8], times: &mut Times) -> Result<(Document, Base), String> {
    let begun = Instant::now();
    let mut document = Document::new(Model::Notebook, 7);
    document.load(bytes).map_err(|error| error.to_string())?;
    times.load = begun.elapsed();
    let base = Base { state: document.state(), digest: Digest::of(bytes) };
    Ok((document, base))
}

fn again(document: &Document) -> Result<Document, String> {
    Document::from_state(Model::Notebook, 9, &document.state()).map_err(|error| error.to_string())
}

fn apply(document: &mut Document, update: &[u8]) -> Result<(), String> {
    document.apply(update).map(|_| ()).map_err(|error| error.to_string())
}

/// A client with a notebook editor.
struct Peer {
    doc: yrs::Doc,
    cells: ArrayRef,
}

impl Peer {
    fn of(document: &Document) -> Self {
        let mut options = Options::with_client_id(yrs::ClientID::new(5));
        options.offset_kind = OffsetKind::Utf16;
        let doc = yrs::Doc::with_options(options);
        let cells = doc.get_or_insert_array("cells");
        doc.get_or_insert_map("meta");
        if let Ok(state) = yrs::Update::decode_v1(&document.state()) {
            let _own_state = doc.transact_mut().apply_update(state);
        }
        Self { doc, cells }
    }

    fn count(&self) -> usize {
        self.cells.len(&self.doc.transact()) as usize
    }

    fn edit(&self, run: impl FnOnce(&mut TransactionMut<'_>)) -> Vec<u8> {
        let mut txn = self.doc.transact_mut();
        run(&mut txn);
        txn.encode_update_v1()
    }

    fn cell(&self, at: usize) -> Option<(MapRef, TextRef)> {
        let txn = self.doc.transact();
        let Some(Out::YMap(cell)) = self.cells.get(&txn, at as u32) else { return None };
        let Some(Out::YText(source)) = cell.get(&txn, "source") else { return None };
        Some((cell, source))
    }

    fn types(&self, at: usize) -> Option<Vec<u8>> {
        let (_, source) = self.cell(at)?;
        Some(self.edit(|txn| source.insert(txn, 0, TYPED)))
    }

    /// Runs a code cell: a number and one output.
    fn runs(&self, at: usize) -> Option<Vec<u8>> {
        let (cell, _) = self.cell(at)?;
        let Some(Out::YArray(outputs)) = cell.get(&self.doc.transact(), "outputs") else { return None };
        Some(self.edit(|txn| {
            cell.insert(txn, "execution_count", 4711);
            let count = outputs.len(txn);
            outputs.remove_range(txn, 0, count);
            let output = outputs.insert(txn, 0, yrs::MapPrelim::default());
            output.insert(txn, "output_type", "stream");
            output.insert(txn, "name", "stdout");
            output.insert(txn, "text", yrs::TextPrelim::new("one\ntwo é\n"));
        }))
    }

    fn deletes(&self, at: usize) -> Vec<u8> {
        self.edit(|txn| self.cells.remove(txn, at as u32))
    }

    fn appends(&self) -> Vec<u8> {
        self.edit(|txn| {
            let cell = self.cells.push_back(txn, yrs::MapPrelim::default());
            cell.insert(txn, "cell_type", "markdown");
            cell.insert(txn, "id", "an-added-cell");
            cell.insert(txn, "source", yrs::TextPrelim::new("one\ntwo"));
            cell.insert(txn, "metadata", Any::Map(Default::default()));
        })
    }
}
