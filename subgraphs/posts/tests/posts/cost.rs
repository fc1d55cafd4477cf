//! How many statements a request costs: never more for more rows.

use chatty_store::counted;
use serde_json::json;

use crate::fixture::{World, id_of, user};

#[tokio::test]
async fn a_page_costs_the_same_whatever_its_size() {
    let (world, ana) = (World::start().await, user(1));
    let mut posts = Vec::new();
    for author in (1..=4).map(user) {
        for _ in 0..5 {
            let post = world.post(&author, "PUBLIC").await;
            let comment = world.comment(&author, &post, None).await;
            world.comment(&author, &post, Some(&comment)).await;
            posts.push(post);
        }
    }
    let cost = async |text: &str, variables| counted(world.run(&ana, text, variables)).await.1;
    for first in [2, 20] {
        let page = |selection: &str| format!("{{ posts(first: {first}) {{ nodes {{ {selection} }} }} }}");
        assert_eq!(cost(&page("id"), json!({})).await, 1);
        assert_eq!(cost(&page("author { id } likeCount commentCount viewerHasLiked"), json!({})).await, 2);
        assert_eq!(
            cost(&page("comments(first: 2) { totalCount nodes { id author { id } viewerCanDelete } }"), json!({}))
                .await,
            2
        );
        assert_eq!(cost(&page("comments { nodes { parent { id } post { id } } }"), json!({})).await, 4);
        assert_eq!(
            cost(&page("author { posts(first: 3) { nodes { viewerHasLiked } } postCount }"), json!({})).await,
            4
        );
    }
    let entities = "query($r: [_Any!]!) { _entities(representations: $r) {
        ... on Post { id body likeCount author { id } } ... on User { postCount } } }";
    for take in [1, 20] {
        let posts: Vec<_> = posts[..take].iter().map(|id| json!({"__typename": "Post", "id": id})).collect();
        assert_eq!(cost(entities, json!({"r": posts})).await, 1);
        let users: Vec<_> = (0..take as u128).map(|n| json!({"__typename": "User", "id": id_of(&user(n))})).collect();
        assert_eq!(cost(entities, json!({"r": users})).await, 1);
    }
}

#[tokio::test]
async fn nobody_pays_for_likes_without_login() {
    let world = World::start().await;
    world.post(&user(1), "PUBLIC").await;
    let anonymous = chatty_access::Caller::anonymous();
    let (data, cost) = counted(world.run(&anonymous, "{ posts { nodes { viewerHasLiked } } }", json!({}))).await;
    assert_eq!((&data["posts"]["nodes"][0]["viewerHasLiked"], cost), (&json!(false), 1));
}

#[tokio::test]
async fn every_statement_is_accepted_by_the_database() {
    let world = World::start().await;
    let prepared = chatty_store::prepare_all(&world.db, "chatty_posts").await;
    assert!(matches!(prepared, Ok(25..)), "{prepared:?}");
}
