//! The linear scan; see `chatty_fuzz::scan`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| chatty_fuzz::scan(bytes));
