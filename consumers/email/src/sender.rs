//! The sender: turns QUEUED messages into mail. It knows rows, not events; a commit of this process wakes it, and it
//! looks every second for what others have written.

use std::{sync::Arc, time::Duration};

use chatty_kit::Tasks;
use chatty_store::Tx;
use tokio::time::{sleep, timeout};

use crate::{
    app::{App, Delivery},
    letter::Mail,
    store::message::{self, Due, End},
};

const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Mails of one transaction.
const BATCH: i64 = 50;
/// For one batch. A database connection may die without a word, and whoever waits on it would wait for good.
const STEP: Duration = Duration::from_mins(1);

/// Why a round failed. The next one tries again.
#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error("messages cannot be read or marked")]
    Store(#[from] chatty_store::Error),
    #[error("a batch took longer than a minute")]
    TookTooLong,
}

/// Sends until the tasks stop; a batch in hand is finished.
pub(crate) fn start(tasks: &Tasks, app: &Arc<App>) {
    let (app, stopping) = (Arc::clone(app), tasks.stopping());
    tasks.spawn(async move {
        let mut commits = app.db.commits();
        let mut failing = false;
        while !stopping.is_cancelled() {
            // Before looking: what is written from here on wakes the loop again.
            commits.mark_unchanged();
            let sent = timeout(STEP, send_some(&app)).await.unwrap_or(Err(SendError::TookTooLong));
            note(&mut failing, sent.as_ref().err());
            if sent.is_ok_and(|sent| sent > 0) {
                continue;
            }
            tokio::select! {
                () = stopping.cancelled() => {}
                () = sleep(LOOK_AGAIN) => {}
                // Whatever is written meanwhile would fail as well. The sender of commits lives as long as `app`.
                _ = commits.changed(), if !failing => {}
            }
        }
    });
}

/// Logs when things begin to fail and when they work again, not every second in between.
fn note(failing: &mut bool, error: Option<&SendError>) {
    match (error, std::mem::replace(failing, error.is_some())) {
        (Some(error), false) => tracing::error!(error = error as &dyn std::error::Error, "mail cannot be sent"),
        (None, true) => tracing::info!("mail is sent again"),
        _ => {}
    }
}

/// Sends the oldest messages that nobody else has in hand; how many.
///
/// They are claimed, delivered and marked in one transaction, because delivery is a statement, too. A way to send that
/// leaves the database must not go on in here: it needs a state between QUEUED and SENT, and its own commit.
async fn send_some(app: &App) -> Result<usize, SendError> {
    // Most commits are no new mail. On SQLite a transaction would keep writers waiting for nothing.
    if !message::has_due(&app.db).await? {
        return Ok(0);
    }
    let mut tx = app.db.begin().await?;
    let due = message::claim_due(&mut tx, BATCH).await?;
    if due.is_empty() {
        return Ok(0);
    }
    for message in &due {
        send(app, &mut tx, message).await?;
    }
    tx.commit().await?;
    Ok(due.len())
}

async fn send(app: &App, tx: &mut Tx, due: &Due) -> Result<(), chatty_store::Error> {
    match app.delivery {
        Delivery::Mailbox => keep(app, tx, due).await,
        Delivery::Nowhere => {
            tracing::info!(mail = %due.id, template = due.template, "a mail was suppressed");
            message::end(tx, due.id, End::Suppressed).await
        }
    }
}

/// Delivers to the mailbox.
async fn keep(app: &App, tx: &mut Tx, due: &Due) -> Result<(), chatty_store::Error> {
    let mail = Mail {
        template: &due.template,
        locale: &due.locale,
        time_zone: &due.time_zone,
        params: &due.params.0,
        secret: due.secret.as_deref(),
    };
    match app.letters.write(&mail) {
        Ok(letter) => {
            tracing::info!(mail = %due.id, template = due.template, "a mail is in the mailbox");
            message::keep(tx, due.id, &due.address, &letter, app.clock.now()).await
        }
        // A template's defect; the other mails must go on.
        Err(error) => {
            log_defect(due, &error);
            message::end(tx, due.id, End::Failed).await
        }
    }
}

fn log_defect(due: &Due, error: &minijinja::Error) {
    let error = error as &dyn std::error::Error;
    tracing::error!(mail = %due.id, template = due.template, error, "a mail cannot be written");
}

#[cfg(test)]
mod tests {
    use chatty_events::email::{MessageRequested, RecipientChanged, Template};
    use chatty_scratch::Scratch;
    use chatty_store::Db;
    use chatty_types::{Clock, UserId};

    use super::*;
    use crate::{
        letter::Letters,
        store::{message, recipient},
    };

    /// As one of several processes has it.
    async fn open(scratch: &Scratch) -> App {
        let db = match scratch.database_url() {
            Some(url) => Db::open_postgres(url, crate::NAME, &crate::migrations()).await.unwrap(),
            None => Db::open_sqlite(&scratch.folder().join("email"), &crate::migrations()).await.unwrap(),
        };
        let letters = Letters::new("http://chatty.test");
        App { db, clock: Clock::system(), letters, delivery: Delivery::Mailbox }
    }

    /// Somebody with `mails` requested.
    async fn request(app: &App, mails: usize) {
        let user_id = UserId::new(&app.clock);
        let (address, locale, time_zone) = (user_id.to_string(), "en".to_owned(), "UTC".to_owned());
        let mut tx = app.db.begin().await.unwrap();
        let known = RecipientChanged { user_id, address, locale, time_zone, verified: true, version: 1 };
        recipient::upsert(&mut tx, &known).await.unwrap();
        for _ in 0..mails {
            let requested = MessageRequested {
                message_id: app.clock.uuid(),
                template: Template::PasswordChanged,
                to_user_id: user_id,
                to_address: None,
                params: std::collections::BTreeMap::new(),
                secret: None,
                dedupe_key: None,
            };
            message::insert(&mut tx, requested, app.clock.now()).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    /// Sends until nothing is due; how many.
    async fn drain(app: &App) -> usize {
        let mut sent = 0;
        while message::has_due(&app.db).await.unwrap() {
            sent += send_some(app).await.unwrap();
        }
        sent
    }

    #[tokio::test]
    async fn two_senders_never_send_one_mail_twice() {
        let scratch = Scratch::new().await;
        let (here, there) = (open(&scratch).await, open(&scratch).await);
        for _ in 0..30 {
            request(&here, 10).await;
        }
        let (one, other) = tokio::join!(drain(&here), drain(&there));
        assert_eq!(one + other, 300, "{one} and {other}");
    }

    #[tokio::test]
    async fn a_look_that_finds_nothing_wakes_nobody() {
        let scratch = Scratch::new().await;
        let app = open(&scratch).await;
        request(&app, 1).await;
        let commits = app.db.commits();
        assert_eq!(send_some(&app).await.unwrap(), 1);
        assert!(commits.has_changed().unwrap(), "a mail is a commit");
        let commits = app.db.commits();
        assert_eq!(send_some(&app).await.unwrap(), 0);
        assert!(!commits.has_changed().unwrap(), "or the sender would wake itself for ever");
    }
}
