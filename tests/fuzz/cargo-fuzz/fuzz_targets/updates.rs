//! `updates` for libFuzzer.
#![no_main]
#![allow(dead_code)]

#[path = "../../mutate.rs"]
mod mutate;
#[path = "../../targets/mod.rs"]
mod targets;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

fuzz_target!(|bytes: &[u8]| (targets::UPDATES.run)(bytes));

fuzz_mutator!(|bytes: &mut [u8], size: usize, most: usize, seed: u32| {
    if !seed.is_multiple_of(3) {
        return fuzzer_mutate(bytes, size, most);
    }
    let changed = mutate::mutated(&mut mutate::Dice(seed.into()), &bytes[..size], &bytes[..size]);
    let size = changed.len().min(most);
    bytes[..size].copy_from_slice(&changed[..size]);
    size
});
