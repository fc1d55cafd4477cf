//! What most stories do, as verbs of a client.

use serde_json::{Value, json};

use crate::Client;

impl Client {
    /// Publishes a public post; its id.
    pub async fn post(&self, body: &str) -> String {
        self.post_as(body, "PUBLIC").await
    }

    /// Publishes a post with a visibility; its id.
    pub async fn post_as(&self, body: &str, visibility: &str) -> String {
        let payload = self.mutate("createPost", json!({"body": body, "visibility": visibility}), "post { id }").await;
        id(&payload["post"])
    }

    /// Comments on a post, or on a comment of it; the comment's id.
    pub async fn comment(&self, post: &str, parent: Option<&str>, body: &str) -> String {
        let input = json!({"postId": post, "body": body, "parentId": parent});
        id(&self.mutate("createComment", input, "comment { id }").await["comment"])
    }

    /// Follows somebody.
    pub async fn follow(&self, other: &Client) {
        self.mutate("followUser", json!({"userId": other.id}), "user { id }").await;
    }

    /// Unfollows somebody.
    pub async fn unfollow(&self, other: &Client) {
        self.mutate("unfollowUser", json!({"userId": other.id}), "user { id }").await;
    }

    /// The bodies of the home feed's first page, newest first.
    pub async fn feed(&self) -> Vec<String> {
        let data = self.query("{ homeFeed(first: 100) { edges { node { body } } } }", Value::Null).await;
        let edges = data["homeFeed"]["edges"].as_array().expect("edges");
        edges.iter().map(|edge| edge["node"]["body"].as_str().unwrap_or("null").to_owned()).collect()
    }
}

fn id(object: &Value) -> String {
    object["id"].as_str().expect("an id").to_owned()
}
