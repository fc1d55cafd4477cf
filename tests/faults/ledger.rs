//! People who write without end, and what they were told: the measure for what must be there afterwards.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use chatty_testkit::{Client, Remote, eventually};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// What was written: what the server said that it had, and what nobody knows, because no answer came.
#[derive(Default)]
struct Written {
    /// Bodies of acknowledged posts by their ids.
    posts: BTreeMap<String, String>,
    /// Bodies of posts without an answer.
    maybe_posts: BTreeSet<String>,
    /// Who likes what, acknowledged and not.
    likes: BTreeSet<(String, String)>,
    maybe_likes: BTreeSet<(String, String)>,
    /// Comments' bodies by post.
    comments: BTreeSet<(String, String)>,
    maybe_comments: BTreeSet<(String, String)>,
}

/// A few authors whom everybody reads, and who like and comment.
pub(crate) struct Load {
    people: Vec<Client>,
    written: Arc<Mutex<Written>>,
    acknowledged: Arc<AtomicUsize>,
    failed: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    writers: JoinSet<()>,
}

const AUTHORS: usize = 3;
const READERS: usize = 2;

impl Load {
    /// Registers everybody, lets the readers follow the authors, and starts writing to `remotes` in turn.
    pub(crate) async fn start(remotes: &[Remote]) -> Self {
        let mut people = Vec::new();
        for number in 0..AUTHORS + READERS {
            people.push(remotes[0].register(&format!("person_{number}")).await);
        }
        for reader in &people[AUTHORS..] {
            for author in &people[..AUTHORS] {
                reader.follow(author).await;
            }
        }
        let mut load = Self {
            people,
            written: Arc::default(),
            acknowledged: Arc::default(),
            failed: Arc::default(),
            stop: Arc::default(),
            writers: JoinSet::new(),
        };
        for author in 0..AUTHORS {
            let remote = &remotes[author % remotes.len()];
            let writer = Writer {
                name: format!("person_{author}"),
                client: remote.anonymous().with_token(load.people[author].token().unwrap()),
                written: Arc::clone(&load.written),
                acknowledged: Arc::clone(&load.acknowledged),
                failed: Arc::clone(&load.failed),
            };
            let stop = Arc::clone(&load.stop);
            load.writers.spawn(async move {
                for number in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    writer.write(number).await;
                }
            });
        }
        load
    }

    /// How many writes found no answer, or one that was no success.
    pub(crate) fn failed(&self) -> usize {
        self.failed.load(Ordering::SeqCst)
    }

    /// Waits until so many more writes have been acknowledged.
    pub(crate) async fn more(&self, writes: usize) {
        let wanted = self.acknowledged.load(Ordering::SeqCst) + writes;
        eventually("writes are acknowledged", async || self.acknowledged.load(Ordering::SeqCst) >= wanted).await;
    }

    /// Ends the writing and compares: acknowledged posts, likes and comments are there once; what is there besides was
    /// asked for, and only its answer lost. `settle` waits for the events.
    pub(crate) async fn verify(mut self, remote: &Remote, settle: impl Future<Output = ()>) {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.writers.join_next().await {
            ended.unwrap();
        }
        settle.await;
        let written = std::mem::take(&mut *self.written.lock().unwrap());
        assert!(written.posts.len() > AUTHORS, "there was a load");
        for reader in &self.people[AUTHORS..] {
            let reader = remote.anonymous().with_token(reader.token().unwrap());
            written.verify(&feed(&reader).await);
        }
    }
}

struct Writer {
    name: String,
    client: Client,
    written: Arc<Mutex<Written>>,
    acknowledged: Arc<AtomicUsize>,
    failed: Arc<AtomicUsize>,
}

impl Writer {
    /// A post, and what belongs to it.
    async fn write(&self, number: usize) {
        let body = format!("{} writes {number}", self.name);
        let create = "mutation($body: String!) { createPost(input: {body: $body, visibility: PUBLIC}) {
            post { id } errors { code } } }";
        let Some(answer) = self.ask(create, json!({"body": body})).await else {
            self.written.lock().unwrap().maybe_posts.insert(body);
            return;
        };
        let post = answer["createPost"]["post"]["id"].as_str().unwrap().to_owned();
        self.written.lock().unwrap().posts.insert(post.clone(), body);

        let like = "mutation($post: ID!) { likePost(input: {postId: $post}) { post { id } errors { code } } }";
        let liked = self.ask(like, json!({"post": post})).await.is_some();
        self.note(
            |written| if liked { &mut written.likes } else { &mut written.maybe_likes },
            &post,
            self.name.clone(),
        );

        let comment = "mutation($post: ID!, $body: String!) { createComment(input: {postId: $post, body: $body}) {
            comment { id } errors { code } } }";
        let body = format!("{} comments", self.name);
        let commented = self.ask(comment, json!({"post": post, "body": body})).await.is_some();
        self.note(|written| if commented { &mut written.comments } else { &mut written.maybe_comments }, &post, body);
    }

    fn note(&self, place: impl Fn(&mut Written) -> &mut BTreeSet<(String, String)>, post: &str, what: String) {
        place(&mut self.written.lock().unwrap()).insert((post.to_owned(), what));
    }

    /// The data of a mutation that was acknowledged; `None` when nobody knows what became of it.
    async fn ask(&self, query: &str, variables: Value) -> Option<Value> {
        let answered = self.client.try_send(query, variables).await;
        match answered {
            Ok(mut reply) if reply.status == 200 && reply.body["errors"].is_null() => {
                let payload = reply.body["data"].as_object().unwrap().values().next().unwrap();
                assert_eq!(payload["errors"], json!([]), "nothing here breaks a rule");
                self.acknowledged.fetch_add(1, Ordering::SeqCst);
                Some(reply.body["data"].take())
            }
            Ok(_) | Err(_) => {
                self.failed.fetch_add(1, Ordering::SeqCst);
                // A server that is not there refuses at once; do not ask in a circle.
                tokio::time::sleep(Duration::from_millis(20)).await;
                None
            }
        }
    }
}

/// The whole home feed, newest first.
async fn feed(reader: &Client) -> Vec<Value> {
    let query = "query($after: Cursor) { homeFeed(first: 50, after: $after) {
        nodes { id body likeCount commentCount comments(first: 10) { nodes { body } } }
        pageInfo { hasNextPage endCursor } } }";
    let (mut posts, mut after) = (Vec::new(), Value::Null);
    loop {
        let data = reader.query(query, json!({"after": after})).await;
        posts.extend(data["homeFeed"]["nodes"].as_array().unwrap().iter().cloned());
        after = data["homeFeed"]["pageInfo"]["endCursor"].clone();
        if data["homeFeed"]["pageInfo"]["hasNextPage"] == false {
            return posts;
        }
    }
}

impl Written {
    fn verify(&self, feed: &[Value]) {
        let mut seen = BTreeSet::new();
        let mut bodies = BTreeSet::new();
        for post in feed {
            let (id, body) = (post["id"].as_str().unwrap(), post["body"].as_str().unwrap());
            assert!(seen.insert(id), "{id} is in the feed once");
            assert!(bodies.insert(body), "`{body}` was published once");
            let known = self.posts.get(id).is_some_and(|known| known == body);
            assert!(known || self.maybe_posts.contains(body), "{id} `{body}` was asked for");
            let count = |sure: &BTreeSet<(String, String)>| sure.iter().filter(|(post, _)| post == id).count();
            let (likes, maybe) = (count(&self.likes), count(&self.maybe_likes));
            let like_count = usize::try_from(post["likeCount"].as_u64().unwrap()).unwrap();
            assert!((likes..=likes + maybe).contains(&like_count), "{id} has {like_count} likes of {likes}+{maybe}");
            let (comments, maybe) = (count(&self.comments), count(&self.maybe_comments));
            let listed = post["comments"]["nodes"].as_array().unwrap().len();
            assert_eq!(post["commentCount"], listed, "{id} counts its comments");
            assert!(
                (comments..=comments + maybe).contains(&listed),
                "{id} has {listed} of {comments}+{maybe} comments"
            );
        }
        let lost: Vec<_> = self.posts.keys().filter(|id| !seen.contains(id.as_str())).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    }
}
