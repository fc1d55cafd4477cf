//! The mailbox over HTTP.

use chatty_email::Delivery;
use chatty_events::email::Template;
use data_encoding::BASE64;
use sha2::{Digest, Sha256};

use crate::fixture::{World, recipient};

/// Somebody with a mail, whose device calls itself `device`.
async fn mail(world: &World, address: &str, device: &str) -> String {
    let user = world.recipient(address, "en").await;
    let mut request = world.request(user, Template::NewDevice);
    request.params.insert("device".to_owned(), device.to_owned());
    world.tell(&request).await;
    request.message_id.to_string()
}

#[tokio::test]
async fn programs_get_the_newest_mail_first_and_people_a_page() {
    let world = World::start().await;
    let ids = [mail(&world, "ana@example.org", "one").await, mail(&world, "bob@example.org", "two").await];
    world.sent(2).await;
    let mails = world.mails("").await;
    assert_eq!(mails.iter().map(|mail| mail["id"].as_str().unwrap()).collect::<Vec<_>>(), [&ids[1], &ids[0]]);

    for accept in [None, Some("text/html,*/*"), Some("*/*")] {
        let request =
            accept.into_iter().fold(world.http.get(world.mailbox("")), |it, accept| it.header("accept", accept));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8", "{accept:?}");
        let page = answer.text().await.unwrap();
        assert!(page.find("bob@example.org").unwrap() < page.find("ana@example.org").unwrap(), "{page}");
    }
    let listed = "application/graphql-response+json, Application/JSON;q=0.5";
    let answer = world.http.get(world.mailbox("")).header("accept", listed).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/json");
}

#[tokio::test]
async fn one_address_is_asked_for_in_whatever_case() {
    let world = World::start().await;
    mail(&world, "Ana@Example.org", "one").await;
    mail(&world, "bob@example.org", "two").await;
    world.sent(2).await;
    for to in ["ana@example.org", "%20ANA@EXAMPLE.ORG", "Ana%40Example.org"] {
        let mails = world.mails(&format!("?to={to}")).await;
        assert_eq!(mails.iter().map(|mail| &mail["to"]).collect::<Vec<_>>(), ["Ana@Example.org"], "{to}");
    }
    assert_eq!(world.mails("?to=carol@example.org").await.len(), 0);
    assert_eq!(world.mails("?to=").await.len(), 2, "an empty form field asks for nobody");
}

#[tokio::test]
async fn one_answer_shows_the_newest_two_hundred() {
    let world = World::start().await;
    let ana = world.recipient("ana@example.org", "en").await;
    let mut last = world.request(ana, Template::NewDevice);
    for _ in 0..201 {
        last = world.request(ana, Template::NewDevice);
        world.publish(&last).await;
    }
    world.sent(201).await;
    for query in ["", "?to=ana@example.org"] {
        let mails = world.mails(query).await;
        assert_eq!(mails.len(), 200, "{query}");
    }
    let ids: Vec<_> = world.mails("").await.iter().map(|mail| mail["id"].to_string()).collect();
    assert!(ids.is_sorted_by(|a, b| a > b) && ids[0].contains(&last.message_id.to_string()), "{ids:?}");
}

#[tokio::test]
async fn the_page_shows_what_others_wrote_as_text() {
    let world = World::start().await;
    mail(&world, "\"<b>\"@example.org", "<script>alert('1')</script>").await;
    mail(&world, "bob@example.org", "javascript:alert(1) https://a.example/\"onclick=alert(1)").await;
    world.sent(2).await;
    let page = world.http.get(world.mailbox("?to=%22%3E%3Cscript%3E")).send().await.unwrap().text().await.unwrap();
    assert!(!page.contains("<script") && page.contains("&quot;&gt;&lt;script&gt;"), "{page}");
    let page = world.http.get(world.mailbox("")).send().await.unwrap().text().await.unwrap();
    assert!(!page.contains("<script") && !page.contains("<b>\""), "{page}");
    assert!(page.contains("&lt;script&gt;alert(&#x27;1&#x27;)&lt;&#x2f;script&gt;"), "{page}");
    // A link ends where its text could end the attribute, and is one by its scheme only.
    assert!(page.contains("<a href=\"https:&#x2f;&#x2f;a.example&#x2f;\" rel=\"noreferrer\">"), "{page}");
    assert!(!page.contains("href=\"javascript"), "{page}");
}

#[tokio::test]
async fn a_link_can_be_clicked() {
    let world = World::start().await;
    let ana = world.recipient("ana@example.org", "en").await;
    let request = world.request(ana, Template::VerifyEmail);
    world.publish(&request).await;
    world.sent(1).await;
    let link = "<a href=\"http:&#x2f;&#x2f;chatty.test&#x2f;verify-email?token=T0ken-_\"";
    for query in [String::new(), format!("/{}", request.message_id)] {
        let page = world.http.get(world.mailbox(&query)).send().await.unwrap().text().await.unwrap();
        assert!(page.contains(link), "{query}: {page}");
    }
}

#[tokio::test]
async fn an_answer_runs_nothing_and_is_not_stored() {
    let world = World::start().await;
    let id = mail(&world, "ana@example.org", "one").await;
    world.sent(1).await;
    for query in [String::new(), format!("/{id}")] {
        // Another site's page, which must not read it.
        let request = world.http.get(world.mailbox(&query)).header("origin", "https://elsewhere.example");
        let answer = request.send().await.unwrap();
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(header("cache-control").as_deref(), Some("no-store"));
        assert_eq!(header("x-content-type-options").as_deref(), Some("nosniff"));
        assert_eq!(header("referrer-policy").as_deref(), Some("no-referrer"));
        assert_eq!(header("access-control-allow-origin"), None);
        let policy = header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src ") && !policy.contains("script-src"), "{policy}");
    }
    let answer = world.http.get(world.mailbox("")).send().await.unwrap();
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    let page = answer.text().await.unwrap();
    let (_, rest) = page.split_once("<style>").unwrap();
    let (style, _) = rest.split_once("</style>").unwrap();
    let hash = BASE64.encode(&Sha256::digest(style));
    assert!(policy.contains(&format!("style-src 'sha256-{hash}'")), "the page's own style is the one: {policy}");
    assert!(!page.contains("style="), "which an attribute is not");
}

#[tokio::test]
async fn there_is_no_mailbox_where_no_mail_is_kept() {
    let world = World::with(Delivery::Nowhere).await;
    world.tell(&recipient(world.user(), "ana@example.org", "en", 1)).await;
    for query in ["", "?to=ana@example.org", "/018f0000-0000-7000-8000-000000000000"] {
        assert_eq!(world.http.get(world.mailbox(query)).send().await.unwrap().status(), 404, "{query}");
    }
}

#[tokio::test]
async fn a_mail_that_is_not_there_is_not_found() {
    let world = World::start().await;
    for id in ["018f0000-0000-7000-8000-000000000000", "x", "..%2f"] {
        let answer = world.http.get(world.mailbox(&format!("/{id}"))).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{id}");
    }
    assert_eq!(world.http.post(world.mailbox("")).send().await.unwrap().status(), 405);
}
