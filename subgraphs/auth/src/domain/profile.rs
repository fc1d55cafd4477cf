//! What people say of themselves, and in which language and time zone they are written to.

use chatty_access::{Caller, Scope};
use chatty_events::auth::{ChangedProfile, UserUpdated};
use chatty_graphql::{Change, Problem, Problems, Refusal, Text, language_tag};
use chatty_kit::Fault;
use chatty_store::Tx;
use chrono_tz::Tz;
use unicode_normalization::UnicodeNormalization;

use super::{held_username, mail, name_search, username::Username};
use crate::{
    app::App,
    store::{
        account::{self, AccountRow, AccountState},
        profile,
    },
};

const DISPLAY_NAME: Text = Text { field: "displayName", length: 1..=64, multiline: false };
const BIO: Text = Text { field: "bio", length: 1..=500, multiline: true };

/// What somebody wants to change about their profile, not checked yet.
pub(crate) struct Edit {
    pub(crate) username: Change<String>,
    pub(crate) display_name: Change<String>,
    pub(crate) bio: Change<String>,
    pub(crate) has_avatar: bool,
    pub(crate) locale: Change<String>,
    pub(crate) time_zone: Change<String>,
    pub(crate) expected_version: Option<i64>,
}

/// The same, checked. What cannot be emptied stays as it is if `None`.
#[derive(Clone)]
struct Checked {
    username: Option<Username>,
    display_name: Change<String>,
    bio: Change<String>,
    locale: Option<String>,
    time_zone: Option<String>,
}

/// Changes the caller's profile. What changes nothing leaves the version as it is.
pub(crate) async fn edit(app: &App, caller: &Caller, edit: Edit) -> Result<AccountRow, Refusal> {
    let user = caller.require(Scope::SelfWrite)?.user;
    let expected_version = edit.expected_version;
    let edit = edit.check()?;
    loop {
        let mut tx = app.db.begin().await?;
        let before = account::find_account(&mut tx, user).await?;
        let before = before.filter(|account| account.state == AccountState::Active).ok_or(Fault::Unauthenticated)?;
        if expected_version.is_some_and(|expected| expected != before.version) {
            return Err(Problem::version_conflict(before.version).into());
        }
        let after = edit.applied_to(&before);
        if said(&after) == said(&before) {
            return Ok(before);
        }
        let (old, new) = (&before.username, &after.username);
        if old != new {
            Username::choose(new)?;
            if held_username::has_enough(app, &mut tx, user).await? {
                let message = "was changed too often: your former names are held for 30 days";
                return Err(Problem::not_allowed("username", message).into());
            }
        }
        if old != new && !held_username::exchange(app, &mut tx, user, old, new).await? {
            return Err(Problem::taken("username").into());
        }
        let display_key = after.display_name.as_deref().map(name_search::key);
        if profile::update_profile(&mut tx, &after, display_key.as_deref(), before.version).await? {
            tell(app, caller, &mut tx, &before, &after).await?;
            tx.commit().await?;
            return Ok(after);
        }
        // The account was changed since it was read: the edit is tried on what it is now.
    }
}

/// What an edit may change.
fn said(account: &AccountRow) -> [Option<&str>; 5] {
    let AccountRow { username, display_name, bio, locale, time_zone, .. } = account;
    [Some(username), display_name.as_deref(), bio.as_deref(), Some(locale), Some(time_zone)]
}

async fn tell(app: &App, caller: &Caller, tx: &mut Tx, before: &AccountRow, after: &AccountRow) -> Result<(), Refusal> {
    let changed = ChangedProfile {
        username: (after.username != before.username).then(|| after.username.clone()),
        display_name: (after.display_name != before.display_name).then(|| after.display_name.clone()),
        locale: (after.locale != before.locale).then(|| after.locale.clone()),
    };
    mail::tell(app, caller, tx, &UserUpdated { user_id: after.id, changed, version: after.version }).await?;
    if (&after.locale, &after.time_zone) != (&before.locale, &before.time_zone) {
        mail::tell_recipient(app, caller, tx, after).await?;
    }
    Ok(())
}

impl Edit {
    fn check(self) -> Result<Checked, Refusal> {
        let mut problems = Problems::default();
        let username = problems.check(needed("username", self.username, |text| Username::parse(&text)));
        let display_name = problems.check(optional(self.display_name, display_name));
        let bio = problems.check(optional(self.bio, bio));
        problems.check(avatar(self.has_avatar));
        let locale = problems.check(needed("locale", self.locale, |text| language_tag("locale", &text)));
        let time_zone = problems.check(needed("timeZone", self.time_zone, time_zone));
        problems.refuse_any()?;
        Ok(Checked {
            username: username.flatten(),
            display_name: display_name.unwrap_or(Change::Keep),
            bio: bio.unwrap_or(Change::Keep),
            locale: locale.flatten(),
            time_zone: time_zone.flatten(),
        })
    }
}

impl Checked {
    /// The account as it will be.
    fn applied_to(&self, before: &AccountRow) -> AccountRow {
        let (Self { username, display_name, bio, locale, time_zone }, old) = (self.clone(), before.clone());
        AccountRow {
            username: username.map_or(old.username, |username| username.as_str().to_owned()),
            display_name: display_name.apply(old.display_name, Some),
            bio: bio.apply(old.bio, Some),
            locale: locale.unwrap_or(old.locale),
            time_zone: time_zone.unwrap_or(old.time_zone),
            version: old.version + 1,
            ..old
        }
    }
}

/// A field that may be empty; one of white space alone is.
fn optional(
    change: Change<String>,
    check: impl FnOnce(&str) -> Result<String, Problem>,
) -> Result<Change<String>, Problem> {
    match change {
        Change::Keep => Ok(Change::Keep),
        Change::Set(text) if !text.trim().is_empty() => check(&text).map(Change::Set),
        Change::Clear | Change::Set(_) => Ok(Change::Clear),
    }
}

/// A field that has a value always.
fn needed<T>(
    field: &str,
    change: Change<String>,
    check: impl FnOnce(String) -> Result<T, Problem>,
) -> Result<Option<T>, Problem> {
    change.required(field)?.map(check).transpose()
}

/// One line, that shows something and leaves its surroundings alone.
fn display_name(text: &str) -> Result<String, Problem> {
    let name = DISPLAY_NAME.check(&text.nfc().collect::<String>())?;
    if name.chars().any(|c| breaks_lines(c) || turns_direction(c)) {
        let message = "must be one line, without signs that turn the direction of writing";
        return Err(Problem::invalid_format(DISPLAY_NAME.field, "text", message));
    }
    Ok(name)
}

/// Line breaks that are no control characters.
fn breaks_lines(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

/// Embeddings, overrides and isolates (UAX #9): what follows the name would be turned with it.
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Any lines, each ended by a line feed.
fn bio(text: &str) -> Result<String, Problem> {
    if text.contains('\t') {
        return Err(Problem::invalid_format(BIO.field, "text", "must not contain tabs"));
    }
    BIO.check(&text.replace("\r\n", "\n").replace('\r', "\n").nfc().collect::<String>())
}

fn avatar(has_avatar: bool) -> Result<(), Problem> {
    if has_avatar { Err(Problem::not_allowed("avatarId", "must be null: there are no images yet")) } else { Ok(()) }
}

/// A name of the IANA database.
pub(super) fn time_zone(name: String) -> Result<String, Problem> {
    match name.parse::<Tz>() {
        Ok(_) => Ok(name),
        Err(_) => Err(Problem::invalid_format("timeZone", "timeZone", "is not a time zone such as `Europe/Moscow`")),
    }
}

#[cfg(test)]
mod tests {
    use chatty_graphql::UserErrorCode::{InvalidFormat, Required, TooLong};

    use super::*;

    #[test]
    fn display_names_are_one_line_that_shows_something_and_turns_nothing() {
        let code = |text: &str| display_name(text).map_err(|problem| problem.code);
        for (given, kept) in
            [(" Ana ", "Ana"), ("Ana Maria 👩‍👩‍👧‍👦", "Ana Maria 👩‍👩‍👧‍👦"), ("e\u{301}", "é"), ("עמית", "עמית"), ("%_\\", "%_\\")]
        {
            assert_eq!(code(given).as_deref(), Ok(kept));
        }
        for wrong in ["a\nb", "a\tb", "a\0", "a\u{85}b", "a\u{2028}b", "\u{202e}ana", "ana\u{2066}", "a\u{1b}[2J"] {
            assert_eq!(code(wrong), Err(InvalidFormat), "{wrong:?}");
        }
        assert_eq!(code("\u{200b}\u{2060}"), Err(Required));
        assert_eq!(code(&"é".repeat(64)).map(|name| name.len()), Ok(128));
        assert_eq!(code(&"a".repeat(65)), Err(TooLong));
    }

    #[test]
    fn a_bio_has_lines_and_no_other_control_characters() {
        assert_eq!(bio("one\r\ntwo\rthree\n").as_deref(), Ok("one\ntwo\nthree"));
        for wrong in ["a\tb", "a\0", "a\u{7}"] {
            assert_eq!(bio(wrong).map_err(|problem| problem.code), Err(InvalidFormat), "{wrong:?}");
        }
        assert_eq!(bio(&"é".repeat(500)).map(|bio| bio.len()), Ok(1_000));
        assert_eq!(bio(&"a".repeat(501)).map_err(|problem| problem.code), Err(TooLong));
    }

    #[test]
    fn time_zones_are_those_of_the_database() {
        for name in ["UTC", "Europe/Moscow", "America/Argentina/Buenos_Aires"] {
            assert!(time_zone(name.to_owned()).is_ok(), "{name}");
        }
        for name in ["", "europe/moscow", "Mars/Olympus", "+03:00", "Europe/Moscow\0"] {
            assert!(time_zone(name.to_owned()).is_err(), "{name}");
        }
    }
}
