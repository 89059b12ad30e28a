//! What every target for libFuzzer shares: the functions of bytes, and changes of `mutate.rs` taking turns with libFuzzer's.

#[path = "../../mutate.rs"]
pub(crate) mod mutate;
#[path = "../../targets/mod.rs"]
pub(crate) mod targets;

/// Hands libFuzzer one of `targets`.
macro_rules! search {
    ($target:ident) => {
        libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (shared::targets::$target.run)(bytes));

        libfuzzer_sys::fuzz_mutator!(|bytes: &mut [u8], size: usize, most: usize, seed: u32| {
            if !seed.is_multiple_of(3) {
                return libfuzzer_sys::fuzzer_mutate(bytes, size, most);
            }
            let mut dice = shared::mutate::Dice(seed.into());
            let changed = shared::mutate::mutated(&mut dice, &bytes[..size], &bytes[..size]);
            let size = changed.len().min(most);
            bytes[..size].copy_from_slice(&changed[..size]);
            size
        });
    };
}
