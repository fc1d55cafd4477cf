//! The list of accounts that administrators read.

use chatty_access::{Caller, Role};
use chatty_store::query;
use chatty_types::UserId;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::{
    fixture::{World, fault},
    user_search::{all_pages, usernames},
};

const USERS: &str = "query($filter: AdminUserFilter, $orderBy: AdminUserOrder, $first: Int, $after: Cursor) {
    adminUsers(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
        nodes { id username email emailStatus accountState role } pageInfo { hasNextPage endCursor } } }";

impl World {
    async fn list(&self, variables: Value) -> Value {
        let (page, statements) = chatty_store::counted(self.run(&self.somebody(Role::Admin), USERS, variables)).await;
        assert!(statements <= 1, "{statements} for a page");
        page
    }

    async fn filtered(&self, filter: Value) -> Vec<String> {
        usernames(&self.list(json!({"filter": filter, "orderBy": "USERNAME"})).await)
    }

    async fn mark(&self, user: UserId, state: &str, role: &str, email_status: &str) {
        let mut tx = self.db().begin().await.expect("a transaction");
        query!("UPDATE account SET state = $2, role = $3, email_status = $4 WHERE id = $1")
            .bind(user)
            .bind(state)
            .bind(role)
            .bind(email_status)
            .execute(&mut tx)
            .await
            .expect("updated");
        tx.commit().await.expect("committed");
    }
}

/// A world with an account of each kind.
async fn mixed() -> World {
    let world = World::start().await;
    let ids = world.people(&["ana", "ben", "cat", "dan", "eve"]).await;
    world.mark(ids[1], "SUSPENDED", "USER", "VERIFIED").await;
    world.mark(ids[2], "ACTIVE", "MODERATOR", "BOUNCED").await;
    world.mark(ids[3], "ACTIVE", "ADMIN", "VERIFIED").await;
    world.mark(ids[4], "SUSPENDED", "ADMIN", "VERIFIED").await;
    world
}

#[tokio::test]
async fn only_administrators_read_the_list() {
    let world = mixed().await;
    for (caller, code) in [
        (Caller::anonymous(), "UNAUTHENTICATED"),
        (world.somebody(Role::User), "FORBIDDEN"),
        (world.somebody(Role::Moderator), "FORBIDDEN"),
    ] {
        assert_eq!(fault(&world.ask(&caller, USERS, json!({})).await), code);
    }
    let page = world.list(json!({"filter": {"search": "cat"}})).await;
    let cat = &page["nodes"][0];
    assert_eq!(cat["email"], "cat@example.com");
    assert_eq!((&cat["emailStatus"], &cat["accountState"]), (&json!("BOUNCED"), &json!("ACTIVE")));
    assert_eq!(cat["role"], "MODERATOR");
}

#[tokio::test]
async fn every_condition_narrows_the_list_alone_and_with_others() {
    let world = mixed().await;
    for (filter, expected) in [
        (json!({}), &["ana", "ben", "cat", "dan", "eve"][..]),
        (json!(null), &["ana", "ben", "cat", "dan", "eve"]),
        (json!({"state": "ACTIVE"}), &["ana", "cat", "dan"]),
        (json!({"state": "SUSPENDED"}), &["ben", "eve"]),
        (json!({"state": "DELETED"}), &[]),
        (json!({"role": "USER"}), &["ana", "ben"]),
        (json!({"role": "ADMIN"}), &["dan", "eve"]),
        (json!({"role": "ADMIN", "state": "ACTIVE"}), &["dan"]),
        (json!({"role": "USER", "state": "SUSPENDED"}), &["ben"]),
        (json!({"emailStatus": "VERIFIED"}), &["ben", "dan", "eve"]),
        (json!({"emailStatus": "VERIFIED", "state": "SUSPENDED", "role": "ADMIN"}), &["eve"]),
        (json!({"search": "DAN@ex"}), &["dan"]),
        (json!({"search": "e"}), &["eve"]),
        (json!({"search": "e", "role": "USER"}), &[]),
        (json!({"search": "example.com"}), &[]),
        (json!({"search": "%"}), &[]),
        (json!({"search": "a\u{0}"}), &[]),
        (json!({"search": " "}), &["ana", "ben", "cat", "dan", "eve"]),
    ] {
        assert_eq!(world.filtered(filter.clone()).await, expected, "{filter}");
    }
}

#[tokio::test]
async fn registrations_are_listed_from_a_time_on_and_before_another() {
    let world = World::start().await;
    let mut times = Vec::new();
    for name in ["ana", "ben", "cat"] {
        times.push(world.env.clock.now());
        world.people(&[name]).await;
        world.env.clock.advance(TimeDelta::hours(1));
    }
    let (second, third) = (times[1].to_rfc3339(), times[2].to_rfc3339());
    assert_eq!(world.filtered(json!({"createdAfter": second})).await, ["ben", "cat"]);
    assert_eq!(world.filtered(json!({"createdBefore": second})).await, ["ana"]);
    assert_eq!(world.filtered(json!({"createdAfter": second, "createdBefore": third})).await, ["ben"]);
    for (from, to) in [(&third, &second), (&second, &second)] {
        let none = world.filtered(json!({"createdAfter": from, "createdBefore": to})).await;
        assert_eq!(none, [] as [&str; 0]);
    }
}

#[tokio::test]
async fn pages_hold_every_account_once_in_each_order() {
    let world = World::start().await;
    let names: Vec<_> = (0..12).map(|n| format!("user{:02}", (n * 5) % 12)).collect();
    let ids = world.people(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for id in &ids {
        world.mark(*id, "SUSPENDED", "MODERATOR", "PENDING").await;
    }
    let mut sorted = names.clone();
    sorted.sort_unstable();
    let newest: Vec<_> = names.iter().rev().cloned().collect();
    for (order, expected) in [("NEWEST", &newest), ("OLDEST", &names), ("USERNAME", &sorted), ("", &newest)] {
        for filter in [
            json!({}),
            json!({"search": "user"}),
            json!({"role": "MODERATOR"}),
            json!({"state": "SUSPENDED"}),
            json!({"emailStatus": "PENDING"}),
        ] {
            let pages = all_pages(async |after| {
                let mut variables = json!({"filter": filter, "first": 5, "after": after});
                if !order.is_empty() {
                    variables["orderBy"] = json!(order);
                }
                world.list(variables).await
            })
            .await;
            assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [5, 5, 2]);
            assert_eq!(&pages.concat(), expected, "{order} {filter}");
        }
    }
}

#[tokio::test]
async fn a_cursor_belongs_to_its_conditions() {
    let world = mixed().await;
    let page = world.list(json!({"filter": {"state": "ACTIVE"}, "first": 1})).await;
    let after = page["pageInfo"]["endCursor"].clone();
    let next = world.list(json!({"filter": {"state": "ACTIVE"}, "orderBy": "NEWEST", "after": after})).await;
    assert_eq!(usernames(&next), ["cat", "ana"]);
    let admin = world.somebody(Role::Admin);
    for other in [
        json!({"after": after}),
        json!({"filter": {"state": "SUSPENDED"}, "after": after}),
        json!({"filter": {"state": "ACTIVE", "role": "ADMIN"}, "after": after}),
        json!({"filter": {"state": "ACTIVE", "search": "a"}, "after": after}),
        json!({"filter": {"state": "ACTIVE", "createdAfter": "2026-01-01T00:00:00Z"}, "after": after}),
        json!({"filter": {"state": "ACTIVE"}, "orderBy": "OLDEST", "after": after}),
    ] {
        assert_eq!(fault(&world.ask(&admin, USERS, other).await), "CURSOR_MISMATCH");
    }
}
