//! Messages on a WebSocket; see `chatty_fuzz::websocket_message`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| chatty_fuzz::websocket_message(bytes));
