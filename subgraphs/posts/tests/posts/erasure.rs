//! An erased account leaves nothing of itself here, and everything else as it was.

use chatty_access::Caller;
use chatty_events::{
    Envelope,
    auth::{UserDeleted, UserRegistered},
    posts::{ErasureCompleted, ErasureContinued},
    subscriptions::{FollowCreated, FollowRemoved},
};
use chatty_store::{counted, query};
use futures_util::future::join_all;
use proptest::{
    prelude::*,
    test_runner::{RngSeed, TestRunner},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::fixture::{World, code_of, id_of, user};

const ERASURE: Uuid = Uuid::from_u128(77);

fn deleted(who: &Caller) -> UserDeleted {
    UserDeleted { user_id: id_of(who), erasure_id: ERASURE }
}

impl World {
    /// The events in the outbox, as they are.
    async fn outbox(&self) -> Vec<Envelope> {
        let rows = query!("SELECT envelope FROM outbox ORDER BY id").fetch_all::<(String,)>(&self.db).await.unwrap();
        rows.iter().map(|(text,)| serde_json::from_str(text).unwrap()).collect()
    }

    async fn count_told(&self, key: &str) -> usize {
        self.outbox().await.iter().filter(|event| event.routing_key() == key).count()
    }

    /// Erases the user, handling each of the events twice. Gives the answer.
    async fn erase(&self, who: &Caller) -> ErasureCompleted {
        let event = Envelope::new(&self.env.clock, &deleted(who));
        self.handle(&event).await;
        self.handle(&event).await;
        let mut handled = 0;
        loop {
            let outbox = self.outbox().await;
            let mut open = outbox.iter().filter(|event| event.decode::<ErasureContinued>().unwrap().is_some());
            let Some(event) = open.nth(handled) else { break };
            self.handle(event).await;
            self.handle(event).await;
            handled += 1;
        }
        let outbox = self.outbox().await;
        let mut answers = outbox.iter().filter_map(|event| event.decode::<ErasureCompleted>().unwrap());
        let answer = answers.by_ref().find(|answer| answer.user_id == id_of(who)).expect("an answer");
        assert!(answers.all(|other| other.user_id != id_of(who)), "one answer");
        assert_eq!(answer.erasure_id, ERASURE);
        answer
    }

    async fn count(&self, statement: chatty_store::Query) -> i64 {
        statement.fetch_one::<(i64,)>(&self.db).await.unwrap().0
    }

    /// Every counter equals what it counts.
    async fn assert_counts(&self) {
        let wrong = query!(
            "SELECT COUNT(1) FROM post p
             WHERE p.like_count <> (SELECT COUNT(1) FROM post_like l WHERE l.post_id = p.id)
                OR p.comment_count <> (SELECT COUNT(1) FROM post_comment c
                                       WHERE c.post_id = p.id AND c.state = 'PUBLISHED')
                OR p.tombstone_count <> (SELECT COUNT(1) FROM post_comment c
                                         WHERE c.post_id = p.id AND c.state <> 'PUBLISHED' AND c.reply_count > 0)
                OR p.event_seq <> (SELECT COUNT(1) FROM post_event e WHERE e.post_id = p.id)"
        );
        assert_eq!(self.count(wrong).await, 0, "posts count");
        let wrong = query!(
            "SELECT COUNT(1) FROM post_comment c
             WHERE c.reply_count <> (SELECT COUNT(1) FROM post_comment r
                                     WHERE r.parent_id = c.id AND (r.state = 'PUBLISHED' OR r.reply_count > 0))"
        );
        assert_eq!(self.count(wrong).await, 0, "comments count");
        let wrong = query!(
            "SELECT COUNT(1) FROM user_ref u
             WHERE u.post_count <> (SELECT COUNT(1) FROM post p WHERE p.author_id = u.id AND p.state = 'PUBLISHED'
                                      AND p.visibility = 'PUBLIC')"
        );
        assert_eq!(self.count(wrong).await, 0, "authors count");
    }

    /// How many rows say something of the user: words, likes, follows.
    async fn remains(&self, who: &Caller) -> i64 {
        let rows = query!(
            "SELECT (SELECT COUNT(1) FROM post WHERE author_id = $1 AND (state = 'PUBLISHED' OR body <> ''
                         OR title IS NOT NULL OR content_warning IS NOT NULL OR language IS NOT NULL))
                  + (SELECT COUNT(1) FROM post_comment WHERE author_id = $1 AND (state = 'PUBLISHED' OR body <> ''))
                  + (SELECT COUNT(1) FROM post_like WHERE user_id = $1)
                  + (SELECT COUNT(1) FROM follow_ref WHERE follower_id = $1 OR followee_id = $1)
                  + (SELECT COUNT(1) FROM idempotency WHERE scope = $2)"
        );
        self.count(rows.bind(id_of(who)).bind(id_of(who).to_string())).await
    }

    /// What everybody but the user has written, and whom they like and follow.
    async fn of_others(&self, who: &Caller) -> Vec<(Uuid, Uuid, String)> {
        let mut rows = Vec::new();
        for statement in [
            query!(
                "SELECT id, author_id, body || state || CAST(version AS TEXT) FROM post WHERE author_id <> $1
                 ORDER BY id"
            ),
            query!(
                "SELECT id, author_id, body || state || CAST(version AS TEXT) FROM post_comment
                 WHERE author_id <> $1 ORDER BY id"
            ),
            query!("SELECT post_id, user_id, '' FROM post_like WHERE user_id <> $1 ORDER BY post_id, user_id"),
            query!(
                "SELECT follower_id, followee_id, CAST(version AS TEXT) FROM follow_ref
                 WHERE follower_id <> $1 AND followee_id <> $1 ORDER BY follower_id, followee_id"
            ),
        ] {
            rows.extend(statement.bind(id_of(who)).fetch_all::<(Uuid, Uuid, String)>(&self.db).await.unwrap());
        }
        rows
    }
}

#[tokio::test]
async fn posts_comments_and_likes_go_and_the_answer_counts_them() {
    let (world, ana, bob) = (World::start().await, user(1), user(2));
    let own = world.post(&ana, "PUBLIC").await;
    let gone = world.post(&ana, "FOLLOWERS").await;
    world.mutate(&ana, "deletePost", json!({"postId": gone})).await;
    let other = world.post(&bob, "PUBLIC").await;
    let under_own = world.comment(&bob, &own, None).await;
    let answered = world.comment(&ana, &other, None).await;
    let reply = world.comment(&bob, &other, Some(&answered)).await;
    let lonely = world.comment(&ana, &other, Some(&reply)).await;
    world.mutate(&ana, "likePost", json!({"postId": other})).await;
    world.mutate(&bob, "likePost", json!({"postId": other})).await;
    world.follow(&ana, &bob, 1).await;
    world.follow(&bob, &ana, 1).await;

    let answer = world.erase(&ana).await;
    let counts = [("comments", 2), ("likes", 1), ("posts", 2)].map(|(what, count)| (what.to_owned(), count));
    assert_eq!(answer.counts, counts.into());
    assert_eq!(world.remains(&ana).await, 0);
    world.assert_counts().await;
    let document = "query($id: ID!) { post(id: $id) { likeCount commentCount comments { totalCount nodes { id body
        state } } } }";
    let ask = async |id: &str| world.run(&bob, document, json!({"id": id})).await["post"].take();
    assert_eq!(ask(&own).await, Value::Null);
    let thread = json!({"likeCount": 1, "commentCount": 1, "comments": {"totalCount": 2, "nodes": [
        {"id": answered, "body": "", "state": "DELETED"}, {"id": reply, "body": "well", "state": "PUBLISHED"}]}});
    assert_eq!(ask(&other).await, thread, "{lonely} is gone, {under_own} with its post");
    // As deletions by the author would have told it.
    for (key, count) in [("posts.post.deleted", 2), ("posts.comment.deleted", 2), ("posts.post.unliked", 1)] {
        assert_eq!(world.count_told(key).await, count, "{key}");
    }
}

#[tokio::test]
async fn whoever_was_erased_writes_nothing_more_and_late_events_make_nothing_new() {
    let (world, ana, bob) = (World::start().await, user(1), user(2));
    let own = world.post(&ana, "PRIVATE").await;
    let other = world.post(&bob, "PUBLIC").await;
    // The account is closed with the first event, before anything is erased.
    world.handle(&Envelope::new(&world.env.clock, &deleted(&ana))).await;
    for (mutation, input) in [
        ("createPost", json!({"body": "again", "visibility": "PUBLIC"})),
        ("createComment", json!({"body": "again", "postId": other})),
        ("likePost", json!({"postId": other})),
        ("updatePost", json!({"postId": own, "visibility": "PUBLIC"})),
    ] {
        let name = format!("{}{}", mutation[..1].to_uppercase(), &mutation[1..]);
        let text = format!("mutation($input: {name}Input!) {{ {mutation}(input: $input) {{ errors {{ code }} }} }}");
        assert_eq!(world.refusal(&ana, &text, json!({"input": input})).await, "UNAUTHENTICATED", "{mutation}");
    }
    world.erase(&ana).await;
    let (ana_id, bob_id) = (id_of(&ana), id_of(&bob));
    let (username, locale, created_at) = ("ana".to_owned(), "en".to_owned(), world.env.clock.now());
    world.hear(&UserRegistered { user_id: ana_id, username, locale, created_at }).await;
    world.hear(&FollowCreated { follower_id: ana_id, followee_id: bob_id, version: 1 }).await;
    world.hear(&FollowCreated { follower_id: bob_id, followee_id: ana_id, version: 1 }).await;
    world.hear(&FollowRemoved { follower_id: bob_id, followee_id: ana_id, version: 2 }).await;
    assert_eq!(world.remains(&ana).await, 0);
    world.assert_counts().await;
}

#[tokio::test]
async fn who_still_writes_while_they_are_erased_is_refused_or_erased() {
    for _ in 0..3 {
        let (world, ana, bob) = (World::start().await, user(1), user(2));
        let posts = join_all((0..6).map(|_| world.post(&bob, "PUBLIC"))).await;
        let own = join_all((0..6).map(|_| world.post(&ana, "PRIVATE"))).await;
        let write = async |text: &str, input: Value| {
            let response = world.respond(&ana, text, json!({"input": input})).await;
            let refused = !response.errors.is_empty();
            assert!(!refused || code_of(&response) == "UNAUTHENTICATED", "{response:?}");
        };
        let publish = "mutation($input: CreatePostInput!) { createPost(input: $input) { errors { code } } }";
        let comment = "mutation($input: CreateCommentInput!) { createComment(input: $input) { errors { code } } }";
        let like = "mutation($input: LikePostInput!) { likePost(input: $input) { errors { code } } }";
        let edit = "mutation($input: UpdatePostInput!) { updatePost(input: $input) { errors { code } } }";
        let writing = async {
            for post in &posts {
                tokio::join!(
                    write(publish, json!({"body": "still", "visibility": "PUBLIC"})),
                    write(comment, json!({"body": "still", "postId": post})),
                    write(like, json!({"postId": post})),
                    write(edit, json!({"postId": own[0], "visibility": "PUBLIC"})),
                    write(edit, json!({"postId": own[1], "visibility": "PUBLIC"})),
                );
            }
        };
        tokio::join!(writing, world.erase(&ana));
        world.assert_counts().await;
        assert_eq!(world.remains(&ana).await, 0);
    }
}

#[tokio::test]
async fn an_account_that_never_wrote_is_answered_too() {
    let world = World::start().await;
    let answer = world.erase(&user(1)).await;
    assert!(answer.counts.values().all(|count| *count == 0), "{answer:?}");
}

#[tokio::test]
async fn a_large_account_goes_in_transactions_of_a_bounded_size() {
    let (world, ana, bob) = (World::start().await, user(1), user(2));
    let posts = join_all((0..450).map(|_| world.post(&bob, "PUBLIC"))).await;
    join_all(posts.iter().map(|post| world.mutate(&ana, "likePost", json!({"postId": post})))).await;
    join_all(posts[..201].iter().map(|post| world.comment(&ana, post, None))).await;
    let mut event = Envelope::new(&world.env.clock, &deleted(&ana));
    let mut transactions = 0;
    while world.count_told("posts.erasure.completed").await == 0 {
        let ((), statements) = counted(world.handle(&event)).await;
        assert!(statements <= 1_600, "{statements}");
        transactions += 1;
        let outbox = world.outbox().await;
        let next = outbox.into_iter().rfind(|event| event.decode::<ErasureContinued>().unwrap().is_some());
        event = next.expect("it goes on");
    }
    assert_eq!(transactions, 1 + 2 + 3 + 1, "the beginning, the comments, the likes, the end");
    assert_eq!(world.remains(&ana).await, 0);
    world.assert_counts().await;
}

#[tokio::test]
async fn the_bus_carries_an_erasure_to_its_end() {
    let (world, ana) = (World::start_relayed().await, user(1));
    world.post(&ana, "PUBLIC").await;
    let mut commits = world.db.commits();
    world.hear(&deleted(&ana)).await;
    while world.count_told("posts.erasure.completed").await == 0 {
        commits.changed().await.unwrap();
    }
    assert_eq!(world.remains(&ana).await, 0);
}

#[derive(Debug, Clone)]
enum Op {
    Post(u128, &'static str),
    Edit(usize, &'static str),
    DeletePost(usize),
    Like(u128, usize),
    Unlike(u128, usize),
    /// On a post, or on the n-th comment.
    Comment(u128, usize, Option<usize>),
    DeleteComment(usize),
    Follow(u128, u128),
}

fn op() -> impl Strategy<Value = Op> {
    let who = || 1..=4u128;
    let visibility = || prop_oneof![3 => Just("PUBLIC"), 1 => Just("FOLLOWERS"), 1 => Just("PRIVATE")];
    prop_oneof![
        3 => (who(), visibility()).prop_map(|(who, visibility)| Op::Post(who, visibility)),
        1 => (any::<usize>(), visibility()).prop_map(|(post, visibility)| Op::Edit(post, visibility)),
        1 => any::<usize>().prop_map(Op::DeletePost),
        3 => (who(), any::<usize>()).prop_map(|(who, post)| Op::Like(who, post)),
        1 => (who(), any::<usize>()).prop_map(|(who, post)| Op::Unlike(who, post)),
        6 => (who(), any::<usize>(), any::<Option<usize>>()).prop_map(|(who, post, on)| Op::Comment(who, post, on)),
        2 => any::<usize>().prop_map(Op::DeleteComment),
        1 => (who(), 1..4u128).prop_map(|(who, step)| Op::Follow(who, (who + step - 1) % 4 + 1)),
    ]
}

/// What there is, each with its author; comments with their post.
#[derive(Default)]
struct Written {
    posts: Vec<(String, u128)>,
    comments: Vec<(String, u128, String)>,
}

impl Written {
    async fn apply(&mut self, world: &World, op: Op) {
        if let Op::Post(who, visibility) = op {
            return self.posts.push((world.post(&user(who), visibility).await, who));
        }
        if let Op::Follow(follower, followee) = op {
            return world.follow(&user(follower), &user(followee), 1).await;
        }
        if self.posts.is_empty() {
            return;
        }
        let post = |n: usize| self.posts[n % self.posts.len()].clone();
        // What is refused, such as a comment on a deleted post, changes nothing; that is as good here.
        let (who, mutation, input) = match op {
            Op::Edit(n, visibility) => {
                let (id, author) = post(n);
                (author, "updatePost", json!({"postId": id, "visibility": visibility}))
            }
            Op::DeletePost(n) => (post(n).1, "deletePost", json!({"postId": post(n).0})),
            Op::Like(who, n) => (who, "likePost", json!({"postId": post(n).0})),
            Op::Unlike(who, n) => (who, "unlikePost", json!({"postId": post(n).0})),
            Op::Comment(who, _, Some(n)) if !self.comments.is_empty() => {
                let (parent, _, post) = &self.comments[n % self.comments.len()];
                (who, "createComment", json!({"postId": post, "parentId": parent, "body": "well"}))
            }
            Op::Comment(who, n, _) => (who, "createComment", json!({"postId": post(n).0, "body": "well"})),
            Op::DeleteComment(n) if !self.comments.is_empty() => {
                let (id, author, _) = &self.comments[n % self.comments.len()];
                (*author, "deleteComment", json!({"commentId": id}))
            }
            Op::DeleteComment(_) => return,
            Op::Post(..) | Op::Follow(..) => unreachable!("done above"),
        };
        let payload = world.mutate(&user(who), mutation, input).await;
        if let ("createComment", Some(id)) = (mutation, payload["comment"]["id"].as_str()) {
            let post = payload["comment"]["post"]["id"].as_str().unwrap().to_owned();
            self.comments.push((id.to_owned(), who, post));
        }
    }
}

async fn check(ops: Vec<Op>, after: Vec<Op>) {
    let (world, mut written, erased) = (World::start().await, Written::default(), user(1));
    for op in ops {
        written.apply(&world, op).await;
    }
    let others = world.of_others(&erased).await;
    world.erase(&erased).await;
    world.assert_counts().await;
    assert_eq!(world.remains(&erased).await, 0);
    assert_eq!(world.of_others(&erased).await, others, "nobody else notices but by what is gone");
    let told = world.outbox().await.len();
    world.handle(&Envelope::new(&world.env.clock, &deleted(&erased))).await;
    world.handle(&Envelope::new(&world.env.clock, &ErasureContinued { user_id: id_of(&erased) })).await;
    assert_eq!(world.outbox().await.len(), told, "a second time does nothing");
    for op in after {
        if !matches!(op, Op::Post(1, _) | Op::Like(1, _) | Op::Comment(1, ..)) {
            written.apply(&world, op).await;
        }
    }
    world.assert_counts().await;
    assert_eq!(world.remains(&erased).await, 0);
}

#[test]
fn after_an_erasure_every_counter_is_right_and_others_keep_what_is_theirs() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = ProptestConfig {
        cases: 24,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let input = (prop::collection::vec(op(), 1..50), prop::collection::vec(op(), 0..15));
    TestRunner::new(config)
        .run(&input, |(ops, after)| {
            runtime.block_on(check(ops, after));
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}
