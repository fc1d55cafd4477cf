//! What a supergraph says about sharing, by `@tag`.

use std::collections::HashSet;

use apollo_compiler::{Name, Schema, ast, schema, schema::ExtendedType};

use crate::{
    data::{Data, Value},
    upstream::Response,
};

/// On a field of the subscription root: one stream will do for all who subscribe alike; see the module above for what
/// that promises.
const SHARED: &str = "shared";
/// On a field, or on all fields of a type: the value depends on who asks.
const VIEWER: &str = "viewer";
/// On an object: a stream says it last, and says so that it cannot begin or go on.
const RESYNC: &str = "resync";

/// The tagged parts of a supergraph.
#[derive(Debug, Default)]
pub(crate) struct Tags {
    shared: HashSet<(Name, Name)>,
    viewers: HashSet<(Name, Name)>,
    resync: HashSet<Name>,
}

impl Tags {
    pub(crate) fn of(supergraph: &Schema) -> Self {
        let mut tags = Self::default();
        for (name, ty) in &supergraph.types {
            let (fields, interfaces) = match ty {
                ExtendedType::Object(object) => {
                    if on_type(&object.directives, RESYNC) {
                        tags.resync.insert(name.clone());
                    }
                    (&object.fields, &object.implements_interfaces)
                }
                ExtendedType::Interface(interface) => (&interface.fields, &interface.implements_interfaces),
                _ => continue,
            };
            let whole = on_type(ty.directives(), VIEWER);
            for (field, definition) in fields {
                if on_field(&definition.directives, SHARED) {
                    tags.shared.insert((name.clone(), field.clone()));
                }
                if whole || on_field(&definition.directives, VIEWER) {
                    // Whoever selects the interface's field may get this one.
                    let all = std::iter::once(name).chain(interfaces.iter().map(|interface| &interface.name));
                    tags.viewers.extend(all.map(|ty| (ty.clone(), field.clone())));
                }
            }
        }
        tags
    }

    pub(crate) fn is_shared(&self, ty: &Name, field: &Name) -> bool {
        self.shared.contains(&(ty.clone(), field.clone()))
    }

    pub(crate) fn is_viewers(&self, ty: &Name, field: &Name) -> bool {
        self.viewers.contains(&(ty.clone(), field.clone()))
    }

    /// Whether what a source says is not an event, but that there will be none: errors without a value, or an object of a
    /// type for that.
    pub(crate) fn is_refusal(&self, data: &Data<'_>, said: &Response<'_>) -> bool {
        let Value::Object(roots) = said.data else { return !said.errors.is_empty() };
        data.members(roots).iter().all(|root| match root.value {
            Value::Null => !said.errors.is_empty(),
            Value::Object(event) => data.typename(event).is_some_and(|name| self.resync.contains(name)),
            _ => false,
        })
    }
}

fn on_type(directives: &schema::DirectiveList, tag: &str) -> bool {
    directives.get_all("tag").any(|directive| says(directive, tag))
}

fn on_field(directives: &ast::DirectiveList, tag: &str) -> bool {
    directives.get_all("tag").any(|directive| says(directive, tag))
}

fn says(directive: &ast::Directive, tag: &str) -> bool {
    directive.specified_argument_by_name("name").and_then(|name| name.as_str()) == Some(tag)
}
