//! The subscriptions subgraph.
