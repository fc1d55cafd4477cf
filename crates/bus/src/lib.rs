//! Event bus, outbox relay and inbox.
