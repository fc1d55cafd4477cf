//! Documents to plans and answers; see `chatty_fuzz::document`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| chatty_fuzz::document(bytes));
