//! Long work, as a value: run it anywhere, hand the outcome back.

use crate::merge::{Merge, Merged};
use crate::rebuild::{Rebuild, Rebuilt};
use protocol::{DiskContent, Model, Seq};
use std::fmt;
use std::sync::Arc;
use ydoc::{Document, ParseError, State};

/// Long work of a room: rebuilding, rendering, merging. Pure; may take seconds for large documents.
pub struct Job(Task);

/// What a [`Job`] found; goes back as [`crate::Input::Finished`].
pub struct Outcome(pub(crate) Found);

enum Task {
    Rebuild(Box<Rebuild>),
    Render(Render),
    Merge(Merge),
    /// As `Render`, for the views.
    Mirror(Render),
    /// As `Merge`, of a view's text.
    Take(Merge),
}

pub(crate) enum Found {
    Rebuilt(Rebuilt),
    Rendered(Option<Rendered>),
    Merged(Result<Merged, ParseError>),
    Mirrored(Option<Rendered>),
    Took(Result<Merged, ParseError>),
}

/// Renders a document as a file's bytes.
struct Render {
    model: Model,
    state: State,
    seq: Seq,
    like: Arc<[u8]>,
}

/// What a save writes.
#[derive(Clone, Debug)]
pub(crate) struct Rendered {
    /// New content of the file.
    pub(crate) content: DiskContent,
    /// The document it was rendered from.
    pub(crate) state: State,
    /// The log it stands for.
    pub(crate) seq: Seq,
}

impl Job {
    pub(crate) fn rebuild(rebuild: Rebuild) -> Self {
        Self(Task::Rebuild(Box::new(rebuild)))
    }

    pub(crate) fn render(model: Model, state: State, seq: Seq, like: Arc<[u8]>) -> Self {
        Self(Task::Render(Render { model, state, seq, like }))
    }

    pub(crate) fn merge(merge: Merge) -> Self {
        Self(Task::Merge(merge))
    }

    pub(crate) fn mirror(model: Model, state: State, seq: Seq, like: Arc<[u8]>) -> Self {
        Self(Task::Mirror(Render { model, state, seq, like }))
    }

    pub(crate) fn take(merge: Merge) -> Self {
        Self(Task::Take(merge))
    }

    /// Does the work.
    pub fn run(self) -> Outcome {
        Outcome(match self.0 {
            Task::Rebuild(task) => Found::Rebuilt(task.run()),
            Task::Render(task) => Found::Rendered(task.run()),
            Task::Merge(task) => Found::Merged(task.run()),
            Task::Mirror(task) => Found::Mirrored(task.run()),
            Task::Take(task) => Found::Took(task.run()),
        })
    }
}

impl Render {
    fn run(self) -> Option<Rendered> {
        // The author writes nothing here.
        let document = Document::from_state(self.model, 1, &self.state).ok()?;
        let bytes = document.to_bytes(&self.like);
        Some(Rendered { content: DiskContent::new(bytes), state: self.state, seq: self.seq })
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Task::Rebuild(_) => "Job::Rebuild",
            Task::Render(_) => "Job::Render",
            Task::Merge(_) => "Job::Merge",
            Task::Mirror(_) => "Job::Mirror",
            Task::Take(_) => "Job::Take",
        })
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Found::Rebuilt(_) => "Outcome::Rebuilt",
            Found::Rendered(_) => "Outcome::Rendered",
            Found::Merged(_) => "Outcome::Merged",
            Found::Mirrored(_) => "Outcome::Mirrored",
            Found::Took(_) => "Outcome::Took",
        })
    }
}
