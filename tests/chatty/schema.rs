//! The generated schemas: committed, current, documented and safe to plan. `UPDATE=1` rewrites them.

use std::{fs, path::Path};

use chatty::schema;

/// Whether this run is to rewrite generated files.
fn updating() -> bool {
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
