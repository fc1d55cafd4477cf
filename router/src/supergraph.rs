//! The loaded supergraph: the API schema that clients see, and what composition says about types and fields.

use std::collections::{HashMap, HashSet};

use apollo_compiler::{
    Name, Node, Schema,
    schema::{ExtendedType, InterfaceType},
    validation::{DiagnosticList, Valid},
};
use federation_composition::{
    graphql_core::{self, Definition},
    transform_supergraph_to_public_schema,
};
use http::Uri;

use crate::{
    streams::Tags,
    upstream::{NotAnEndpoint, endpoint},
};

/// Why a supergraph cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The supergraph is not a valid schema.
    #[error("the supergraph is not valid: {0}")]
    Schema(String),
    /// The supergraph needs what the router does not do.
    #[error("`{0}` takes an argument from its context, which is not supported")]
    ContextArgument(String),
    /// The supergraph says that who does not know this feature must not serve it.
    #[error("the feature {0} is not supported, and the supergraph must not be served without it")]
    Feature(String),
    /// The planner cannot work with the supergraph.
    #[error("the supergraph cannot be planned on: {0}")]
    Planner(String),
    /// A subgraph has no upstream.
    #[error("subgraph `{0}` has no upstream")]
    MissingUpstream(String),
    /// A limit is set for a subgraph that the supergraph does not have.
    #[error("a time-out is set for `{0}`, which is no subgraph of the supergraph")]
    UnknownSubgraph(String),
    /// A subgraph's `join__graph(url:)` is nowhere that requests can be sent to.
    #[error("the url of subgraph `{subgraph}` cannot be used: {reason}")]
    SubgraphUrl {
        /// The subgraph.
        subgraph: String,
        /// What is wrong with it.
        #[source]
        reason: NotAnEndpoint,
    },
}

/// What the router does of the features that a supergraph must not be served without.
const FEATURES: [&str; 2] = ["https://specs.apollo.dev/join/", "https://specs.apollo.dev/inaccessible/"];

/// How many complaints about a schema are told.
const COMPLAINTS: usize = 3;

/// A supergraph as the gateway reads it.
pub(crate) struct Supergraph {
    /// What clients see: without the join machinery and without what is `@inaccessible`.
    pub(crate) api: Valid<Schema>,
    /// The same as text.
    pub(crate) api_sdl: String,
    /// Everything, for relations between types that clients may not see.
    pub(crate) full: Schema,
    /// The subgraphs' names, as operators know them.
    pub(crate) subgraphs: Vec<String>,
    /// What it says about streams.
    pub(crate) tags: Tags,
    /// Object types of each abstract type of the API schema, in a fixed order.
    possible: HashMap<Name, Vec<Name>>,
    /// The fields of interfaces that the planner expands into one fragment per implementer.
    expanding: HashSet<(Name, Name)>,
    /// Abstract types of which some objects are `@inaccessible`.
    hiding: HashSet<Name>,
    /// Names of fields that have more than one type.
    several_types: HashSet<Name>,
}

impl Supergraph {
    pub(crate) fn parse(sdl: &str) -> Result<Self, LoadError> {
        let document = graphql_core::parse(sdl).map_err(|error| LoadError::Schema(error.message))?;
        let mut api = transform_supergraph_to_public_schema(&document)
            .map_err(|error| LoadError::Schema(error.message().to_owned()))?;
        remove_hidden_members(&mut api);
        let api_sdl = graphql_core::print(&api);
        let api =
            Schema::parse_and_validate(&api_sdl, "api.graphql").map_err(|invalid| invalid_schema(&invalid.errors))?;
        let full = Schema::parse(sdl, "supergraph.graphql").map_err(|invalid| invalid_schema(&invalid.errors))?;
        if let Some(feature) = unknown_feature(&full) {
            return Err(LoadError::Feature(feature));
        }
        if let Some(field) = context_argument(&full) {
            return Err(LoadError::ContextArgument(field));
        }
        Ok(Self {
            hiding: hiding_types(&api, &full),
            possible: possible_types(&api),
            expanding: expanding_fields(&full),
            several_types: fields_with_several_types(&full),
            subgraphs: subgraph_names(&full),
            tags: Tags::of(&full),
            api,
            api_sdl,
            full,
        })
    }

    /// The object types that a value of the API type may have: the type itself when it is an object.
    pub(crate) fn possible_types(&self, ty: &Name) -> &[Name] {
        self.possible.get(ty).map_or(&[], Vec::as_slice)
    }

    /// Whether a value of the abstract type may be an object that clients may not see.
    pub(crate) fn hides_objects(&self, ty: &Name) -> bool {
        self.hiding.contains(ty)
    }

    /// How many object types two abstract types share; 1 where either is no abstract type.
    pub(crate) fn common_objects(&self, one: &str, other: &str) -> u64 {
        if !self.is_abstract(one) || !self.is_abstract(other) {
            return 1;
        }
        let (Some(one), Some(other)) = (self.possible.get(one), self.possible.get(other)) else { return 1 };
        one.iter().filter(|object| other.binary_search(object).is_ok()).count().max(1) as u64
    }

    /// Whether it is an interface or a union of the API schema.
    pub(crate) fn is_abstract(&self, name: &str) -> bool {
        self.api.types.get(name).is_some_and(|ty| matches!(ty, ExtendedType::Interface(_) | ExtendedType::Union(_)))
    }

    /// Whether the API schema says that `concrete` is, is a member of, or implements `condition`.
    pub(crate) fn satisfies(&self, concrete: &str, condition: &str) -> bool {
        concrete == condition || self.api.is_subtype(condition, concrete)
    }

    /// The same for all types of the supergraph.
    pub(crate) fn satisfies_in_full(&self, concrete: &str, condition: &str) -> bool {
        concrete == condition || self.full.is_subtype(condition, concrete)
    }

    /// Whether fields of this name differ in their types somewhere, and be it in what may be null: in a request of two
    /// members of a union they cannot share a response key.
    pub(crate) fn has_several_types(&self, field: &str) -> bool {
        self.several_types.contains(field)
    }

    /// How many copies of a selection of `field` on `ty` the planner may make.
    pub(crate) fn expansion(&self, ty: &Name, field: &Name) -> u64 {
        if self.expanding.contains(&(ty.clone(), field.clone())) {
            self.possible_types(ty).len().max(1) as u64
        } else {
            1
        }
    }
}

/// The `(interface, field)` pairs whose selection the planner would copy into one fragment per implementer.
///
/// Each such field multiplies the cost of planning by the number of implementers at every level, so a schema test wants
/// this list empty. The predicate over-estimates on purpose.
pub fn expanding_interfaces(supergraph_sdl: &str) -> Result<Vec<(String, String)>, LoadError> {
    let schema =
        Schema::parse(supergraph_sdl, "supergraph.graphql").map_err(|invalid| invalid_schema(&invalid.errors))?;
    let mut pairs: Vec<_> = expanding_fields(&schema)
        .into_iter()
        .map(|(interface, field)| (interface.to_string(), field.to_string()))
        .collect();
    pairs.sort();
    Ok(pairs)
}

/// Where the supergraph says that its subgraphs are: names and the URLs of `join__graph(url:)`, in the supergraph's
/// order. Each must be an absolute http or https URL.
pub fn subgraph_urls(supergraph_sdl: &str) -> Result<Vec<(String, Uri)>, LoadError> {
    let schema =
        Schema::parse(supergraph_sdl, "supergraph.graphql").map_err(|invalid| invalid_schema(&invalid.errors))?;
    let graphs = schema.get_enum("join__Graph");
    let graphs = graphs.ok_or_else(|| LoadError::Schema("it names no subgraphs: join__Graph is missing".to_owned()))?;
    let joins = graphs.values.values().filter_map(|value| value.directives.get("join__graph"));
    joins
        .map(|join| {
            let argument = |name: &str| join.specified_argument_by_name(name).and_then(|value| value.as_str());
            let subgraph = argument("name").unwrap_or_default().to_owned();
            match endpoint(argument("url").unwrap_or_default()) {
                Ok(uri) => Ok((subgraph, uri)),
                Err(reason) => Err(LoadError::SubgraphUrl { subgraph, reason }),
            }
        })
        .collect()
}

/// The first complaints, each with its place and without a copy of the text around it.
fn invalid_schema(diagnostics: &DiagnosticList) -> LoadError {
    let told = diagnostics.iter().take(COMPLAINTS).map(|diagnostic| {
        let place = diagnostic
            .line_column_range()
            .map_or_else(String::new, |range| format!("line {}, column {}: ", range.start.line, range.start.column));
        format!("{place}{}", diagnostic.error)
    });
    let told = told.collect::<Vec<_>>().join("; ");
    LoadError::Schema(match diagnostics.len().saturating_sub(COMPLAINTS) {
        0 => told,
        more => format!("{told}; and {more} more"),
    })
}

/// Takes objects out of unions that are not in the schema: the transformation leaves there what is `@inaccessible`.
fn remove_hidden_members(api: &mut graphql_core::Document) {
    let objects = api.definitions.iter().filter_map(|definition| match definition {
        Definition::ObjectTypeDefinition(object) => Some(object.name.value.clone()),
        _ => None,
    });
    let objects: HashSet<_> = objects.collect();
    for definition in &mut api.definitions {
        if let Definition::UnionTypeDefinition(union) = definition {
            union.types.retain(|member| objects.contains(&member.name.value));
        }
    }
}

/// The URL of a `@link` with a purpose (`for:`) whose feature is none of ours. The link specification wants such a schema
/// refused: ignoring `@authenticated` would open what it closes.
fn unknown_feature(full: &Schema) -> Option<String> {
    let links = full.schema_definition.directives.get_all("link");
    let urls = links
        .filter(|link| link.specified_argument_by_name("for").is_some())
        .filter_map(|link| link.specified_argument_by_name("url")?.as_str());
    urls.filter(|url| !FEATURES.iter().any(|feature| url.starts_with(feature))).map(str::to_owned).next()
}

/// A field with `@fromContext`, as composition writes it down. The planner would leave the argument out.
fn context_argument(full: &Schema) -> Option<String> {
    let objects = full.types.iter().filter_map(|(name, ty)| Some((name, ty.as_object()?)));
    let mut fields = objects.flat_map(|(name, object)| object.fields.iter().map(move |field| (name, field)));
    let (ty, (field, _)) = fields.find(|(_, (_, definition))| {
        let mut joins = definition.directives.get_all("join__field");
        joins.any(|join| join.specified_argument_by_name("contextArguments").is_some())
    })?;
    Some(format!("{ty}.{field}"))
}

fn possible_types(api: &Schema) -> HashMap<Name, Vec<Name>> {
    let implementers = api.implementers_map();
    api.types
        .iter()
        .filter_map(|(name, ty)| {
            let mut objects: Vec<Name> = match ty {
                ExtendedType::Object(_) => vec![name.clone()],
                ExtendedType::Interface(_) => {
                    implementers.get(name).map(|types| types.objects.iter().cloned().collect()).unwrap_or_default()
                }
                ExtendedType::Union(union) => union.members.iter().map(|member| member.name.clone()).collect(),
                _ => return None,
            };
            objects.sort();
            Some((name.clone(), objects))
        })
        .collect()
}

fn hiding_types(api: &Schema, full: &Schema) -> HashSet<Name> {
    let is_hidden = |object: &Name| !api.types.contains_key(object);
    let types = possible_types(full).into_iter().filter(|(_, objects)| objects.iter().any(is_hidden));
    types.map(|(name, _)| name).collect()
}

fn subgraph_names(full: &Schema) -> Vec<String> {
    let Some(graphs) = full.get_enum("join__Graph") else { return Vec::new() };
    graphs
        .values
        .values()
        .filter_map(|value| {
            let graph = value.directives.get("join__graph")?;
            Some(graph.specified_argument_by_name("name")?.as_str()?.to_owned())
        })
        .collect()
}

fn expanding_fields(full: &Schema) -> HashSet<(Name, Name)> {
    let implementers = full.implementers_map();
    let mut pairs = HashSet::new();
    for (name, ty) in &full.types {
        let ExtendedType::Interface(interface) = ty else { continue };
        let objects: Vec<_> = implementers
            .get(name)
            .map(|types| types.objects.iter().filter_map(|object| full.get_object(object)).collect())
            .unwrap_or_default();
        let shared = declaring_subgraphs(interface) > 1;
        for (field, definition) in &interface.fields {
            let restricted = shared && definition.directives.has("join__field");
            let incomplete = objects.iter().any(|object| {
                object.fields.get(field).is_none_or(|definition| moved_or_external(&definition.directives))
            });
            if restricted || incomplete {
                pairs.insert((name.clone(), field.clone()));
            }
        }
    }
    pairs
}

fn fields_with_several_types(full: &Schema) -> HashSet<Name> {
    let (mut types, mut several) = (HashMap::new(), HashSet::new());
    let fields = full.types.iter().filter(|(name, _)| !name.starts_with("__")).filter_map(|(_, ty)| match ty {
        ExtendedType::Object(object) => Some(&object.fields),
        ExtendedType::Interface(interface) => Some(&interface.fields),
        _ => None,
    });
    for (name, definition) in fields.flatten() {
        // A subgraph may declare the field otherwise than the supergraph.
        let joins = definition.directives.get_all("join__field");
        let of_subgraphs = joins.filter_map(|join| Some(join.specified_argument_by_name("type")?.as_str()?.to_owned()));
        for ty in std::iter::once(definition.ty.to_string()).chain(of_subgraphs) {
            if *types.entry(name).or_insert_with(|| ty.clone()) != ty {
                several.insert(name.clone());
            }
        }
    }
    several
}

fn declaring_subgraphs(interface: &Node<InterfaceType>) -> usize {
    let is_true = |directive: &apollo_compiler::ast::Directive, argument: &str| {
        directive.specified_argument_by_name(argument).and_then(|value| value.to_bool()) == Some(true)
    };
    interface.directives.get_all("join__type").filter(|join| !is_true(join, "isInterfaceObject")).count()
}

fn moved_or_external(directives: &apollo_compiler::ast::DirectiveList) -> bool {
    directives.get_all("join__field").any(|join| {
        ["external", "override", "usedOverridden"]
            .iter()
            .any(|argument| join.specified_argument_by_name(argument).is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(url: &str) -> Result<Vec<(String, Uri)>, LoadError> {
        subgraph_urls(&format!("enum join__Graph {{ A @join__graph(name: \"a\", {url}) }}"))
    }

    #[test]
    fn a_subgraph_is_where_its_url_says() {
        let found = urls(r#"url: "http://localhost:4001/graphql""#).unwrap();
        assert_eq!(found, [("a".to_owned(), Uri::from_static("http://localhost:4001/graphql"))]);
        assert!(urls(r#"url: "https://[::1]:4001""#).is_ok());
    }

    #[test]
    fn a_url_that_leads_nowhere_is_an_error_that_names_the_subgraph() {
        for (url, reason) in [
            ("", NotAnEndpoint::Missing),
            (r#"url: """#, NotAnEndpoint::Missing),
            (r#"url: " ""#, NotAnEndpoint::Missing),
            ("url: 1", NotAnEndpoint::Missing),
            (r#"url: "/graphql""#, NotAnEndpoint::Relative),
            (r#"url: "localhost""#, NotAnEndpoint::Relative),
            (r#"url: "ftp://localhost/graphql""#, NotAnEndpoint::Scheme),
            (r#"url: "http://u:p@localhost/""#, NotAnEndpoint::Credentials),
            (r#"url: "http://""#, NotAnEndpoint::Malformed),
            (r#"url: "http://a b/""#, NotAnEndpoint::Malformed),
        ] {
            let error = urls(url).unwrap_err();
            let LoadError::SubgraphUrl { subgraph, reason: found } = &error else { panic!("{url}: {error}") };
            assert_eq!((subgraph.as_str(), *found), ("a", reason), "{url}");
        }
        assert!(matches!(subgraph_urls("type Query { a: Int }"), Err(LoadError::Schema(_))));
        assert!(matches!(subgraph_urls("type {"), Err(LoadError::Schema(_))));
    }

    #[test]
    fn of_a_text_that_is_no_schema_little_is_told_and_nothing_repeated() {
        let error = subgraph_urls(&"secret: 1\n".repeat(1_000)).unwrap_err().to_string();
        assert!(error.contains("line 1, column 1: ") && error.ends_with(" more"), "{error}");
        assert!(error.len() < 500 && !error.contains("secret"), "{error}");
    }

    #[test]
    fn a_feature_that_protects_and_is_not_known_is_refused() {
        let parse =
            |links: &str| Supergraph::parse(&format!("schema {links} {{ query: Query }} type Query {{ a: Int }}"));
        let link =
            |feature: &str, purpose: &str| format!(r#"@link(url: "https://specs.apollo.dev/{feature}"{purpose})"#);
        let error = parse(&link("authenticated/v0.1", ", for: SECURITY")).err().expect("refused").to_string();
        assert!(error.contains("https://specs.apollo.dev/authenticated/v0.1"), "{error}");
        assert!(parse(&link("connect/v0.1", ", for: EXECUTION")).is_err());
        for known in [
            link("join/v0.5", ", for: EXECUTION"),
            link("inaccessible/v0.2", ", for: SECURITY"),
            link("authenticated/v0.1", ""),
        ] {
            assert!(parse(&known).is_ok(), "{known}");
        }
    }

    #[test]
    fn an_argument_from_the_context_is_refused_because_nobody_would_fill_it() {
        let sdl = "type Query { a: Int } type T { a: Int @join__field(graph: A, contextArguments: []) }";
        let error = Supergraph::parse(sdl).err().expect("refused");
        assert_eq!(error.to_string(), "`T.a` takes an argument from its context, which is not supported");
    }
}
