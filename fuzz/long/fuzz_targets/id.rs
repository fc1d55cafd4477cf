//! Ids; see `chatty_fuzz::id`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| chatty_fuzz::id(bytes));
