//! A whole Chatty for tests.
