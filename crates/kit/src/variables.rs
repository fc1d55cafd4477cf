//! The variables of a GraphQL request, read strictly.

use std::fmt;

use async_graphql::{Name, Value, Variables};
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};

/// Variables of which no two have the same name: which of them counts would depend on the reader.
#[derive(Debug)]
pub struct DistinctVariables(pub Variables);

impl<'de> Deserialize<'de> for DistinctVariables {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Variables;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Variables, A::Error> {
                let mut variables = Variables::default();
                while let Some((name, value)) = members.next_entry::<Name, Value>()? {
                    if variables.insert(name, value).is_some() {
                        return Err(A::Error::custom("a name is given twice"));
                    }
                }
                Ok(variables)
            }
        }

        deserializer.deserialize_map(Object).map(Self)
    }
}
