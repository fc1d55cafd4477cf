//! The README's operations, run from the README's own text.

use std::{collections::HashMap, path::Path};

use serde_json::{Value, json};

use crate::{Client, Remote};

/// The operations by the headings above them, in lower case.
pub struct Readme(HashMap<String, String>);

impl Readme {
    /// Reads the file: each block of GraphQL stands under its own heading of the third level.
    pub fn read(file: &Path) -> Self {
        let readme = std::fs::read_to_string(file).expect("a README");
        let mut operations = HashMap::new();
        let mut heading = String::new();
        let mut block: Option<String> = None;
        for line in readme.lines() {
            match &mut block {
                Some(text) if line == "```" => {
                    operations.insert(heading.clone(), std::mem::take(text));
                    block = None;
                }
                Some(text) => {
                    text.push_str(line);
                    text.push('\n');
                }
                None if line == "```graphql" => block = Some(String::new()),
                None => {
                    if let Some(text) = line.strip_prefix("### ") {
                        heading = text.to_lowercase();
                    }
                }
            }
        }
        Self(operations)
    }

    /// One operation, with its placeholders replaced.
    pub fn operation(&self, heading: &str, replace: &[(&str, &str)]) -> String {
        let mut operation = self.0.get(heading).unwrap_or_else(|| panic!("the README has `{heading}`")).clone();
        for (placeholder, value) in replace {
            assert!(operation.contains(placeholder), "{heading} has {placeholder}");
            operation = operation.replace(placeholder, value);
        }
        operation
    }

    /// Does what the README does, on a fresh installation, and gives all answers, live ones too. What differs by nature
    /// (ids, tokens, times, cursors) is replaced by its kind.
    pub async fn drive(&self, remote: &Remote) -> Vec<Value> {
        let mut answers = Vec::new();
        let mut run = async |client: &Client, heading: &str, replace: &[(&str, &str)]| {
            let answer = client.query(&self.operation(heading, replace), Value::Null).await;
            answers.push(answer.clone());
            answer
        };
        let nobody = remote.anonymous();
        let registered = run(&nobody, "register", &[]).await;
        let bob_id = text(&registered["bob"]["user"]["id"]);
        let login = run(&nobody, "login", &[]).await;
        let (ana, bob) = (self.signed_in(&nobody, &login, "ana"), self.signed_in(&nobody, &login, "bob"));
        run(&ana, "follow", &[("usr_…", &bob_id)]).await;

        let mut socket = remote.socket().await;
        socket.init(&ana).await;
        socket.subscribe("1", &self.operation("live", &[]), Value::Null).await;
        let caught_up = socket.data("1").await;
        let published = run(&bob, "post", &[]).await;
        let post = text(&published["createPost"]["post"]["id"]);
        let live = socket.data("1").await;
        assert_eq!(live["homeFeedEvents"]["edge"]["node"]["id"], post);
        run(&ana, "like and comment", &[("pst_…", &post)]).await;
        let feed = run(&ana, "feed", &[]).await;
        let node = &feed["homeFeed"]["edges"][0]["node"];
        assert_eq!((&node["id"], &node["likeCount"], &node["viewerHasLiked"]), (&json!(post), &json!(1), &json!(true)));
        answers.extend([caught_up, live]);
        for answer in &mut answers {
            blur("", answer);
        }
        answers
    }

    /// The client of somebody who is in the answer of `login`.
    pub fn signed_in(&self, nobody: &Client, login: &Value, who: &str) -> Client {
        nobody.with_token(login[who]["accessToken"].as_str().expect("a token"))
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// Replaces what two installations do not share.
fn blur(key: &str, value: &mut Value) {
    const OWN: &[&str] =
        &["id", "accessToken", "refreshToken", "expiresAt", "createdAt", "endCursor", "startCursor", "cursor"];
    match value {
        Value::String(text) if OWN.contains(&key) => *text = format!("<{key}>"),
        Value::Object(members) => members.iter_mut().for_each(|(key, value)| blur(key, value)),
        Value::Array(items) => items.iter_mut().for_each(|item| blur(key, item)),
        _ => {}
    }
}
