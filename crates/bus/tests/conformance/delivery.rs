//! Events reach every group once and in order, and listeners at once.

use chatty_bus::{Group, Heard, PublishError, relay::Turn};
use chatty_types::PostId;

use crate::{
    notes::{Fail, versions},
    world::{KEYS, NOTES, World, until},
};

const TWO: &[Group] = &[Group { name: "first", keys: KEYS }, Group { name: "second", keys: KEYS }];

#[tokio::test]
async fn events_about_one_thing_are_handled_in_the_order_of_their_commits() {
    let world = World::new(&[NOTES]).await;
    let mut process = world.process().await;
    process.consume(NOTES, Fail::Never);
    process.relay(Turn::Alone);
    let posts = [0; 3].map(|_| PostId::new(&world.clock));
    for version in 1..=40 {
        for post in posts {
            process.write(&world.event_about(post, version)).await;
        }
    }
    world.settle().await;
    for post in posts {
        assert_eq!(versions(&world.reader, &post.to_string()).await, (1..=40).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn an_event_reaches_every_group_once_however_often_it_is_published() {
    let world = World::new(TWO).await;
    let mut process = world.process().await;
    for group in TWO {
        process.consume(*group, Fail::Never);
    }
    let event = world.event();
    // As a relay does that dies between publishing and marking.
    process.bus.publish(std::slice::from_ref(&event)).await.unwrap();
    process.bus.publish(std::slice::from_ref(&event)).await.unwrap();
    process.write(&event).await;
    process.relay(Turn::Alone);
    let last = world.event();
    process.write(&last).await;
    world.settle().await;
    assert_eq!(world.notes().await, [event.subject.clone(), event.subject, last.subject.clone(), last.subject]);
}

#[tokio::test]
async fn a_group_whose_member_starts_late_misses_nothing() {
    let world = World::new(TWO).await;
    let mut process = world.process().await;
    process.consume(TWO[0], Fail::Never);
    let event = world.event();
    // A bus without a member of the second group either keeps the event for it or refuses to take it.
    let published = process.bus.publish(std::slice::from_ref(&event)).await;
    assert!(matches!(published, Ok(()) | Err(PublishError::NotBound("second"))), "{published:?}");
    process.write(&event).await;
    process.relay(Turn::Alone);
    process.consume(TWO[1], Fail::Never);
    world.settle().await;
    assert_eq!(world.notes().await, [event.subject.clone(), event.subject]);
}

#[tokio::test]
async fn what_was_not_committed_is_not_published() {
    let world = World::new(&[NOTES]).await;
    let mut process = world.process().await;
    process.consume(NOTES, Fail::Never);
    process.relay(Turn::Alone);
    let (lost, kept) = (world.event(), world.event());
    let mut tx = process.writer.begin().await.unwrap();
    chatty_bus::outbox::append(&mut tx, &lost).await.unwrap();
    drop(tx);
    process.write(&kept).await;
    world.settle().await;
    assert_eq!(world.notes().await, [kept.subject]);
}

#[tokio::test]
async fn an_event_that_nobody_wants_is_no_error() {
    let world = World::new(&[Group { name: "deaf", keys: &["posts.post.created"] }]).await;
    let mut process = world.process().await;
    process.consume(world.groups[0], Fail::Never);
    process.relay(Turn::Alone);
    process.write(&world.event()).await;
    world.settle().await;
    assert!(world.notes().await.is_empty());
}

#[tokio::test]
async fn two_members_of_a_group_share_the_work_and_double_nothing() {
    let world = World::new(&[NOTES]).await;
    let (mut one, mut other) = (world.process().await, world.process().await);
    let handlers = [one.consume(NOTES, Fail::Never), other.consume(NOTES, Fail::Never)];
    one.relay(Turn::Alone);
    let mut expected = Vec::new();
    for _ in 0..200 {
        let event = world.event();
        one.write(&event).await;
        expected.push(event.subject);
    }
    world.settle().await;
    expected.sort();
    assert_eq!(world.notes().await, expected);
    assert!(handlers.iter().all(|handler| handler.calls() > 0), "both took part");
}

#[tokio::test]
async fn listeners_hear_published_and_broadcast_events_of_their_keys_once() {
    let world = World::new(&[NOTES]).await;
    let mut process = world.process().await;
    process.consume(NOTES, Fail::Never);
    let elsewhere = world.process().await;
    let (mut near, mut far) = (process.bus.listen(KEYS), elsewhere.bus.listen(KEYS));
    let mut deaf = elsewhere.bus.listen(&["posts.post.created"]);
    let (published, broadcast) = (world.event(), world.event());
    for ear in [&mut near, &mut far] {
        // Where listening takes effect only after a while, the listener is told then.
        if world.way.is_some() {
            assert!(matches!(ear.hear().await, Heard::Missed));
        }
    }
    process.bus.publish(std::slice::from_ref(&published)).await.unwrap();
    // Heard before the next is said, because nothing keeps the two in order.
    for ear in [&mut near, &mut far] {
        assert_eq!(heard(ear).await, published.id);
    }
    for broadcast in [&broadcast, &world.event()] {
        process.bus.broadcast(broadcast.clone());
        for ear in [&mut near, &mut far] {
            assert_eq!(heard(ear).await, broadcast.id, "each is heard once, so the next is the next");
        }
    }
    // No group has heard of the broadcasts.
    until(async || world.notes().await == [published.subject.clone()]).await;
    process.write(&world.event()).await;
    process.relay(Turn::Alone);
    world.settle().await;
    assert_eq!(world.notes().await.len(), 2);
    let nothing = tokio::select! {
        biased;
        heard = async { loop { if let Heard::Event(event) = deaf.hear().await { break Some(event) } } } => heard,
        () = std::future::ready(()) => None,
    };
    assert!(nothing.is_none());
}

/// The next event, whatever was missed before.
async fn heard(ear: &mut chatty_bus::Listener) -> uuid::Uuid {
    loop {
        match ear.hear().await {
            Heard::Event(event) => return event.id,
            Heard::Missed => {}
            Heard::Closed => panic!("the bus is there"),
        }
    }
}
