//! chatty
