//! Ending access at once instead of at the end of the tokens.
//!
//! Whatever ends access calls [`revoke`] in its own transaction. Who verifies tokens hears of it by the event, and reads
//! [`snapshot`] besides, because events to listeners may be lost.

use chatty_access::{Caller, Revocation, Snapshot};
use chatty_bus::outbox;
use chatty_events::{
    Envelope,
    auth::{AccessRevoked, RevocationReason, Revoked},
};
use chatty_store::Tx;
use chatty_types::{SessionId, UserId};
use chrono::{DateTime, TimeDelta, Utc};

use crate::{app::App, store::revocation};

/// How much longer than a token a revocation is kept: for clocks that differ, and for sockets, which outlast their token
/// by ten seconds.
const MARGIN: TimeDelta = TimeDelta::minutes(1);

/// What to revoke.
pub(crate) enum Target<'a> {
    /// All tokens of these sessions, which have ended in this transaction.
    Sessions(&'a [SessionId]),
    /// The user's tokens of all sessions that were issued before a time.
    User(UserId, DateTime<Utc>),
}

/// Stores the revocation and tells of it, if the transaction commits.
///
/// Call it when the transaction has locked what tokens are issued from: those issued before are then all covered.
pub(crate) async fn revoke(
    app: &App,
    caller: &Caller,
    tx: &mut Tx,
    target: Target<'_>,
    reason: RevocationReason,
) -> Result<(), chatty_store::Error> {
    let now = app.clock.now();
    let event = |revoked, not_before| {
        let event = AccessRevoked { revoked, not_before, reason };
        Envelope::new(&app.clock, &event).caused_by(caller.user(), Some(caller.trace_id.clone()))
    };
    let events = match target {
        Target::Sessions(sessions) => {
            revocation::insert_revoked_sessions(tx, sessions, reason, now).await?;
            sessions.iter().map(|session| event(Revoked::Session(*session), now)).collect()
        }
        Target::User(user, not_before) => {
            revocation::upsert_revoked_user(tx, user, not_before, reason).await?;
            vec![event(Revoked::User(user), not_before)]
        }
    };
    for event in &events {
        outbox::append(tx, event).await?;
    }
    Ok(())
}

/// Everything that is revoked and that tokens may still be in force for.
pub(crate) async fn snapshot(app: &App) -> Result<Snapshot, chatty_store::Error> {
    let kept = kept(app);
    let since = app.clock.now() - kept;
    let sessions = revocation::list_revoked_sessions(&app.db, since).await?;
    let users = revocation::list_revoked_users(&app.db, since).await?;
    let sessions = sessions.into_iter().map(|(id, at)| Revocation::Session { id, at });
    let users = users.into_iter().map(|(id, not_before)| Revocation::User { id, not_before });
    let seconds_kept = u32::try_from(kept.num_seconds()).unwrap_or(u32::MAX);
    Ok(Snapshot { seconds_kept, revoked: sessions.chain(users).collect() })
}

/// Forgets what no token can be concerned by any more.
pub(crate) async fn forget(app: &App, tx: &mut Tx) -> Result<(), chatty_store::Error> {
    let time = app.clock.now() - kept(app);
    revocation::delete_revoked_sessions_before(tx, time).await?;
    revocation::delete_revoked_users_before(tx, time).await?;
    Ok(())
}

fn kept(app: &App) -> TimeDelta {
    app.lifetimes.access_token() + MARGIN
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chatty_access::Keys;
    use chatty_bus::InProcess;
    use chatty_kit::{Env, Exposure, Storage, Tasks};
    use chatty_scratch::Scratch;
    use chatty_store::query;
    use chatty_types::{Clock, Cursors, Secret};

    use super::*;
    use crate::Config;

    async fn open(scratch: &Scratch) -> App {
        let clock = Clock::system();
        let env = Env {
            cursors: Cursors::new(&Secret::new(&[5; 32]).unwrap()),
            keys: Keys::default(),
            bus: Arc::new(InProcess::new(clock.clone(), &[])),
            tasks: Tasks::default(),
            public_url: "https://chatty.test".to_owned(),
            storage: Storage::folder(scratch.folder()).with_database(scratch.database_url().map(str::to_owned)),
            exposure: Exposure::InProcess,
            clock,
        };
        App::open(&env, &Config::default()).await.unwrap()
    }

    async fn revoke_user(app: &App, tx: &mut Tx, user: UserId, not_before: DateTime<Utc>) {
        let target = Target::User(user, not_before);
        revoke(app, &Caller::anonymous(), tx, target, RevocationReason::Unknown).await.unwrap();
    }

    #[tokio::test]
    async fn of_a_users_revocations_the_latest_counts_and_a_rolled_back_one_does_not() {
        let scratch = Scratch::new().await;
        let app = open(&scratch).await;
        let (user, now) = (UserId::new(&app.clock), app.clock.now());
        let mut tx = app.db.begin().await.unwrap();
        for minutes in [2, 1, 3] {
            revoke_user(&app, &mut tx, user, now - TimeDelta::minutes(minutes)).await;
        }
        tx.commit().await.unwrap();
        let mut dropped = app.db.begin().await.unwrap();
        revoke_user(&app, &mut dropped, user, now).await;
        drop(dropped);
        let expected = [Revocation::User { id: user, not_before: now - TimeDelta::minutes(1) }];
        assert_eq!(snapshot(&app).await.unwrap().revoked, expected);
        let (told,) = query!("SELECT COUNT(1) FROM outbox").fetch_one::<(i64,)>(&app.db).await.unwrap();
        assert_eq!(told, 3, "each is told; who hears them keeps the latest");

        app.clock.advance(kept(&app));
        let mut tx = app.db.begin().await.unwrap();
        forget(&app, &mut tx).await.unwrap();
        tx.commit().await.unwrap();
        let (stored,) = query!("SELECT COUNT(1) FROM revoked_user").fetch_one::<(i64,)>(&app.db).await.unwrap();
        assert_eq!((stored, snapshot(&app).await.unwrap().revoked.len()), (0, 0));
    }
}
