//! Bodies of POST requests; see `chatty_fuzz::http_request`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| chatty_fuzz::http_request(bytes));
