//! What is forgotten, and when.

use chatty_store::query;
use chrono::TimeDelta;

use crate::fixture::{World, tokens};

/// Sessions and spent tokens.
async fn stored(world: &World) -> (i64, i64) {
    let counts = query!("SELECT (SELECT COUNT(1) FROM session), (SELECT COUNT(1) FROM spent_token)");
    counts.fetch_one(world.db()).await.expect("two counts")
}

/// Starts a system, which cleans up first.
async fn clean_up(world: &World) {
    let other = world.another().await;
    other.db().commits().wait_for(|commits| *commits > 0).await.expect("the system runs");
}

#[tokio::test]
async fn sessions_are_forgotten_thirty_days_after_their_end_and_spent_tokens_at_theirs() {
    let world = World::start().await;
    world.register("ana").await;
    let first = world.login("ana").await;
    world.env.clock.advance(TimeDelta::days(29));
    let second = tokens(&world.refresh(&first.refresh).await);
    assert_eq!(stored(&world).await, (1, 1));
    clean_up(&world).await;
    assert_eq!(stored(&world).await, (1, 1));

    // Day 31: the first token would have ended; the session goes on.
    world.env.clock.advance(TimeDelta::days(2));
    clean_up(&world).await;
    assert_eq!(stored(&world).await, (1, 0));
    tokens(&world.refresh(&second.refresh).await);

    // The token of day 31 ends on day 61.
    world.env.clock.advance(TimeDelta::days(59));
    clean_up(&world).await;
    assert_eq!(stored(&world).await, (1, 0));
    world.env.clock.advance(TimeDelta::days(2));
    clean_up(&world).await;
    assert_eq!(stored(&world).await, (0, 0));
}
