//! What happened in a life, step by step, so that it can be lived again: whole, or with steps left out.
//!
//! Each step is kept with the die as it was before it. Steps without their predecessors may have become impossible: then they
//! are passed over.

use protocol::Model;
use std::fmt;
use std::str::FromStr;

/// What the world is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A text.
    Text,
    /// A notebook whose cells are written in, made and deleted.
    Notebook,
    /// A notebook whose cells are also moved, split, joined and changed in kind.
    Cells,
    /// The same, and a new cell may have the id of another.
    Twins,
    /// A text and a view of it, a text under another name.
    TextView,
    /// A notebook and its text.
    NotebookView,
}

impl Shape {
    pub(crate) const ALL: [Self; 6] =
        [Self::Text, Self::Notebook, Self::Cells, Self::Twins, Self::TextView, Self::NotebookView];

    /// Of the file's primary room.
    pub(crate) fn model(self) -> Model {
        if matches!(self, Self::Text | Self::TextView) { Model::Text } else { Model::Notebook }
    }

    /// Whether cells are moved, split and joined.
    pub(crate) fn reshapes(self) -> bool {
        matches!(self, Self::Cells | Self::Twins)
    }

    /// Two rooms on one file.
    pub(crate) fn has_view(self) -> bool {
        matches!(self, Self::TextView | Self::NotebookView)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Notebook => "notebook",
            Self::Cells => "cells",
            Self::Twins => "twins",
            Self::TextView => "text-view",
            Self::NotebookView => "notebook-view",
        }
    }
}

macro_rules! steps {
    ($($(#[$about:meta])* $name:ident,)*) => {
        /// A kind of step.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Kind { $($(#[$about])* $name,)* }

        impl Kind {
            const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

steps! {
    // Of a client.
    Edit,
    /// A character is deleted.
    Erase,
    /// A text becomes half JSON, or whole again.
    Half,
    /// White space between the parts of a notebook's text comes or goes.
    Space,
    /// Cells are moved, split, joined.
    Reshape,
    Up,
    Down,
    Cut,
    Connect,
    Quit,
    Renew,
    AskStored,
    AskSave,
    // Of a room.
    Open,
    Job,
    Commit,
    Answer,
    Write,
    FailWrite,
    Wrote,
    /// The watcher reads.
    Look,
    /// The room hears what the watcher read.
    Tell,
    /// What the watcher read is lost.
    Miss,
    Read,
    Close,
    /// The task of one room of two ends in a fault.
    Fault,
    /// A question of the view arrives, or an answer to one.
    Ask,
    Reply,
    // Of all.
    Wait,
    EditDisk,
    EraseDisk,
    ReshapeDisk,
    /// What is in the file is no notebook any more.
    BreakDisk,
    CopyDisk,
    StaleDisk,
    FinishDisk,
    TakeAway,
    PutBack,
    Kill,
    /// Everything comes to rest and is looked at.
    Rest,
    /// The same, everybody leaves, and the rooms close.
    Leave,
}

/// A step; `at` is the number of a client, or of a room where there are two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) kind: Kind,
    pub(crate) at: usize,
}

impl Step {
    pub(crate) fn of(kind: Kind, at: usize) -> Self {
        Self { kind, at }
    }
}

impl From<Kind> for Step {
    fn from(kind: Kind) -> Self {
        Self { kind, at: 0 }
    }
}

/// A step and the die before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) step: Step,
    pub(crate) die: u64,
}

/// How a world began, and what happened in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Script {
    pub(crate) shape: Shape,
    pub(crate) seed: u64,
    pub(crate) turns: Vec<Turn>,
}

impl Script {
    /// Leaves out turns as long as it still `fails`, and answers the shortest script found: none of its turns can be spared.
    pub(crate) fn shortest(mut self, fails: impl Fn(&Self) -> bool) -> Self {
        let mut size = (self.turns.len() / 2).max(1);
        loop {
            let (mut at, before) = (0, self.turns.len());
            while at < self.turns.len() {
                let mut shorter = self.clone();
                shorter.turns.drain(at..(at + size).min(self.turns.len()));
                if fails(&shorter) { self = shorter } else { at += size }
            }
            if size == 1 && self.turns.len() == before {
                return self;
            }
            size = (size / 2).max(1);
        }
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:{}", self.shape.name(), self.seed)?;
        self.turns.iter().try_for_each(|turn| writeln!(f, "{:?} {} {:x}", turn.step.kind, turn.step.at, turn.die))
    }
}

impl FromStr for Script {
    type Err = String;

    /// Reads what `Display` wrote; lines that begin with `#` are for people.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
        let first = lines.next().ok_or("it is empty")?;
        let (shape, seed) = beginning(first).ok_or_else(|| format!("{first}: expected SHAPE:SEED"))?;
        let turn = |line: &str| {
            let mut words = line.split_whitespace();
            let name = words.next()?;
            let kind = *Kind::ALL.iter().find(|kind| format!("{kind:?}") == name)?;
            let at = words.next()?.parse().ok()?;
            let die = u64::from_str_radix(words.next()?, 16).ok()?;
            Some(Turn { step: Step { kind, at }, die })
        };
        let turns = lines.map(|line| turn(line).ok_or_else(|| format!("{line}: expected STEP NUMBER DIE")));
        Ok(Self { shape, seed, turns: turns.collect::<Result<_, _>>()? })
    }
}

/// Reads `notebook:17`.
pub(crate) fn beginning(text: &str) -> Option<(Shape, u64)> {
    let (name, seed) = text.trim().split_once(':')?;
    let shape = Shape::ALL.into_iter().find(|shape| shape.name() == name)?;
    Some((shape, seed.parse().ok()?))
}
