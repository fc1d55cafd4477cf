//! Changing one's profile.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use chatty_graphql::{Locale, Refusal, Request, TimeZone, UserError, answer};
use chatty_kit::Fault;

use super::entities::User;
use crate::{
    app::App,
    domain::profile::{self, Edit},
    store::account::AccountRow,
};

#[derive(Default)]
pub(crate) struct ProfileMutation;

#[Object]
impl ProfileMutation {
    /// Changes your profile. A username that you give up is held for you for 30 days: nobody else may take it, and
    /// `user(username: …)` finds you by it. Example:
    /// `mutation { updateProfile(input: {displayName: "Ana", bio: null, expectedVersion: 1}) { user { displayName version } errors { code path } } }`
    async fn update_profile(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to change.")] input: UpdateProfileInput,
    ) -> Result<UpdateProfilePayload, Fault> {
        let app = ctx.data_unchecked::<Arc<App>>();
        UpdateProfilePayload::new(profile::edit(app, ctx.caller(), input.into()).await)
    }
}

/// A change of your profile. A field that is absent stays as it is.
#[derive(InputObject)]
pub(crate) struct UpdateProfileInput {
    /// The unique name: 3 to 30 letters a-z, digits and `_`; upper case becomes lower case. It cannot be emptied.
    /// Example: `"ana"`.
    username: MaybeUndefined<String>,
    /// The name that is shown: one line of at most 64 characters. Null removes it. Example: `"Ana María"`.
    display_name: MaybeUndefined<String>,
    /// What you say of yourself: at most 500 characters, line breaks included. Null removes it. Example: `"I bake."`.
    bio: MaybeUndefined<String>,
    /// Leave it null: there are no images yet.
    avatar_id: MaybeUndefined<ID>,
    /// The language that you are written to in. Mails are in Russian and English; with any other language they are in
    /// English. It cannot be emptied. Example: `"ru"`.
    locale: MaybeUndefined<Locale>,
    /// The time zone that your days begin in. It cannot be emptied. Example: `"Europe/Moscow"`.
    time_zone: MaybeUndefined<TimeZone>,
    /// The `version` of the user that you read. If it is another by now, nothing is changed and the problem is
    /// `VERSION_CONFLICT`. Example: `1`.
    expected_version: Option<i32>,
}

impl From<UpdateProfileInput> for Edit {
    fn from(input: UpdateProfileInput) -> Self {
        Self {
            username: input.username.into(),
            display_name: input.display_name.into(),
            bio: input.bio.into(),
            has_avatar: input.avatar_id.is_value(),
            locale: input.locale.map_value(|Locale(tag)| tag).into(),
            time_zone: input.time_zone.map_value(|TimeZone(name)| name).into(),
            expected_version: input.expected_version.map(Into::into),
        }
    }
}

/// What became of your profile.
#[derive(SimpleObject)]
pub(crate) struct UpdateProfilePayload {
    /// You, as you are now. Null if there are errors.
    user: Option<User>,
    /// What is wrong with the input, of all fields at once.
    errors: Vec<UserError>,
}

impl UpdateProfilePayload {
    fn new(result: Result<AccountRow, Refusal>) -> Result<Self, Fault> {
        let (account, errors) = answer(result)?;
        Ok(Self { user: account.map(User::new), errors })
    }
}
