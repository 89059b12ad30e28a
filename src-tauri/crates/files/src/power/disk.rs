//! A disk that keeps nothing before it is flushed.
//!
//! Content that was not flushed may be missing, cut off, zeros, or whole after a power cut, whatever its file's name says. Of
//! the changes of names since the folder was flushed any subset may be there: later ones without earlier ones too.

use crate::ReadError;
use crate::volume::Volume;
use protocol::DiskContent;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// Subsets of changes beyond this number are drawn, not enumerated.
const MOST_SUBSETS: u64 = 512;

#[derive(Clone)]
struct Node {
    content: Vec<u8>,
    flushed: bool,
    changed: usize,
}

/// What some names mean after one call; `None`: nothing.
type Change = Vec<(String, Option<usize>)>;

/// What another program does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Foreign {
    /// Writes beside the file, flushes and renames.
    Replaces,
    /// Writes into the file, and flushes.
    Overwrites,
    Deletes,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    Once,
    /// It says that it failed, and happened.
    OnceButDone,
    /// This one and every later one.
    FromThenOn,
}

/// What this disk is, and what happens to it; calls are counted from 0.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fate {
    pub(super) no_exchange: bool,
    pub(super) no_rename_new: bool,
    pub(super) no_links: bool,
    /// Nothing happens from this call on.
    pub(super) cut: Option<usize>,
    pub(super) fails: Option<(usize, Failure)>,
    /// Before this call.
    pub(super) foreign: Option<(usize, Foreign)>,
    /// For the test of the test: flushing does nothing.
    pub(super) lax_files: bool,
    pub(super) lax_folders: bool,
}

#[derive(Clone, Default)]
struct State {
    nodes: Vec<Node>,
    names: BTreeMap<String, usize>,
    flushed_names: BTreeMap<String, usize>,
    pending: Vec<Change>,
    calls: usize,
}

/// One folder on a disk.
#[derive(Clone, Default)]
pub(super) struct Disk {
    state: RefCell<State>,
    pub(super) fate: Fate,
}

pub(super) const TARGET: &str = "notes.md";
pub(super) const THEIRS: &[u8] = b"what another program wrote";

fn name(place: &Path) -> String {
    place.file_name().unwrap().to_str().unwrap().to_owned()
}

fn eio() -> io::Error {
    io::Error::from_raw_os_error(5)
}

impl State {
    fn add(&mut self, content: &[u8], flushed: bool) -> usize {
        self.nodes.push(Node { content: content.to_vec(), flushed, changed: self.calls });
        self.nodes.len() - 1
    }

    fn change(&mut self, change: Change) {
        for (name, node) in &change {
            match node {
                Some(node) => self.names.insert(name.clone(), *node),
                None => self.names.remove(name),
            };
        }
        self.pending.push(change);
    }

    fn node(&self, place: &Path) -> io::Result<usize> {
        self.names.get(&name(place)).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn foreign(&mut self, foreign: Foreign) {
        match (foreign, self.names.get(TARGET).copied()) {
            (Foreign::Deletes, Some(_)) => self.change(vec![(TARGET.into(), None)]),
            (Foreign::Deletes, None) => {}
            (Foreign::Overwrites, Some(node)) => {
                self.nodes[node] = Node { content: THEIRS.to_vec(), flushed: true, changed: self.calls };
            }
            _ => {
                let node = self.add(THEIRS, true);
                self.change(vec![(TARGET.into(), Some(node))]);
            }
        }
    }
}

impl Disk {
    /// With this content at the target, safely.
    pub(super) fn with(content: Option<&[u8]>, fate: Fate) -> Self {
        let mut state = State::default();
        if let Some(content) = content {
            let node = state.add(content, true);
            state.names.insert(TARGET.into(), node);
            state.flushed_names.clone_from(&state.names);
        }
        Self { state: state.into(), fate }
    }

    pub(super) fn calls(&self) -> usize {
        self.state.borrow().calls
    }

    /// What a name means now.
    pub(super) fn content(&self, name: &str) -> Option<Vec<u8>> {
        let state = self.state.borrow();
        state.names.get(name).map(|node| state.nodes[*node].content.clone())
    }

    /// Every name and its content.
    pub(super) fn all(&self) -> Vec<(String, Vec<u8>)> {
        let state = self.state.borrow();
        state.names.iter().map(|(name, node)| (name.clone(), state.nodes[*node].content.clone())).collect()
    }

    /// What may be there after the power is cut now. `draw` answers a number for choosing where there are too many.
    pub(super) fn after_a_cut(&self, mut draw: impl FnMut() -> u64) -> Vec<Disk> {
        let state = self.state.borrow();
        let all = 1u64 << state.pending.len().min(63);
        let subsets: Vec<u64> = if all <= MOST_SUBSETS {
            (0..all).collect()
        } else {
            (0..MOST_SUBSETS).map(|number| if number == 0 { all - 1 } else { draw() % all }).collect()
        };
        let mut found = Vec::new();
        for subset in subsets {
            let mut names = state.flushed_names.clone();
            for (number, change) in state.pending.iter().enumerate().filter(|(number, _)| subset >> number & 1 == 1) {
                let _ = number;
                for (name, node) in change {
                    match node {
                        Some(node) => names.insert(name.clone(), *node),
                        None => names.remove(name),
                    };
                }
            }
            let mut kept = vec![State { nodes: state.nodes.clone(), names, ..State::default() }];
            for (number, node) in state.nodes.iter().enumerate() {
                if node.flushed || !kept[0].names.values().any(|named| *named == number) {
                    continue;
                }
                let mut more = Vec::new();
                for torn in torn(&node.content) {
                    more.extend(kept.iter().cloned().map(|mut state| {
                        state.nodes[number].content.clone_from(&torn);
                        state
                    }));
                }
                kept = more;
            }
            for mut state in kept {
                state.nodes.iter_mut().for_each(|node| node.flushed = true);
                state.flushed_names.clone_from(&state.names);
                let fate = Fate { cut: None, fails: None, foreign: None, ..self.fate };
                found.push(Disk { state: state.into(), fate });
            }
        }
        found
    }

    /// The beginning of every call: whether it happens, and what it answers.
    fn call(&self, act: impl FnOnce(&mut State) -> io::Result<()>) -> io::Result<()> {
        let mut state = self.state.borrow_mut();
        let number = state.calls;
        if self.fate.cut.is_some_and(|cut| number >= cut) {
            return Err(eio());
        }
        if let Some((_, foreign)) = self.fate.foreign.filter(|(at, _)| *at == number) {
            state.foreign(foreign);
        }
        state.calls += 1;
        match self.fate.fails {
            Some((at, Failure::Once)) if at == number => Err(eio()),
            Some((at, Failure::FromThenOn)) if at <= number => Err(eio()),
            Some((at, Failure::OnceButDone)) if at == number => act(&mut state).and(Err(eio())),
            _ => act(&mut state),
        }
    }
}

/// What may be left of content that was not flushed; its length may be known before it.
fn torn(content: &[u8]) -> [Vec<u8>; 5] {
    let half = &content[..content.len() / 2];
    let mut zeros = half.to_vec();
    zeros.resize(content.len(), 0);
    [content.to_vec(), Vec::new(), half.to_vec(), zeros, vec![0; content.len()]]
}

impl Volume for Disk {
    type File = usize;
    type Rights = ();

    fn create(&self, place: &Path, _private: bool) -> io::Result<usize> {
        let mut made = None;
        self.call(|state| {
            let node = state.add(b"", false);
            made = Some(node);
            state.change(vec![(name(place), Some(node))]);
            Ok(())
        })?;
        made.ok_or_else(eio)
    }

    fn write(&self, file: &mut usize, bytes: &[u8]) -> io::Result<()> {
        let file = *file;
        // A full disk takes some of it.
        let part = self.fate.fails.is_some_and(|(at, _)| at == self.calls());
        self.call(|state| {
            let bytes = if part { &bytes[..bytes.len() / 2] } else { bytes };
            state.nodes[file].content.extend_from_slice(bytes);
            state.nodes[file].flushed = false;
            Ok(())
        })
    }

    fn give(&self, _: &usize, (): &()) -> io::Result<()> {
        self.call(|_| Ok(()))
    }

    fn sync(&self, file: &usize) -> io::Result<()> {
        self.call(|state| {
            state.nodes[*file].flushed |= !self.fate.lax_files;
            Ok(())
        })
    }

    fn read(&self, place: &Path, path: &str) -> Result<DiskContent, ReadError> {
        let mut found = None;
        let read = self.call(|state| {
            found = Some(state.nodes[state.node(place)?].content.clone());
            Ok(())
        });
        match (read, found) {
            (Ok(()), Some(bytes)) => Ok(DiskContent::new(bytes)),
            (Err(error), _) => Err(crate::place::read_error(path, &error)),
            _ => Err(ReadError::NotFound(path.into())),
        }
    }

    fn exchange(&self, a: &Path, b: &Path) -> io::Result<()> {
        if self.fate.no_exchange {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.call(|state| {
            let (one, other) = (state.node(a)?, state.node(b)?);
            state.change(vec![(name(a), Some(other)), (name(b), Some(one))]);
            Ok(())
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call(|state| {
            let node = state.node(from)?;
            state.change(vec![(name(from), None), (name(to), Some(node))]);
            Ok(())
        })
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        if self.fate.no_rename_new {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.call(|state| {
            let node = state.node(from)?;
            if state.node(to).is_ok() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            state.change(vec![(name(from), None), (name(to), Some(node))]);
            Ok(())
        })
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        if self.fate.no_links {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        self.call(|state| {
            let node = state.node(from)?;
            if state.node(to).is_ok() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            state.change(vec![(name(to), Some(node))]);
            Ok(())
        })
    }

    fn remove(&self, place: &Path) -> io::Result<()> {
        self.call(|state| {
            state.node(place)?;
            state.change(vec![(name(place), None)]);
            Ok(())
        })
    }

    fn sync_folder(&self) -> io::Result<()> {
        self.call(|state| {
            if !self.fate.lax_folders {
                state.flushed_names.clone_from(&state.names);
                state.pending.clear();
            }
            Ok(())
        })
    }

    fn names(&self, beginning: &str) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        self.call(|state| {
            let named = state.names.iter().filter(|(name, _)| name.starts_with(beginning));
            found = named.map(|(name, node)| (state.nodes[*node].changed, name.clone())).collect();
            Ok(())
        })?;
        found.sort();
        Ok(found.into_iter().map(|(_, name)| name).collect())
    }
}
