//! From a document to something that can be executed: parsed, validated, measured, rewritten, planned; all of it cached.
//!
//! The first cache is keyed by text and operation name, the second by what `@skip` and `@include` decide.

mod cache;
mod canonical;
mod conditions;
mod copies;
mod document;
mod measure;
mod print;
mod refusal;
mod rewrite;
mod sharing;
mod values;
mod variables;

pub(crate) use cache::{Known, Operations, Variant, check_weight};
pub(crate) use canonical::{VARIABLE_PREFIX, data_key, mutation_key};
pub(crate) use conditions::Conditions;
pub(crate) use copies::Sizes;
pub(crate) use refusal::{Refusal, truncate};
pub(crate) use sharing::After;
pub(crate) use variables::{Coerced, canonical_json, coerce};
