//! What every service answers to `auth.user.deleted`.

use std::collections::BTreeMap;

/// How many of what a service has erased, such as `{"posts": 3}`.
pub type Counts = BTreeMap<String, i64>;

/// Declares the event `<service>.erasure.completed`.
macro_rules! erasure_completed {
    ($type:literal) => {
        /// The service has erased what it kept of an account.
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub struct ErasureCompleted {
            /// Of `auth.user.deleted`.
            pub erasure_id: uuid::Uuid,
            /// The account.
            pub user_id: chatty_types::UserId,
            /// What was erased.
            pub counts: $crate::Counts,
            /// When.
            pub finished_at: chrono::DateTime<chrono::Utc>,
        }
        $crate::event!(ErasureCompleted, $type, user_id);
    };
}
pub(crate) use erasure_completed;
