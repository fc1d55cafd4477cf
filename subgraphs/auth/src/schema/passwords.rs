//! Mail addresses and passwords: confirming, forgetting and changing them.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject};
use chatty_access::Scope;
use chatty_graphql::{Refusal, Request, UserError, answer};
use chatty_kit::Fault;

use super::entities::User;
use crate::{
    app::App,
    domain::{reset, verification},
    store::account::AccountRow,
};

/// The link of a mail.
#[derive(InputObject)]
pub(crate) struct VerifyEmailInput {
    /// The `token` of the link, such as `"q6…"`.
    token: String,
}

/// Where to send the link again.
#[derive(InputObject)]
pub(crate) struct ResendVerificationEmailInput {
    /// The address that you registered with, such as `"ana@example.com"`.
    email: String,
}

/// Whose password was forgotten.
#[derive(InputObject)]
pub(crate) struct RequestPasswordResetInput {
    /// The address of the account, such as `"ana@example.com"`.
    email: String,
}

/// A new password, by the link of a mail.
#[derive(InputObject)]
pub(crate) struct ResetPasswordInput {
    /// The `token` of the link, such as `"q6…"`.
    token: String,
    /// 8 to 256 characters, any of them, spaces included. Example: `"correct horse battery staple"`.
    new_password: String,
}

/// A new password, by the present one.
#[derive(InputObject)]
pub(crate) struct ChangePasswordInput {
    /// The present password.
    current_password: String,
    /// 8 to 256 characters, any of them, spaces included. Example: `"correct horse battery staple"`.
    new_password: String,
}

/// Another mail address.
#[derive(InputObject)]
pub(crate) struct ChangeEmailInput {
    /// Where mail is to reach you from now on, such as `"ana@example.org"`.
    new_email: String,
    /// Your present password.
    password: String,
}

/// Whether the address is confirmed.
#[derive(SimpleObject)]
pub(crate) struct VerifyEmailPayload {
    /// Whose address it is. Null if there are errors.
    user: Option<User>,
    /// What is wrong with the input.
    errors: Vec<UserError>,
}

impl VerifyEmailPayload {
    fn new(result: Result<AccountRow, Refusal>) -> Result<Self, Fault> {
        let (account, errors) = answer(result)?;
        Ok(Self { user: account.map(User::own), errors })
    }
}

macro_rules! payload {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(SimpleObject)]
        pub(crate) struct $name {
            /// True unless there are errors.
            ok: bool,
            /// What is wrong with the input.
            errors: Vec<UserError>,
        }

        impl $name {
            fn new(result: Result<(), Refusal>) -> Result<Self, Fault> {
                let (done, errors) = answer(result)?;
                Ok(Self { ok: done.is_some(), errors })
            }
        }
    };
}

payload! {
    /// Whether the address was well-formed. It says nothing of whether it is anybody's.
    ResendVerificationEmailPayload
}
payload! {
    /// Whether the address was well-formed. It says nothing of whether it is anybody's.
    RequestPasswordResetPayload
}
/// Whether the password was replaced.
#[derive(SimpleObject)]
pub(crate) struct ResetPasswordPayload {
    /// True unless there are errors.
    ok: bool,
    /// How hard the new password is to guess: 0 is trivial, 4 is very hard. Null if there are errors. Example: `3`.
    password_score: Option<u8>,
    /// What is wrong with the input.
    errors: Vec<UserError>,
}

impl ResetPasswordPayload {
    fn new(result: Result<Option<u8>, Refusal>) -> Result<Self, Fault> {
        let (score, errors) = answer(result)?;
        Ok(Self { ok: score.is_some(), password_score: score.flatten(), errors })
    }
}

/// Whether the password was replaced.
#[derive(SimpleObject)]
pub(crate) struct ChangePasswordPayload {
    /// True unless there are errors.
    ok: bool,
    /// How hard the new password is to guess: 0 is trivial, 4 is very hard. Null if there are errors. Example: `3`.
    password_score: Option<u8>,
    /// What is wrong with the input.
    errors: Vec<UserError>,
}

impl ChangePasswordPayload {
    fn new(result: Result<Option<u8>, Refusal>) -> Result<Self, Fault> {
        let (score, errors) = answer(result)?;
        Ok(Self { ok: score.is_some(), password_score: score.flatten(), errors })
    }
}

payload! {
    /// Whether the change was asked for. It happens when the new address confirms it.
    ChangeEmailPayload
}

#[derive(Default)]
pub(crate) struct PasswordMutation;

#[Object]
impl PasswordMutation {
    /// Confirms a mail address by the link that was sent to it: of a new account, or of `changeEmail`. A link is good
    /// once, for an hour, and only the newest works. Example:
    /// `mutation { verifyEmail(input: {token: "…"}) { user { id emailStatus } errors { code } } }`
    async fn verify_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The link.")] input: VerifyEmailInput,
    ) -> Result<VerifyEmailPayload, Fault> {
        VerifyEmailPayload::new(verification::verify(app(ctx), ctx.caller(), &input.token.into()).await)
    }

    /// Sends the link of a new account again, unless its address is confirmed; the one before is void. The answer is the
    /// same whether anybody has the address. At most 5 times in half an hour. Example:
    /// `mutation { resendVerificationEmail(input: {email: "ana@example.com"}) { ok errors { code } } }`
    async fn resend_verification_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The address.")] input: ResendVerificationEmailInput,
    ) -> Result<ResendVerificationEmailPayload, Fault> {
        ResendVerificationEmailPayload::new(verification::resend(app(ctx), ctx.caller(), &input.email).await)
    }

    /// Mails a link to a new password, good once and for 30 minutes. The answer is the same whether anybody has the
    /// address. At most 5 times in half an hour. Example:
    /// `mutation { requestPasswordReset(input: {email: "ana@example.com"}) { ok errors { code } } }`
    async fn request_password_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The address.")] input: RequestPasswordResetInput,
    ) -> Result<RequestPasswordResetPayload, Fault> {
        RequestPasswordResetPayload::new(reset::request(app(ctx), ctx.caller(), &input.email).await)
    }

    /// Sets a new password by the link of a mail, and ends all sessions. A password that is refused does not use the link
    /// up. Example:
    /// `mutation { resetPassword(input: {token: "…", newPassword: "…"}) { ok errors { code message } } }`
    async fn reset_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The link and the new password.")] input: ResetPasswordInput,
    ) -> Result<ResetPasswordPayload, Fault> {
        let ResetPasswordInput { token, new_password } = input;
        ResetPasswordPayload::new(reset::reset(app(ctx), ctx.caller(), &token.into(), &new_password.into()).await)
    }

    /// Sets a new password by the present one, and ends all your other sessions. Example:
    /// `mutation { changePassword(input: {currentPassword: "…", newPassword: "…"}) { ok errors { code } } }`
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Both passwords.")] input: ChangePasswordInput,
    ) -> Result<ChangePasswordPayload, Fault> {
        let viewer = ctx.caller().require(Scope::SelfWrite)?;
        let ChangePasswordInput { current_password, new_password } = input;
        ChangePasswordPayload::new(
            reset::change(app(ctx), ctx.caller(), viewer, &current_password.into(), &new_password.into()).await,
        )
    }

    /// Asks for another mail address. It becomes yours when the link in the mail to it is used, and the present address
    /// is told at once. The answer is the same whether somebody else has the address. Example:
    /// `mutation { changeEmail(input: {newEmail: "ana@example.org", password: "…"}) { ok errors { code } } }`
    async fn change_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new address, and your password.")] input: ChangeEmailInput,
    ) -> Result<ChangeEmailPayload, Fault> {
        let viewer = ctx.caller().require(Scope::SelfWrite)?;
        let ChangeEmailInput { new_email, password } = input;
        ChangeEmailPayload::new(
            verification::request_change(app(ctx), ctx.caller(), viewer, &new_email, &password.into()).await,
        )
    }
}

fn app<'a>(ctx: &Context<'a>) -> &'a App {
    ctx.data_unchecked::<Arc<App>>()
}
