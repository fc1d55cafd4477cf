//! The platform subgraph.
