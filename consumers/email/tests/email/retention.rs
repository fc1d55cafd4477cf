//! What is forgotten, and when.

use chatty_email::Delivery;
use chatty_events::email::Template;
use chrono::TimeDelta;

use crate::fixture::World;

#[tokio::test]
async fn a_mail_is_forgotten_seven_days_after_its_request_and_its_recipient_is_not() {
    let world = World::start().await;
    let (ana, nobody) = (world.recipient("ana@example.org", "en").await, world.user());
    world.publish(&world.request(ana, Template::PasswordChanged)).await;
    // Its recipient never comes.
    world.tell(&world.request(nobody, Template::VerifyEmail)).await;
    world.sent(1).await;
    for (passed, left) in [(TimeDelta::days(7) - TimeDelta::minutes(5), 2), (TimeDelta::minutes(6), 0)] {
        world.env.clock.advance(passed);
        // Another process that starts cleans up first.
        chatty_email::worker(&world.env, Delivery::Mailbox).await.unwrap();
        assert_eq!(world.stored().await, (1, left));
    }
}
