//! The one schema, without any federation.

#![expect(clippy::unused_async, reason = "resolvers are async, whatever they do")]

use async_graphql::{Context, ID, Interface, Object, Result, SimpleObject, Union};

use super::data::{self, ABSENT, Anything, Filter, Log, Role, fault};

pub(super) struct Whole;
pub(super) struct Changes;

struct User(String);
struct Robot;
struct Post(String, String);
struct Ad;

#[derive(SimpleObject)]
struct Memo {
    text: Option<String>,
}

#[derive(SimpleObject)]
struct Money {
    amount: f64,
    currency: String,
}

#[derive(SimpleObject)]
struct Entry {
    text: String,
    place: usize,
    by: User,
}

#[derive(Union)]
enum Item {
    Post(Post),
    Ad(Ad),
    Memo(Memo),
}

#[derive(Interface)]
#[graphql(field(name = "title", ty = "String"))]
enum Titled {
    Post(Post),
    Ad(Ad),
}

#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID"), field(name = "name", ty = "String"), field(name = "reputation", ty = "i32"))]
enum Account {
    User(User),
    Robot(Robot),
}

fn post(id: &str) -> Post {
    Post(id.to_owned(), data::author(id))
}

impl User {
    /// A value of the subgraph that owns users, which has none of a user that is not there.
    fn known<T>(&self, value: T) -> Result<T> {
        if data::is_user(&self.0) { Ok(value) } else { Err(fault(ABSENT)) }
    }
}

fn users(ids: Vec<String>) -> Vec<User> {
    ids.into_iter().map(User).collect()
}

fn posts(ids: Vec<(String, String)>) -> Vec<Post> {
    ids.into_iter().map(|(id, author)| Post(id, author)).collect()
}

#[Object]
impl User {
    async fn id(&self) -> ID {
        self.0.clone().into()
    }
    async fn name(&self) -> Result<String> {
        self.known(data::name(&self.0))
    }
    async fn nick(&self) -> Result<Option<String>> {
        self.known(data::nick(&self.0))
    }
    async fn email(&self) -> Result<String> {
        self.known(())?;
        data::email(&self.0)
    }
    async fn secret(&self) -> Result<Option<i32>> {
        self.known(())?;
        data::secret(&self.0)
    }
    async fn role(&self) -> Result<Role> {
        self.known(data::role(&self.0))
    }
    async fn meta(&self) -> Result<Option<Anything>> {
        self.known(Some(data::meta(&self.0)))
    }
    async fn friends(&self) -> Result<Vec<User>> {
        self.known(users(data::friends(&self.0)))
    }
    async fn pals(&self) -> Result<Option<Vec<Option<User>>>> {
        self.known(data::pals(&self.0).map(|ids| ids.into_iter().map(|id| id.map(User)).collect()))
    }
    async fn best(&self) -> Result<Option<User>> {
        self.known(data::best(&self.0).map(User))
    }
    async fn wallet(&self) -> Result<Option<Money>> {
        self.known(Some(Money { amount: 0.1, currency: "EUR".into() }))
    }
    async fn greeting(
        &self,
        #[graphql(default_with = "Some(\"hi\".to_owned())")] word: Option<String>,
        #[graphql(default = 1)] times: i32,
    ) -> Result<String> {
        self.known(data::greeting(&self.0, word.as_deref(), times))
    }
    async fn of_user(&self, #[graphql(default = 2)] first: i32) -> Vec<Post> {
        posts(data::posts_of(&self.0, first))
    }
    async fn post_count(&self) -> i32 {
        data::post_count(&self.0)
    }
    async fn must_count(&self) -> Result<i32> {
        data::must_count(&self.0)
    }
    async fn latest(&self) -> Option<Post> {
        (self.0 != "2").then(|| post("2"))
    }
    async fn rank(&self) -> Result<i32> {
        self.known(data::rank(&data::name(&self.0)))
    }
    async fn reputation(&self) -> Result<i32> {
        Ok(data::reputation(&self.0))
    }
}

#[Object]
impl Robot {
    async fn id(&self) -> ID {
        "r".into()
    }
    async fn name(&self) -> Result<String> {
        Ok("Rob".to_owned())
    }
    async fn model(&self) -> Option<String> {
        None
    }
    async fn owner(&self) -> Option<User> {
        Some(User("3".into()))
    }
    async fn reputation(&self) -> Result<i32> {
        Ok(data::reputation("r"))
    }
}

#[Object]
impl Post {
    async fn id(&self) -> ID {
        self.0.clone().into()
    }
    async fn title(&self) -> String {
        data::title(&self.0)
    }
    async fn likes(&self) -> i32 {
        data::likes(&self.0)
    }
    async fn author(&self) -> User {
        User(self.1.clone())
    }
    async fn editor(&self) -> Option<User> {
        data::editor(&self.0).map(User)
    }
    async fn crew(&self) -> Option<Vec<User>> {
        data::crew(&self.0).map(users)
    }
    async fn tags(&self) -> Vec<String> {
        data::tags(&self.0)
    }
    async fn related(&self) -> Vec<Titled> {
        vec![Ad.into(), post("2").into()]
    }
    async fn next(&self) -> Option<Item> {
        next(&self.0)
    }
    async fn flaky(&self) -> Result<Option<f64>> {
        data::flaky(&self.0)
    }
    async fn must(&self) -> Result<i32> {
        data::must(&self.0)
    }
    async fn price(&self) -> Option<Money> {
        None
    }
    async fn label(&self) -> String {
        data::label(&data::title(&self.0))
    }
    async fn views(&self) -> Result<i32> {
        data::views(&self.0)
    }
}

fn next(id: &str) -> Option<Item> {
    match id {
        "1" => Some(post("3").into()),
        "2" => Some(Memo { text: None }.into()),
        "3" => None,
        _ => Some(Ad.into()),
    }
}

#[Object]
impl Ad {
    async fn title(&self) -> String {
        "buy".to_owned()
    }
    async fn price(&self) -> Money {
        Money { amount: 1e300, currency: "USD".into() }
    }
    async fn contact(&self) -> User {
        User("2".into())
    }
}

#[Object(name = "Query")]
impl Whole {
    async fn me(&self) -> User {
        User("1".into())
    }
    async fn user(&self, id: ID) -> Option<User> {
        data::is_user(&id).then_some(User(id.0))
    }
    async fn users(&self) -> Vec<User> {
        ["1", "2", "3"].map(|id| User(id.into())).into()
    }
    async fn accounts(&self) -> Vec<Account> {
        vec![User("1".into()).into(), Robot.into()]
    }
    async fn account(&self) -> Option<Account> {
        Some(User("2".into()).into())
    }
    async fn search(&self, filter: Filter) -> String {
        format!("{filter:?}")
    }
    async fn posts(&self) -> Vec<Post> {
        ["1", "2", "3", "4"].map(post).into()
    }
    async fn post(&self, id: ID) -> Option<Post> {
        (*id != "404").then(|| post(&id))
    }
    async fn feed(&self) -> Vec<Item> {
        vec![post("1").into(), Ad.into(), Memo { text: Some("t".into()) }.into(), post("2").into()]
    }
    async fn titled(&self) -> Vec<Titled> {
        vec![Ad.into(), post("3").into()]
    }
    async fn pick(&self, ids: Option<Vec<ID>>, role: Option<Role>, at: Option<Anything>) -> String {
        format!("{ids:?} {role:?} {at:?}")
    }
    async fn now(&self) -> String {
        "noon".to_owned()
    }
}

#[Object(name = "Mutation")]
impl Changes {
    async fn append(&self, context: &Context<'_>, text: String) -> Option<Entry> {
        let place = write(context, &text);
        Some(Entry { text, place, by: User("2".into()) })
    }
    async fn refuse(&self, context: &Context<'_>, text: String) -> Result<Option<Entry>> {
        write(context, &text);
        Err(fault("refused"))
    }
    async fn publish(&self, context: &Context<'_>, title: String) -> Option<Post> {
        let place = write(context, &title);
        Some(Post(place.to_string(), "1".into()))
    }
}

/// Writes a text down and says at which place.
pub(super) fn write(context: &Context<'_>, text: &str) -> usize {
    let mut log = context.data_unchecked::<Log>().lock().expect("no holder panics");
    log.push(text.to_owned());
    log.len()
}
