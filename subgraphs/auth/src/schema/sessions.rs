//! Registering, signing in and out.

use std::sync::Arc;

use async_graphql::{Context, Object};
use chatty_graphql::Request;
use chatty_kit::Fault;

use super::{
    input::{LoginInput, LogoutInput, RefreshTokenInput, RegisterInput},
    payload::{LoginPayload, LogoutPayload, RegisterPayload},
};
use crate::{
    app::App,
    domain::{
        account,
        session::{self, Ending},
    },
};

#[derive(Default)]
pub(crate) struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Creates an account. Example:
    /// `mutation { register(input: {username: "ana", email: "ana@example.com", password: "…"}) { user { id } errors { code path } } }`
    async fn register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Name, address and password.")] input: RegisterInput,
    ) -> Result<RegisterPayload, Fault> {
        RegisterPayload::new(account::register(app(ctx), ctx.caller(), input.into()).await)
    }

    /// Signs in with a username or a mail address. Example:
    /// `mutation { login(input: {identifier: "ana", password: "…"}) { accessToken refreshToken expiresAt errors { code } } }`
    async fn login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Name and password.")] input: LoginInput,
    ) -> Result<LoginPayload, Fault> {
        let LoginInput { identifier, password } = input;
        LoginPayload::new(session::login(app(ctx), ctx.caller(), &identifier, &password.into()).await)
    }

    /// Exchanges the latest refresh token of a session for the next pair of tokens. A refresh token can be used once;
    /// one that comes back later ends its session, access tokens included. Example:
    /// `mutation { refreshToken(input: {refreshToken: "…"}) { accessToken refreshToken expiresAt errors { code } } }`
    async fn refresh_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The latest refresh token.")] input: RefreshTokenInput,
    ) -> Result<LoginPayload, Fault> {
        LoginPayload::new(session::refresh(app(ctx), ctx.caller(), &input.refresh_token.into()).await)
    }

    /// Ends sessions of yours: their refresh tokens are refused from now on, their access tokens within a second, and
    /// every WebSocket that they opened is closed with 4403. To end a session again is no error. Example:
    /// `mutation { logout(input: {scope: THIS}) { ok errors { code } } }`
    async fn logout(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which sessions.")] input: LogoutInput,
    ) -> Result<LogoutPayload, Fault> {
        // Whoever is signed in may sign out, whatever else the session may do.
        let viewer = ctx.caller().viewer.as_ref().ok_or(Fault::Unauthenticated)?;
        LogoutPayload::new(match Ending::try_from(input) {
            Ok(ending) => session::logout(app(ctx), ctx.caller(), viewer, ending).await,
            Err(refusal) => Err(refusal),
        })
    }
}

fn app<'a>(ctx: &Context<'a>) -> &'a App {
    ctx.data_unchecked::<Arc<App>>()
}
