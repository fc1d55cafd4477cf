//! What only a broker can do wrong. Where tests have none, these are ignored: `-- --include-ignored` runs them.

use chatty_bus::{Group, Heard, RabbitMq, relay::Turn};
use chatty_types::Clock;
use lapin::options::QueueDeleteOptions;
use tokio_util::sync::CancellationToken;

use crate::{
    notes::Fail,
    world::{KEYS, NOTES, World, until},
};

#[tokio::test]
#[ignore = "needs CHATTY_TEST_BROKER_URL"]
async fn listeners_are_told_to_look_after_every_connection() {
    let world = World::new(&[NOTES]).await;
    let process = world.process().await;
    let mut ear = process.bus.listen(KEYS);
    assert!(matches!(ear.hear().await, Heard::Missed), "the key was not bound before");
    for _ in 0..2 {
        world.cut();
        assert!(matches!(ear.hear().await, Heard::Missed));
    }
    let event = world.event();
    process.bus.publish(std::slice::from_ref(&event)).await.unwrap();
    assert!(matches!(ear.hear().await, Heard::Event(heard) if heard.id == event.id));
}

#[tokio::test]
#[ignore = "needs CHATTY_TEST_BROKER_URL"]
async fn a_queue_that_was_deleted_is_declared_again_and_no_event_passes_it_by() {
    let world = World::new(&[NOTES, Group { name: "idle", keys: &["posts.post.created"] }]).await;
    let way = world.way.as_ref().expect("CHATTY_TEST_BROKER_URL");
    let mut process = world.process().await;
    let (connection, channel) = way.connect().await;
    channel.queue_delete(way.name("q.notes").into(), QueueDeleteOptions::default()).await.unwrap();
    let event = world.event();
    // Nobody reads the queue, so only the publisher can find out.
    process.bus.publish(std::slice::from_ref(&event)).await.unwrap_err();
    process.write(&event).await;
    process.relay(Turn::Alone);
    process.consume(NOTES, Fail::Never);
    world.settle().await;
    assert_eq!(world.notes().await, [event.subject]);
    // And with a reader, the reader does.
    channel.queue_delete(way.name("q.notes").into(), QueueDeleteOptions::default()).await.unwrap();
    until(async || {
        let (_connection, channel) = way.connect().await;
        let passive = lapin::options::QueueDeclareOptions { passive: true, durable: true, ..Default::default() };
        channel.queue_declare(way.name("q.notes").into(), passive, lapin::types::FieldTable::default()).await.is_ok()
    })
    .await;
    connection.close(200, "done".into()).await.unwrap();
}

#[tokio::test]
#[ignore = "needs CHATTY_TEST_BROKER_URL"]
async fn a_queue_with_other_settings_keeps_the_bus_from_starting_until_it_is_gone() {
    let world = World::new(&[NOTES]).await;
    let way = world.way.as_ref().expect("CHATTY_TEST_BROKER_URL");
    let (connection, channel) = way.connect().await;
    let durable = lapin::options::QueueDeclareOptions { durable: true, ..Default::default() };
    channel.queue_declare(way.name("q.notes").into(), durable, lapin::types::FieldTable::default()).await.unwrap();
    let bus = RabbitMq::new(way.config(), world.groups, world.clock.clone()).unwrap();
    let (stop, mut connected) = (CancellationToken::new(), bus.connected());
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(bus.run(stop.clone()));
    until(async || way.taken() >= 3).await;
    assert!(!*connected.borrow(), "several attempts have failed");
    channel.queue_delete(way.name("q.notes").into(), QueueDeleteOptions::default()).await.unwrap();
    connected.wait_for(|connected| *connected).await.unwrap();
    stop.cancel();
    tasks.join_next().await.unwrap().unwrap();
    connection.close(200, "done".into()).await.unwrap();
}

#[tokio::test]
async fn a_process_that_cannot_connect_stops_when_it_is_asked_to() {
    let config = chatty_bus::rabbitmq::Config { url: "amqp://127.0.0.1:1".to_owned(), prefix: String::new() };
    let bus = RabbitMq::new(config, &[NOTES], Clock::system()).unwrap();
    let stop = CancellationToken::new();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(bus.run(stop.clone()));
    tokio::task::yield_now().await;
    stop.cancel();
    tasks.join_next().await.unwrap().unwrap();
}
