//! Composes subgraph schemas into a supergraph.

use apollo_compiler::ast::{Document, Value};
use federation_composition::{CompositionResult, ServiceDefinition, compose_services, graphql_core};

/// Why subgraphs do not make a supergraph.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// A subgraph's schema is not a GraphQL document.
    #[error("the schema of subgraph `{subgraph}` does not parse: {message}")]
    Syntax {
        /// The subgraph.
        subgraph: String,
        /// Where and why.
        message: String,
    },
    /// A directive that the planner would silently ignore.
    #[error("subgraph `{subgraph}` uses `@{directive}`, which this gateway does not support")]
    Unsupported {
        /// The subgraph.
        subgraph: String,
        /// The directive's name.
        directive: &'static str,
    },
    /// The composer's complaints, one a line.
    #[error("the subgraphs do not compose:\n{}", .0.join("\n"))]
    Incompatible(Vec<String>),
}

/// The planner reads these and plans as if they were not there.
const UNSUPPORTED: [&str; 2] = ["context", "fromContext"];

/// Composes `(name, SDL)` pairs into supergraph SDL.
pub fn compose(subgraphs: &[(&str, &str)]) -> Result<String, ComposeError> {
    compose_located(&subgraphs.iter().map(|(name, sdl)| (*name, *sdl, None)).collect::<Vec<_>>())
}

/// Composes `(name, SDL, URL)` into supergraph SDL that says where the subgraphs are.
pub fn compose_located(subgraphs: &[(&str, &str, Option<&str>)]) -> Result<String, ComposeError> {
    let services = subgraphs.iter().map(|(name, sdl, url)| {
        let service = service(name, sdl)?;
        Ok(match url {
            Some(url) => service.with_url(*url),
            None => service,
        })
    });
    let services = services.collect::<Result<Vec<_>, _>>()?;
    match compose_services(&services) {
        Ok(CompositionResult::Success(success)) => Ok(success.supergraph_sdl().to_owned()),
        Ok(CompositionResult::Failure(failure)) => {
            Err(ComposeError::Incompatible(failure.errors().iter().map(|error| error.message.clone()).collect()))
        }
        Err(error) => Err(ComposeError::Incompatible(vec![error.message().to_owned()])),
    }
}

fn service(name: &str, sdl: &str) -> Result<ServiceDefinition, ComposeError> {
    if let Some(directive) = unsupported_directive(sdl) {
        return Err(ComposeError::Unsupported { subgraph: name.to_owned(), directive });
    }
    let document = graphql_core::parse(sdl)
        .map_err(|error| ComposeError::Syntax { subgraph: name.to_owned(), message: error.message.clone() })?;
    Ok(ServiceDefinition::new(name, document))
}

/// The first directive that is imported, under whatever name, or applied with its namespace. A schema that does not
/// parse uses none; the composer's parser will say so.
fn unsupported_directive(sdl: &str) -> Option<&'static str> {
    let document = Document::parse(sdl, "subgraph.graphql").ok()?;
    let links = document.definitions.iter().flat_map(|definition| definition.directives().get_all("link"));
    let imports: Vec<&str> = links
        .filter_map(|link| link.specified_argument_by_name("import")?.as_list())
        .flatten()
        .filter_map(|import| match import.as_ref() {
            Value::String(name) => Some(name.as_str()),
            Value::Object(members) => members.iter().find(|(key, _)| key == "name")?.1.as_str(),
            _ => None,
        })
        .collect();
    UNSUPPORTED.into_iter().find(|directive| {
        let imported = imports.iter().any(|import| import.strip_prefix('@') == Some(directive));
        imported || sdl.contains(&format!("@federation__{directive}"))
    })
}
