//! The sealed header between router and subgraphs; see `chatty_fuzz::seal`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| chatty_fuzz::seal(bytes));
