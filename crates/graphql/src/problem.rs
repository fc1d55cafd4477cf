//! Problems: what a user did that an executed mutation could not accept. They are data in the payload.

use std::borrow::Cow;

use async_graphql::{Enum, ID, Interface, SimpleObject};
use chatty_kit::Fault;
use chrono::{DateTime, Utc};

/// Why an input was refused. Clients switch on it; the message is for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum UserErrorCode {
    /// A value is missing or empty.
    Required,
    /// A value is shorter than `limit`.
    TooShort,
    /// A value is longer than `limit`.
    TooLong,
    /// A value does not have the form that `rule` names.
    InvalidFormat,
    /// The value is well-formed and may not be used.
    NotAllowed,
    /// Somebody else has it.
    Taken,
    /// The password is too easy to guess: a common one, or made of your own name or address.
    WeakPassword,
    /// No account matches this name and password. Which of the two is wrong is never told.
    BadCredentials,
    /// The token is unknown or was used before.
    TokenInvalid,
    /// The token was genuine and has expired.
    TokenExpired,
    /// There is no such object, or it is not for you.
    NotFound,
    /// Not an id, or an id of another kind.
    BadId,
    /// It is not yours to change.
    Forbidden,
    /// You cannot do this to yourself.
    SelfAction,
    /// Somebody changed the object since you read it.
    VersionConflict,
    /// The object's state does not allow it.
    StateConflict,
    /// The idempotency key was used with another input.
    IdempotencyKeyReused,
    /// It would leave the installation without an administrator.
    LastAdmin,
}

/// A problem with the input, as the domain reports it. [`UserError`] is its public form.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// Its code.
    pub code: UserErrorCode,
    /// Words for people, in English.
    pub message: Cow<'static, str>,
    /// Where in the input, such as `["input", "body"]`.
    pub path: Vec<String>,
    detail: Detail,
}

#[derive(Debug, Clone, PartialEq)]
enum Detail {
    Validation { rule: Option<&'static str>, limit: Option<i32> },
    NotFound { id: Option<String> },
    Forbidden,
    Conflict { current_version: Option<i64> },
    Idempotency { first_used_at: DateTime<Utc> },
}

impl Problem {
    fn validation(code: UserErrorCode, field: &str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
            path: vec!["input".to_owned(), field.to_owned()],
            detail: Detail::Validation { rule: None, limit: None },
        }
    }

    fn limited(mut self, reached: usize) -> Self {
        self.detail = Detail::Validation { rule: None, limit: i32::try_from(reached).ok() };
        self
    }

    /// `input.<field>` is missing or empty.
    pub fn required(field: &str) -> Self {
        Self::validation(UserErrorCode::Required, field, "must not be empty")
    }

    /// `input.<field>` has fewer than `limit` characters.
    pub fn too_short(field: &str, limit: usize) -> Self {
        let message = format!("must have at least {limit} characters");
        Self::validation(UserErrorCode::TooShort, field, message).limited(limit)
    }

    /// `input.<field>` has more than `limit` characters.
    pub fn too_long(field: &str, limit: usize) -> Self {
        let message = format!("must have at most {limit} characters");
        Self::validation(UserErrorCode::TooLong, field, message).limited(limit)
    }

    /// `input.<field>` does not have the form that `rule` names.
    pub fn invalid_format(field: &str, rule: &'static str, message: &'static str) -> Self {
        let mut problem = Self::validation(UserErrorCode::InvalidFormat, field, message);
        problem.detail = Detail::Validation { rule: Some(rule), limit: None };
        problem
    }

    /// `input.<field>` is well-formed and may not be used.
    pub fn not_allowed(field: &str, message: &'static str) -> Self {
        Self::validation(UserErrorCode::NotAllowed, field, message)
    }

    /// Somebody else has `input.<field>`.
    pub fn taken(field: &str) -> Self {
        Self::validation(UserErrorCode::Taken, field, "is already in use")
    }

    /// The password in `input.<field>` is too easy to guess, by the rule of that name.
    pub fn weak_password(field: &str, rule: &'static str, message: &'static str) -> Self {
        let mut problem = Self::validation(UserErrorCode::WeakPassword, field, message);
        problem.detail = Detail::Validation { rule: Some(rule), limit: None };
        problem
    }

    /// What is asked of `input.<field>` would leave no administrator.
    pub fn last_admin(field: &str) -> Self {
        let mut problem = Self::validation(UserErrorCode::LastAdmin, field, "is the last administrator");
        problem.detail = Detail::Conflict { current_version: None };
        problem
    }

    /// Name and password do not belong together.
    pub fn bad_credentials() -> Self {
        Self {
            path: vec!["input".to_owned()],
            ..Self::validation(UserErrorCode::BadCredentials, "", "the name or the password is wrong")
        }
    }

    /// The present password, which `input.<field>` was to hold, is wrong.
    pub fn bad_password(field: &str) -> Self {
        Self::validation(UserErrorCode::BadCredentials, field, "is wrong")
    }

    /// The same problem with `input.<field>`.
    #[must_use]
    pub fn at(mut self, field: &str) -> Self {
        self.path = vec!["input".to_owned(), field.to_owned()];
        self
    }

    /// The token in `input.<field>` is unknown or used.
    pub fn token_invalid(field: &str) -> Self {
        Self::validation(UserErrorCode::TokenInvalid, field, "is not valid")
    }

    /// The token in `input.<field>` has expired.
    pub fn token_expired(field: &str) -> Self {
        Self::validation(UserErrorCode::TokenExpired, field, "has expired")
    }

    /// `input.<field>` is not an id of the wanted kind.
    pub fn bad_id(field: &str, why: &chatty_types::IdError) -> Self {
        Self::validation(UserErrorCode::BadId, field, why.to_string())
    }

    /// What `input.<field>` names is not there, or not for the caller: the answer is the same.
    pub fn not_found(field: &str, id: impl std::fmt::Display) -> Self {
        let mut problem = Self::validation(UserErrorCode::NotFound, field, "does not exist");
        problem.detail = Detail::NotFound { id: Some(id.to_string()) };
        problem
    }

    /// What `input.<field>` names is somebody else's.
    pub fn forbidden(field: &str) -> Self {
        let mut problem = Self::validation(UserErrorCode::Forbidden, field, "is not yours to change");
        problem.detail = Detail::Forbidden;
        problem
    }

    /// `input.<field>` names the caller.
    pub fn self_action(field: &str) -> Self {
        Self::validation(UserErrorCode::SelfAction, field, "cannot be yourself")
    }

    /// The object has another version than `input.expectedVersion`.
    pub fn version_conflict(current: i64) -> Self {
        let mut problem = Self::validation(UserErrorCode::VersionConflict, "expectedVersion", "was changed meanwhile");
        problem.detail = Detail::Conflict { current_version: Some(current) };
        problem
    }

    /// The object's state does not allow it.
    pub fn state_conflict(field: &str, message: &'static str) -> Self {
        let mut problem = Self::validation(UserErrorCode::StateConflict, field, message);
        problem.detail = Detail::Conflict { current_version: None };
        problem
    }

    /// The key was used with another input.
    pub fn idempotency_key_reused(first_used_at: DateTime<Utc>) -> Self {
        let message = "was used with another input";
        let mut problem = Self::validation(UserErrorCode::IdempotencyKeyReused, "idempotencyKey", message);
        problem.detail = Detail::Idempotency { first_used_at };
        problem
    }
}

/// Gathers the problems of all fields, so that a user learns of them at once.
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// The value, or `None` and the problem noted.
    pub fn check<T>(&mut self, checked: Result<T, Problem>) -> Option<T> {
        checked.map_err(|problem| self.0.push(problem)).ok()
    }

    /// Fails with everything noted so far.
    pub fn refuse_any(self) -> Result<(), Refusal> {
        if self.0.is_empty() { Ok(()) } else { Err(Refusal::Problems(self.0)) }
    }
}

/// Why a use-case did not happen: the user's problems, or a fault.
#[derive(Debug)]
pub enum Refusal {
    /// At least one problem; the mutation counts as executed.
    Problems(Vec<Problem>),
    /// The mutation was not executed.
    Fault(Fault),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problems(vec![problem])
    }
}

impl<T: Into<Fault>> From<T> for Refusal {
    fn from(fault: T) -> Self {
        Self::Fault(fault.into())
    }
}

/// Splits a use-case's result into a payload's two halves. Faults stay faults.
pub fn answer<T>(result: Result<T, Refusal>) -> Result<(Option<T>, Vec<UserError>), Fault> {
    match result {
        Ok(value) => Ok((Some(value), Vec::new())),
        Err(Refusal::Problems(problems)) => Ok((None, problems.into_iter().map(UserError::from).collect())),
        Err(Refusal::Fault(fault)) => Err(fault),
    }
}

/// What is wrong with an input. Every member has a code for programs, a message for people and a path into the input.
#[derive(Debug, Interface)]
#[graphql(
    field(name = "code", ty = "&UserErrorCode", desc = "For programs."),
    field(name = "message", ty = "&String", desc = "For people, in English."),
    field(name = "path", ty = "&Option<Vec<String>>", desc = "Where in the input, such as `[\"input\", \"body\"]`.")
)]
pub enum UserError {
    /// A value breaks a rule.
    Validation(ValidationError),
    /// Something is not there.
    NotFound(NotFoundError),
    /// Something is somebody else's.
    Forbidden(ForbiddenError),
    /// Something changed meanwhile.
    Conflict(ConflictError),
    /// An idempotency key was used for something else.
    Idempotency(IdempotencyError),
}

/// A value breaks a rule.
#[derive(Debug, SimpleObject)]
#[graphql(shareable)]
pub struct ValidationError {
    /// For programs.
    code: UserErrorCode,
    /// For people, in English.
    message: String,
    /// Where in the input, such as `["input", "body"]`.
    path: Option<Vec<String>>,
    /// The rule that was broken, such as `username`.
    rule: Option<String>,
    /// The limit that was passed: in characters, for mail addresses in bytes.
    limit: Option<i32>,
}

/// Something is not there, or not for you.
#[derive(Debug, SimpleObject)]
#[graphql(shareable)]
pub struct NotFoundError {
    /// For programs.
    code: UserErrorCode,
    /// For people, in English.
    message: String,
    /// Where in the input, such as `["input", "postId"]`.
    path: Option<Vec<String>>,
    /// The id that was asked for.
    id: Option<ID>,
}

/// Something is somebody else's.
#[derive(Debug, SimpleObject)]
#[graphql(shareable)]
pub struct ForbiddenError {
    /// For programs.
    code: UserErrorCode,
    /// For people, in English.
    message: String,
    /// Where in the input, such as `["input", "postId"]`.
    path: Option<Vec<String>>,
    /// The scope that would allow it, when one would.
    required_scope: Option<String>,
}

/// Something changed meanwhile.
#[derive(Debug, SimpleObject)]
#[graphql(shareable)]
pub struct ConflictError {
    /// For programs.
    code: UserErrorCode,
    /// For people, in English.
    message: String,
    /// Where in the input, such as `["input", "expectedVersion"]`.
    path: Option<Vec<String>>,
    /// The version that the object has now.
    current_version: Option<i32>,
}

/// An idempotency key was used for something else.
#[derive(Debug, SimpleObject)]
#[graphql(shareable)]
pub struct IdempotencyError {
    /// For programs.
    code: UserErrorCode,
    /// For people, in English.
    message: String,
    /// Where in the input: `["input", "idempotencyKey"]`.
    path: Option<Vec<String>>,
    /// When the key was first used.
    first_used_at: Option<crate::DateTime>,
}

impl From<Problem> for UserError {
    fn from(problem: Problem) -> Self {
        let Problem { code, message, path, detail } = problem;
        let (message, path) = (message.into_owned(), Some(path));
        match detail {
            Detail::Validation { rule, limit } => {
                Self::Validation(ValidationError { code, message, path, rule: rule.map(str::to_owned), limit })
            }
            Detail::NotFound { id } => Self::NotFound(NotFoundError { code, message, path, id: id.map(ID) }),
            Detail::Forbidden => Self::Forbidden(ForbiddenError { code, message, path, required_scope: None }),
            Detail::Conflict { current_version } => {
                let current_version = current_version.and_then(|version| i32::try_from(version).ok());
                Self::Conflict(ConflictError { code, message, path, current_version })
            }
            Detail::Idempotency { first_used_at } => {
                let first_used_at = Some(first_used_at.into());
                Self::Idempotency(IdempotencyError { code, message, path, first_used_at })
            }
        }
    }
}
