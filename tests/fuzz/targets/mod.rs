//! What is fuzzed: one function of bytes a target. It panics when a promise is broken, and returns otherwise.
//!
//! Used by two: the replay beside this folder, which runs with every other test, and libFuzzer (`cargo-fuzz`), which searches.
//! Not here: files, clocks, chance. The same bytes always do the same.

mod awareness;
pub(crate) mod edit;
mod frames;
pub(crate) mod input;
mod merges;
mod notebooks;
pub(crate) mod stage;
mod updates;

use protocol::Model;

/// A target.
pub(crate) struct Target {
    /// Its name, and that of its folder in the corpus.
    pub(crate) name: &'static str,
    /// What it does with bytes.
    pub(crate) run: fn(&[u8]),
}

/// Frames of several clients with roles, between disk edits, failed saves, crashes and time.
pub(crate) const FRAMES: Target = Target { name: "frames", run: frames::run };
/// Updates and state vectors given to a document.
pub(crate) const UPDATES: Target = Target { name: "updates", run: updates::run };
/// Awareness of several clients.
pub(crate) const AWARENESS: Target = Target { name: "awareness", run: awareness::run };
/// Bytes of files read, and written like other bytes.
pub(crate) const NOTEBOOKS: Target = Target { name: "notebooks", run: notebooks::run };
/// Bytes of files merged into documents.
pub(crate) const MERGES: Target = Target { name: "merges", run: merges::run };

/// Between the parts of an input for [`NOTEBOOKS`] and [`MERGES`]; UTF-8 does not have it.
pub(crate) const BETWEEN: u8 = 0xff;

fn model(byte: u8) -> Model {
    match byte % 8 {
        0 => Model::Text,
        1 => Model::Base64,
        2 => Model::Blob,
        _ => Model::Notebook,
    }
}
