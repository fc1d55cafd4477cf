//! The subscriptions subgraph on a database of its own: the other services are events that the tests publish.

#![expect(clippy::similar_names, reason = "follower and followee are the words for the two ends of a follow")]
#![expect(clippy::unwrap_used, reason = "what fails in a test's preparation fails the test")]

mod erasure;
mod feed;
mod fixture;
mod follows;
mod live;
mod push_equals_pull;
mod schema;
