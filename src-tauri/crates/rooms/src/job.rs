//! Long work, as a value: run it anywhere, hand the outcome back.

/// Long work of a room: rebuilding, rendering, merging. Pure; may take seconds for large documents.
#[derive(Debug)]
pub struct Job;
/// What a [`Job`] found; goes back as [`crate::Input::Finished`].
#[derive(Debug)]
pub struct Outcome;

impl Job {
    /// Does the work.
    pub fn run(self) -> Outcome {
        Outcome
    }
}
