//! Server-sent events of subgraphs; see `chatty_fuzz::events`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| chatty_fuzz::events(bytes));
