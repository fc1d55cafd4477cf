//! The generated schemas: committed, current, documented and safe to plan. `UPDATE=1` rewrites them.

use std::{fs, path::Path};

use chatty::schema;
use chatty_testkit::Harness;
use serde_json::Value;

/// Whether this run is to rewrite generated files.
pub(crate) fn updating() -> bool {
    #[expect(clippy::disallowed_methods, reason = "the switch belongs to the test run, not to the product")]
    std::env::var("UPDATE").is_ok_and(|value| value == "1")
}

#[test]
fn committed_schemas_are_what_the_code_generates() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema");
    let mut stale = Vec::new();
    for generated in schema::generate().expect("the subgraphs compose") {
        let file = folder.join(&generated.file);
        if fs::read_to_string(&file).ok().as_deref() != Some(&generated.content) {
            if updating() {
                fs::write(&file, &generated.content).expect("the file can be written");
            }
            stale.push(generated.file);
        }
    }
    assert!(stale.is_empty(), "stale: {stale:?}; UPDATE=1 cargo test schema rewrites them (run again afterwards)");
}

#[test]
fn no_interface_is_expanded_for_each_of_its_implementers() {
    assert_eq!(chatty_router::expanding_interfaces(schema::SUPERGRAPH).expect("the supergraph parses"), []);
}

#[tokio::test]
async fn in_production_strangers_do_not_read_the_schema() {
    let h = Harness::start_with(|config| {
        config.mode = chatty::Mode::Production;
        config.secret = Some("a secret of at least thirty-two bytes".to_owned());
    })
    .await;
    let query = "{ __schema { queryType { name } } serverInfo { name } }";
    let reply = h.anonymous().send(query, Value::Null).await;
    assert_eq!((reply.status, reply.codes()), (400, vec!["GRAPHQL_VALIDATION_FAILED"]));
    let ana = h.register("ana").await;
    assert_eq!(ana.query(query, Value::Null).await["__schema"]["queryType"]["name"], "Query");
    h.anonymous().query("{ __typename serverInfo { name } }", Value::Null).await;
}

#[tokio::test]
async fn everything_a_client_sees_is_described() {
    let h = Harness::start().await;
    let query = "{ __schema { types { name description fields(includeDeprecated: true) { name description
        args { name description } } inputFields { name description } enumValues(includeDeprecated: true) {
        name description } } } }";
    let data = h.anonymous().query(query, Value::Null).await;
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let types: Vec<_> = list(&data["__schema"]["types"])
        .into_iter()
        .filter(|found| !found["name"].as_str().is_some_and(|name| name.starts_with("__")))
        .collect();
    assert!(types.len() > 50, "the schema is there");
    let mut silent = Vec::new();
    let mut note = |of: &str, item: &Value| {
        if item["description"].as_str().is_none_or(|text| text.trim().is_empty()) {
            silent.push(format!("{of}{}", item["name"].as_str().unwrap_or_default()));
        }
    };
    for found in &types {
        let name = found["name"].as_str().expect("a name");
        note("", found);
        for member in ["fields", "inputFields", "enumValues"] {
            for item in list(&found[member]) {
                note(&format!("{name}."), &item);
                let field = item["name"].as_str().expect("a name");
                for argument in list(&item["args"]) {
                    note(&format!("{name}.{field}."), &argument);
                }
            }
        }
    }
    assert_eq!(silent, [] as [&str; 0]);
}
