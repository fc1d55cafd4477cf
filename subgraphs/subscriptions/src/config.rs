//! The section `subscriptions` of the configuration.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Has no keys yet; an unknown one is an error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}
