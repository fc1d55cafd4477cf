//! Writes mail: subject, plain text and HTML, from one text a language.
//!
//! A mail is `templates/<language>/<name>.txt`: its first paragraph is the subject, the others are the body; a
//! paragraph ends at an empty line. The HTML is made of the same paragraphs by `templates/mail.html`, which escapes them,
//! so the two never differ. To add a mail: its line in `mails!` and its texts in both folders; the compiler asks for
//! each of them.

mod language;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeMap;

use chatty_events::email::Template;
use chrono_tz::Tz;
use minijinja::{Environment, Error, Value, context};

pub(crate) use self::text::{Span, links, spans};
use self::{language::Language, text::one_line};

/// Takes every mail with the name of its files and, where it has a link, the path of that.
macro_rules! mails {
    ($($template:ident = $name:literal $(at $path:literal)?;)+) => {
        /// The names of all mails.
        pub(crate) const NAMES: &[&str] = &[$($name),+];

        /// The mail's name: in the database, and of its files.
        pub(crate) fn name(template: Template) -> &'static str {
            match template {
                $(Template::$template => $name),+
            }
        }

        /// The path of the link in the mail of that name, if it has one.
        fn path(name: &str) -> Option<&'static str> {
            match name {
                $($($name => Some($path),)?)+
                _ => None,
            }
        }

        /// The texts, by the names that templates include each other by.
        const TEXTS: &[(&str, &str)] = &[$(
            (concat!("en/", $name, ".txt"), include_str!(concat!("../../templates/en/", $name, ".txt"))),
            (concat!("ru/", $name, ".txt"), include_str!(concat!("../../templates/ru/", $name, ".txt"))),
        )+];
    };
}

mails! {
    VerifyEmail = "verify_email" at "/verify-email";
    ConfirmNewEmail = "confirm_new_email" at "/verify-email";
    EmailChangeRequested = "email_change_requested";
    ResetPassword = "reset_password" at "/reset-password";
    PasswordChanged = "password_changed";
    NewDevice = "new_device";
    DeletionRequested = "deletion_requested";
    DeletionCancelled = "deletion_cancelled";
    AccountSuspended = "account_suspended";
}

/// What mails have in common.
const SHARED: &[(&str, &str)] = &[
    ("en/hello.txt", include_str!("../../templates/en/hello.txt")),
    ("en/bye.txt", include_str!("../../templates/en/bye.txt")),
    ("ru/hello.txt", include_str!("../../templates/ru/hello.txt")),
    ("ru/bye.txt", include_str!("../../templates/ru/bye.txt")),
    ("mail.html", include_str!("../../templates/mail.html")),
];

/// The parameters that are times.
const TIMES: &[&str] = &["at", "dueAt", "expiresAt", "until"];

/// Whether `secret` is what the mail needs: where it has a link, a token that needs no encoding in a URL.
pub(crate) fn has_token(template: Template, secret: Option<&str>) -> bool {
    let is_unreserved = |c: u8| c.is_ascii_alphanumeric() || b"-._~".contains(&c);
    path(name(template)).is_none() || secret.is_some_and(|token| !token.is_empty() && token.bytes().all(is_unreserved))
}

/// What to write, and for whom.
#[derive(Clone, Copy)]
pub(crate) struct Mail<'a> {
    /// One of [`NAMES`].
    pub(crate) template: &'a str,
    /// The reader's language, such as `ru`.
    pub(crate) locale: &'a str,
    /// The reader's time zone, such as `Europe/Moscow`.
    pub(crate) time_zone: &'a str,
    pub(crate) params: &'a BTreeMap<String, String>,
    /// The token of the link.
    pub(crate) secret: Option<&'a str>,
}

/// A written mail.
pub(crate) struct Letter {
    /// One line.
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

/// All texts, parsed.
pub(crate) struct Letters {
    texts: Environment<'static>,
    public_url: String,
}

impl Letters {
    /// Links begin with `public_url`, which has no slash at its end.
    pub(crate) fn new(public_url: &str) -> Self {
        // What is called `.html` is escaped, and what is called `.txt` is not.
        let mut texts = Environment::new();
        for (name, text) in TEXTS.iter().chain(SHARED) {
            texts.add_template(name, text).expect("every text is a template, as the tests show");
        }
        Self { texts, public_url: public_url.to_owned() }
    }

    /// Writes the mail. A parameter that is missing is left out, with what is said about it.
    pub(crate) fn write(&self, mail: &Mail<'_>) -> Result<Letter, Error> {
        let language = Language::of(mail.locale);
        let zone = mail.time_zone.parse().unwrap_or(Tz::UTC);
        let link = mail.secret.zip(path(mail.template));
        let link = link.map(|(token, path)| format!("{}{path}?token={token}", self.public_url));
        let mut values: BTreeMap<&str, Value> = BTreeMap::new();
        for (name, value) in mail.params {
            let value = one_line(value);
            let time = if TIMES.contains(&name.as_str()) { language.time(&value, zone) } else { None };
            values.insert(name, time.unwrap_or(value).into());
        }
        values.insert("link", link.clone().into());

        let file = format!("{}/{}.txt", language.tag(), mail.template);
        let text = self.texts.get_template(&file)?.render(values)?;
        let mut paragraphs = paragraphs(&text);
        let subject = if paragraphs.is_empty() { String::new() } else { paragraphs.remove(0) };
        let html = self.texts.get_template("mail.html")?.render(context! {
            language => language.tag(), subject, paragraphs, link,
        })?;
        Ok(Letter { subject, text: paragraphs.join("\n\n") + "\n", html })
    }
}

/// What stands between empty lines, a line each.
fn paragraphs(text: &str) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    for line in text.lines().map(str::trim) {
        match paragraphs.last_mut() {
            Some(last) if !line.is_empty() => {
                if !last.is_empty() {
                    last.push(' ');
                }
                last.push_str(line);
            }
            _ => paragraphs.push(String::new()),
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs
}
