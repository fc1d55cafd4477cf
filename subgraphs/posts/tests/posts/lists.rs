//! Lists and their pages.

use chatty_access::Caller;
use chatty_events::auth::UserRegistered;
use chatty_types::UserId;
use serde_json::{Value, json};

use crate::fixture::{World, id_of, user};

const POSTS: &str = "query($first: Int, $after: Cursor, $authors: [ID!]) {
    posts(filter: {authorIds: $authors}, orderBy: NEW, first: $first, after: $after) {
        edges { cursor node { id } } nodes { id }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
const OF_USERS: &str = "query($r: [_Any!]!, $first: Int, $after: Cursor) { _entities(representations: $r) {
    ... on User { id postCount posts(first: $first, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } } } }";

fn ids(list: &Value) -> Vec<String> {
    list["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect()
}

fn representations(users: &[UserId]) -> Value {
    users.iter().map(|id| json!({"__typename": "User", "id": id})).collect()
}

#[tokio::test]
async fn a_walk_meets_every_post_once_while_others_publish() {
    let (world, ana) = (World::start().await, user(1));
    let mut written = Vec::new();
    for _ in 0..11 {
        written.push(world.post(&ana, "PUBLIC").await);
    }
    written.reverse();
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let data = world.run(&ana, POSTS, json!({"first": 3, "after": after})).await;
        let page = &data["posts"];
        assert_eq!(page["pageInfo"]["hasPreviousPage"], !after.is_null());
        assert_eq!(page["pageInfo"]["endCursor"], page["edges"].as_array().unwrap().last().unwrap()["cursor"]);
        seen.extend(ids(page));
        world.post(&ana, "PUBLIC").await;
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(seen, written);
}

#[tokio::test]
async fn a_thread_is_walked_in_either_order() {
    let (world, ana) = (World::start().await, user(1));
    let post = world.post(&ana, "PUBLIC").await;
    let mut written = Vec::new();
    for _ in 0..7 {
        written.push(world.comment(&ana, &post, None).await);
    }
    let text = "query($id: ID!, $order: CommentOrder, $after: Cursor) { post(id: $id) {
        comments(orderBy: $order, first: 2, after: $after) { nodes { id } totalCount pageInfo { hasNextPage endCursor } } } }";
    for order in ["OLD", "NEW"] {
        let (mut seen, mut after) = (Vec::new(), Value::Null);
        loop {
            let data = world.run(&ana, text, json!({"id": post, "order": order, "after": after})).await;
            let page = &data["post"]["comments"];
            assert_eq!(page["totalCount"], 7);
            seen.extend(ids(page));
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(seen, written);
        let other = if order == "OLD" { "NEW" } else { "OLD" };
        let refused = world.refusal(&ana, text, json!({"id": post, "order": other, "after": after})).await;
        assert_eq!(refused, "CURSOR_MISMATCH");
        written.reverse();
    }
}

#[tokio::test]
async fn a_cursor_belongs_to_its_list_and_first_has_bounds() {
    let (world, ana) = (World::start().await, user(1));
    world.post(&ana, "PUBLIC").await;
    world.post(&ana, "PUBLIC").await;
    let page = world.run(&ana, POSTS, json!({"first": 1})).await;
    let cursor = &page["posts"]["pageInfo"]["endCursor"];
    let filtered = world.refusal(&ana, POSTS, json!({"after": cursor, "authors": [id_of(&ana)]})).await;
    assert_eq!(filtered, "CURSOR_MISMATCH");
    assert_eq!(world.refusal(&ana, POSTS, json!({"after": "nonsense"})).await, "CURSOR_MISMATCH");
    for first in [0, -1, 101] {
        assert_eq!(world.refusal(&ana, POSTS, json!({"first": first})).await, "BAD_USER_INPUT");
    }
    assert_eq!(world.refusal(&ana, POSTS, json!({"authors": ["pst_1"]})).await, "BAD_ID");
    let many: Vec<_> = (0..101).map(|n| id_of(&user(n))).collect();
    assert_eq!(world.refusal(&ana, POSTS, json!({"authors": many})).await, "BAD_USER_INPUT");
}

#[tokio::test]
async fn a_filter_by_authors_takes_any_order_and_none_finds_none() {
    let (world, ana, bob, eve) = (World::start().await, user(1), user(2), user(3));
    let of_ana = world.post(&ana, "PUBLIC").await;
    world.post(&bob, "PUBLIC").await;
    let of_eve = world.post(&eve, "PUBLIC").await;
    let page = world.run(&ana, POSTS, json!({"first": 1, "authors": [id_of(&ana), id_of(&eve)]})).await;
    assert_eq!(ids(&page["posts"]), [of_eve]);
    let after = &page["posts"]["pageInfo"]["endCursor"];
    let page =
        world.run(&ana, POSTS, json!({"after": after, "authors": [id_of(&eve), id_of(&ana), id_of(&ana)]})).await;
    assert_eq!(ids(&page["posts"]), [of_ana]);
    let none = world.run(&ana, POSTS, json!({"authors": []})).await;
    assert_eq!(ids(&none["posts"]), Vec::<String>::new());
}

#[tokio::test]
async fn users_have_their_visible_posts_and_a_count_of_the_public_ones() {
    let (world, ana, bob) = (World::start().await, user(1), user(2));
    let mut of_ana = Vec::new();
    for visibility in ["PUBLIC", "PRIVATE", "PUBLIC", "FOLLOWERS", "PUBLIC"] {
        of_ana.push(world.post(&ana, visibility).await);
    }
    world.mutate(&ana, "deletePost", json!({"postId": of_ana[4]})).await;
    let of_bob = world.post(&bob, "PUBLIC").await;
    let eve = id_of(&user(3));
    world
        .hear(&UserRegistered {
            user_id: eve,
            username: "eve".into(),
            locale: "en".into(),
            created_at: world.env.clock.now(),
        })
        .await;
    world
        .hear(&UserRegistered {
            user_id: id_of(&ana),
            username: "ana".into(),
            locale: "en".into(),
            created_at: world.env.clock.now(),
        })
        .await;
    let users = [id_of(&ana), id_of(&bob), eve, id_of(&user(4))];
    let data = world.run(&bob, OF_USERS, json!({"r": representations(&users), "first": 10})).await;
    let lists: Vec<_> = data["_entities"].as_array().unwrap().iter().map(|user| ids(&user["posts"])).collect();
    assert_eq!(lists, [vec![of_ana[2].clone(), of_ana[0].clone()], vec![of_bob], vec![], vec![]]);
    let counts: Vec<_> = data["_entities"].as_array().unwrap().iter().map(|user| user["postCount"].clone()).collect();
    assert_eq!(counts, [2, 1, 0, 0]);

    let own = world.run(&ana, OF_USERS, json!({"r": representations(&users[..1]), "first": 3})).await;
    let page = &own["_entities"][0]["posts"];
    assert_eq!(ids(page), [of_ana[3].clone(), of_ana[2].clone(), of_ana[1].clone()]);
    let after = &page["pageInfo"]["endCursor"];
    let rest = world.run(&ana, OF_USERS, json!({"r": representations(&users[..1]), "after": after})).await;
    assert_eq!(ids(&rest["_entities"][0]["posts"]), [of_ana[0].clone()]);
    let mixed = world.respond(&ana, OF_USERS, json!({"r": representations(&users[1..2]), "after": after})).await;
    assert_eq!(crate::fixture::code_of(&mixed), "CURSOR_MISMATCH", "the cursor is of another user's list");
}

#[tokio::test]
async fn the_first_page_of_each_of_many_is_the_page_of_one() {
    let world = World::start().await;
    let users: Vec<_> = (1..=6).map(user).collect();
    for round in 0..4 {
        for author in &users[..5 - round] {
            let post = world.post(author, "PUBLIC").await;
            for _ in 0..round {
                world.comment(author, &post, None).await;
            }
        }
    }
    let user_ids: Vec<_> = users.iter().map(id_of).collect();
    let text = "query($r: [_Any!]!) { _entities(representations: $r) { ... on User { id posts(first: 2) {
        pageInfo { hasNextPage endCursor } nodes { id
            old: comments(first: 2) { totalCount pageInfo { hasNextPage endCursor } nodes { id } }
            new: comments(first: 1, orderBy: NEW) { pageInfo { hasNextPage endCursor } nodes { id } } } } } } }";
    let anonymous = Caller::anonymous();
    let together = world.run(&anonymous, text, json!({"r": representations(&user_ids)})).await;
    for (n, id) in user_ids.iter().enumerate() {
        let alone = world.run(&anonymous, text, json!({"r": representations(&[*id])})).await;
        assert_eq!(together["_entities"][n], alone["_entities"][0]);
        let listed = world.run(&anonymous, POSTS, json!({"first": 2, "authors": [id]})).await;
        let page = &alone["_entities"][0]["posts"];
        assert_eq!(ids(page), ids(&listed["posts"]));
        assert_eq!(page["pageInfo"]["hasNextPage"], listed["posts"]["pageInfo"]["hasNextPage"]);
    }
    assert_eq!(together["_entities"][0]["posts"]["pageInfo"]["hasNextPage"], true);
}
