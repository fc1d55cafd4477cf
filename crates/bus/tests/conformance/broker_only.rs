//! What only a broker can do wrong. Where tests have none, these are ignored: `-- --include-ignored` runs them.

use chatty_bus::{Group, Heard, RabbitMq, relay::Turn};
use chatty_store::query;
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
    assert!(world.way.is_some(), "CHATTY_TEST_BROKER_URL");
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

/// The number of a process's connection that publishes: the one that consumes is made first.
const PUBLISHES: usize = 1;

#[tokio::test]
#[ignore = "needs CHATTY_TEST_BROKER_URL"]
async fn consuming_goes_on_while_the_broker_does_not_read_what_is_published() {
    let world = World::new(&[NOTES]).await;
    let way = world.way.as_ref().expect("CHATTY_TEST_BROKER_URL");
    let mut process = world.process().await;
    way.stick(PUBLISHES);
    process.consume(NOTES, Fail::Never);
    let event = world.event();
    // More than a member holds unanswered.
    let handled = async {
        for _ in 0..70 {
            world.inject("notes", &world.event().to_json()).await;
        }
        until(async || world.notes().await.len() == 70).await;
    };
    tokio::select! {
        published = process.bus.publish(std::slice::from_ref(&event)) => panic!("that went through: {published:?}"),
        () = handled => {}
    }
    assert_eq!(way.taken(), 2, "it is still the first connections");
}

#[tokio::test]
#[ignore = "needs CHATTY_TEST_BROKER_URL"]
async fn a_member_holds_one_event_until_it_has_answered_for_it() {
    let world = World::new(&[NOTES]).await;
    let way = world.way.as_ref().expect("CHATTY_TEST_BROKER_URL");
    let mut process = world.process().await;
    let events = [(); 5].map(|()| world.event());
    process.bus.publish(&events).await.unwrap();
    let waiting = async || way.queues().await[0].1;
    for (number, left) in [(0, 4), (1, 0)] {
        until(async || waiting().await == 5).await;
        let handler = process.consume(NOTES, Fail::Hang(number));
        until(async || handler.calls() == number + 1).await;
        until(async || waiting().await == left).await;
        process.tasks.shutdown().await;
        world.cut();
        process = world.process().await;
    }
}

#[tokio::test]
#[ignore = "needs CHATTY_TEST_BROKER_URL"]
async fn what_the_bus_of_one_process_has_stored_goes_to_the_broker() {
    let world = World::new(&[NOTES]).await;
    let mut expected = Vec::new();
    let mut tx = world.reader.begin().await.unwrap();
    for n in 0..200_i64 {
        let event = world.event();
        // Some have failed, and are to be tried again much later.
        query!("INSERT INTO delivery (consumer, event_id, envelope, attempt, due_at) VALUES ($1, $2, $3, $4, $5)")
            .bind("notes")
            .bind(event.id)
            .bind(event.to_json())
            .bind(n % 3)
            .bind(world.clock.now() + chrono::TimeDelta::minutes(n % 3))
            .execute(&mut tx)
            .await
            .unwrap();
        expected.push(event.subject);
    }
    tx.commit().await.unwrap();
    expected.sort();
    let mut process = world.process().await;
    process.consume(NOTES, Fail::Never);
    until(async || world.notes().await == expected).await;
    until(async || {
        let left = query!("SELECT COUNT(1) FROM delivery").fetch_one::<(i64,)>(&world.reader).await.unwrap();
        left.0 == 0
    })
    .await;
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
