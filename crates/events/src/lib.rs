//! Event contracts, one file a producer.
