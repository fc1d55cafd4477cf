//! Cursors; see `chatty_fuzz::cursor`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| chatty_fuzz::cursor(bytes));
