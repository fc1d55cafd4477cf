//! The inputs of mutations. They have no `Debug`: they hold passwords and tokens.

use async_graphql::{Enum, ID, InputObject};
use chatty_graphql::{Key, Locale, Problem, Refusal, TimeZone};

use crate::domain::{account::Registration, session::Ending};

/// Who wants an account.
#[derive(InputObject)]
pub(crate) struct RegisterInput {
    /// 3 to 30 letters a-z, digits and `_`; upper case becomes lower case. Names that are reserved, such as `support`,
    /// are `NOT_ALLOWED`; what looks like somebody's name, such as `pau1` like `paul`, is `TAKEN`. Example: `"ana"`.
    username: String,
    /// Where mail reaches you, at most 254 bytes. Example: `"ana@example.com"`.
    email: String,
    /// 8 to 256 characters, any of them, spaces included. `WEAK_PASSWORD` is what is guessed early: common passwords,
    /// words, dates and patterns (`rule: "common"`), and your names and ours (`rule: "context"`).
    /// Example: `"correct horse battery staple"`.
    password: String,
    /// The language to be written to in: mails are in Russian and in English, which is also for all others. English when
    /// missing. Example: `"ru"`.
    locale: Option<Locale>,
    /// The time zone of times in mails. UTC when missing. Example: `"Europe/Moscow"`.
    time_zone: Option<TimeZone>,
    /// A UUID of your choice: within 24 hours the same key with the same input registers once, however often it is
    /// sent. Example: `"5b1c3f4e-7d54-4c0b-9d0a-3d3c1f0b8a11"`.
    idempotency_key: Option<Key>,
}

impl From<RegisterInput> for Registration {
    fn from(input: RegisterInput) -> Self {
        let RegisterInput { username, email, password, locale, time_zone, idempotency_key } = input;
        Self {
            username,
            email,
            password: password.into(),
            locale: locale.map(|Locale(tag)| tag),
            time_zone: time_zone.map(|TimeZone(name)| name),
            idempotency_key: idempotency_key.map(|Key(key)| key),
        }
    }
}

/// Who wants to sign in.
#[derive(InputObject)]
pub(crate) struct LoginInput {
    /// Your username or your mail address. Example: `"ana"`.
    pub(crate) identifier: String,
    /// Your password.
    pub(crate) password: String,
}

/// What to go on with.
#[derive(InputObject)]
pub(crate) struct RefreshTokenInput {
    /// The latest refresh token of the session. It can be used once.
    pub(crate) refresh_token: String,
}

/// Which sessions to end.
#[derive(InputObject)]
pub(crate) struct LogoutInput {
    /// Example: `THIS`.
    scope: LogoutScope,
    /// The session to end, with the scope `SESSION` and only then. Example: `"ses_01jd3x…"`.
    session_id: Option<ID>,
}

/// Which of your sessions to end.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum LogoutScope {
    /// The one that sends this request.
    This,
    /// All of them.
    All,
    /// All but the one that sends this request.
    Others,
    /// The one that `sessionId` names.
    Session,
}

impl TryFrom<LogoutInput> for Ending {
    type Error = Refusal;

    fn try_from(LogoutInput { scope, session_id }: LogoutInput) -> Result<Self, Refusal> {
        const FIELD: &str = "sessionId";
        Ok(match (scope, session_id) {
            (LogoutScope::Session, Some(id)) => Self::One(id.parse().map_err(|error| Problem::bad_id(FIELD, &error))?),
            (LogoutScope::Session, None) => return Err(Problem::required(FIELD).into()),
            (_, Some(_)) => return Err(Problem::not_allowed(FIELD, "belongs to the scope `SESSION`").into()),
            (LogoutScope::This, None) => Self::This,
            (LogoutScope::All, None) => Self::All,
            (LogoutScope::Others, None) => Self::Others,
        })
    }
}
