//! Responses of subgraphs; see `chatty_fuzz::subgraph_response`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| chatty_fuzz::subgraph_response(bytes));
