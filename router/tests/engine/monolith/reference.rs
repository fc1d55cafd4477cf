//! The specification's completion, once more and plainly: the library behind the plain schema leaves a field that failed
//! out of its object and lets no null travel up.

use apollo_compiler::{
    ExecutableDocument, Schema,
    ast::{DirectiveList, Type, Value as Literal},
    collections::IndexMap,
    executable::{Field, Selection, SelectionSet},
    validation::Valid,
};
use serde_json::{Map, Value};

pub(super) struct Reference<'r> {
    pub(super) schema: &'r Valid<Schema>,
    pub(super) document: &'r Valid<ExecutableDocument>,
    /// The values of conditions.
    pub(super) variables: &'r Value,
}

impl Reference<'_> {
    /// The data of an answer whose objects have no fields that failed.
    pub(super) fn data(&self, data: &Value) -> Value {
        let operation = self.document.operations.get(None).expect("one operation");
        self.object(operation.object_type(), &[&operation.selection_set], data).unwrap_or_default()
    }

    /// `None` where a null travels on.
    fn object(&self, ty: &str, sets: &[&SelectionSet], data: &Value) -> Option<Value> {
        let mut fields = IndexMap::default();
        for set in sets {
            self.collect(ty, set, &mut fields);
        }
        let complete = |(key, fields): (&str, Vec<&Field>)| {
            let value = match fields[0].name.as_str() {
                "__typename" => Value::from(ty),
                name => {
                    let definition = self.schema.type_field(ty, name).expect("a valid document");
                    self.value(&definition.ty, &fields, data.get(key))?
                }
            };
            Some((key.to_owned(), value))
        };
        fields.into_iter().map(complete).collect::<Option<Map<_, _>>>().map(Value::Object)
    }

    fn value(&self, ty: &Type, fields: &[&Field], value: Option<&Value>) -> Option<Value> {
        let completed = match (ty, value) {
            (_, None | Some(Value::Null)) => None,
            (Type::List(item) | Type::NonNullList(item), Some(Value::Array(items))) => {
                items.iter().map(|each| self.value(item, fields, Some(each))).collect::<Option<_>>().map(Value::Array)
            }
            (_, Some(object @ Value::Object(_))) if fields.iter().any(|field| !field.selection_set.is_empty()) => {
                let ty = object["__typename"].as_str().expect("each set asks for it");
                let sets: Vec<_> = fields.iter().map(|field| &field.selection_set).collect();
                self.object(ty, &sets, object)
            }
            (_, Some(leaf)) => Some(leaf.clone()),
        };
        if ty.is_non_null() { completed } else { Some(completed.unwrap_or_default()) }
    }

    fn collect<'d>(&'d self, ty: &str, set: &'d SelectionSet, fields: &mut IndexMap<&'d str, Vec<&'d Field>>) {
        for selection in set.selections.iter().filter(|selection| self.selects(selection.directives())) {
            let (condition, set) = match selection {
                Selection::Field(field) => {
                    fields.entry(field.response_key().as_str()).or_default().push(field);
                    continue;
                }
                Selection::InlineFragment(fragment) => (fragment.type_condition.as_ref(), &fragment.selection_set),
                Selection::FragmentSpread(spread) => {
                    let fragment = &self.document.fragments[&spread.fragment_name];
                    (Some(fragment.type_condition()), &fragment.selection_set)
                }
            };
            if condition.is_none_or(|condition| condition == ty || self.schema.is_subtype(condition, ty)) {
                self.collect(ty, set, fields);
            }
        }
    }

    fn selects(&self, directives: &DirectiveList) -> bool {
        directives.iter().all(|directive| {
            let condition = match directive.specified_argument_by_name("if").map(AsRef::as_ref) {
                Some(Literal::Boolean(value)) => *value,
                Some(Literal::Variable(name)) => self.variables[name.as_str()] == true,
                _ => return true,
            };
            condition == (directive.name == "include")
        })
    }
}
