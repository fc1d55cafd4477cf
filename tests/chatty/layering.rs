//! Who may depend on whom. The table is the architecture's; a new dependency is a change of the architecture.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::Value;

/// A package of the workspace and what it depends on, tests left aside.
struct Package {
    name: String,
    dependencies: Vec<String>,
}

fn packages() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version=1", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let list = |value: &Value| value.as_array().expect("a list").clone();
    let name = |value: &Value| value["name"].as_str().expect("a name").to_owned();
    list(&metadata["packages"])
        .iter()
        .map(|package| Package {
            name: name(package),
            // Normal dependencies have no kind.
            dependencies: list(&package["dependencies"])
                .iter()
                .filter(|used| used["kind"].is_null())
                .map(name)
                .collect(),
        })
        .collect()
}

/// What each crate may use of ours.
fn allowed() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let foundation = ["types", "events", "store", "bus", "access", "kit", "graphql"];
    let subgraphs = ["auth", "posts", "subscriptions", "platform"];
    let up_to = |last: &str| -> BTreeSet<&'static str> {
        let end = foundation.iter().position(|name| *name == last).expect("a foundation crate");
        foundation[..=end].iter().copied().collect()
    };
    let mut table: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::from([
        ("types", [].into()),
        ("events", ["types"].into()),
        ("store", ["types"].into()),
        ("bus", ["types", "events", "store"].into()),
        ("access", ["types"].into()),
        ("kit", ["types", "events", "store", "bus", "access"].into()),
        ("graphql", up_to("kit")),
        // No store: the router knows no table. Of events it listens to one, `auth.access.revoked`.
        ("router", ["types", "events", "bus", "access", "kit"].into()),
    ]);
    for subgraph in subgraphs {
        table.insert(subgraph, up_to("graphql"));
    }
    // What subgraphs may use. It has no part of the graph.
    table.insert("email", up_to("kit"));
    table
}

#[test]
fn crates_depend_only_on_what_the_architecture_allows() {
    let packages = packages();
    let allowed = allowed();
    let mut checked = 0;
    for package in &packages {
        // The root composes everything; the others are for tests.
        let Some(name) =
            package.name.strip_prefix("chatty-").filter(|name| !["testkit", "scratch", "fuzz"].contains(name))
        else {
            continue;
        };
        let allowed = allowed.get(name).unwrap_or_else(|| panic!("{name} has no line in the table"));
        checked += 1;
        for used in package.dependencies.iter().filter(|used| packages.iter().any(|package| package.name == **used)) {
            let used = used.strip_prefix("chatty-").unwrap_or("the root");
            assert!(allowed.contains(used), "{name} must not depend on {used}");
        }
    }
    assert_eq!(checked, allowed.len(), "every line of the table names a crate");
}

/// Third-party crates that exactly one of ours may name.
#[test]
fn third_party_crates_stay_with_their_owner() {
    let packages = packages();
    let only = [
        ("hive-router-query-planner", "chatty-router"),
        ("federation-composition", "chatty-router"),
        ("apollo-compiler", "chatty-router"),
        ("figment", "chatty-kit"),
        ("tracing-subscriber", "chatty-kit"),
        ("argon2", "chatty-auth"),
        ("dataloader", "chatty-graphql"),
        ("lapin", "chatty-bus"),
        ("minijinja", "chatty-email"),
    ];
    for (dependency, owner) in only {
        let users: Vec<_> = packages
            .iter()
            .filter(|package| package.dependencies.iter().any(|used| used == dependency))
            .map(|package| package.name.as_str())
            .collect();
        assert_eq!(users, [owner], "{dependency}");
    }
}
