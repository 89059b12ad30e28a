//! The real program under torture: people type, in a notebook and in its text, another program writes the files, and the host is killed again and again.
//! Every typed token is unique, so each loss, doubling and return from the dead is seen.
//!
//! Not here: every order of events; the simulation has a die for that. Here the clock, the disk and the kills are real.
//!
//! `TORTURE_MINUTES=10` goes on for that long, `TORTURE_SEED=7` begins with that seed; `cargo xtask torture` sets both.

// A process is killed without a word, and two files are exchanged, where the platform can.
#![cfg(any(target_os = "linux", target_vendor = "apple"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod faults;
#[cfg(target_os = "linux")]
mod full;
mod ledger;
mod other;
mod place;
mod rng;
mod store;
mod typing;
mod world;

use std::time::{Duration, Instant};
use world::{Counts, World};

/// Rounds of one life: after these a new folder begins, with the next seed.
const ROUNDS: usize = 5;
/// Lives, unless a time is asked for.
const LIVES: u64 = 3;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn store_60_typing_through_kills_and_other_programs_loses_and_doubles_nothing() {
    let until = number("TORTURE_MINUTES").map(|minutes| Instant::now() + Duration::from_secs(minutes * 60));
    let first = number("TORTURE_SEED").unwrap_or(1);
    let mut seed = first;
    let mut counts = Counts::default();
    let mut found = Vec::new();
    loop {
        println!("seed {seed}");
        let mut world = World::new(seed).await;
        for _ in 0..ROUNDS {
            let words = world.round(&mut counts).await;
            if !words.is_empty() {
                found.push(format!("seed {seed}: {}", words.join("\n")));
                break;
            }
        }
        seed += 1;
        if until.map_or(seed - first == LIVES, |until| Instant::now() > until) || found.len() > 4 {
            break;
        }
    }
    let Counts { rounds, kills, edits, in_views, disk_edits, losses, doublings, returns } = counts;
    println!(
        "torture: {rounds} rounds, {kills} kills, {edits} edits, {in_views} of them in views, {disk_edits} disk edits"
    );
    println!("torture: {losses} losses, {doublings} doublings, {returns} returns from the dead");
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}
