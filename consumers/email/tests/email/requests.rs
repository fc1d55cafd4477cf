//! From a request to a mail.

use chatty_email::Delivery;
use chatty_events::email::Template;
use chatty_store::query;
use serde_json::json;

use crate::fixture::{World, recipient};

#[tokio::test]
async fn a_request_becomes_a_mail_in_the_readers_language() {
    let world = World::start().await;
    let ana = world.recipient("Ana@Example.org", "ru-RU").await;
    let mut request = world.request(ana, Template::ResetPassword);
    request.params.insert("expiresAt".to_owned(), "2026-01-02T03:04:05Z".to_owned());
    world.publish(&request).await;
    world.sent(1).await;
    let mail = world.mails("").await.remove(0);
    let text = mail["text"].as_str().unwrap();
    assert!(
        text.starts_with("Здравствуйте, ana!\n\n") && text.contains("до 2 января 2026 года, 03:04 (UTC)"),
        "{text}"
    );
    assert_eq!(
        mail,
        json!({
            "id": request.message_id,
            "to": "Ana@Example.org",
            "subject": "Задайте новый пароль",
            "text": text,
            "links": ["http://chatty.test/reset-password?token=T0ken-_"],
        })
    );
}

#[tokio::test]
async fn a_request_that_comes_before_its_recipient_waits_for_it() {
    let world = World::start().await;
    let (late, known) = (world.user(), world.recipient("bob@example.org", "en").await);
    let request = world.request(late, Template::VerifyEmail);
    world.tell(&request).await;
    // Sent after it, and past it.
    world.publish(&world.request(known, Template::PasswordChanged)).await;
    world.sent(1).await;
    assert_eq!(world.row(request.message_id).await, ("QUEUED".to_owned(), Some("T0ken-_".to_owned())));

    world.tell(&recipient(late, "late@example.org", "ru", 1)).await;
    world.sent(2).await;
    assert_eq!(world.mails("?to=late@example.org").await[0]["subject"], "Подтвердите адрес почты");
}

#[tokio::test]
async fn the_token_leaves_the_row_as_the_mail_is_sent() {
    let world = World::start().await;
    let ana = world.recipient("ana@example.org", "en").await;
    let request = world.request(ana, Template::VerifyEmail);
    world.publish(&request).await;
    world.sent(1).await;
    assert_eq!(world.row(request.message_id).await, ("SENT".to_owned(), None));
}

#[tokio::test]
async fn a_request_that_comes_again_and_one_with_a_known_key_are_no_other_mail() {
    let world = World::start().await;
    let ana = world.recipient("ana@example.org", "en").await;
    let mut request = world.request(ana, Template::NewDevice);
    request.dedupe_key = Some("device of ana".to_owned());
    world.tell(&request).await;
    // Another envelope, as when an outbox is sent again after a restore.
    world.tell(&request).await;
    request.message_id = world.env.clock.uuid();
    world.tell(&request).await;
    let mut other = world.request(ana, Template::NewDevice);
    other.dedupe_key = Some("another device of ana".to_owned());
    world.tell(&other).await;
    world.tell(&world.request(ana, Template::NewDevice)).await;
    world.sent(3).await;
    assert_eq!(world.stored().await, (1, 3));
}

#[tokio::test]
async fn the_newest_address_counts_in_whatever_order_they_come() {
    let world = World::start().await;
    let ana = world.user();
    world.tell(&recipient(ana, "second@example.org", "en", 2)).await;
    world.tell(&recipient(ana, "first@example.org", "en", 1)).await;
    world.tell(&recipient(ana, "also-second@example.org", "en", 2)).await;
    world.publish(&world.request(ana, Template::PasswordChanged)).await;
    world.sent(1).await;
    assert_eq!(world.mails("").await[0]["to"], "second@example.org");
    world.tell(&recipient(ana, "third@example.org", "en", 3)).await;
    world.publish(&world.request(ana, Template::PasswordChanged)).await;
    world.sent(2).await;
    assert_eq!(world.mails("").await[0]["to"], "third@example.org");
}

#[tokio::test]
async fn a_new_address_is_asked_itself_in_the_language_of_its_account() {
    let world = World::start().await;
    let ana = world.recipient("old@example.org", "ru").await;
    let mut request = world.request(ana, Template::ConfirmNewEmail);
    request.to_address = Some("new@example.org".to_owned());
    world.publish(&request).await;
    world.sent(1).await;
    let mail = world.mails("").await.remove(0);
    assert_eq!((&mail["to"], &mail["subject"]), (&json!("new@example.org"), &json!("Подтвердите новый адрес почты")));
}

#[tokio::test]
async fn a_mail_with_a_link_but_no_token_is_given_up_at_once() {
    let world = World::start().await;
    let ana = world.recipient("ana@example.org", "en").await;
    for secret in [None, Some("two words".to_owned())] {
        let mut request = world.request(ana, Template::ResetPassword);
        request.secret = secret;
        world.tell(&request).await;
    }
    assert_eq!(world.stored().await, (1, 0));
    let letters = query!("SELECT envelope FROM dead_letter").fetch_all::<(String,)>(world.db()).await.unwrap();
    assert_eq!(letters.len(), 2);
    assert!(letters.iter().all(|(envelope,)| !envelope.contains("two words")), "{letters:?}");
}

#[tokio::test]
async fn where_mail_goes_nowhere_nothing_of_it_is_written() {
    let world = World::with(Delivery::Nowhere).await;
    let ana = world.recipient("ana@example.org", "en").await;
    let request = world.request(ana, Template::ResetPassword);
    world.publish(&request).await;
    world.until(async || world.stored().await.1 == 1 && world.row(request.message_id).await.0 != "QUEUED").await;
    assert_eq!(world.row(request.message_id).await, ("SUPPRESSED".to_owned(), None));
    let written =
        query!("SELECT COUNT(1) FROM message WHERE COALESCE(address, subject, text_body, html_body) IS NOT NULL");
    assert_eq!(written.fetch_one::<(i64,)>(world.db()).await.unwrap(), (0,));
}

#[tokio::test]
async fn a_mail_that_only_a_newer_version_knows_is_left_to_it() {
    let world = World::start().await;
    let ana = world.recipient("ana@example.org", "en").await;
    let unknown = world.env.clock.uuid();
    let mut tx = world.db().begin().await.unwrap();
    query!(
        "INSERT INTO message (id, template, to_user_id, params, secret, state, created_at)
         VALUES ($1, 'birthday', $2, $3, 'T0ken-_', 'QUEUED', $4)"
    )
    .bind(unknown)
    .bind(ana)
    .bind(chatty_store::Json(json!({})))
    .bind(world.env.clock.now())
    .execute(&mut tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    world.publish(&world.request(ana, Template::PasswordChanged)).await;
    world.sent(1).await;
    assert_eq!(world.row(unknown).await, ("QUEUED".to_owned(), Some("T0ken-_".to_owned())));
}

#[tokio::test]
async fn every_statement_is_accepted_by_the_database() {
    let world = World::start().await;
    let prepared = chatty_store::prepare_all(world.db(), "chatty_email").await;
    assert!(matches!(prepared, Ok(12..)), "{prepared:?}");
}
