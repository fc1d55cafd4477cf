//! Documents that cost too much are refused before the planner sees them; `bench/hostile.rs` measures the others.

pub(crate) mod documents;

use std::collections::HashMap;

use chatty_router::Limits;

use self::documents::documents;
use crate::fixture::{read, request, viewer};

#[tokio::test]
async fn each_hostile_document_is_refused_or_planned_as_the_table_says() {
    let mut gateways = HashMap::new();
    let mut wrong = Vec::new();
    for hostile in documents() {
        let gateway = gateways.entry(hostile.graph).or_insert_with(|| hostile.graph.gateway(Limits::default()));
        let built = gateway.plans_built();
        let found = match gateway.prepare(&request(&hostile.text, hostile.variables), &viewer()).await {
            Ok(_) => "planned".to_owned(),
            Err(answer) => {
                let body = read(&answer);
                let errors = body["errors"].as_array().unwrap();
                assert!(errors.len() <= 10 && answer.body.len() < 10 * 1024, "{}: {body}", hostile.name);
                assert!(errors.iter().all(|error| error["message"].as_str().unwrap().len() <= 512), "{body}");
                let extensions = &errors[0]["extensions"];
                let limit = extensions["limit"].as_str().unwrap_or(extensions["code"].as_str().unwrap()).to_owned();
                // Only how many requests it takes is known no earlier.
                assert!(limit == "fetches" || gateway.plans_built() == built, "{} was planned", hostile.name);
                limit
            }
        };
        if !hostile.verdict.split(" or ").any(|verdict| verdict == found) {
            wrong.push(format!("{}: {found} and not {}", hostile.name, hostile.verdict));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
