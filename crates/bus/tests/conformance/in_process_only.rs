//! What is the in-process bus's own: its tables, its ladder by the clock, and its refusal to carry for a group that is
//! not there. These run on it even where the environment names a broker.

use std::slice;

use chatty_bus::{Heard, PublishError, relay::Turn, replica};
use chatty_store::query;
use chrono::TimeDelta;
use futures_util::FutureExt;

use crate::{
    notes::Fail,
    world::{DeadLetter, KEYS, NOTES, World},
};

#[tokio::test]
async fn a_bus_without_all_its_groups_refuses_to_carry() {
    let world = World::in_process(&[NOTES]).await;
    let published = world.process().await.bus.publish(&[world.event()]).await;
    assert!(
        matches!(published, Err(PublishError::NotBound("notes"))),
        "a relay must not mark events as sent that a group would miss"
    );
}

#[tokio::test]
async fn a_retry_waits_for_the_clock_and_each_for_longer() {
    let world = World::in_process(&[NOTES]).await;
    let mut process = world.process().await;
    let handler = process.consume(NOTES, Fail::Times(2));
    process.relay(Turn::Alone);
    let event = world.event();
    process.write(&event).await;
    for (calls, wait) in [(1, TimeDelta::seconds(5)), (2, TimeDelta::seconds(30))] {
        // Settled means that nothing is due, not that nothing is left.
        world.settle().await;
        assert_eq!((handler.calls(), world.notes().await.len()), (calls, 0));
        world.clock.advance(wait);
    }
    world.settle().await;
    assert_eq!((handler.calls(), world.notes().await), (3, vec![event.subject]));
}

#[tokio::test]
async fn an_event_that_fails_for_the_last_time_ends_in_the_dead_letters() {
    let world = World::in_process(&[NOTES]).await;
    let mut process = world.process().await;
    let handler = process.consume(NOTES, Fail::Times(usize::MAX));
    process.relay(Turn::Alone);
    let event = world.event();
    process.write(&event).await;
    world.settle().await;
    // As after 18 attempts; walking the whole ladder would only cost time.
    let mut tx = world.reader.begin().await.unwrap();
    query!("UPDATE delivery SET attempt = 18").execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    for calls in [2, 3] {
        world.clock.advance(TimeDelta::minutes(5));
        world.settle().await;
        assert_eq!(handler.calls(), calls);
    }
    let (consumer, reason) = ("notes".to_owned(), "not yet".to_owned());
    let letter = DeadLetter { consumer, reason, attempt: 20, text: event.to_json() };
    assert_eq!(world.dead_letters(1).await, [letter]);
    assert!(world.notes().await.is_empty());
}

#[tokio::test]
async fn a_listener_that_is_far_behind_is_told_that_it_missed_some() {
    let world = World::in_process(&[NOTES]).await;
    let process = world.process().await;
    let mut ear = process.bus.listen(KEYS);
    let mut deaf = process.bus.listen(&["posts.post.created"]);
    for _ in 0..2_000 {
        process.bus.broadcast(world.event());
    }
    for ear in [&mut ear, &mut deaf] {
        assert!(matches!(ear.hear().await, Heard::Missed));
    }
    assert!(deaf.hear().now_or_never().is_none(), "what is left is of other keys");
}

#[tokio::test]
async fn waiting_for_a_replica_ends_with_the_commit_that_brings_it_or_with_none() {
    let world = World::in_process(&[NOTES]).await;
    let mut process = world.process().await;
    process.consume(NOTES, Fail::Never);
    let look = async || query!("SELECT subject FROM note").fetch_optional::<(String,)>(&process.reader).await;
    let event = world.event();
    let publishing = process.bus.publish(slice::from_ref(&event));
    let (found, published) = tokio::join!(replica::wait_for(&process.reader, look), publishing);
    published.unwrap();
    assert_eq!(found.unwrap(), Some((event.subject,)));
    let missing = replica::wait_for(&process.reader, async || Ok(None::<()>)).await;
    assert_eq!(missing.unwrap(), None);
}
