//! Mail, from whoever asks for it to the mailbox: over the bus, and through the router.

use std::collections::BTreeMap;

use chatty::Mode;
use chatty_events::email::{MessageRequested, RecipientChanged, Template};
use chatty_testkit::Harness;
use chatty_types::UserId;

#[tokio::test]
async fn whoever_asks_for_a_mail_finds_it_in_the_mailbox() {
    let h = Harness::start().await;
    let user = UserId::new(&h.clock);
    let request = |template, secret: Option<&str>| MessageRequested {
        message_id: h.clock.uuid(),
        template,
        to_user_id: user,
        to_address: None,
        params: BTreeMap::from([("username".to_owned(), "ana".to_owned())]),
        secret: secret.map(str::to_owned),
        dedupe_key: None,
    };
    // The one may come before the other.
    h.publish(&request(Template::ResetPassword, Some("T0ken"))).await;
    h.publish(&RecipientChanged {
        user_id: user,
        address: "Ana@example.com".to_owned(),
        locale: "ru".to_owned(),
        time_zone: "Europe/Moscow".to_owned(),
        verified: true,
        version: 1,
    })
    .await;
    let mail = h.wait_for_mail("ana@example.com", "новый пароль").await;
    assert_eq!(mail.links, ["http://chatty.test/reset-password?token=T0ken"]);
    assert_eq!(mail.token(), "T0ken");

    h.publish(&request(Template::PasswordChanged, None)).await;
    let mails = h.wait_for_mails("ana@example.com", 2).await;
    assert_eq!(
        mails.iter().map(|mail| mail.subject.as_str()).collect::<Vec<_>>(),
        ["Ваш пароль изменён", "Задайте новый пароль"]
    );
    assert!(h.mails_to("bob@example.com").await.is_empty());
}

#[tokio::test]
async fn there_is_no_mailbox_in_production() {
    let h = Harness::start_with(|config| {
        config.mode = Mode::Production;
        config.secret = Some("a secret that only this test knows".to_owned());
    })
    .await;
    for path in ["/dev/mailbox", "/dev/mailbox?to=ana@example.com", "/dev", "/dev/"] {
        let answer = h.http().get(h.url(path)).header("accept", "application/json").send().await.expect("an answer");
        assert_eq!(answer.status(), 404, "{path}");
    }
}
