//! Finding anything by its id.

use chatty_testkit::Harness;
use serde_json::{Value, json};

#[tokio::test]
async fn anything_is_found_by_its_id() {
    let h = Harness::start().await;
    let ana = h.register("ana").await;
    let post = ana.post("find me").await;
    let comment = ana.comment(&post, None, "and me").await;
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id
        ... on User { username } ... on Post { body author { username } } ... on Comment { text: body } } }";
    let data = h.anonymous().query(query, json!({"ids": [comment, ana.id, post]})).await;
    assert_eq!(
        data["nodes"],
        json!([
            {"__typename": "Comment", "id": comment, "text": "and me"},
            {"__typename": "User", "id": ana.id, "username": "ana"},
            {"__typename": "Post", "id": post, "body": "find me", "author": {"username": "ana"}},
        ])
    );
    let missing = "query { node(id: \"usr_00000000000000000000000000\") { ... on User { username } } }";
    assert_eq!(h.anonymous().query(missing, Value::Null).await, json!({"node": null}));
}

#[tokio::test]
async fn what_is_no_id_is_refused() {
    let h = Harness::start().await;
    for id in ["", "usr_", "usr_!", "abc_00000000000000000000000000", "5"] {
        let reply = h.anonymous().send("query($id: ID!) { node(id: $id) { id } }", json!({"id": id})).await;
        assert_eq!((reply.status, reply.codes()), (200, vec!["BAD_ID"]), "{id}");
    }
    let good = "usr_00000000000000000000000000";
    let query = "query($ids: [ID!]!) { serverInfo { name } nodes(ids: $ids) { id } }";
    let reply = h.anonymous().send(query, json!({"ids": [good, "bob"]})).await;
    assert_eq!(reply.body["data"], json!({"serverInfo": {"name": "chatty"}, "nodes": [{"id": good}, null]}));
    assert_eq!((reply.codes(), &reply.body["errors"][0]["path"]), (vec!["BAD_ID"], &json!(["nodes", 1])));
    let many = vec!["usr_00000000000000000000000000"; 101];
    let reply = h.anonymous().send("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({"ids": many})).await;
    assert_eq!(reply.codes(), ["BAD_USER_INPUT"]);
    let info = h.anonymous().query("{ serverInfo { name version time } }", Value::Null).await;
    assert_eq!(info["serverInfo"]["name"], "chatty");
}
