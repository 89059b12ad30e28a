//! Replays what the fuzzers have found and kept (`corpus`), and a number of seeded changes of it.
//!
//! It searches little: that is for libFuzzer, see README.md. `COMMONPLACE_FUZZ_RUNS=N` makes N changes a target instead.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod foreign;
mod mutate;
mod targets;

use mutate::{Dice, mutated};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use targets::Target;

/// Changes a target in an ordinary run.
const RUNS: u64 = 4000;

fn replay(target: &Target) {
    let corpus = corpus(target);
    assert!(!corpus.is_empty(), "no corpus for {}", target.name);
    for (path, bytes) in &corpus {
        check(target, bytes, || path.display().to_string());
    }
    let runs = std::env::var("COMMONPLACE_FUZZ_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS);
    for seed in 0..runs {
        let mut dice = Dice(seed);
        let [one, other] = [dice.below(corpus.len()), dice.below(corpus.len())].map(|at| &corpus[at].1);
        let bytes = mutated(&mut dice, one, other);
        check(target, &bytes, || {
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{seed}", target.name));
            std::fs::write(&path, &bytes).unwrap();
            format!("seed {seed}, kept as {}", path.display())
        });
    }
    println!("{}: {} kept inputs, {runs} changes", target.name, corpus.len());
}

/// All inputs that are kept for a target, sorted by name.
fn corpus(target: &Target) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target.name);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

fn check(target: &Target, bytes: &[u8], name: impl FnOnce() -> String) {
    if catch_unwind(AssertUnwindSafe(|| (target.run)(bytes))).is_err() {
        panic!("{} breaks on {}", target.name, name());
    }
}

#[test]
fn sync_60_whatever_clients_send_the_room_lives_and_all_have_the_same() {
    replay(&targets::FRAMES);
}

#[test]
fn sync_61_whatever_an_update_says_the_document_lives_and_tells_all_of_it() {
    replay(&targets::UPDATES);
}

#[test]
fn sync_62_whatever_awareness_says_nobody_is_spoken_away_or_stays_behind() {
    replay(&targets::AWARENESS);
}

#[test]
fn disk_80_whatever_is_in_a_file_it_is_refused_or_written_as_it_was() {
    replay(&targets::NOTEBOOKS);
}

#[test]
fn disk_81_whatever_is_written_on_disk_is_merged_exactly() {
    replay(&targets::MERGES);
}

#[test]
fn a_broken_promise_is_seen() {
    let broken = Target { name: "broken", run: |bytes| assert!(bytes.is_empty()) };
    assert!(catch_unwind(|| check(&broken, b"x", || "x".to_owned())).is_err());
    check(&broken, b"", String::new);
}
