//! The mail that a system would have sent, read like a developer reads it: from its mailbox.

use serde_json::Value;

use crate::{Harness, eventually};

/// A mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// What it is about, in the reader's language.
    pub subject: String,
    /// Its plain text.
    pub text: String,
    /// The links in it, in their order.
    pub links: Vec<String>,
}

impl Mail {
    /// The token of its first link.
    pub fn token(&self) -> &str {
        let link = self.links.first().unwrap_or_else(|| panic!("a link in {self:?}"));
        let (_, query) = link.split_once('?').unwrap_or_else(|| panic!("parameters in {link}"));
        let token = query.split('&').find_map(|parameter| parameter.strip_prefix("token="));
        token.unwrap_or_else(|| panic!("a token in {link}"))
    }
}

impl From<&Value> for Mail {
    fn from(mail: &Value) -> Self {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let links = mail["links"].as_array().expect("a list of links");
        Self { subject: text(&mail["subject"]), text: text(&mail["text"]), links: links.iter().map(text).collect() }
    }
}

impl Harness {
    /// The mails to `address` so far, newest first.
    pub async fn mails_to(&self, address: &str) -> Vec<Mail> {
        let request = self.http().get(self.url("/dev/mailbox")).query(&[("to", address)]);
        let answer = request.header("accept", "application/json").send().await.expect("the mailbox answers");
        assert_eq!(answer.status(), 200, "the mailbox is there");
        let mails: Vec<Value> = answer.json().await.expect("the mails are JSON");
        mails.iter().map(Mail::from).collect()
    }

    /// Waits until `address` has got so many mails; all of them, newest first. Mail is no event, so `settle` does not
    /// wait for it.
    pub async fn wait_for_mails(&self, address: &str, count: usize) -> Vec<Mail> {
        let mut mails = Vec::new();
        eventually(&format!("{count} mails to {address}"), async || {
            mails = self.mails_to(address).await;
            mails.len() >= count
        })
        .await;
        mails
    }

    /// Waits until `address` has got a mail with this in its subject; the newest of them.
    pub async fn wait_for_mail(&self, address: &str, subject: &str) -> Mail {
        let mut found = None;
        eventually(&format!("a mail to {address} about {subject}"), async || {
            found = self.mails_to(address).await.into_iter().find(|mail| mail.subject.contains(subject));
            found.is_some()
        })
        .await;
        found.expect("waited for")
    }
}
