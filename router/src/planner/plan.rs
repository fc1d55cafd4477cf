//! Our plan: which requests go to which subgraph, in which order, and where their answers belong.

use apollo_compiler::Name as SchemaName;
use async_graphql::Name;

use crate::{data::Key, upstream::SubgraphDocument};

/// The plan of one operation.
#[derive(Debug)]
pub(crate) struct Plan {
    /// One step for a query, one a root field for a mutation, the source alone for a subscription.
    pub(crate) roots: Vec<Node>,
    /// What runs on the data of each event of a subscription.
    pub(crate) after_event: Option<Node>,
    /// Requests in the whole plan, which number them.
    pub(crate) fetches: usize,
}

/// A step of a plan.
#[derive(Debug)]
pub(crate) enum Node {
    Fetch(Box<Fetch>),
    /// One after the other.
    Sequence(Vec<Node>),
    /// At the same time.
    Parallel(Vec<Node>),
}

/// One request to one subgraph.
#[derive(Debug)]
pub(crate) struct Fetch {
    /// Its number in the plan.
    pub(crate) id: usize,
    /// Index into the supergraph's subgraphs.
    pub(crate) subgraph: usize,
    pub(crate) document: SubgraphDocument,
    /// The variables of the client that the document uses.
    pub(crate) variables: Vec<FetchVariable>,
    pub(crate) source: Source,
}

/// A variable in a subgraph's document and in the client's.
#[derive(Debug)]
pub(crate) struct FetchVariable {
    pub(crate) name: Name,
    pub(crate) client: SchemaName,
}

/// What a request asks for.
#[derive(Debug)]
pub(crate) enum Source {
    /// Fields of a root type, merged into the root of the data or into other values of that type.
    Root {
        /// Empty for the root of the data.
        path: Path,
        /// The response keys that it answers.
        keys: Vec<Name>,
        renames: Vec<Rename>,
    },
    /// Fields of entities, merged where the entities stand.
    Entities(Vec<EntityCall>),
}

/// One `_entities` field.
#[derive(Debug)]
pub(crate) struct EntityCall {
    /// Its response key.
    pub(crate) key: Key,
    /// The variable with the representations; calls of one request may share it.
    pub(crate) variable: Name,
    /// Where the entities stand.
    pub(crate) paths: Vec<Path>,
    /// What a representation consists of.
    pub(crate) requires: Vec<Requirement>,
    pub(crate) input: Vec<TypenameSetter>,
    pub(crate) renames: Vec<Rename>,
    /// The fields that the entities get, for filing the errors of whole requests.
    pub(crate) provides: Vec<Name>,
}

/// The way to entities, from the root of the data.
pub(crate) type Path = Vec<PathStep>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PathStep {
    /// A member.
    Key(Key),
    /// Each item of a list.
    Each,
    /// Only objects of these types.
    OneOf(Vec<String>),
}

/// A part of a representation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Requirement {
    Field {
        /// The key in the data.
        from: Key,
        /// The key in the representation.
        to: Key,
        /// A null or missing value makes the whole representation useless.
        non_null: bool,
        body: Vec<Requirement>,
    },
    On {
        condition: String,
        body: Vec<Requirement>,
    },
}

/// Sets `__typename` of representations of certain types: how an interface's object is asked for under the interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TypenameSetter {
    pub(crate) types: Vec<String>,
    pub(crate) typename: String,
}

/// Undoes an alias that the planner chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rename {
    /// The objects that have the key; lists on the way are implied.
    pub(crate) path: Path,
    pub(crate) from: Name,
    pub(crate) to: Name,
}
