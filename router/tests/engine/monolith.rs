//! The federated graph answers like one schema over the same data: random operations, asked of both.

use async_graphql::{
    EmptyMutation, EmptySubscription, Enum, ID, Interface, Object, Request, Schema, Union, ValidationMode, Variables,
};
use chatty_router::AnswerKind;
use proptest::{
    prelude::any,
    test_runner::{Config, TestCaseError, TestRunner},
};
use serde_json::json;

use crate::fixture::{Fixture, read, request, viewer};

struct Whole;
struct User(String);
struct Post(String, String);
struct Ad;
struct Robot;

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum Role {
    Reader,
    Writer,
}

#[derive(Union)]
enum FeedItem {
    Post(Post),
    Ad(Ad),
}

#[derive(Interface)]
#[graphql(field(name = "title", ty = "String"))]
enum Titled {
    Post(Post),
    Ad(Ad),
}

#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID"), field(name = "name", ty = "String"))]
enum Account {
    User(User),
    Robot(Robot),
}

fn user(id: &str) -> User {
    User(id.to_owned())
}

fn post(id: &str, author: &str) -> Post {
    Post(id.to_owned(), author.to_owned())
}

#[Object]
impl User {
    async fn id(&self) -> ID {
        ID(self.0.clone())
    }
    async fn name(&self) -> String {
        format!("name {}", self.0)
    }
    async fn role(&self) -> Role {
        if self.0 == "1" { Role::Writer } else { Role::Reader }
    }
    async fn friends(&self) -> Vec<User> {
        vec![user("2"), user("3")]
    }
    async fn greeting(&self, word: Option<String>) -> String {
        format!("{} name {}", word.unwrap_or_else(|| "hello".into()), self.0)
    }
    async fn posts(&self, first: Option<i32>) -> Vec<Post> {
        (0..first.unwrap_or(2)).map(|at| post(&format!("{}-{at}", self.0), &self.0)).collect()
    }
}

#[Object]
impl Post {
    async fn id(&self) -> ID {
        ID(self.0.clone())
    }
    async fn title(&self) -> String {
        format!("post {}", self.0)
    }
    async fn likes(&self) -> i32 {
        7
    }
    async fn author(&self) -> User {
        user(&self.1)
    }
}

#[Object]
impl Ad {
    async fn title(&self) -> String {
        "buy".to_owned()
    }
    async fn price(&self) -> f64 {
        1.5
    }
    async fn contact(&self) -> User {
        user("2")
    }
}

#[Object]
impl Robot {
    async fn id(&self) -> ID {
        ID("r".to_owned())
    }
    async fn name(&self) -> String {
        "Rob".to_owned()
    }
    async fn model(&self) -> String {
        "T1".to_owned()
    }
}

#[Object(name = "Query")]
impl Whole {
    async fn me(&self) -> User {
        user("1")
    }
    async fn user(&self, id: ID) -> Option<User> {
        (*id != "404").then(|| user(&id))
    }
    async fn users(&self) -> Vec<User> {
        vec![user("1"), user("2"), user("3")]
    }
    async fn accounts(&self) -> Vec<Account> {
        vec![user("1").into(), Robot.into()]
    }
    async fn posts(&self) -> Vec<Post> {
        vec![post("1", "1"), post("2", "2"), post("3", "1")]
    }
    async fn post(&self, id: ID) -> Option<Post> {
        (*id != "404").then(|| post(&id, "1"))
    }
    async fn feed(&self) -> Vec<FeedItem> {
        vec![post("1", "1").into(), Ad.into()]
    }
    async fn titled(&self) -> Vec<Titled> {
        vec![Ad.into(), post("2", "2").into()]
    }
}

/// Makes an operation out of bytes; the same bytes make the same operation, and fewer a smaller one.
struct Writer<'b> {
    bytes: std::slice::Iter<'b, u8>,
    out: String,
}

impl Writer<'_> {
    /// A number below `end`; 0 when the bytes are used up.
    fn choose(&mut self, end: usize) -> usize {
        self.bytes.next().map_or(0, |byte| usize::from(*byte) % end)
    }

    fn pick<'o>(&mut self, options: &[&'o str]) -> &'o str {
        options[self.choose(options.len())]
    }

    fn condition(&mut self) {
        let condition = self.pick(&["", "", "", "", " @include(if: $a)", " @skip(if: $b)", " @skip(if: $a)"]);
        self.out.push_str(condition);
    }

    /// A set of which conditions leave something: the plain schema has null for an object of which they leave nothing.
    fn set(&mut self, ty: &str, depth: usize) {
        self.out.push_str(" { __typename");
        for _ in 0..=self.choose(4) {
            self.selection(ty, depth);
        }
        self.out.push_str(" }");
    }

    fn selection(&mut self, ty: &str, depth: usize) {
        let (leaves, objects, fragments) = selectable(ty);
        match self.choose(6) {
            4 if depth > 0 && !fragments.is_empty() => {
                let on = self.pick(fragments);
                self.out.push_str(" ... on ");
                self.out.push_str(on);
                self.condition();
                self.set(on, depth - 1);
            }
            2..=5 if depth > 0 && !objects.is_empty() => {
                let (field, of) = objects[self.choose(objects.len())];
                self.alias();
                self.out.push_str(field);
                self.condition();
                self.set(of, depth - 1);
            }
            _ => {
                let leaf = self.pick(leaves);
                self.alias();
                self.out.push_str(leaf);
                self.condition();
            }
        }
    }

    /// Few names, so that equal ones meet, and those of keys among them.
    fn alias(&mut self) {
        let alias = self.pick(&["", "", "", "", "", "id: ", "name: ", "author: ", "x: ", "y: "]);
        self.out.push(' ');
        self.out.push_str(alias);
    }
}

type Selectable = (&'static [&'static str], &'static [(&'static str, &'static str)], &'static [&'static str]);

/// Leaves, composite fields with their types, and type conditions; no union among these, since the plain schema does not
/// see that an object is a member of one.
fn selectable(ty: &str) -> Selectable {
    match ty {
        "Query" => (
            &["__typename"],
            &[
                ("me", "User"),
                ("user(id: \"2\")", "User"),
                ("user(id: \"404\")", "User"),
                ("users", "User"),
                ("accounts", "Account"),
                ("posts", "Post"),
                ("post(id: $id)", "Post"),
                ("feed", "FeedItem"),
                ("titled", "Titled"),
            ],
            &["Query"],
        ),
        "User" => (
            &["id", "name", "role", "__typename", "greeting", "greeting(word: \"hi\")"],
            &[("friends", "User"), ("posts", "Post"), ("posts(first: 1)", "Post")],
            &["User", "Account"],
        ),
        "Post" => (&["id", "title", "likes", "__typename"], &[("author", "User")], &["Post", "Titled"]),
        "Ad" => (&["title", "price", "__typename"], &[("contact", "User")], &["Ad", "Titled"]),
        "Robot" => (&["id", "name", "model"], &[], &["Account"]),
        "Account" => (&["id", "name", "__typename"], &[], &["User", "Robot"]),
        "Titled" => (&["title", "__typename"], &[], &["Post", "Ad"]),
        _ => (&["__typename"], &[], &["Post", "Ad", "Titled"]),
    }
}

#[test]
fn random_operations_have_the_answers_of_one_schema() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let entered = runtime.enter();
    let f = Fixture::new();
    drop(entered);
    // The gateway validates; the plain schema's own validation finds variables unused that are used.
    let whole = Schema::build(Whole, EmptyMutation, EmptySubscription).validation_mode(ValidationMode::Fast).finish();
    let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
    let bytes = proptest::collection::vec(any::<u8>(), 10..120);
    let answered = std::cell::Cell::new(0);
    let outcome = TestRunner::new(config).run(&(bytes, any::<bool>(), any::<bool>()), |(bytes, a, b)| {
        let mut writer = Writer { bytes: bytes.iter(), out: String::new() };
        writer.set("Query", 5);
        let used = [("$a: Boolean!", "$a)"), ("$b: Boolean!", "$b)"), ("$id: ID!", "$id)")];
        let declared = used.iter().filter(|(_, usage)| writer.out.contains(usage)).map(|(declared, _)| *declared);
        let declared = declared.collect::<Vec<_>>().join(", ");
        let query = match declared.as_str() {
            "" => writer.out,
            declared => format!("query ({declared}) {}", writer.out),
        };
        let variables = json!({ "a": a, "b": b, "id": "9" });
        let answer = runtime.block_on(f.gateway.execute(request(&query, variables.clone()), viewer()));
        // Some of them over HTTP as well, which takes longer.
        if bytes.len() % 4 == 0 {
            let by_http = runtime.block_on(f.over_http().execute(request(&query, variables.clone()), viewer()));
            if read(&by_http) != read(&answer) {
                return Err(TestCaseError::fail(format!(
                    "{query}\nover HTTP {}\nin process {}",
                    read(&by_http),
                    read(&answer)
                )));
            }
        }
        let plain = Request::new(query.as_str()).variables(Variables::from_json(variables));
        let plain = runtime.block_on(whole.execute(plain));
        // Names that clash make no valid operation.
        if answer.kind != AnswerKind::Executed {
            return Ok(());
        }
        answered.set(answered.get() + 1);
        let expected = serde_json::to_value(&plain.data).unwrap();
        let got = read(&answer);
        if got.get("errors").is_some() || got["data"] != expected {
            let reason = format!("{query}\ngot {got}\nexpected {expected} {:?}", plain.errors);
            return Err(TestCaseError::fail(reason));
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    assert!(answered.get() > 100, "only {} operations were valid", answered.get());
}
