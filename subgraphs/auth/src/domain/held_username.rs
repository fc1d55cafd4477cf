//! Usernames change hands slowly: one that somebody gave up is held for them for a while.
//!
//! Whoever takes a name takes its row in `held_username` first, so that of several who want a name one is served at a
//! time, whether they register or rename themselves. Take names before any account is locked: somebody may wait here
//! for a transaction that goes on to touch accounts.

use chatty_store::{Result, Tx};
use chatty_types::UserId;
use chrono::TimeDelta;

use super::username::skeleton;
use crate::{
    app::App,
    store::{held_username, profile},
};

/// How long a name is held for its former owner.
const HELD: TimeDelta = TimeDelta::days(30);
/// How many names are held for one person: others want names, too.
const MOST: i64 = 5;

/// Whether the name is free for the user, and so until the transaction ends.
pub(crate) async fn reserve(app: &App, tx: &mut Tx, user: UserId, name: &str) -> Result<bool> {
    wait_for_look_alikes(app, tx, user, name).await?;
    claim(app, tx, user, name).await
}

/// Whether the user has given up so many names that they must keep the one they have for a while.
pub(crate) async fn has_enough(app: &App, tx: &mut Tx, user: UserId) -> Result<bool> {
    Ok(held_username::count_held(tx, user, app.clock.now()).await? >= MOST)
}

/// Gives up one name of the user for another. Whether that was free.
pub(crate) async fn exchange(app: &App, tx: &mut Tx, user: UserId, old: &str, new: &str) -> Result<bool> {
    wait_for_look_alikes(app, tx, user, new).await?;
    // Two that exchange the same names begin with the same one.
    let mut names = [(old, false), (new, true)];
    names.sort_unstable();
    for (name, is_new) in names {
        let free = if is_new { claim(app, tx, user, name).await? } else { hold(app, tx, user, name).await? };
        if !free {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Holds the name of an account that is being erased for nobody, so that none can pass for its former owner. Like all
/// names it is taken before the account is locked.
pub(crate) async fn withhold(app: &App, tx: &mut Tx, user: UserId, name: &str) -> Result<()> {
    hold(app, tx, user, name).await?;
    held_username::update_without_user(tx, user).await
}

/// Of those who want names that look alike, too, one is served at a time: by a row that no name has.
async fn wait_for_look_alikes(app: &App, tx: &mut Tx, user: UserId, name: &str) -> Result<()> {
    let (row, now) = (format!("~{}", skeleton(name)), app.clock.now());
    held_username::upsert_held(tx, (&row, None), user, now, now).await?;
    held_username::delete_held(tx, &row).await?;
    Ok(())
}

async fn claim(app: &App, tx: &mut Tx, user: UserId, name: &str) -> Result<bool> {
    let (alike, now) = (skeleton(name), app.clock.now());
    if !hold(app, tx, user, name).await?
        || profile::is_anothers(tx, name, user).await?
        || held_username::is_look_alike_held(tx, &alike, user, now).await?
    {
        return Ok(false);
    }
    // Whoever waits for the row goes on waiting, and nobody is held off by it later.
    held_username::delete_held(tx, name).await?;
    Ok(true)
}

async fn hold(app: &App, tx: &mut Tx, user: UserId, name: &str) -> Result<bool> {
    let now = app.clock.now();
    held_username::upsert_held(tx, (name, Some(&skeleton(name))), user, now + HELD, now).await
}

/// Lets go of names that were held long enough.
pub(crate) async fn forget(app: &App, tx: &mut Tx) -> Result<()> {
    held_username::delete_held_until(tx, app.clock.now()).await?;
    Ok(())
}
