//! The heart under a die: a real `rooms::DocumentRoom` between simulated clients, a simulated disk with another program on
//! it, and a store that loses what was not committed. Time is a number, so a thousand lives pass in a minute.
//!
//! Not here: sockets, SQLite, real files; nor which program is right when two disagree about a whole cell, see [`ledger`].
//!
//! `SIM_SEEDS=5000` runs that many seeds of each model; `SIM_SEED=notebook:17` runs one and prints its steps. A seed that
//! ever failed is kept in [`KEPT`] and runs first.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod check;
mod client;
mod disk;
mod edit;
mod editor;
mod host;
mod ledger;
mod rng;
mod store;
mod teeth;
mod view;
mod wire;
mod world;

use protocol::Model;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use ydoc::mutation::{self, Mutation};

/// Seeds of each model.
const SEEDS: u64 = 2000;

/// Seeds that find something again if it is undone, and what.
const KEPT: &[(Model, u64, &str)] = &[
    (Model::Text, 13, "an edit was taken before its author's earlier one, which never came: others waited for ever"),
    (Model::Notebook, 14, "the same, and a merge doubled what hung on the gap"),
    (
        Model::Text,
        95,
        "a save cut short was taken for one that had happened, because the bytes were similar: typing was deleted",
    ),
    (Model::Notebook, 2, "the same, deceived by what surrounds the cells of a notebook"),
    (
        Model::Text,
        0,
        "a line rewritten on disk brought back what was deleted here, its characters being taken for chance",
    ),
    (Model::Notebook, 16, "the same in a cell"),
    (Model::Text, 255, "what was typed before the room was open was dropped, because its author left again"),
    (Model::Notebook, 151, "the same in a cell"),
    (Model::Notebook, 1047, "an output on disk was lost as an edit of one that had been cleared here"),
    (Model::Notebook, 1861, "who sent what a deletion had waited for was not told of that deletion"),
];

/// A fault of the rim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// The disk does not compare before it writes.
    SaveWithoutCompare,
    /// A crash keeps half of what belongs together.
    SplitBatch,
    /// The store confirms before it commits.
    StoredTooEarly,
    /// The store forgets intents.
    IntentNotKept,
}

/// One run.
#[derive(Clone, Copy)]
struct Case {
    model: Model,
    seed: u64,
    fault: Option<Fault>,
    mutation: Option<Mutation>,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", if self.model == Model::Text { "text" } else { "notebook" }, self.seed)
    }
}

/// Why a run failed, and how it got there.
struct Failure {
    reason: String,
    trace: Vec<String>,
}

/// Runs one life. A panic of the code under test is a failure like any other.
fn run(case: Case) -> Result<(), Failure> {
    mutation::with(case.mutation, || {
        let mut world = world::World::new(case.model, case.seed, case.fault);
        let result = catch_unwind(AssertUnwindSafe(|| world.run()));
        let reason = match result {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(reason)) => reason,
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                format!("panic: {}", text.unwrap_or_default())
            }
        };
        Err(Failure { reason, trace: std::mem::take(&mut world.trace) })
    })
}

/// Runs seeds on all cores and fails with the first that failed.
fn run_all(model: Model) {
    if let Ok(one) = std::env::var("SIM_SEED") {
        let name = if model == Model::Text { "text" } else { "notebook" };
        if let Some(seed) = one.strip_prefix(name).and_then(|rest| rest.strip_prefix(':')) {
            let seed = seed.parse().expect("SIM_SEED is text:N or notebook:N");
            report(Case { model, seed, fault: None, mutation: None });
        }
        return;
    }
    let seeds = std::env::var("SIM_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(SEEDS);
    let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let failed = Mutex::new(Vec::new());
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds {
                        return;
                    }
                    if run(Case { model, seed, fault: None, mutation: None }).is_err() {
                        stop.store(true, Ordering::Relaxed);
                        failed.lock().expect("not poisoned").push(seed);
                    }
                }
            });
        }
    });
    if let Some(seed) = failed.into_inner().expect("not poisoned").into_iter().min() {
        report(Case { model, seed, fault: None, mutation: None });
    }
}

/// Runs one seed and, if it fails, says how it got there.
fn report(case: Case) {
    if let Err(failure) = run(case) {
        let steps = failure.trace.join("\n");
        panic!("{steps}\nseed {case}: {}\n(run it alone with SIM_SEED={case})", failure.reason);
    }
}

#[test]
fn sync_40_texts_lose_and_double_nothing() {
    run_all(Model::Text);
}

#[test]
fn sync_41_notebooks_lose_and_double_nothing() {
    run_all(Model::Notebook);
}

#[test]
fn sync_42_seeds_that_once_failed_still_pass() {
    for (model, seed, found) in KEPT {
        println!("{found}");
        report(Case { model: *model, seed: *seed, fault: None, mutation: None });
    }
}
