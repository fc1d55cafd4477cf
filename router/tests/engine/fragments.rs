//! Fragments, abstract types, and fields that meet under one response key.

use serde_json::json;

use crate::fixture::Fixture;

#[tokio::test]
async fn a_union_answers_by_the_type_of_each_member() {
    let f = Fixture::new();
    let data = f
        .data("{ feed { __typename ... on Post { id author { name } } ... on Ad { price contact { name postCount: role } } } }")
        .await;
    assert_eq!(
        data["feed"],
        json!([
            { "__typename": "Post", "id": "1", "author": { "name": "name 1" } },
            { "__typename": "Ad", "price": 1.5, "contact": { "name": "name 2", "postCount": "READER" } },
        ])
    );
}

#[tokio::test]
async fn an_interface_answers_its_own_fields_and_those_of_its_members() {
    let f = Fixture::new();
    let data = f.data("{ accounts { name ... on Robot { model } ... on User { posts(first: 1) { id } } } }").await;
    assert_eq!(
        data["accounts"],
        json!([{ "name": "name 1", "posts": [{ "id": "1-0" }] }, { "name": "Rob", "model": "T1" }])
    );
    let data = f.data("{ titled { title ... on Post { likes } } }").await;
    assert_eq!(data["titled"], json!([{ "title": "buy" }, { "title": "post 2", "likes": 7 }]));
}

#[tokio::test]
async fn overlapping_type_conditions_merge_their_sub_selections() {
    let f = Fixture::new();
    let data = f
        .data(
            "{ feed { ...Titled ... on Post { author { id } } ... on Titled { ... on Post { author { name } } } } }
             fragment Titled on Titled { title ... on Post { author { role } } }",
        )
        .await;
    assert_eq!(
        data["feed"],
        json!([{ "title": "post 1", "author": { "role": "WRITER", "id": "1", "name": "name 1" } }, { "title": "buy" }])
    );
}

#[tokio::test]
async fn one_response_key_may_mean_different_fields_of_different_types() {
    let f = Fixture::new();
    let data = f.data(
        "{ feed { ... on Post { text: title by: author { name } } ... on Ad { text: title by: contact { role } } } }",
    );
    assert_eq!(
        data.await["feed"],
        json!([{ "text": "post 1", "by": { "name": "name 1" } }, { "text": "buy", "by": { "role": "READER" } }])
    );
}

#[tokio::test]
async fn the_same_field_with_different_arguments_under_two_types_is_planned() {
    let f = Fixture::new();
    let data = f
        .data("{ feed { ... on Post { x: author { posts(first: 1) { id } } } ... on Ad { x: contact { posts(first: 2) { id } } } } }");
    assert_eq!(
        data.await["feed"],
        json!([{ "x": { "posts": [{ "id": "1-0" }] } }, { "x": { "posts": [{ "id": "2-0" }, { "id": "2-1" }] } }])
    );
}

#[tokio::test]
async fn a_fragment_spread_twice_answers_once() {
    let f = Fixture::new();
    let data = f.data("{ ...Q ...Q me { ...U ...U } } fragment Q on Query { me { id } } fragment U on User { name }");
    assert_eq!(data.await, json!({ "me": { "id": "1", "name": "name 1" } }));
}

#[tokio::test]
async fn an_entity_is_reached_through_lists_and_other_entities() {
    let f = Fixture::new();
    let data = f.data("{ me { friends { posts(first: 1) { title author { friends { postCount: id } } } } } }").await;
    let author = json!({ "friends": [{ "postCount": "2" }, { "postCount": "3" }] });
    assert_eq!(
        data["me"]["friends"],
        json!([
            { "posts": [{ "title": "post 2-0", "author": author }] },
            { "posts": [{ "title": "post 3-0", "author": author }] },
        ])
    );
    assert_eq!(f.taken_requests(), ["users", "posts", "users"]);
}
