//! The same graph in four subgraphs: users, posts, statistics that need what the others know, and the fame of accounts.

#![expect(clippy::unused_async, reason = "resolvers are async, whatever they do")]

pub(super) mod users {
    //! Owns users and robots.

    use async_graphql::{Context, ID, Interface, Object, Result, SimpleObject};

    use super::super::{
        data::{self, Anything, Filter, Role, fault},
        whole::write,
    };

    pub(crate) struct Query;
    pub(crate) struct Mutation;
    struct User(String);
    struct Robot;

    #[derive(SimpleObject)]
    #[graphql(shareable)]
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

    #[derive(Interface)]
    #[graphql(field(name = "id", ty = "ID"), field(name = "name", ty = "String"))]
    enum Account {
        User(User),
        Robot(Robot),
    }

    #[Object]
    impl User {
        async fn id(&self) -> ID {
            self.0.clone().into()
        }
        async fn name(&self) -> String {
            data::name(&self.0)
        }
        async fn nick(&self) -> Option<String> {
            data::nick(&self.0)
        }
        async fn email(&self) -> Result<String> {
            data::email(&self.0)
        }
        async fn secret(&self) -> Result<Option<i32>> {
            data::secret(&self.0)
        }
        async fn role(&self) -> Role {
            data::role(&self.0)
        }
        async fn meta(&self) -> Option<Anything> {
            Some(data::meta(&self.0))
        }
        async fn friends(&self) -> Vec<User> {
            data::friends(&self.0).into_iter().map(User).collect()
        }
        async fn pals(&self) -> Option<Vec<Option<User>>> {
            data::pals(&self.0).map(|ids| ids.into_iter().map(|id| id.map(User)).collect())
        }
        async fn best(&self) -> Option<User> {
            data::best(&self.0).map(User)
        }
        async fn wallet(&self) -> Option<Money> {
            Some(Money { amount: 0.1, currency: "EUR".into() })
        }
        async fn greeting(
            &self,
            #[graphql(default_with = "Some(\"hi\".to_owned())")] word: Option<String>,
            #[graphql(default = 1)] times: i32,
        ) -> String {
            data::greeting(&self.0, word.as_deref(), times)
        }
    }

    #[Object]
    impl Robot {
        async fn id(&self) -> ID {
            "r".into()
        }
        async fn name(&self) -> String {
            "Rob".to_owned()
        }
        async fn model(&self) -> Option<String> {
            None
        }
        async fn owner(&self) -> Option<User> {
            Some(User("3".into()))
        }
    }

    fn account(id: &str) -> Option<Account> {
        match id {
            "r" => Some(Robot.into()),
            id => data::is_user(id).then(|| User(id.to_owned()).into()),
        }
    }

    #[Object]
    impl Query {
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
            account("2")
        }
        async fn search(&self, filter: Filter) -> String {
            format!("{filter:?}")
        }
        #[graphql(shareable)]
        async fn now(&self) -> String {
            "noon".to_owned()
        }
        #[graphql(entity)]
        async fn find_user_by_id(&self, id: ID) -> Option<User> {
            data::is_user(&id).then_some(User(id.0))
        }
        #[graphql(entity)]
        async fn find_robot_by_id(&self, id: ID) -> Option<Robot> {
            (*id == "r").then_some(Robot)
        }
        #[graphql(entity)]
        async fn find_account_by_id(&self, id: ID) -> Option<Account> {
            account(&id)
        }
    }

    #[Object]
    impl Mutation {
        async fn append(&self, context: &Context<'_>, text: String) -> Option<Entry> {
            tokio::task::yield_now().await;
            let place = write(context, &text);
            Some(Entry { text, place, by: User("2".into()) })
        }
        async fn refuse(&self, context: &Context<'_>, text: String) -> Result<Option<Entry>> {
            write(context, &text);
            Err(fault("refused"))
        }
    }
}

pub(super) mod posts {
    //! Owns posts, and what users have of them.

    use async_graphql::{Context, ID, Interface, Object, Result, SimpleObject, Union};

    use super::super::{
        data::{self, Anything, Role},
        whole::write,
    };

    pub(crate) struct Query;
    pub(crate) struct Mutation;
    struct User(String);
    struct Post(String, String);
    struct Ad;

    #[derive(SimpleObject)]
    struct Memo {
        text: Option<String>,
    }

    #[derive(SimpleObject)]
    #[graphql(shareable)]
    struct Money {
        amount: f64,
        currency: String,
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

    fn post(id: &str) -> Post {
        Post(id.to_owned(), data::author(id))
    }

    #[Object]
    impl User {
        async fn id(&self) -> ID {
            self.0.clone().into()
        }
        #[graphql(external)]
        async fn name(&self) -> String {
            data::name(&self.0)
        }
        async fn of_user(&self, #[graphql(default = 2)] first: i32) -> Vec<Post> {
            data::posts_of(&self.0, first).into_iter().map(|(id, author)| Post(id, author)).collect()
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
            data::crew(&self.0).map(|ids| ids.into_iter().map(User).collect())
        }
        async fn tags(&self) -> Vec<String> {
            data::tags(&self.0)
        }
        async fn related(&self) -> Vec<Titled> {
            vec![Ad.into(), post("2").into()]
        }
        async fn next(&self) -> Option<Item> {
            match self.0.as_str() {
                "1" => Some(post("3").into()),
                "2" => Some(Memo { text: None }.into()),
                "3" => None,
                _ => Some(Ad.into()),
            }
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
    }

    #[Object]
    impl Ad {
        async fn title(&self) -> String {
            "buy".to_owned()
        }
        async fn price(&self) -> Money {
            Money { amount: 1e300, currency: "USD".into() }
        }
        #[graphql(provides = "name")]
        async fn contact(&self) -> User {
            User("2".into())
        }
    }

    #[Object]
    impl Query {
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
        #[graphql(shareable)]
        async fn now(&self) -> String {
            "noon".to_owned()
        }
        /// The author of a post of somebody is that somebody.
        #[graphql(entity)]
        async fn find_post_by_id(&self, id: ID) -> Post {
            let author = id.split_once('-').map_or_else(|| data::author(&id), |(author, _)| author.to_owned());
            Post(id.0, author)
        }
        #[graphql(entity)]
        async fn find_user_by_id(&self, id: ID) -> User {
            User(id.0)
        }
    }

    #[Object]
    impl Mutation {
        async fn publish(&self, context: &Context<'_>, title: String) -> Option<Post> {
            let place = write(context, &title);
            Some(Post(place.to_string(), "1".into()))
        }
    }
}

pub(super) mod stats {
    //! Counts what others own.

    use async_graphql::{ID, Object, Result};

    use super::super::data;

    pub(crate) struct Query;
    struct User(String, String);
    struct Post(String, String);

    #[Object]
    impl User {
        async fn id(&self) -> ID {
            self.0.clone().into()
        }
        #[graphql(external)]
        async fn name(&self) -> String {
            self.1.clone()
        }
        #[graphql(requires = "name")]
        async fn rank(&self) -> i32 {
            data::rank(&self.1)
        }
    }

    #[Object]
    impl Post {
        async fn id(&self) -> ID {
            self.0.clone().into()
        }
        #[graphql(external)]
        async fn title(&self) -> String {
            self.1.clone()
        }
        #[graphql(requires = "title")]
        async fn label(&self) -> String {
            data::label(&self.1)
        }
        async fn views(&self) -> Result<i32> {
            data::views(&self.0)
        }
    }

    #[Object]
    impl Query {
        #[graphql(entity)]
        async fn find_user_by_id(&self, #[graphql(key)] id: ID, name: Option<String>) -> User {
            User(id.0, name.unwrap_or_default())
        }
        #[graphql(entity)]
        async fn find_post_by_id(&self, #[graphql(key)] id: ID, title: Option<String>) -> Post {
            Post(id.0, title.unwrap_or_default())
        }
    }
}

pub(super) mod fame {
    //! Knows every account, whatever its type.

    use async_graphql::{ID, Object, SimpleObject};

    use super::super::data;

    pub(crate) struct Query;

    #[derive(SimpleObject)]
    #[graphql(interface_object)]
    struct Account {
        id: ID,
        reputation: i32,
    }

    #[Object]
    impl Query {
        #[graphql(entity)]
        async fn find_account_by_id(&self, id: ID) -> Account {
            Account { reputation: data::reputation(&id), id }
        }
    }
}
