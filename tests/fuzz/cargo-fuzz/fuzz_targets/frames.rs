//! `frames` for libFuzzer.
#![no_main]
#![allow(dead_code)]

#[macro_use]
mod shared;

search!(FRAMES);
