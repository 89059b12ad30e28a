//! Notebooks: what they keep of a file, and how edits on disk reach them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod foreign;
mod merging;
mod saving;
mod stage;
mod twins;
