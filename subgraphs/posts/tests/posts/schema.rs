//! The schema as clients and composition see it.

use chatty_access::Caller;
use serde_json::{Value, json};

use crate::fixture::World;

#[test]
fn the_sdl_has_the_entities_and_marks_what_depends_on_the_viewer() {
    let sdl = chatty_posts::sdl();
    for wanted in [
        "type Post @key(fields: \"id\")",
        "type Comment @key(fields: \"id\")",
        "type User @key(fields: \"id\")",
        "viewerHasLiked: Boolean! @tag(name: \"viewer\")",
        "commentEvents(",
        "comments(after: Cursor, first: Int, orderBy: CommentOrder = OLD): CommentConnection!",
        "orderBy: PostOrder = NEW",
        "totalCount: Int!",
    ] {
        assert!(without_descriptions(&sdl).contains(wanted), "{wanted} is missing in\n{sdl}");
    }
}

/// The SDL with descriptions left out and each field on one line.
fn without_descriptions(sdl: &str) -> String {
    let odd = sdl.split("\"\"\"").step_by(2).collect::<String>();
    odd.split_whitespace().collect::<Vec<_>>().join(" ").replace("( ", "(").replace(" )", ")")
}

#[tokio::test]
async fn everything_has_a_description() {
    let text = "{ __schema { types { name description kind
        fields { name description args { name description } }
        inputFields { name description } enumValues { name description } } } }";
    let data = World::start().await.run(&Caller::anonymous(), text, json!({})).await;
    let builtin = |name: &str| name.starts_with('_') || ["Boolean", "Float", "ID", "Int", "String"].contains(&name);
    let mut bare = Vec::new();
    for kind in data["__schema"]["types"].as_array().unwrap() {
        let name = kind["name"].as_str().unwrap();
        if builtin(name) {
            continue;
        }
        note(&mut bare, name, kind);
        for list in ["fields", "inputFields", "enumValues"] {
            for member in kind[list].as_array().into_iter().flatten() {
                let member_name = member["name"].as_str().unwrap();
                if builtin(member_name) {
                    continue;
                }
                let path = format!("{name}.{member_name}");
                note(&mut bare, &path, member);
                for argument in member["args"].as_array().into_iter().flatten() {
                    note(&mut bare, &format!("{path}({})", argument["name"]), argument);
                }
            }
        }
    }
    assert!(bare.is_empty(), "without description: {bare:?}");
}

fn note(bare: &mut Vec<String>, path: &str, member: &Value) {
    if member["description"].as_str().is_none_or(str::is_empty) {
        bare.push(path.to_owned());
    }
}
