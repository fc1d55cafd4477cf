//! Several processes share one outbox.

use std::collections::BTreeSet;

use chatty_bus::{Heard, relay::Turn};
use chatty_store::query;
use uuid::Uuid;

use crate::{
    notes::{Fail, versions},
    world::{NOTES, World, until},
};

/// Who publishes, if anybody does.
async fn holder(world: &World) -> Option<Uuid> {
    let row = query!("SELECT holder FROM relay_lease").fetch_one::<(Option<Uuid>,)>(&world.writer).await;
    row.unwrap().0
}

#[tokio::test]
async fn two_relays_at_once_lose_nothing_double_nothing_and_keep_the_order() {
    let world = World::new(&[NOTES]).await;
    let (mut one, mut other) = (world.process().await, world.process().await);
    one.consume(NOTES, Fail::Never);
    one.relay(Turn::Shared);
    other.relay(Turn::Shared);
    let post = chatty_types::PostId::new(&world.clock);
    for version in 1..=100 {
        let process = if version % 2 == 0 { &one } else { &other };
        process.write(&world.event_about(post, version)).await;
    }
    world.settle().await;
    assert_eq!(versions(&world.reader, &post.to_string()).await, (1..=100).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_relay_that_stops_hands_its_turn_over() {
    let world = World::new(&[NOTES]).await;
    let mut one = world.process().await;
    one.relay(Turn::Shared);
    until(async || holder(&world).await.is_some()).await;
    let first = holder(&world).await;
    one.stop().await;
    assert_eq!(holder(&world).await, None);
    let mut other = world.process().await;
    other.consume(NOTES, Fail::Never);
    other.relay(Turn::Shared);
    let event = world.event();
    other.write(&event).await;
    world.settle().await;
    assert_eq!(world.notes().await, [event.subject]);
    assert_ne!(holder(&world).await, first);
}

#[tokio::test]
async fn a_relay_that_vanishes_without_a_word_is_replaced() {
    let world = World::new(&[NOTES]).await;
    let (mut one, mut other) = (world.process().await, world.process().await);
    other.consume(NOTES, Fail::Never);
    one.relay(Turn::Shared);
    until(async || holder(&world).await.is_some()).await;
    let gone = holder(&world).await;
    other.relay(Turn::Shared);
    one.tasks.shutdown().await;
    let event = world.event();
    other.write(&event).await;
    world.settle().await;
    assert_eq!(world.notes().await, [event.subject]);
    assert_ne!(holder(&world).await, gone);
}

#[tokio::test]
async fn a_relay_whose_turn_was_taken_takes_it_back_from_a_holder_that_never_moves() {
    let world = World::new(&[NOTES]).await;
    let mut process = world.process().await;
    process.consume(NOTES, Fail::Never);
    process.relay(Turn::Shared);
    until(async || holder(&world).await.is_some()).await;
    // As another process does; this one never moves, and is therefore replaced in its turn.
    let intruder = world.clock.uuid();
    let mut tx = world.writer.begin().await.unwrap();
    query!("UPDATE relay_lease SET holder = $1, turns = turns + 1").bind(intruder).execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    let event = world.event();
    process.write(&event).await;
    world.settle().await;
    assert_eq!(world.notes().await, [event.subject]);
    let turns = query!("SELECT turns FROM relay_lease WHERE holder = $1").bind(intruder);
    assert!(turns.fetch_optional::<(i64,)>(&world.writer).await.unwrap().is_none(), "it took its turn back");
}

#[tokio::test]
async fn a_process_that_stands_by_tells_the_others_when_it_has_written() {
    let world = World::new(&[NOTES]).await;
    let mut one = world.process().await;
    one.relay(Turn::Shared);
    until(async || holder(&world).await.is_some()).await;
    let mut other = world.process().await;
    other.relay(Turn::Shared);
    let mut ear = one.bus.listen(&["system.outbox.appended"]);
    // Until it is heard: what the other relay's own look has sent already is not announced.
    let hint = async {
        loop {
            if let Heard::Event(event) = ear.hear().await {
                return event;
            }
        }
    };
    let writing = async {
        loop {
            other.write(&world.event()).await;
            tokio::task::yield_now().await;
        }
    };
    let heard = tokio::select! {
        event = hint => event,
        () = writing => unreachable!("it writes for ever"),
    };
    assert_eq!(heard.subject, "writer");
}

#[tokio::test]
async fn what_was_sent_stays_in_the_outbox_as_sent() {
    let world = World::new(&[NOTES]).await;
    let mut process = world.process().await;
    process.consume(NOTES, Fail::Never);
    process.relay(Turn::Shared);
    let events = [world.event(), world.event()];
    for event in &events {
        process.write(event).await;
    }
    world.settle().await;
    let rows = query!("SELECT id FROM outbox WHERE sent_at IS NOT NULL").fetch_all::<(Uuid,)>(&world.writer).await;
    let sent: BTreeSet<_> = rows.unwrap().into_iter().map(|(id,)| id).collect();
    assert_eq!(sent, events.iter().map(|event| event.id).collect());
}
