//! Batched reads of one request.

use std::{collections::HashMap, sync::Arc};

use chatty_graphql::{Load, Loader};
use chatty_kit::Fault;
use chatty_types::UserId;

use crate::{
    app::App,
    domain::username::Username,
    store::{
        account::{AccountRow, accounts_by_ids},
        profile::accounts_by_names,
    },
};

/// The loaders of one request.
pub(crate) struct Loaders {
    /// Accounts by id.
    pub(crate) accounts: Loader<ById>,
    /// Accounts by username, their latest or one before that is still held for them.
    pub(crate) accounts_by_username: Loader<ByUsername>,
}

impl Loaders {
    pub(crate) fn new(app: &Arc<App>) -> Self {
        Self {
            accounts: Loader::new(ById(Arc::clone(app))),
            accounts_by_username: Loader::new(ByUsername(Arc::clone(app))),
        }
    }
}

pub(crate) struct ById(Arc<App>);

impl Load for ById {
    type Key = UserId;
    type Value = AccountRow;

    async fn load(&self, ids: &[UserId]) -> Result<HashMap<UserId, AccountRow>, Fault> {
        let rows = accounts_by_ids(&self.0.db, ids).await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}

pub(crate) struct ByUsername(Arc<App>);

impl Load for ByUsername {
    type Key = Username;
    type Value = AccountRow;

    async fn load(&self, usernames: &[Username]) -> Result<HashMap<Username, AccountRow>, Fault> {
        let rows = accounts_by_names(&self.0.db, usernames, self.0.clock.now()).await?;
        let mut rows: HashMap<_, _> = rows.into_iter().map(|row| (row.name, row.account)).collect();
        let of_each = |name: &Username| Some((name.clone(), rows.remove(name.as_str())?));
        Ok(usernames.iter().filter_map(of_each).collect())
    }
}
