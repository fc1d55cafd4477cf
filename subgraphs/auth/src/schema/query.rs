//! What can be asked.

use async_graphql::{Context, ID, Object};
use chatty_access::Scope;
use chatty_graphql::Request;
use chatty_kit::Fault;

use super::{
    entities::{User, Viewer},
    loaders::Loaders,
};
use crate::domain::username::Username;

#[derive(Default)]
pub(crate) struct Query;

/// What can be asked.
#[Object(name = "AccountQuery")]
impl Query {
    /// You, or null when nobody is signed in. Example: `{ me { user { username } scopes } }`.
    #[graphql(tag = "viewer")]
    async fn me(&self, ctx: &Context<'_>) -> Result<Option<Viewer>, Fault> {
        let Some(viewer) = &ctx.caller().viewer else { return Ok(None) };
        let account = ctx.data_unchecked::<Loaders>().accounts.one(viewer.user).await?;
        let scopes = viewer.scopes.iter().map(Scope::as_str).collect();
        Ok(account.map(|account| Viewer { user: User(account), scopes }))
    }

    /// One user, or null when there is none. Example: `{ user(username: "ana") { id createdAt } }`.
    async fn user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id, such as `usr_01jd3x…`. Either this or `username`.")] id: Option<ID>,
        #[graphql(desc = "The name, in any case, such as `ana`. Either this or `id`.")] username: Option<String>,
    ) -> Result<Option<User>, Fault> {
        let loaders = ctx.data_unchecked::<Loaders>();
        let account = match (id, username) {
            (Some(id), None) => loaders.accounts.one(id.parse()?).await?,
            (None, Some(username)) => match Username::parse(&username) {
                Ok(username) => loaders.accounts_by_username.one(username).await?,
                // Not a name, so nobody's.
                Err(_) => None,
            },
            _ => return Err(Fault::BadInput("give exactly one of `id` and `username`")),
        };
        Ok(account.map(User))
    }

    #[graphql(entity)]
    async fn find_user(&self, ctx: &Context<'_>, id: ID) -> Result<Option<User>, Fault> {
        let Ok(id) = id.parse() else { return Ok(None) };
        Ok(ctx.data_unchecked::<Loaders>().accounts.one(id).await?.map(User))
    }
}
