//! The heart under a die: a real `rooms::DocumentRoom` between simulated clients, a simulated disk with another program on
//! it, and a store that loses what was not committed. Time is a number, so a thousand lives pass in a minute.
//!
//! Not here: sockets, SQLite, real files; nor which program is right when two disagree about a whole cell, see [`ledger`].
//!
//! `SIM_SEEDS=5000` runs that many seeds of each shape, `SIM_FROM=7000` begins there, `SIM_MINUTES=10` goes on for that long, all
//! shapes together; `SIM_SEED=notebook:17` runs one, `SIM_KEPT=NAME` one script. Of a life that ever failed the shortest list of
//! steps is kept in the folder `kept`, under a name that says what was wrong; all of them are lived each time. Two rooms on one
//! file live in [`two`].

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod cells;
mod check;
mod client;
mod disk;
mod edit;
mod editor;
mod host;
mod ledger;
mod other;
mod rng;
mod script;
mod steps;
mod store;
mod teeth;
mod two;
mod view;
mod wire;
mod world;

use script::{Script, Shape};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use ydoc::mutation::{self, Mutation};

/// Seeds of each shape.
const SEEDS: u64 = 2000;

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
    /// A view is not told which of its texts was taken.
    ReceiptIgnored,
    /// A log is shortened past what a save under way stands for.
    ShortenedPastSave,
    /// What the watcher read is told once more, after something newer.
    OldNews,
}

/// One run.
#[derive(Clone, Copy)]
struct Case {
    shape: Shape,
    seed: u64,
    fault: Option<Fault>,
    mutation: Option<Mutation>,
}

/// A world in which a life takes place.
enum World {
    One(Box<world::World>),
    Two(Box<two::Two>),
}

impl World {
    fn new(case: Case) -> Self {
        let Case { shape, seed, fault, .. } = case;
        match shape.has_view() {
            true => Self::Two(Box::new(two::Two::new(shape, seed, fault))),
            false => Self::One(Box::new(world::World::new(shape, seed, fault))),
        }
    }

    /// A life, or this script of one.
    fn live(&mut self, script: Option<&Script>) -> Result<(), String> {
        match (self, script) {
            (Self::One(world), None) => world.live(),
            (Self::One(world), Some(script)) => world.relive(script),
            (Self::Two(world), None) => world.live(),
            (Self::Two(world), Some(script)) => world.relive(script),
        }
    }

    /// What happened in it: for people, and as a script.
    fn told(self) -> (Vec<String>, Script) {
        match self {
            Self::One(world) => (world.trace, world.script),
            Self::Two(world) => (world.trace, world.script),
        }
    }
}

impl Case {
    fn sound(shape: Shape, seed: u64) -> Self {
        Self { shape, seed, fault: None, mutation: None }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.shape.name(), self.seed)
    }
}

/// Why a run failed, and how it got there.
struct Failure {
    reason: String,
    trace: Vec<String>,
    script: Script,
}

/// Runs one life, or this script of it. A panic of the code under test is a failure like any other.
fn run(case: Case, script: Option<&Script>) -> Result<(), Failure> {
    mutation::with(case.mutation, || {
        let mut world = World::new(case);
        let result = catch_unwind(AssertUnwindSafe(|| world.live(script)));
        let reason = match result {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(reason)) => reason,
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                format!("panic: {}", text.unwrap_or_default())
            }
        };
        let (trace, script) = world.told();
        Err(Failure { reason, trace, script })
    })
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// Runs seeds on all cores and fails with the first that failed.
fn run_all(shape: Shape) {
    if let Ok(one) = std::env::var("SIM_SEED") {
        let (wanted, seed) = script::beginning(&one).expect("SIM_SEED is SHAPE:NUMBER");
        if wanted == shape {
            report(Case::sound(shape, seed), None);
        }
        return;
    }
    let first = number("SIM_FROM").unwrap_or(0);
    // One shape after the other, each on all cores.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock();
    let share = |minutes| Duration::from_secs(60 * minutes) / Shape::ALL.len() as u32;
    let until = number("SIM_MINUTES").map(|minutes| Instant::now() + share(minutes));
    let seeds = first + number("SIM_SEEDS").unwrap_or(SEEDS);
    let (next, stop) = (AtomicU64::new(first), AtomicBool::new(false));
    let failed = Mutex::new(Vec::new());
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if until.map_or(seed >= seeds, |until| Instant::now() > until) {
                        return;
                    }
                    if run(Case::sound(shape, seed), None).is_err() {
                        stop.store(true, Ordering::Relaxed);
                        failed.lock().expect("not poisoned").push(seed);
                    }
                }
            });
        }
    });
    if let Some(seed) = failed.into_inner().expect("not poisoned").into_iter().min() {
        report(Case::sound(shape, seed), None);
    }
    println!("{}: no fault in {} seeds from {first}", shape.name(), next.into_inner().saturating_sub(first));
}

/// Runs one seed (or one script) and, if it fails, says how it got there, in as few steps as possible.
fn report(case: Case, script: Option<&Script>) {
    let Err(failure) = run(case, script) else { return };
    let shortest = failure.script.shortest(|script| run(case, Some(script)).is_err());
    let (reason, trace) = match run(case, Some(&shortest)) {
        Err(shorter) => (shorter.reason, shorter.trace),
        Ok(()) => (failure.reason.clone(), failure.trace),
    };
    let trace = trace.join("\n");
    panic!(
        "{trace}\nseed {case}: {}\n\nin the fewest steps (keep them as simulation/kept/NAME.txt): {reason}\n{shortest}",
        failure.reason
    );
}

#[test]
fn sync_40_texts_lose_and_double_nothing() {
    run_all(Shape::Text);
}

#[test]
fn sync_41_notebooks_lose_and_double_nothing() {
    run_all(Shape::Notebook);
}

#[test]
fn sync_90_cells_that_are_moved_split_or_joined_lose_and_double_nothing() {
    run_all(Shape::Cells);
}

#[test]
fn sync_95_cells_that_share_an_id_lose_and_double_nothing() {
    run_all(Shape::Twins);
}

#[test]
fn sync_42_lives_that_once_failed_still_pass() {
    let wanted = std::env::var("SIM_KEPT").ok();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("simulation/kept");
    for entry in std::fs::read_dir(folder).expect("the folder of kept scripts") {
        let path = entry.expect("an entry").path();
        if wanted.as_ref().is_some_and(|name| path.file_stem() != Some(name.as_ref())) {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a script");
        println!("{}\n{}", path.display(), text.lines().next().unwrap_or_default());
        let script: Script = text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        report(Case::sound(script.shape, script.seed), Some(&script));
    }
}

#[test]
fn sync_93_a_primary_and_its_view_lose_and_double_nothing() {
    run_all(Shape::TextView);
    run_all(Shape::NotebookView);
}
