//! How many SQL statements a page costs: a constant, whatever its length.

use chatty_testkit::Harness;
use serde_json::{Value, json};

#[tokio::test]
async fn a_feed_page_costs_at_most_eight_statements_however_long_it_is() {
    let h = Harness::start().await;
    let reader = h.register("reader").await;
    for n in 0..5 {
        let author = h.register(&format!("author_{n}")).await;
        reader.follow(&author).await;
        for m in 0..6 {
            let post = author.post(&format!("post {m} of {n}")).await;
            reader.mutate("likePost", json!({"postId": post}), "post { id }").await;
        }
    }
    h.settle().await;
    let query = "query($first: Int) { homeFeed(first: $first) { edges { cursor seq node { id body createdAt likeCount
        commentCount viewerHasLiked author { id username followerCount viewerRelationship { isFollowing } } }
        reasons { __typename } } pageInfo { hasNextPage endCursor } } }";
    let mut counts = Vec::new();
    for first in [1, 5, 20, 30] {
        let (answer, statements) = h.counted(&reader, query, json!({"first": first})).await;
        let edges = answer["data"]["homeFeed"]["edges"].as_array().expect("edges");
        assert_eq!(edges.len(), first, "{answer}");
        assert!(
            edges
                .iter()
                .all(|edge| edge["node"]["viewerHasLiked"] == true && edge["node"]["author"]["username"].is_string())
        );
        counts.push(statements);
    }
    assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
    assert!(counts[0] > 0 && counts[0] <= 8, "{counts:?}");
}

#[tokio::test]
async fn other_lists_do_not_grow_with_their_length_either() {
    let h = Harness::start().await;
    let ana = h.register("ana").await;
    for n in 0..8 {
        let fan = h.register(&format!("fan_{n}")).await;
        fan.follow(&ana).await;
        let post = ana.post(&format!("post {n}")).await;
        for _ in 0..3 {
            fan.comment(&post, None, "hm").await;
        }
    }
    h.settle().await;
    let lists = [
        "query($n: Int) { posts(first: $n) { nodes { id author { username } comments(first: 2) { nodes { body author { username } } } viewerHasLiked } } }",
        "query($n: Int) { me { user { followers(first: $n) { edges { followedAt node { username followerCount posts(first: 1) { nodes { body } } } } } } } }",
    ];
    for query in lists {
        let (_, few) = h.counted(&ana, query, json!({"n": 2})).await;
        let (answer, many) = h.counted(&ana, query, json!({"n": 8})).await;
        assert_eq!(answer["errors"], Value::Null);
        assert!(few > 0 && few == many, "{few} statements for 2, {many} for 8: {query}");
    }
}
