//! Asking what an access token is worth.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use chatty_graphql::{DateTime, Role};
use chatty_kit::Fault;

use crate::{app::App, domain::token_info};

/// What an access token is worth now. All fields but `valid` are null when it is worth nothing.
#[derive(SimpleObject, Default)]
pub(crate) struct TokenInfo {
    /// Whether requests with this token are answered as its user's: it is genuine, it has not expired, its session is
    /// open and its account is active.
    valid: bool,
    /// Whose it is, such as `usr_01jd3x…`.
    user_id: Option<ID>,
    /// What this user is trusted with.
    role: Option<Role>,
    /// The user's name, such as `ana`.
    username: Option<String>,
    /// When the token ends.
    expires_at: Option<DateTime>,
}

#[derive(Default)]
pub(crate) struct TokenInfoQuery;

/// What can be asked about tokens.
#[Object]
impl TokenInfoQuery {
    /// What an access token is worth now, signed out sessions and closed accounts considered. Never an error for a bad
    /// token. Services that ask often verify tokens themselves, by the keys at `/.well-known/jwks.json`.
    /// Example: `{ tokenInfo(token: "eyJ…") { valid username expiresAt } }`.
    async fn token_info(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The `accessToken` that signing in gave, without the word `Bearer`.")] token: String,
    ) -> Result<TokenInfo, Fault> {
        let found = token_info::inspect(ctx.data_unchecked::<Arc<App>>(), &token).await?;
        Ok(found.map_or_else(TokenInfo::default, |(viewer, holder)| TokenInfo {
            valid: true,
            user_id: Some(viewer.user.to_string().into()),
            role: Some(holder.role.0.into()),
            username: Some(holder.username),
            expires_at: Some(viewer.expires_at.into()),
        }))
    }
}
