//! Finding people by how their names begin.

use chatty_access::{Caller, Role};
use chatty_store::query;
use chatty_types::UserId;
use serde_json::{Value, json};

use crate::fixture::{World, fault};

const USERS: &str = "query($filter: UserFilter, $orderBy: UserOrder, $first: Int, $after: Cursor) {
    users(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
        nodes { username } edges { cursor node { id } } pageInfo { hasNextPage endCursor } } }";

impl World {
    /// Accounts that nobody can sign in to, oldest first.
    pub(crate) async fn people(&self, names: &[&str]) -> Vec<UserId> {
        let mut tx = self.db().begin().await.expect("a transaction");
        let mut ids = Vec::new();
        for name in names {
            let id = UserId::new(&self.env.clock);
            query!(
                "INSERT INTO account (id, username, email, email_key, email_status, password_hash, role, state, version,
                     created_at)
                 VALUES ($1, $2, $3, $3, 'PENDING', '', 'USER', 'ACTIVE', 1, $4)"
            )
            .bind(id)
            .bind(*name)
            .bind(format!("{name}@example.com"))
            .bind(self.env.clock.now())
            .execute(&mut tx)
            .await
            .expect("inserted");
            ids.push(id);
        }
        tx.commit().await.expect("committed");
        ids
    }

    async fn show_as(&self, user: UserId, display_name: &str) {
        let document = "mutation($name: String) { updateProfile(input: {displayName: $name}) { errors { code } } }";
        let payload = self.run(&self.acting_as(user, Role::User), document, json!({"name": display_name})).await;
        assert_eq!(payload["errors"], json!([]), "{display_name}");
    }

    async fn find_users(&self, variables: Value) -> Value {
        self.run(&Caller::anonymous(), USERS, variables).await
    }

    /// The names that are found, in their order.
    async fn names(&self, search: &str, order: &str) -> Vec<String> {
        usernames(&self.find_users(json!({"filter": {"search": search}, "orderBy": order, "first": 100})).await)
    }
}

/// The usernames of a page.
pub(crate) fn usernames(page: &Value) -> Vec<String> {
    let nodes = page["nodes"].as_array().expect("nodes").iter();
    nodes.map(|node| node["username"].as_str().expect("a name").to_owned()).collect()
}

/// Every page of a list; `page` answers the one behind a cursor.
pub(crate) async fn all_pages(page: impl AsyncFn(Value) -> Value) -> Vec<Vec<String>> {
    let (mut pages, mut after) = (Vec::new(), json!(null));
    loop {
        let page = page(after).await;
        pages.push(usernames(&page));
        if page["pageInfo"]["hasNextPage"] == false {
            return pages;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

#[tokio::test]
async fn people_are_found_by_the_beginning_of_either_name_in_any_case() {
    let world = World::start().await;
    let ids = world.people(&["ben", "anna", "an_1", "hanna", "ana"]).await;
    world.show_as(ids[0], "ANdre\u{301} the baker").await;
    world.show_as(ids[3], "Ándor").await;
    assert_eq!(world.names("an", "USERNAME").await, ["an_1", "ana", "anna", "ben"]);
    assert_eq!(world.names(" AN ", "NEWEST").await, ["ana", "an_1", "anna", "ben"]);
    assert_eq!(world.names("andr\u{e9} THE", "USERNAME").await, ["ben"]);
    assert_eq!(world.names("á", "USERNAME").await, ["hanna"]);
    assert_eq!(world.names("anna", "USERNAME").await, ["anna"]);
    assert_eq!(world.names("baker", "USERNAME").await, [] as [&str; 0]);
    // A name that is shown no more is found no more, nor is an address.
    world.show_as(ids[0], "").await;
    assert_eq!(world.names("andr", "USERNAME").await, [] as [&str; 0]);
    assert_eq!(world.names("ben@", "USERNAME").await, [] as [&str; 0]);
}

#[tokio::test]
async fn what_is_looked_for_means_itself_whatever_it_is() {
    let world = World::start().await;
    let ids = world.people(&["a_b", "axb", "zed"]).await;
    world.show_as(ids[2], "100% %_\\ 'sure\"").await;
    assert_eq!(world.names("a_", "USERNAME").await, ["a_b"]);
    assert_eq!(world.names("100%", "USERNAME").await, ["zed"]);
    assert_eq!(world.names("100% %_\\ 'sure\"", "USERNAME").await, ["zed"]);
    let huge = "a".repeat(100_000);
    for nobody in
        ["%", "_", "*", "'", "\\", "\0", "a\0", "\u{1b}", "\u{10ffff}", "a\u{10ffff}", &huge, "😀", "' OR 1=1 --"]
    {
        assert_eq!(world.names(nobody, "USERNAME").await, [] as [&str; 0], "{:?}", &nobody[..nobody.len().min(20)]);
    }
    for everybody in ["", "  "] {
        assert_eq!(world.names(everybody, "USERNAME").await, ["a_b", "axb", "zed"]);
    }
    assert_eq!(usernames(&world.find_users(json!({})).await), ["a_b", "axb", "zed"]);
    assert_eq!(usernames(&world.find_users(json!({"filter": {}, "orderBy": "NEWEST"})).await), ["zed", "axb", "a_b"]);
}

#[tokio::test]
async fn only_accounts_in_use_are_found() {
    let world = World::start().await;
    let ids = world.people(&["ana", "anb", "anc", "and", "ane"]).await;
    let mut tx = world.db().begin().await.unwrap();
    for (id, state) in ids[1..].iter().zip(["SUSPENDED", "DEACTIVATED", "DELETION_PENDING", "DELETED"]) {
        query!("UPDATE account SET state = $2 WHERE id = $1").bind(*id).bind(state).execute(&mut tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    for search in ["an", "anb", ""] {
        let expected: &[&str] = if search == "anb" { &[] } else { &["ana"] };
        assert_eq!(world.names(search, "USERNAME").await, expected);
    }
}

#[tokio::test]
async fn pages_hold_everybody_once_and_cost_one_statement_each() {
    let world = World::start().await;
    // By id these are in another order than by name.
    let names: Vec<_> = (0..25).map(|n| format!("user{:02}", (n * 7) % 25)).collect();
    let ids = world.people(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    world.people(&["other"]).await;
    for id in &ids[..3] {
        world.show_as(*id, "User").await;
    }
    let mut sorted = names.clone();
    sorted.sort_unstable();
    let newest: Vec<_> = names.iter().rev().cloned().collect();
    for (order, expected) in [("USERNAME", sorted), ("NEWEST", newest)] {
        for first in [1, 10, 25] {
            let pages = all_pages(async |after| {
                let variables = json!({"filter": {"search": "user"}, "orderBy": order, "first": first, "after": after});
                let (page, statements) = chatty_store::counted(world.find_users(variables)).await;
                assert_eq!(statements, 1);
                page
            })
            .await;
            assert_eq!(pages.len(), 25_usize.div_ceil(first));
            assert_eq!(pages.concat(), expected, "{order} by {first}");
        }
    }
}

#[tokio::test]
async fn a_cursor_belongs_to_its_search_and_order() {
    let world = World::start().await;
    world.people(&["ana", "anb", "anc"]).await;
    let page = world.find_users(json!({"filter": {"search": "an"}, "first": 1})).await;
    let after = page["pageInfo"]["endCursor"].clone();
    // The default order, and another spelling of the same search.
    let next = json!({"filter": {"search": " an "}, "orderBy": "USERNAME", "after": after});
    assert_eq!(usernames(&world.find_users(next).await), ["anb", "anc"]);
    for other in [
        json!({"filter": {"search": "a"}, "after": after}),
        json!({"after": after}),
        json!({"filter": {"search": "an"}, "orderBy": "NEWEST", "after": after}),
        json!({"filter": {"search": "an"}, "after": "nonsense"}),
        json!({"filter": {"search": "a\0"}, "after": after}),
    ] {
        assert_eq!(fault(&world.ask(&Caller::anonymous(), USERS, other).await), "CURSOR_MISMATCH");
    }
    for first in [0, 101, -1] {
        assert_eq!(fault(&world.ask(&Caller::anonymous(), USERS, json!({"first": first})).await), "BAD_USER_INPUT");
    }
}
