//! What goes wrong loses nothing, doubles nothing and holds nothing else up.

use chatty_bus::relay::Turn;
use chatty_store::query;
use chrono::TimeDelta;
use serde_json::value::RawValue;

use crate::{
    notes::Fail,
    world::{NOTES, World, until},
};

#[tokio::test]
async fn what_was_in_hand_stored_or_only_written_when_its_process_died_is_handled_by_the_next() {
    let mut world = World::new(&[NOTES]).await;
    let mut process = world.process().await;
    let handler = process.consume(NOTES, Fail::Hang(0));
    let events = [(); 3].map(|()| world.event());
    let (published, written) = events.split_at(2);
    process.bus.publish(published).await.unwrap();
    process.write(&written[0]).await;
    until(async || handler.calls() == 1).await;
    world.crash([process]).await;
    assert!(world.notes().await.is_empty(), "nothing of it was committed");
    let mut process = world.process().await;
    process.consume(NOTES, Fail::Never);
    process.relay(Turn::Alone);
    let subjects = events.map(|event| event.subject);
    until(async || world.notes().await == subjects).await;
}

#[tokio::test]
async fn a_restart_in_the_middle_loses_nothing() {
    let mut world = World::new(&[NOTES]).await;
    let mut expected = Vec::new();
    for round in 0..3 {
        let mut process = world.process().await;
        process.consume(NOTES, Fail::Never);
        process.relay(Turn::Alone);
        for _ in 0..40 {
            let event = world.event();
            process.write(&event).await;
            expected.push(event.subject);
        }
        if round == 1 {
            process.stop().await;
            world.crash([]).await;
        } else if round == 0 {
            world.crash([process]).await;
        } else {
            world.settle().await;
        }
    }
    expected.sort();
    assert_eq!(world.notes().await, expected);
}

#[tokio::test]
async fn a_failed_handler_leaves_nothing_behind_and_is_tried_again_later() {
    let world = World::new(&[NOTES]).await;
    let mut process = world.process().await;
    let handler = process.consume(NOTES, Fail::Times(1));
    process.relay(Turn::Alone);
    let event = world.event();
    process.write(&event).await;
    until(async || handler.calls() == 1).await;
    assert!(world.notes().await.is_empty());
    // In process a retry waits for the clock; on a broker it takes its real time, and this settles after it.
    world.settle().await;
    world.clock.advance(TimeDelta::seconds(5));
    world.settle().await;
    assert_eq!((world.notes().await, handler.calls()), (vec![event.subject], 2));
}

#[tokio::test]
async fn what_never_works_goes_to_the_dead_letters_and_the_others_go_on() {
    let world = World::new(&[NOTES]).await;
    let mut process = world.process().await;
    let (panics, mut undecodable, fine) = (world.event(), world.event(), world.event());
    undecodable.data = RawValue::from_string(r#"{"secret":"hunter2"}"#.into()).unwrap();
    process.consume(NOTES, Fail::PanicOn(panics.subject.clone()));
    world.inject("notes", "no event").await;
    process.relay(Turn::Alone);
    for event in [&panics, &undecodable, &fine] {
        process.write(event).await;
    }
    let letters = world.dead_letters(3).await;
    let told: Vec<_> = letters.iter().map(|letter| (letter.reason.as_str(), letter.attempt)).collect();
    let reasons = ["not an envelope", "the handler panicked", "undecodable payload of `posts.post.deleted.v1`"];
    assert_eq!(told, reasons.map(|reason| (reason, 1)));
    assert!(letters.iter().all(|letter| letter.consumer == "notes"));
    assert!(letters.iter().all(|letter| !letter.text.contains("hunter2")), "secrets are shown to nobody");
    assert_eq!(letters[0].text, "no event");
    until(async || world.notes().await == [fine.subject.clone()]).await;
}

#[tokio::test]
async fn a_secret_leaves_the_outbox_when_its_event_is_sent() {
    let world = World::new(&[NOTES]).await;
    let mut process = world.process().await;
    process.consume(NOTES, Fail::Never);
    let mut event = world.event();
    let data = event.data.get().replacen('{', r#"{"secret":"hunter2","#, 1);
    event.data = RawValue::from_string(data).unwrap();
    process.write(&event).await;
    let outbox = async || {
        let rows = query!("SELECT envelope FROM outbox").fetch_all::<(String,)>(&world.writer).await.unwrap();
        rows.into_iter().map(|(text,)| text).collect::<Vec<_>>().join("\n")
    };
    assert!(outbox().await.contains("hunter2"));
    process.relay(Turn::Alone);
    world.settle().await;
    let text = outbox().await;
    assert!(text.contains(&event.subject) && !text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn a_lost_way_to_the_bus_is_found_again_and_nothing_is_lost() {
    let world = World::new(&[NOTES]).await;
    let mut process = world.process().await;
    process.consume(NOTES, Fail::Never);
    process.relay(Turn::Alone);
    let mut expected = Vec::new();
    for n in 0..200 {
        let event = world.event();
        process.write(&event).await;
        expected.push(event.subject);
        if n % 70 == 30 {
            world.cut();
        }
    }
    world.settle().await;
    expected.sort();
    assert_eq!(world.notes().await, expected);
}
