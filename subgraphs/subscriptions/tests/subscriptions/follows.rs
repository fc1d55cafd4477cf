//! Following, unfollowing, counters and lists.

use chatty_events::subscriptions::{FollowCreated, FollowRemoved};
use chatty_events::{Envelope, Event};
use chatty_store::{counted, query};
use chatty_types::{Id, UserId};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::fixture::{Fixture, quiet, running};

const PEOPLE: &str = "query($r: [_Any!]!) { _entities(representations: $r) { ... on User {
    id followerCount followingCount viewerRelationship { isFollowing isFollowedBy } } } }";

async fn people(h: &Fixture, viewer: Option<UserId>, users: &[UserId]) -> Vec<Value> {
    let representations: Vec<_> = users.iter().map(|id| json!({"__typename": "User", "id": id})).collect();
    let mut data = h.run(viewer, PEOPLE, json!({"r": representations})).await;
    serde_json::from_value(data["_entities"].take()).unwrap()
}

/// Event types in the outbox of a quiet service, oldest first.
async fn outbox(h: &Fixture) -> Vec<Envelope> {
    let rows = query!("SELECT envelope FROM outbox ORDER BY id").fetch_all::<(String,)>(h.db()).await.unwrap();
    rows.iter().map(|(text,)| serde_json::from_str(text).unwrap()).collect()
}

/// A quiet service's users, noted without the bus.
async fn known<const N: usize>(h: &Fixture) -> [UserId; N] {
    let mut tx = h.db().begin().await.unwrap();
    let users = std::array::from_fn(|_| Id::new(&h.clock));
    for user in users {
        query!("INSERT INTO user_ref (id) VALUES ($1)").bind(user).execute(&mut tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    users
}

#[tokio::test]
async fn a_follow_shows_in_counts_and_relationships_and_ends_without_trace() {
    let h = running().await;
    let [ana, bob] = h.users().await;
    let followed = h.follow(ana, bob).await;
    assert_eq!(
        followed,
        json!({"user": {"id": bob, "followerCount": 1,
            "viewerRelationship": {"isFollowing": true, "isFollowedBy": false}}, "errors": []})
    );
    h.follow(bob, ana).await;
    assert_eq!(
        people(&h, Some(ana), &[ana, bob]).await,
        [
            json!({"id": ana, "followerCount": 1, "followingCount": 1,
                "viewerRelationship": {"isFollowing": false, "isFollowedBy": false}}),
            json!({"id": bob, "followerCount": 1, "followingCount": 1,
                "viewerRelationship": {"isFollowing": true, "isFollowedBy": true}}),
        ]
    );
    assert_eq!(people(&h, None, &[bob]).await[0]["viewerRelationship"], Value::Null);

    let unfollowed = h.unfollow(ana, bob).await;
    assert_eq!(
        unfollowed,
        json!({"user": {"id": bob, "followerCount": 0, "viewerRelationship": {"isFollowing": false}}, "errors": []})
    );
    assert_eq!(h.unfollow(ana, bob).await, unfollowed, "unfollowing is idempotent");
    assert_eq!(people(&h, Some(bob), &[ana]).await[0]["followingCount"], 0);
}

#[tokio::test]
async fn problems_are_told_by_code_and_path() {
    let h = running().await;
    let [ana] = h.users().await;
    let stranger: UserId = Id::new(&h.clock);
    let problem = |code: &str| json!({"user": null, "errors": [{"code": code, "path": ["input", "userId"]}]});
    assert_eq!(h.follow(ana, ana).await, problem("SELF_ACTION"));
    assert_eq!(h.unfollow(ana, ana).await, problem("SELF_ACTION"));
    assert_eq!(h.follow(ana, stranger).await, problem("NOT_FOUND"));
    for id in ["pst_00000000000000000000000000", "usr_x", "", "ana"] {
        let document = "mutation($id: ID!) { f: followUser(input: {userId: $id}) { user { id } errors { code path } }
            u: unfollowUser(input: {userId: $id}) { user { id } errors { code path } } }";
        let data = h.run(ana, document, json!({"id": id})).await;
        assert_eq!((&data["f"], &data["u"]), (&problem("BAD_ID"), &problem("BAD_ID")));
    }
    let document = "mutation($id: ID!) { followUser(input: {userId: $id}) { errors { code } } }";
    assert_eq!(h.code(None, document, json!({"id": ana})).await, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_user_who_registered_a_moment_ago_can_be_followed() {
    let h = running().await;
    let [ana] = h.users().await;
    let late = Id::new(&h.clock);
    let registered = chatty_events::auth::UserRegistered {
        user_id: late,
        username: "late".into(),
        locale: "en".into(),
        created_at: h.clock.now(),
    };
    let (followed, ()) = tokio::join!(h.follow(ana, late), h.publish(&registered));
    assert_eq!(followed["errors"], json!([]));
}

#[tokio::test]
async fn twenty_follows_at_once_are_one_follow_one_count_and_one_event() {
    let h = quiet().await;
    let [ana, bob] = known(&h).await;
    let all = join_all((0..20).map(|_| h.follow(ana, bob))).await;
    assert!(all.iter().all(|payload| payload["errors"] == json!([]) && payload["user"]["followerCount"] == 1));
    let events = outbox(&h).await;
    assert_eq!(events.len(), 1);
    let created = events[0].decode::<FollowCreated>().unwrap();
    assert_eq!(created, Some(FollowCreated { follower_id: ana, followee_id: bob, version: 1 }));
    assert_eq!(events[0].actor, Some(ana));

    join_all((0..20).map(|_| h.unfollow(ana, bob))).await;
    h.follow(ana, bob).await;
    let events = outbox(&h).await;
    assert_eq!(
        events.iter().map(|event| event.event_type.as_str()).collect::<Vec<_>>(),
        [FollowCreated::TYPE, FollowRemoved::TYPE, FollowCreated::TYPE]
    );
    let versions: Vec<_> = events
        .iter()
        .map(|event| serde_json::from_str::<Value>(event.data.get()).unwrap()["version"].clone())
        .collect();
    assert_eq!(versions, [1, 2, 3]);
    assert_eq!(people(&h, Some(ana), &[bob]).await[0]["followerCount"], 1);
}

#[tokio::test]
async fn everyone_following_everyone_at_once_counts_right() {
    let h = quiet().await;
    let users = known::<6>(&h).await;
    let pairs = users.iter().flat_map(|a| users.iter().map(move |b| (*a, *b))).filter(|(a, b)| a != b);
    join_all(pairs.map(|(a, b)| h.follow(a, b))).await;
    for user in people(&h, None, &users).await {
        assert_eq!((&user["followerCount"], &user["followingCount"]), (&json!(5), &json!(5)));
    }
}

#[tokio::test]
async fn lists_are_walked_without_gap_or_repeat_even_where_times_tie() {
    let h = quiet().await;
    let users = known::<12>(&h).await;
    let (star, fans) = users.split_first().unwrap();
    for (n, fan) in fans.iter().enumerate() {
        h.follow(*fan, *star).await;
        if n % 4 == 3 {
            h.clock.advance(chrono::TimeDelta::seconds(1));
        }
    }
    // As after an import: several follows of one moment.
    let mut tx = h.db().begin().await.unwrap();
    query!("UPDATE follow SET created_at = $1 WHERE follower_id < $2")
        .bind(h.clock.now())
        .bind(fans[5])
        .execute(&mut tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let document = "query($r: [_Any!]!, $after: Cursor) { _entities(representations: $r) { ... on User {
        followers(first: 2, after: $after) { totalCount nodes { id } edges { cursor followedAt node { id } }
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } } }";
    let (mut seen, mut times, mut after) = (Vec::new(), Vec::new(), Value::Null);
    loop {
        let variables = json!({"r": [{"__typename": "User", "id": star}], "after": after});
        let mut data = h.run(None, document, variables).await;
        let list = data["_entities"][0]["followers"].take();
        assert_eq!(list["totalCount"], 11);
        assert_eq!(list["pageInfo"]["hasPreviousPage"], !after.is_null());
        for edge in list["edges"].as_array().unwrap() {
            seen.push(edge["node"]["id"].as_str().unwrap().parse::<UserId>().unwrap());
            times.push(edge["followedAt"].as_str().unwrap().to_owned());
        }
        after = list["pageInfo"]["endCursor"].clone();
        if list["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert!(times.is_sorted_by(|a, b| a >= b), "latest first");
    seen.sort_unstable();
    assert_eq!(seen, fans);
}

#[tokio::test]
async fn following_lists_whom_and_a_cursor_fits_its_own_list_only() {
    let h = quiet().await;
    let [ana, bob, eve] = known(&h).await;
    h.follow(ana, bob).await;
    h.clock.advance(chrono::TimeDelta::milliseconds(5));
    h.follow(ana, eve).await;
    h.unfollow(ana, bob).await;
    h.clock.advance(chrono::TimeDelta::milliseconds(5));
    h.follow(ana, bob).await;
    let document = "query($r: [_Any!]!, $after: Cursor) { _entities(representations: $r) { ... on User {
        following(after: $after) { nodes { id viewerRelationship { isFollowing } } pageInfo { startCursor } } } } }";
    let of = |user: UserId, after: Value| json!({"r": [{"__typename": "User", "id": user}], "after": after});
    let mut data = h.run(ana, document, of(ana, Value::Null)).await;
    let list = data["_entities"][0]["following"].take();
    let follows = |user: UserId| json!({"id": user, "viewerRelationship": {"isFollowing": true}});
    assert_eq!(list["nodes"], json!([follows(bob), follows(eve)]), "a new follow counts from when it was made");
    let cursor = list["pageInfo"]["startCursor"].clone();
    assert_eq!(h.code(None, document, of(bob, cursor.clone())).await, "CURSOR_MISMATCH");
    let followers = document.replace("following(", "followers(");
    assert_eq!(h.code(None, &followers, of(ana, cursor)).await, "CURSOR_MISMATCH");
    assert_eq!(
        h.code(None, &document.replace("(after", "(first: 101, after"), of(ana, Value::Null)).await,
        "BAD_USER_INPUT"
    );
}

#[tokio::test]
async fn what_is_no_user_id_is_null() {
    let h = quiet().await;
    let [ana] = known(&h).await;
    let representations = json!([
        {"__typename": "User", "id": "pst_00000000000000000000000000"},
        {"__typename": "User", "id": "usr_!"},
        {"__typename": "User", "id": ana},
    ]);
    let data = h
        .run(
            ana,
            "query($r: [_Any!]!) { _entities(representations: $r) { ... on User { id } } }",
            json!({"r": representations}),
        )
        .await;
    assert_eq!(data["_entities"], json!([null, null, {"id": ana}]));
}

#[tokio::test]
async fn many_users_cost_one_statement_for_counts_and_one_for_relationships() {
    let h = quiet().await;
    let users = known::<60>(&h).await;
    for user in &users[1..] {
        h.follow(users[0], *user).await;
    }
    for n in [1, 10, 60] {
        let (found, statements) = counted(people(&h, Some(users[0]), &users[..n])).await;
        assert_eq!((found.len(), statements), (n, 2));
    }
    let document = "query($r: [_Any!]!, $first: Int) { _entities(representations: $r) { ... on User {
        following(first: $first) { totalCount nodes { followerCount viewerRelationship { isFollowing } } } } } }";
    for first in [5, 50] {
        let variables = json!({"r": [{"__typename": "User", "id": users[0]}], "first": first});
        let (_, statements) = counted(h.run(users[0], document, variables)).await;
        assert!(statements <= 4, "{statements} statements for a page of {first}");
    }
}

#[tokio::test]
async fn lists_of_many_users_are_one_statement_and_each_as_if_read_alone() {
    let h = quiet().await;
    let users = known::<9>(&h).await;
    for (n, user) in users.iter().enumerate() {
        for (m, other) in users.iter().enumerate().filter(|(m, _)| *m != n && (n * m) % 4 != 1) {
            h.follow(*user, *other).await;
            if m % 3 == 0 {
                h.clock.advance(chrono::TimeDelta::seconds(1));
            }
        }
    }
    h.unfollow(users[0], users[1]).await;
    let document = "query($r: [_Any!]!) { _entities(representations: $r) { ... on User {
        followers(first: 3) { nodes { id } pageInfo { hasNextPage endCursor } }
        following(first: 3) { nodes { id } pageInfo { hasNextPage endCursor } } } } }";
    let of = |users: &[UserId]| json!({"r": users.iter().map(|user| json!({"__typename": "User", "id": user})).collect::<Vec<_>>()});
    let (together, statements) = counted(h.run(None, document, of(&users))).await;
    assert_eq!(statements, 2);
    for (n, user) in users.iter().enumerate() {
        let alone = h.run(None, document, of(&[*user])).await;
        assert_eq!(together["_entities"][n], alone["_entities"][0]);
        assert_eq!(alone["_entities"][0]["following"]["nodes"].as_array().unwrap().len(), 3);
    }
}
