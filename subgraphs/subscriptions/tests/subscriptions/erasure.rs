//! An erased account follows nobody, is followed by nobody and is in no feed; everybody else notices no more than that.

use chatty_events::{
    Envelope,
    auth::{UserDeleted, UserRegistered},
    posts::{PostCreated, PostDeleted, Visibility},
    subscriptions::{ErasureCompleted, ErasureContinued, FollowCreated, FollowRemoved},
};
use chatty_store::{counted, query};
use chatty_types::{Id, UserId};
use serde_json::json;
use uuid::Uuid;

use crate::fixture::{Fixture, newest_first, quiet, running};

const ERASURE: Uuid = Uuid::from_u128(77);

impl Fixture {
    async fn told<E: chatty_events::Event>(&self) -> Vec<E> {
        let rows = query!("SELECT envelope FROM outbox ORDER BY id").fetch_all::<(String,)>(self.db()).await.unwrap();
        let envelopes = rows.iter().map(|(text,)| serde_json::from_str::<Envelope>(text).unwrap());
        envelopes.filter_map(|envelope| envelope.decode().unwrap()).collect()
    }

    /// Erases the user and waits until everything has come of it. Gives the answer.
    async fn erase(&self, user_id: UserId) -> ErasureCompleted {
        self.publish(&UserDeleted { user_id, erasure_id: ERASURE }).await;
        self.settle().await;
        let mut answers = self.told::<ErasureCompleted>().await;
        answers.retain(|answer| answer.user_id == user_id);
        assert_eq!(answers.len(), 1, "one answer");
        answers.pop().unwrap()
    }

    /// Handles an event without asking the inbox whether it is new.
    async fn handle(&self, event: &Envelope) {
        let mut tx = self.db().begin().await.unwrap();
        self.service.consumers[0].handler.handle(&mut tx, event).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Followers and followees by their counters.
    async fn counts(&self, user: UserId) -> (i64, i64) {
        let document = "query($r: [_Any!]!) { _entities(representations: $r) { ... on User {
            followerCount followingCount } } }";
        let data = self.run(None, document, json!({"r": [{"__typename": "User", "id": user}]})).await;
        let user = &data["_entities"][0];
        (user["followerCount"].as_i64().unwrap(), user["followingCount"].as_i64().unwrap())
    }
}

#[tokio::test]
async fn follows_end_in_both_directions_and_feeds_lose_the_posts() {
    let h = running().await;
    let [ana, bob, eve] = h.users().await;
    for (follower, followee) in [(ana, bob), (bob, ana), (eve, ana), (eve, bob)] {
        h.follow(follower, followee).await;
    }
    h.settle().await;
    let of_ana = h.post(ana, Visibility::Public).await;
    let of_bob = [h.post(bob, Visibility::Public).await, h.post(bob, Visibility::Followers).await];
    h.settle().await;
    assert_eq!(h.feed(eve).await, newest_first(&[of_ana, of_bob[0], of_bob[1]]));

    let answer = h.erase(ana).await;
    let counts = [("feedItems", 2), ("followers", 2), ("following", 1)].map(|(what, n)| (what.to_owned(), n));
    assert_eq!((answer.erasure_id, answer.counts), (ERASURE, counts.into()));
    // By the follows alone: posts has told nothing yet.
    assert_eq!(h.feed(eve).await, newest_first(&of_bob));
    assert_eq!(h.feed(bob).await, newest_first(&[]));
    assert_eq!(h.feed(ana).await, newest_first(&[]));
    assert_eq!((h.counts(ana).await, h.counts(bob).await, h.counts(eve).await), ((0, 0), (1, 0), (0, 1)));
    h.delete(ana, of_ana, 2).await;
    h.settle().await;
    assert_eq!(h.feed(eve).await, newest_first(&of_bob));
}

#[tokio::test]
async fn a_second_delivery_does_nothing() {
    let h = running().await;
    let [ana, bob] = h.users().await;
    h.follow(ana, bob).await;
    h.settle().await;
    h.erase(ana).await;
    let rows = async || {
        let rows = query!(
            "SELECT (SELECT COUNT(1) FROM outbox), (SELECT COUNT(1) FROM feed), (SELECT CAST(SUM(version) AS BIGINT) FROM
            follow), (SELECT COUNT(1) FROM follow_count)"
        );
        rows.fetch_one::<(i64, i64, i64, i64)>(h.db()).await.unwrap()
    };
    let before = rows().await;
    h.handle(&Envelope::new(&h.clock, &UserDeleted { user_id: ana, erasure_id: ERASURE })).await;
    h.handle(&Envelope::new(&h.clock, &ErasureContinued { user_id: ana })).await;
    assert_eq!(rows().await, before);
}

#[tokio::test]
async fn what_comes_late_makes_nothing_new() {
    let h = running().await;
    let (ana, [bob]) = (Id::new(&h.clock), h.users().await);
    // Nobody here has heard of her before.
    h.erase(ana).await;
    let (post_id, created_at) = (Id::new(&h.clock), h.clock.now());
    h.publish(&UserRegistered { user_id: ana, username: "ana".into(), locale: "en".into(), created_at }).await;
    h.publish(&PostCreated { post_id, author_id: ana, visibility: Visibility::Public, created_at }).await;
    h.publish(&FollowCreated { follower_id: bob, followee_id: ana, version: 1 }).await;
    h.publish(&FollowCreated { follower_id: ana, followee_id: bob, version: 1 }).await;
    h.settle().await;
    assert_eq!(h.feed(bob).await, newest_first(&[]));
    let refused = h.follow(bob, ana).await;
    assert_eq!(refused["errors"], json!([{"code": "NOT_FOUND", "path": ["input", "userId"]}]));
    let document = "mutation($id: ID!) { followUser(input: {userId: $id}) { errors { code } } }";
    assert_eq!(h.code(Some(ana), document, json!({"id": bob})).await, "UNAUTHENTICATED");
    let published = query!("SELECT COUNT(1) FROM post_ref WHERE state = 'PUBLISHED'");
    assert_eq!(published.fetch_one::<(i64,)>(h.db()).await.unwrap(), (0,));
    h.publish(&PostDeleted { post_id, author_id: ana, version: 2 }).await;
    h.settle().await;
    assert_eq!((h.counts(ana).await, h.counts(bob).await), ((0, 0), (0, 0)));
}

#[tokio::test]
async fn posts_that_come_while_the_account_is_being_erased_go_too() {
    let h = quiet().await;
    let (ana, bob): (UserId, UserId) = (Id::new(&h.clock), Id::new(&h.clock));
    let mut tx = h.db().begin().await.unwrap();
    query!("INSERT INTO user_ref (id) VALUES ($1)").bind(bob).execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    h.follow(ana, bob).await;
    h.handle(&Envelope::new(&h.clock, &UserDeleted { user_id: ana, erasure_id: ERASURE })).await;
    let feed = async || {
        let rows = query!("SELECT COUNT(1) FROM feed WHERE user_id = $1").bind(ana);
        rows.fetch_one::<(i64,)>(h.db()).await.unwrap().0
    };
    // The account is closed, its follow is not ended yet.
    let (post_id, created_at) = (Id::new(&h.clock), h.clock.now());
    let post = PostCreated { post_id, author_id: bob, visibility: Visibility::Public, created_at };
    h.handle(&Envelope::new(&h.clock, &post)).await;
    assert_eq!(feed().await, 1);
    while h.told::<ErasureCompleted>().await.is_empty() {
        h.handle(&Envelope::new(&h.clock, &ErasureContinued { user_id: ana })).await;
    }
    assert_eq!(feed().await, 0);
    // On PostgreSQL a fan-out that had seen the follow may commit only now. That the follow has ended is still to come.
    let mut tx = h.db().begin().await.unwrap();
    query!("INSERT INTO feed (user_id, post_id, seq, reasons, removed, inserted_at) VALUES ($1, $2, 1, 1, FALSE, $3)")
        .bind(ana)
        .bind(post_id)
        .bind(created_at)
        .execute(&mut tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    h.handle(&Envelope::new(&h.clock, &FollowRemoved { follower_id: ana, followee_id: bob, version: 2 })).await;
    assert_eq!(feed().await, 0);
}

#[tokio::test]
async fn a_large_account_goes_in_transactions_of_a_bounded_size() {
    let h = quiet().await;
    let ana: UserId = Id::new(&h.clock);
    let mut tx = h.db().begin().await.unwrap();
    query!("INSERT INTO user_ref (id) VALUES ($1)").bind(ana).execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    for _ in 0..450 {
        h.follow(Id::new(&h.clock), ana).await;
    }
    let mut event = Envelope::new(&h.clock, &UserDeleted { user_id: ana, erasure_id: ERASURE });
    let mut transactions = 0;
    while h.told::<ErasureCompleted>().await.is_empty() {
        let ((), statements) = counted(h.handle(&event)).await;
        assert!(statements <= 410, "{statements}");
        transactions += 1;
        event = Envelope::new(&h.clock, &ErasureContinued { user_id: ana });
    }
    assert_eq!(transactions, 1 + 3 + 1, "the beginning, the followers, the end");
    let counted = query!("SELECT COUNT(1), CAST(SUM(following) AS BIGINT) FROM follow_count");
    assert_eq!(counted.fetch_one::<(i64, i64)>(h.db()).await.unwrap(), (450, 0));
}
