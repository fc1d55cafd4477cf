//! The answers of mutations.

use async_graphql::SimpleObject;
use chatty_graphql::{DateTime, Refusal, UserError, answer};
use chatty_kit::Fault;
use secrecy::ExposeSecret;

use super::entities::User;
use crate::domain::{account::Registered, session::SignedIn};

/// Whether the account was created.
#[derive(SimpleObject)]
pub(crate) struct RegisterPayload {
    /// The new account; sign in with `login`. Null if there are errors.
    user: Option<User>,
    /// How hard the password is to guess, from 0 to 4: weaker ones than 2 are refused, and 4 withstands a guesser who
    /// has the stored hash. Null if there are errors in the password. Example: `3`.
    password_score: Option<u8>,
    /// What is wrong with the input, of all fields at once.
    errors: Vec<UserError>,
}

impl RegisterPayload {
    pub(crate) fn new(Registered { account, password_score }: Registered) -> Result<Self, Fault> {
        let (account, errors) = answer(account)?;
        Ok(Self { user: account.map(User::own), password_score, errors })
    }
}

/// A pair of tokens, of `login` and of `refreshToken`.
#[derive(SimpleObject)]
pub(crate) struct LoginPayload {
    /// Send it as `Authorization: Bearer …` until `expiresAt`. Null if there are errors.
    access_token: Option<String>,
    /// Exchange it once, by `refreshToken`, for the next pair. Keep it secret.
    refresh_token: Option<String>,
    /// When the access token ends.
    expires_at: Option<DateTime>,
    /// Who is signed in.
    user: Option<User>,
    /// What is wrong with the input.
    errors: Vec<UserError>,
}

impl LoginPayload {
    pub(crate) fn new(result: Result<SignedIn, Refusal>) -> Result<Self, Fault> {
        let (signed_in, errors) = answer(result)?;
        let Some(SignedIn { access_token, refresh_token, expires_at, account }) = signed_in else {
            return Ok(Self { access_token: None, refresh_token: None, expires_at: None, user: None, errors });
        };
        Ok(Self {
            access_token: Some(access_token.expose_secret().to_owned()),
            refresh_token: Some(refresh_token.expose_secret().to_owned()),
            expires_at: Some(expires_at.into()),
            user: Some(User::own(account)),
            errors,
        })
    }
}

/// Whether the sessions have ended.
#[derive(SimpleObject)]
pub(crate) struct LogoutPayload {
    /// True unless there are errors.
    ok: bool,
    /// What is wrong with the input.
    errors: Vec<UserError>,
}

impl LogoutPayload {
    pub(crate) fn new(result: Result<(), Refusal>) -> Result<Self, Fault> {
        let (done, errors) = answer(result)?;
        Ok(Self { ok: done.is_some(), errors })
    }
}
