//! The section `subscriptions` of the configuration.

use serde::{Deserialize, Serialize};

/// Has no keys yet; an unknown one is an error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}
