//! `GET /dev/mailbox`: the mail that was kept instead of sent, as a page for people and as JSON for programs.
//!
//! It shows links with their tokens to whoever asks, and therefore exists only where mail is kept: [`Delivery::Mailbox`].

use std::sync::{Arc, LazyLock};

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{
        HeaderMap, HeaderName, StatusCode,
        header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS},
    },
    response::{Html, IntoResponse, Response},
    routing::get,
};
use chatty_kit::media;
use data_encoding::BASE64;
use minijinja::{Environment, Value, context};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    app::{App, Delivery},
    letter::{Span, links, spans},
    store::message::{self, Kept},
};

/// Where the mailbox is; below one of [`PREFIXES`](crate::PREFIXES).
pub const PATH: &str = "/dev/mailbox";

/// The most mails that one answer shows.
const NEWEST: i64 = 200;

const STYLE: &str = include_str!("../templates/mailbox.css");

/// For every answer: nobody stores it, guesses what it is, or is told its address.
const HEADERS: [(HeaderName, &str); 4] = [
    (CACHE_CONTROL, "no-store"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (VARY, "accept"),
];

/// The page holds its own style, and nothing else than that is loaded or run.
static PAGE_POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = BASE64.encode(&Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
});

/// Mail programs know styles only beside the elements.
const LETTER_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

static PAGE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut page = Environment::new();
    let text = include_str!("../templates/mailbox.html");
    page.add_template("mailbox.html", text).expect("the page is a template, as the tests show");
    page
});

/// None at all where no mail is kept.
pub(crate) fn routes(app: &Arc<App>) -> Router {
    match app.delivery {
        Delivery::Nowhere => Router::new(),
        Delivery::Mailbox => Router::new()
            .route(PATH, get(list))
            .route(&format!("{PATH}/{{id}}"), get(letter))
            .with_state(Arc::clone(app)),
    }
}

#[derive(Deserialize)]
struct Wanted {
    /// Only mail to this address.
    to: Option<String>,
}

/// A mail, as programs get it.
#[derive(Serialize)]
struct Mail {
    id: Uuid,
    to: String,
    subject: String,
    text: String,
    links: Vec<String>,
}

impl From<Kept> for Mail {
    fn from(kept: Kept) -> Self {
        let links = links(&kept.text_body).into_iter().map(str::to_owned).collect();
        Self { id: kept.id, to: kept.address, subject: kept.subject, text: kept.text_body, links }
    }
}

async fn list(
    State(app): State<Arc<App>>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Unreadable> {
    let to = wanted.to.as_deref().map(str::trim).filter(|to| !to.is_empty());
    let mails = match to {
        Some(to) => message::list_kept_to(&app.db, to, NEWEST).await?,
        None => message::list_kept(&app.db, NEWEST).await?,
    };
    if accepts_json(&headers) {
        let mails: Vec<_> = mails.into_iter().map(Mail::from).collect();
        return Ok((HEADERS, Json(mails)).into_response());
    }
    let policy = [(CONTENT_SECURITY_POLICY, PAGE_POLICY.as_str())];
    Ok((HEADERS, policy, Html(page(to, &mails)?)).into_response())
}

/// The page over `mails`, which are those to `to`, if that is said.
fn page(to: Option<&str>, mails: &[Kept]) -> Result<String, minijinja::Error> {
    let mail = |mail: &Kept| {
        let spans: Vec<_> = spans(&mail.text_body).iter().map(span).collect();
        context! {
            id => mail.id.to_string(),
            to => mail.address,
            subject => mail.subject,
            sent => mail.sent_at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
            spans,
        }
    };
    let mails: Vec<_> = mails.iter().map(mail).collect();
    PAGE.get_template("mailbox.html")?.render(context! { style => STYLE, to, mails })
}

fn span(span: &Span<'_>) -> Value {
    match *span {
        Span::Words(text) => context! { text, is_link => false },
        Span::Link(text) => context! { text, is_link => true },
    }
}

/// One mail as a mail program shows it.
async fn letter(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Response, Unreadable> {
    let html = match id.parse() {
        Ok(id) => message::find_html(&app.db, id).await?,
        Err(_) => None,
    };
    Ok(match html {
        Some(html) => (HEADERS, [(CONTENT_SECURITY_POLICY, LETTER_POLICY)], Html(html)).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    })
}

fn accepts_json(headers: &HeaderMap) -> bool {
    let texts = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).any(|range| media::is(range, "application/json"))
}

/// Why there is no answer: 500, and the reason in the log.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error("the mailbox cannot be read")]
    Store(#[from] chatty_store::Error),
    #[error("the mailbox cannot be shown")]
    Page(#[from] minijinja::Error),
}

impl IntoResponse for Unreadable {
    fn into_response(self) -> Response {
        tracing::error!(error = &self as &dyn std::error::Error, "no answer");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}
