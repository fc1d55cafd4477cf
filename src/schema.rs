//! The subgraphs' SDL and the supergraph that composition makes of them.

use chatty_router::{ComposeError, compose};

/// The committed supergraph that this binary serves.
pub const SUPERGRAPH: &str = include_str!("../schema/supergraph.graphql");

/// Each subgraph with its SDL, as the code says now.
pub fn subgraphs() -> Vec<(&'static str, String)> {
    vec![
        (chatty_auth::NAME, chatty_auth::sdl()),
        (chatty_platform::NAME, chatty_platform::sdl()),
        (chatty_posts::NAME, chatty_posts::sdl()),
        (chatty_subscriptions::NAME, chatty_subscriptions::sdl()),
    ]
}

/// A generated file under `schema/` and what it should hold.
pub struct Generated {
    /// The file's name.
    pub file: String,
    /// Its content.
    pub content: String,
}

/// Everything that `schema/` should hold: a file a subgraph and the supergraph.
pub fn generate() -> Result<Vec<Generated>, ComposeError> {
    let subgraphs = subgraphs();
    let parts: Vec<_> = subgraphs.iter().map(|(name, sdl)| (*name, sdl.as_str())).collect();
    let supergraph = compose(&parts)?;
    let mut files: Vec<_> = subgraphs
        .iter()
        .map(|(name, sdl)| Generated { file: format!("{name}.graphql"), content: sdl.clone() })
        .collect();
    files.push(Generated { file: "supergraph.graphql".to_owned(), content: supergraph });
    Ok(files)
}
