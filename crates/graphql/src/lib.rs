//! What every subgraph schema shares.
