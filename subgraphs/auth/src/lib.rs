//! The auth subgraph.
