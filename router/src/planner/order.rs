//! The names that subgraphs have for the planner, in an order in which it finds every path.
//!
//! Where several paths into a fragment are equally good, the planner follows the one whose subgraph has the first name
//! and forgets the others. A subgraph that knows the interface only as an object (`@interfaceObject`) leads no further
//! from there, and a valid operation has no plan. So such subgraphs get the last names. Where two subgraphs are so to
//! each other, for two interfaces, no order helps one of the two.

use std::collections::HashSet;

use apollo_compiler::{
    Name,
    ast::{Argument, Definition, Directive, DirectiveList, Document, Value},
};

/// Precedes the name of a subgraph without interface objects.
const FIRST: char = '1';

/// Precedes the name of one with interface objects.
const LAST: char = '2';

/// The name that the supergraph has for a subgraph which the planner named.
pub(super) fn original(name: &str) -> &str {
    name.strip_prefix([FIRST, LAST]).unwrap_or(name)
}

/// The supergraph with other names for its subgraphs: the same behind a digit.
pub(super) fn interface_objects_last(sdl: &str) -> Result<String, String> {
    let mut document = Document::parse(sdl, "supergraph.graphql").map_err(|invalid| invalid.errors.to_string())?;
    let mut last = HashSet::new();
    each_directive(&mut document, &mut |directive| {
        let is_interface_object = directive.specified_argument_by_name("isInterfaceObject");
        if is_interface_object.and_then(|value| value.to_bool()) == Some(true)
            && let Some(Value::Enum(id)) = argument_mut(directive, "graph")
        {
            last.insert(id.clone());
        }
    });
    let renamed = |id: &Name, name: &str| format!("{}{name}", if last.contains(id) { LAST } else { FIRST });
    // What `@override(from:)` said is a name as well.
    let mut names = Vec::new();
    for (id, directives) in subgraphs_mut(&mut document) {
        each(directives, &mut |directive| {
            if let Some(Value::String(name)) = argument_mut(directive, "name") {
                let new = renamed(&id, name);
                names.push((std::mem::replace(name, new.clone()), new));
            }
        });
    }
    each_directive(&mut document, &mut |directive| {
        if let Some(Value::String(from)) = argument_mut(directive, "override")
            && let Some((_, new)) = names.iter().find(|(name, _)| name == from)
        {
            from.clone_from(new);
        }
    });
    Ok(document.to_string())
}

/// The ids of the subgraphs and what is said of each.
fn subgraphs_mut(document: &mut Document) -> impl Iterator<Item = (Name, &mut DirectiveList)> {
    let ids = document.definitions.iter_mut().filter_map(|definition| match definition {
        Definition::EnumTypeDefinition(ids) if ids.name == "join__Graph" => Some(ids.make_mut()),
        _ => None,
    });
    ids.flat_map(|ids| &mut ids.values).map(|id| {
        let id = id.make_mut();
        (id.value.clone(), &mut id.directives)
    })
}

fn argument_mut<'a>(directive: &'a mut Directive, name: &str) -> Option<&'a mut Value> {
    let argument = directive.arguments.iter_mut().find(|argument| argument.name == name)?;
    let Argument { value, .. } = argument.make_mut();
    Some(value.make_mut())
}

/// Visits the directives of composition on types and their fields.
fn each_directive(document: &mut Document, visit: &mut impl FnMut(&mut Directive)) {
    for definition in &mut document.definitions {
        let (directives, fields) = match definition {
            Definition::ObjectTypeDefinition(object) => {
                let object = object.make_mut();
                (&mut object.directives, &mut object.fields)
            }
            Definition::InterfaceTypeDefinition(interface) => {
                let interface = interface.make_mut();
                (&mut interface.directives, &mut interface.fields)
            }
            _ => continue,
        };
        each(directives, visit);
        for field in fields {
            each(&mut field.make_mut().directives, visit);
        }
    }
}

fn each(directives: &mut DirectiveList, visit: &mut impl FnMut(&mut Directive)) {
    let joins = directives.iter_mut().filter(|directive| directive.name.starts_with("join__"));
    joins.for_each(|directive| visit(directive.make_mut()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_subgraphs_with_interface_objects_sort_last() {
        let sdl = r#"
            enum join__Graph { ANTENNA @join__graph(name: "antenna", url: "") PIER @join__graph(name: "pier", url: "") }
            type Vessel @join__type(graph: ANTENNA, isInterfaceObject: true) { id: ID @join__field(graph: ANTENNA) }
            type Pier @other(name: "pier") { id: ID @join__field(graph: PIER, override: "antenna") }
            type Quay { id: ID @join__field(graph: PIER, override: "elsewhere") }
        "#;
        let ordered = interface_objects_last(sdl).unwrap();
        for expected in [
            r#"ANTENNA @join__graph(name: "2antenna""#,
            r#"PIER @join__graph(name: "1pier""#,
            r#"override: "2antenna""#,
            r#"override: "elsewhere""#,
            r#"@other(name: "pier")"#,
        ] {
            assert!(ordered.contains(expected), "{expected} in {ordered}");
        }
        assert_eq!(["1pier", "2antenna"].map(original), ["pier", "antenna"]);
    }
}
