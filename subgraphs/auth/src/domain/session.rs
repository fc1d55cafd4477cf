//! Signing in, staying signed in, signing out.
//!
//! A session is a family of refresh tokens: each use of the token in force spends it and makes the next one. A spent
//! token that comes back means that two parties hold the family, so the session ends; only the token spent just now
//! merely fails, because honest clients race with themselves.

use chatty_access::{Caller, Role, Scopes, Viewer, accepted_from};
use chatty_events::{
    auth::{RevocationReason, SecuritySuspicious, SessionStarted, SuspicionKind},
    email::Template,
};
use chatty_graphql::{Problem, Refusal};
use chatty_kit::Fault;
use chatty_store::Tx;
use chatty_types::{SessionId, UserId};
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use secrecy::SecretString;
use uuid::Uuid;

use super::{
    brake::{self, Attempt},
    credentials::lock_unchanged,
    email,
    hashing::Verified,
    mail::{self, Mail},
    password::Password,
    refresh_token::{RefreshToken, TokenHash},
    revocation::{Target, revoke},
    state,
    username::Username,
};
use crate::{
    Config,
    app::App,
    retention::SESSIONS_KEPT,
    store::{
        account::{self, AccountRow, CredentialsRow},
        revocation,
        session::{self, SessionRow},
    },
};

/// For so long after its use a token may come back without harm.
const RACE: TimeDelta = TimeDelta::seconds(5);

/// How long tokens and sessions live.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifetimes {
    access: TimeDelta,
    idle: TimeDelta,
    absolute: TimeDelta,
}

impl From<&Config> for Lifetimes {
    fn from(config: &Config) -> Self {
        Self {
            access: TimeDelta::minutes(config.access_token_minutes.get().into()),
            idle: TimeDelta::days(config.session_idle_days.get().into()),
            absolute: TimeDelta::days(config.session_absolute_days.get().into()),
        }
    }
}

impl Lifetimes {
    /// How long an access token is good.
    pub(crate) fn access_token(&self) -> TimeDelta {
        self.access
    }

    /// When a refresh token ends that is issued now in a session from `session_start`.
    fn refresh_end(&self, session_start: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
        (now + self.idle).min(session_start + self.absolute)
    }
}

/// What an access token says.
#[derive(Debug)]
pub(crate) struct Grant {
    /// The token's own id.
    pub(crate) id: Uuid,
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
    pub(crate) role: Role,
    pub(crate) scopes: Scopes,
    pub(crate) issued_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

/// What a client gets that signs in or refreshes.
pub(crate) struct SignedIn {
    pub(crate) access_token: SecretString,
    pub(crate) refresh_token: SecretString,
    /// When the access token ends.
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) account: AccountRow,
}

/// Which sessions of the viewer to end.
pub(crate) enum Ending {
    /// The one that asks.
    This,
    All,
    /// All but the one that asks.
    Others,
    One(SessionId),
}

/// Opens a session for whoever knows the password. `identifier` is a username or a mail address.
pub(crate) async fn login(
    app: &App,
    caller: &Caller,
    identifier: &str,
    password: &SecretString,
) -> Result<SignedIn, Refusal> {
    // Nobody's password is that long, whoever is named.
    let password = Password::typed(password).ok_or_else(Problem::bad_credentials)?;
    let known = find_by_identifier(app, identifier).await?;
    // Whoever is not known is braked by the name, so that the brake does not tell who is.
    let unknown = || email::find_key(identifier).unwrap_or_default();
    let subject = known.as_ref().map_or_else(unknown, |row| row.account.id.to_string());
    let rules = [brake::LOGIN_ACCOUNT.on(subject), brake::LOGIN_NETWORK.on_network(caller.network)];
    let attempt = brake::attempt(app, rules).await?;
    // Without an account the same work is done.
    let checked = app.hashing.verify(password.clone(), known.as_ref().map(|row| row.password_hash.clone())).await;
    let (attempt, verified) = attempt.unless_served(app, checked).await?;
    if let Some(known) = &known
        && verified.holds()
    {
        let signed_in = open_session(app, caller, known, attempt).await?;
        if verified == Verified::Outdated {
            renew_hash(app, known.account.id, password, &known.password_hash).await;
        }
        return Ok(signed_in);
    }
    tracing::info!(user = known.as_ref().map(|row| row.account.id.to_string()), network = %caller.network, "a sign-in was refused");
    if attempt.is_last {
        lock_out(app, caller, known.map(|row| row.account.id)).await?;
    }
    Err(Problem::bad_credentials().into())
}

/// Tells that an account's brake is on. A name that nobody has costs the same.
async fn lock_out(app: &App, caller: &Caller, user: Option<UserId>) -> Result<(), Refusal> {
    let suspicion =
        SecuritySuspicious { user_id: user.unwrap_or_else(|| UserId::new(&app.clock)), kind: SuspicionKind::Lockout };
    let mut tx = app.db.begin().await?;
    mail::tell(app, caller, &mut tx, &suspicion).await?;
    if user.is_some() {
        tx.commit().await?;
        tracing::warn!(user = %suspicion.user_id, "an account takes no more guesses for a while");
    }
    Ok(())
}

/// Hashes the password again, as we do now. Nobody is refused because this fails: the next sign-in tries it again.
async fn renew_hash(app: &App, user: UserId, password: Password, outdated: &str) {
    let renewed = async {
        let hash = app.hashing.hash(password).await?;
        let mut tx = app.db.begin().await?;
        // A password that was changed in between stays as it is.
        account::update_outdated_hash(&mut tx, user, outdated, &hash).await?;
        tx.commit().await.map_err(Fault::from)
    };
    if let Err(fault) = renewed.await {
        tracing::warn!(%user, error = &fault as &dyn std::error::Error, "an outdated password hash was not renewed");
    }
}

async fn find_by_identifier(app: &App, identifier: &str) -> Result<Option<CredentialsRow>, Fault> {
    if identifier.contains('@') {
        let Some(key) = email::find_key(identifier) else { return Ok(None) };
        Ok(account::find_credentials_by_email(&app.db, &key).await?)
    } else {
        let Ok(username) = Username::parse(identifier.trim()) else { return Ok(None) };
        Ok(account::find_credentials_by_username(&app.db, username.as_str()).await?)
    }
}

/// `known` is the account as its password was checked: if that was replaced meanwhile, nobody gets in by it.
async fn open_session(
    app: &App,
    caller: &Caller,
    known: &CredentialsRow,
    attempt: Attempt,
) -> Result<SignedIn, Refusal> {
    app.signer.catch_up().await?;
    let token = RefreshToken::generate()?;
    let mut tx = app.db.begin().await?;
    // Since it was read, while its password was checked, it may have got another role or state. What ends its tokens
    // either comes before this, and shows, or waits and is later than `now`.
    let account = lock_unchanged(&mut tx, known).await?.filter(|account| state::scopes(account).is_some());
    let account = account.ok_or_else(Problem::bad_credentials)?;
    attempt.succeed(&mut tx).await?;
    let now = app.clock.now();
    let session = SessionRow {
        id: SessionId::new(&app.clock),
        user_id: account.id,
        token_hash: token.hash().clone(),
        parent_hash: None,
        rotated_at: now,
        created_at: now,
        expires_at: app.lifetimes.refresh_end(now, now),
        ended_at: None,
    };
    let device = caller.user_agent.as_deref();
    let devices = session::list_devices(&mut tx, account.id).await?;
    // No device is known of a new account, and of one that nobody has used for longer than sessions are kept.
    let is_new = devices.is_empty() && account.created_at > now - SESSIONS_KEPT;
    if !is_new && !devices.iter().any(|known| known.as_deref() == device) {
        let mail = Mail::new(Template::NewDevice, &account).with_time("at", now);
        let mail = mail.with("device", device.unwrap_or_default()).with("network", caller.network.to_string());
        mail.request(app, caller, &mut tx, &account).await?;
    }
    session::insert_session(&mut tx, &session, device).await?;
    let started = SessionStarted { session_id: session.id, user_id: account.id, device: device.map(str::to_owned) };
    mail::tell(app, caller, &mut tx, &started).await?;
    let signed_in = grant(app, &mut tx, session.id, account, token, now).await?;
    tx.commit().await?;
    tracing::info!(user = %signed_in.account.id, session = %session.id, network = %caller.network, "signed in");
    Ok(signed_in)
}

async fn grant(
    app: &App,
    tx: &mut Tx,
    session: SessionId,
    account: AccountRow,
    token: RefreshToken,
    now: DateTime<Utc>,
) -> Result<SignedIn, Fault> {
    // Tokens count in seconds; the client is told the same end. What was called back within this second must not take
    // the new token along.
    let called_back = revocation::find_not_before(tx, account.id).await?;
    let issued_at = called_back.map_or(now.trunc_subsecs(0), |at| now.trunc_subsecs(0).max(accepted_from(at)));
    let (user, role, expires_at) = (account.id, account.role.0, issued_at + app.lifetimes.access);
    let scopes = state::scopes(&account).ok_or_else(|| Fault::internal("a closed account got a session"))?;
    let access_token =
        app.signer.access_token(&Grant { id: app.clock.uuid(), user, session, role, scopes, issued_at, expires_at })?;
    Ok(SignedIn { access_token, refresh_token: token.into_secret(), expires_at, account })
}

/// Exchanges the token in force for the next one.
pub(crate) async fn refresh(app: &App, caller: &Caller, presented: &SecretString) -> Result<SignedIn, Refusal> {
    let invalid = || Problem::token_invalid("refreshToken");
    let hash = TokenHash::of_presented(presented).ok_or_else(invalid)?;
    // Outside the transaction, so that guesses cost no more than a look.
    let id = session::find_session_id_by_token(&app.db, &hash).await?.ok_or_else(invalid)?;
    app.signer.catch_up().await?;
    let mut tx = app.db.begin().await?;
    let session = session::lock_session(&mut tx, id).await?.ok_or_else(invalid)?;
    let now = app.clock.now();
    match judge(&session, &hash, now) {
        Verdict::Rotate => rotate(app, tx, session, now).await,
        Verdict::Expired => Err(Problem::token_expired("refreshToken").into()),
        Verdict::Refuse => Err(invalid().into()),
        Verdict::EndSession => {
            let ended = session::update_ended(&mut tx, session.user_id, session.id, now).await?;
            revoke(app, caller, &mut tx, Target::Sessions(ended.as_slice()), RevocationReason::TokenReused).await?;
            let suspicion = SecuritySuspicious { user_id: session.user_id, kind: SuspicionKind::RefreshReuse };
            mail::tell(app, caller, &mut tx, &suspicion).await?;
            tx.commit().await?;
            tracing::warn!(user = %session.user_id, session = %session.id, "a spent refresh token came back");
            Err(invalid().into())
        }
    }
}

async fn rotate(app: &App, mut tx: Tx, session: SessionRow, now: DateTime<Utc>) -> Result<SignedIn, Refusal> {
    let account = account::find_account(&mut tx, session.user_id).await?;
    let account = account
        .filter(|account| state::scopes(account).is_some())
        .ok_or_else(|| Problem::token_invalid("refreshToken"))?;
    let token = RefreshToken::generate()?;
    let expires_at = app.lifetimes.refresh_end(session.created_at, now);
    session::insert_spent(&mut tx, session.id, &session.token_hash, session.expires_at).await?;
    session::update_token(&mut tx, session.id, token.hash(), now, expires_at).await?;
    // Before the commit: a token that is spent has its successor.
    let signed_in = grant(app, &mut tx, session.id, account, token, now).await?;
    tx.commit().await?;
    Ok(signed_in)
}

/// What happens to a token of a session.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Rotate,
    Expired,
    Refuse,
    EndSession,
}

/// `hash` is the session's token in force or one that it has spent.
fn judge(session: &SessionRow, hash: &TokenHash, now: DateTime<Utc>) -> Verdict {
    if session.ended_at.is_some() {
        Verdict::Refuse
    } else if *hash == session.token_hash {
        if session.expires_at <= now { Verdict::Expired } else { Verdict::Rotate }
    } else if session.parent_hash.as_deref() == Some(hash.as_bytes()) && now - session.rotated_at <= RACE {
        Verdict::Refuse
    } else {
        Verdict::EndSession
    }
}

/// Ends sessions: their refresh tokens are refused from now on, and their access tokens as soon as it is told. To end an
/// ended session is no problem.
pub(crate) async fn logout(app: &App, caller: &Caller, viewer: &Viewer, ending: Ending) -> Result<(), Refusal> {
    let mut tx = app.db.begin().await?;
    let ended = end(&mut tx, viewer, ending, app.clock.now()).await?;
    revoke(app, caller, &mut tx, Target::Sessions(&ended), RevocationReason::Logout).await?;
    Ok(tx.commit().await?)
}

/// The sessions that have ended by this and had not before.
async fn end(tx: &mut Tx, viewer: &Viewer, ending: Ending, now: DateTime<Utc>) -> Result<Vec<SessionId>, Refusal> {
    let (user, this) = (viewer.user, viewer.session);
    Ok(match ending {
        Ending::This => session::update_ended(tx, user, this, now).await?.into_iter().collect(),
        Ending::All => session::update_all_ended(tx, user, None, now).await?,
        Ending::Others => session::update_all_ended(tx, user, Some(this), now).await?,
        Ending::One(id) => {
            let ended = session::update_ended(tx, user, id, now).await?;
            if ended.is_none() && !session::exists(tx, user, id).await? {
                return Err(Problem::not_found("sessionId", id).into());
            }
            ended.into_iter().collect()
        }
    })
}

#[cfg(test)]
mod tests {
    use chatty_types::Clock;

    use super::*;

    fn hash(byte: u8) -> TokenHash {
        vec![byte; 32].try_into().unwrap()
    }

    /// A session whose token 3 has replaced 2, which had replaced 1.
    fn session(now: DateTime<Utc>) -> SessionRow {
        let clock = Clock::system();
        SessionRow {
            id: SessionId::new(&clock),
            user_id: UserId::new(&clock),
            token_hash: hash(3),
            parent_hash: Some(vec![2; 32]),
            rotated_at: now,
            created_at: now - TimeDelta::days(1),
            expires_at: now + TimeDelta::days(30),
            ended_at: None,
        }
    }

    #[test]
    fn only_the_token_in_force_is_exchanged_and_only_while_it_lasts() {
        let now = Clock::system().now();
        let session = session(now);
        assert_eq!(judge(&session, &hash(3), session.expires_at - TimeDelta::milliseconds(1)), Verdict::Rotate);
        assert_eq!(judge(&session, &hash(3), session.expires_at), Verdict::Expired);
        let ended = SessionRow { ended_at: Some(now), ..session };
        for token in 1..=3 {
            assert_eq!(judge(&ended, &hash(token), now), Verdict::Refuse);
        }
    }

    #[test]
    fn a_spent_token_ends_the_session_unless_it_was_spent_just_now() {
        let now = Clock::system().now();
        let session = session(now);
        assert_eq!(judge(&session, &hash(2), now + RACE), Verdict::Refuse);
        assert_eq!(judge(&session, &hash(2), now + RACE + TimeDelta::milliseconds(1)), Verdict::EndSession);
        assert_eq!(judge(&session, &hash(1), now), Verdict::EndSession);
        assert_eq!(judge(&session, &hash(1), now + TimeDelta::days(365)), Verdict::EndSession);
    }

    #[test]
    fn no_use_carries_a_session_over_its_absolute_end() {
        let lifetimes = Lifetimes::from(&Config::default());
        let start = Clock::system().now();
        assert_eq!(lifetimes.refresh_end(start, start), start + TimeDelta::days(30));
        assert_eq!(lifetimes.refresh_end(start, start + TimeDelta::days(80)), start + TimeDelta::days(90));
    }
}
