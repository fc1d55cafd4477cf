//! What is left of somebody who is erased.

use chatty_events::{
    Envelope,
    email::{ErasureCompleted, Template},
};
use chatty_store::query;

use crate::fixture::{World, recipient};

/// What the consumer has told, in its order.
async fn told(world: &World) -> Vec<ErasureCompleted> {
    let rows = query!("SELECT envelope FROM outbox ORDER BY id").fetch_all::<(String,)>(world.db()).await.unwrap();
    let event = |(text,): &(String,)| serde_json::from_str::<Envelope>(text).unwrap().decode().unwrap();
    rows.iter().filter_map(event).collect()
}

#[tokio::test]
async fn everything_is_erased_and_counted_but_what_is_anothers() {
    let world = World::start().await;
    let (ana, bob) = (world.recipient("ana@example.org", "en").await, world.recipient("bob@example.org", "en").await);
    for user in [ana, ana, bob] {
        world.publish(&world.request(user, Template::NewDevice)).await;
    }
    world.sent(3).await;
    let deletion = world.deletion(ana);
    world.tell(&deletion).await;
    assert_eq!(world.stored().await, (1, 1));
    assert_eq!(world.mails("").await[0]["to"], "bob@example.org");
    let receipt = told(&world).await.remove(0);
    assert_eq!((receipt.erasure_id, receipt.user_id), (deletion.erasure_id, ana));
    let counts: Vec<_> = receipt.counts.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    assert_eq!(counts, [("messages", 2), ("recipients", 1)]);
}

#[tokio::test]
async fn a_mail_that_waits_is_erased_with_its_token() {
    let world = World::start().await;
    let ana = world.user();
    world.tell(&world.request(ana, Template::VerifyEmail)).await;
    assert_eq!(world.stored().await, (0, 1));
    world.tell(&world.deletion(ana)).await;
    assert_eq!(world.stored().await, (0, 0));
}

#[tokio::test]
async fn what_comes_after_an_erasure_recreates_nothing() {
    let world = World::start().await;
    let (known, unknown) = (world.recipient("ana@example.org", "en").await, world.user());
    for user in [known, unknown] {
        world.tell(&world.deletion(user)).await;
        world.tell(&recipient(user, "ana@example.org", "en", 9)).await;
        world.tell(&world.request(user, Template::VerifyEmail)).await;
        assert_eq!(world.stored().await, (0, 0));
    }
    // Told again, as after a restore: nothing was left to erase.
    world.tell(&world.deletion(known)).await;
    assert_eq!(told(&world).await.last().unwrap().counts.values().sum::<i64>(), 0);
}

#[tokio::test]
async fn an_erasure_erases_what_was_in_hand_when_it_came() {
    let world = World::start().await;
    let (handler, clock) = (&world.worker.consumers[0].handler, &world.env.clock);
    for _ in 0..20 {
        let ana = world.user();
        let request = Envelope::new(clock, &world.request(ana, Template::VerifyEmail));
        let deletion = Envelope::new(clock, &world.deletion(ana));
        let handle = async |event: &Envelope| {
            let mut tx = world.db().begin().await.unwrap();
            handler.handle(&mut tx, event).await.unwrap();
            // Whoever does not wait for this transaction goes on now.
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            tx.commit().await.unwrap();
        };
        tokio::join!(handle(&request), handle(&deletion));
    }
    assert_eq!(world.stored().await, (0, 0));
}
