//! The planner's plans in their serialised form, and how they become ours.

use std::collections::BTreeSet;

use apollo_compiler::Name as SchemaName;
use async_graphql::{
    Name,
    parser::types::{DocumentOperations, ExecutableDocument, Selection, SelectionSet},
};
use serde::Deserialize;

use super::{
    order,
    plan::{EntityCall, Fetch, FetchVariable, Node, Path, PathStep, Plan, Rename, Requirement, Source, TypenameSetter},
};
use crate::{data::Key, operation::VARIABLE_PREFIX, supergraph::Supergraph, upstream::SubgraphDocument};

/// Why a plan of the planner cannot be executed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    #[error("the plan has an unexpected form: {0}")]
    Form(#[from] serde_json::Error),
    #[error("a subgraph operation does not parse: {0}")]
    Operation(String),
    #[error("the plan names the unknown subgraph `{0}`")]
    UnknownSubgraph(String),
    #[error("the plan contains {0}, which is not supported")]
    Unsupported(&'static str),
}

#[derive(Deserialize)]
struct WirePlan {
    node: Option<WireNode>,
}

#[derive(Deserialize)]
#[serde(tag = "kind")]
enum WireNode {
    Fetch(WireFetch),
    BatchFetch(WireBatchFetch),
    Sequence { nodes: Vec<WireNode> },
    Parallel { nodes: Vec<WireNode> },
    Flatten { path: Vec<WirePathStep>, node: Box<WireNode> },
    Subscription { primary: WireFetch },
    Condition {},
    Defer {},
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireFetch {
    service_name: String,
    operation: String,
    requires: Option<Vec<WireSelection>>,
    #[serde(default)]
    input_rewrites: Option<Vec<WireRewrite>>,
    #[serde(default)]
    output_rewrites: Option<Vec<WireRewrite>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireBatchFetch {
    service_name: String,
    operation: String,
    entity_batch: WireBatch,
}

#[derive(Deserialize)]
struct WireBatch {
    aliases: Vec<WireAlias>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireAlias {
    alias: String,
    representations_variable_name: String,
    paths: Vec<Vec<WirePathStep>>,
    requires: Vec<WireSelection>,
    #[serde(default)]
    input_rewrites: Option<Vec<WireRewrite>>,
    #[serde(default)]
    output_rewrites: Option<Vec<WireRewrite>>,
}

#[derive(Deserialize)]
enum WirePathStep {
    Field(String),
    TypeCondition(BTreeSet<String>),
    #[serde(rename = "@")]
    Each,
}

#[derive(Deserialize)]
#[serde(tag = "kind")]
enum WireSelection {
    Field {
        name: String,
        alias: Option<String>,
        #[serde(default)]
        selections: Vec<WireSelection>,
    },
    #[serde(rename_all = "camelCase")]
    InlineFragment { type_condition: String, selections: Vec<WireSelection> },
}

#[derive(Deserialize)]
enum WireRewrite {
    #[serde(rename_all = "camelCase")]
    ValueSetter { path: Vec<WireRewriteStep>, set_value_to: String },
    #[serde(rename_all = "camelCase")]
    KeyRenamer { path: Vec<WireRewriteStep>, rename_key_to: String },
}

#[derive(Deserialize)]
enum WireRewriteStep {
    Key(String),
    TypenameEquals(BTreeSet<String>),
}

/// Reads the serialised plans of an operation's parts into one plan.
pub(super) fn read(supergraph: &Supergraph, parts: &[Vec<u8>]) -> Result<Plan, WireError> {
    let mut reader = Reader { supergraph, fetches: 0 };
    let (mut roots, mut after_event) = (Vec::with_capacity(parts.len()), None);
    for part in parts {
        match serde_json::from_slice::<WirePlan>(part)?.node {
            None => {}
            Some(WireNode::Subscription { primary }) => roots.push(reader.fetch(primary, Vec::new())?),
            Some(WireNode::Sequence { nodes }) if matches!(nodes.first(), Some(WireNode::Subscription { .. })) => {
                let mut nodes = nodes.into_iter();
                if let Some(WireNode::Subscription { primary }) = nodes.next() {
                    roots.push(reader.fetch(primary, Vec::new())?);
                }
                after_event = Some(Node::Sequence(reader.nodes(nodes)?));
            }
            Some(node) => roots.push(reader.node(node)?),
        }
    }
    Ok(Plan { roots, after_event, fetches: reader.fetches })
}

struct Reader<'s> {
    supergraph: &'s Supergraph,
    fetches: usize,
}

impl Reader<'_> {
    fn node(&mut self, node: WireNode) -> Result<Node, WireError> {
        Ok(match node {
            WireNode::Fetch(fetch) => self.fetch(fetch, Vec::new())?,
            WireNode::BatchFetch(fetch) => self.batch_fetch(fetch)?,
            WireNode::Sequence { nodes } => Node::Sequence(self.nodes(nodes)?),
            WireNode::Parallel { nodes } => Node::Parallel(self.nodes(nodes)?),
            WireNode::Flatten { path: steps, node } => match *node {
                WireNode::Fetch(fetch) => self.fetch(fetch, path(steps))?,
                _ => return Err(WireError::Unsupported("a path around something that is no fetch")),
            },
            WireNode::Subscription { .. } => return Err(WireError::Unsupported("a subscription behind other fetches")),
            WireNode::Condition {} => return Err(WireError::Unsupported("a condition")),
            WireNode::Defer {} => return Err(WireError::Unsupported("a deferred part")),
        })
    }

    fn nodes(&mut self, nodes: impl IntoIterator<Item = WireNode>) -> Result<Vec<Node>, WireError> {
        nodes.into_iter().map(|node| self.node(node)).collect()
    }

    fn fetch(&mut self, fetch: WireFetch, path: Path) -> Result<Node, WireError> {
        let document = parse(&fetch.operation)?;
        let source = match fetch.requires {
            Some(requires) => Source::Entities(vec![EntityCall {
                provides: provided(&document.parsed, "_entities"),
                key: Key::new(Name::new("_entities")),
                variable: Name::new("representations"),
                paths: vec![path],
                requires: self.requirements(requires, None),
                input: setters(fetch.input_rewrites)?,
                renames: renames(fetch.output_rewrites)?,
            }]),
            None => Source::Root { path, keys: root_keys(&document.parsed), renames: renames(fetch.output_rewrites)? },
        };
        self.finish(&fetch.service_name, document, source)
    }

    fn batch_fetch(&mut self, fetch: WireBatchFetch) -> Result<Node, WireError> {
        let document = parse(&fetch.operation)?;
        let mut calls = Vec::with_capacity(fetch.entity_batch.aliases.len());
        for alias in fetch.entity_batch.aliases {
            calls.push(EntityCall {
                provides: provided(&document.parsed, &alias.alias),
                key: Key::new(Name::new(alias.alias)),
                variable: Name::new(alias.representations_variable_name),
                paths: alias.paths.into_iter().map(path).collect(),
                requires: self.requirements(alias.requires, None),
                input: setters(alias.input_rewrites)?,
                renames: renames(alias.output_rewrites)?,
            });
        }
        self.finish(&fetch.service_name, document, Source::Entities(calls))
    }

    fn finish(&mut self, service: &str, document: SubgraphDocument, source: Source) -> Result<Node, WireError> {
        let id = self.fetches;
        self.fetches += 1;
        let service = order::original(service);
        let subgraph = self
            .supergraph
            .subgraphs
            .iter()
            .position(|name| name == service)
            .ok_or_else(|| WireError::UnknownSubgraph(service.to_owned()))?;
        let variables = client_variables(&document.parsed);
        Ok(Node::Fetch(Box::new(Fetch { id, subgraph, document, variables, source })))
    }

    fn requirements(&self, selections: Vec<WireSelection>, parent: Option<&str>) -> Vec<Requirement> {
        let requirement = |selection| match selection {
            WireSelection::Field { name, alias, selections } => {
                let known_as = alias.as_deref().unwrap_or(&name);
                let definition = parent.and_then(|parent| self.supergraph.full.type_field(parent, known_as).ok());
                let body_type = definition.as_ref().map(|definition| definition.ty.inner_named_type().to_string());
                Requirement::Field {
                    to: Key::new(Name::new(known_as)),
                    non_null: definition.is_some_and(|definition| definition.ty.is_non_null()),
                    body: self.requirements(selections, body_type.as_deref()),
                    from: Key::new(Name::new(name)),
                }
            }
            WireSelection::InlineFragment { type_condition, selections } => Requirement::On {
                body: self.requirements(selections, Some(&type_condition)),
                condition: type_condition,
            },
        };
        selections.into_iter().map(requirement).collect()
    }
}

fn parse(operation: &str) -> Result<SubgraphDocument, WireError> {
    SubgraphDocument::parse(operation).map_err(|error| WireError::Operation(error.to_string()))
}

fn path(steps: Vec<WirePathStep>) -> Path {
    let step = |step| match step {
        WirePathStep::Field(name) => PathStep::Key(Key::new(Name::new(name))),
        WirePathStep::TypeCondition(types) => PathStep::OneOf(types.into_iter().collect()),
        WirePathStep::Each => PathStep::Each,
    };
    steps.into_iter().map(step).collect()
}

fn setters(rewrites: Option<Vec<WireRewrite>>) -> Result<Vec<TypenameSetter>, WireError> {
    let setter = |rewrite| match rewrite {
        WireRewrite::ValueSetter { mut path, set_value_to } => match (path.pop(), path.pop(), path.pop()) {
            (Some(WireRewriteStep::Key(key)), Some(WireRewriteStep::TypenameEquals(types)), None)
                if key == "__typename" =>
            {
                Ok(TypenameSetter { types: types.into_iter().collect(), typename: set_value_to })
            }
            _ => Err(WireError::Unsupported("an input rewrite of something else than a type's name")),
        },
        WireRewrite::KeyRenamer { .. } => Err(WireError::Unsupported("a renamed input")),
    };
    rewrites.unwrap_or_default().into_iter().map(setter).collect()
}

fn renames(rewrites: Option<Vec<WireRewrite>>) -> Result<Vec<Rename>, WireError> {
    let rename = |rewrite| match rewrite {
        WireRewrite::KeyRenamer { mut path, rename_key_to } => {
            let Some(WireRewriteStep::Key(from)) = path.pop() else {
                return Err(WireError::Unsupported("an output rewrite without a key"));
            };
            let step = |step| match step {
                WireRewriteStep::Key(key) => PathStep::Key(Key::new(Name::new(key))),
                WireRewriteStep::TypenameEquals(types) => PathStep::OneOf(types.into_iter().collect()),
            };
            let path = path.into_iter().map(step).collect();
            Ok(Rename { path, from: Name::new(from), to: Name::new(rename_key_to) })
        }
        WireRewrite::ValueSetter { .. } => Err(WireError::Unsupported("a set output")),
    };
    rewrites.unwrap_or_default().into_iter().map(rename).collect()
}

fn client_variables(document: &ExecutableDocument) -> Vec<FetchVariable> {
    let DocumentOperations::Single(operation) = &document.operations else { return Vec::new() };
    let definitions = operation.node.variable_definitions.iter();
    definitions
        .filter_map(|definition| {
            let name = &definition.node.name.node;
            let client = SchemaName::new(name.strip_prefix(VARIABLE_PREFIX)?).ok()?;
            Some(FetchVariable { name: name.clone(), client })
        })
        .collect()
}

fn root_selections(document: &ExecutableDocument) -> Option<&SelectionSet> {
    match &document.operations {
        DocumentOperations::Single(operation) => Some(&operation.node.selection_set.node),
        DocumentOperations::Multiple(_) => None,
    }
}

fn root_keys(document: &ExecutableDocument) -> Vec<Name> {
    let mut keys = Vec::new();
    if let Some(set) = root_selections(document) {
        response_keys(document, set, &mut keys);
    }
    keys
}

/// The fields that entities get from the `_entities` field with this response key.
fn provided(document: &ExecutableDocument, key: &str) -> Vec<Name> {
    let mut keys = Vec::new();
    for selection in root_selections(document).map_or(&[][..], |set| &set.items) {
        if let Selection::Field(field) = &selection.node
            && field.node.response_key().node == key
        {
            response_keys(document, &field.node.selection_set.node, &mut keys);
        }
    }
    keys
}

/// The response keys of a set, fragments included. Subgraph operations are ours and have no cycles.
fn response_keys(document: &ExecutableDocument, set: &SelectionSet, keys: &mut Vec<Name>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => {
                let key = &field.node.response_key().node;
                if *key != "__typename" && !keys.contains(key) {
                    keys.push(key.clone());
                }
            }
            Selection::InlineFragment(fragment) => response_keys(document, &fragment.node.selection_set.node, keys),
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                    response_keys(document, &fragment.node.selection_set.node, keys);
                }
            }
        }
    }
}
