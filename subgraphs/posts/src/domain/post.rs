//! Publishing, editing and deleting posts.

use chatty_access::{Caller, Scope};
use chatty_events::posts::{PostCreated, PostDeleted, PostUpdated, Visibility};
use chatty_graphql::{Change, Problem, Problems, Refusal, idempotency};
use chatty_kit::Fault;
use chatty_store::Tx;
use chatty_types::{PostId, UserId};
use uuid::Uuid;

use super::{
    claim,
    content::{self, Content},
    parse_id,
    visibility::{self, Reader},
    writer,
};
use crate::{
    app::App,
    store::{
        post::{self, Audience, PostRow, State},
        replica,
    },
};

/// A post that somebody wants to publish.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) title: Option<String>,
    pub(crate) body: String,
    pub(crate) content_warning: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) visibility: Visibility,
    pub(crate) has_attachments: bool,
    pub(crate) idempotency_key: Option<Uuid>,
}

/// A change that an author wants to make.
#[derive(Debug)]
pub(crate) struct Edit {
    pub(crate) post_id: String,
    pub(crate) title: Change<String>,
    pub(crate) body: Change<String>,
    pub(crate) content_warning: Change<String>,
    pub(crate) language: Change<String>,
    pub(crate) visibility: Change<Visibility>,
    pub(crate) expected_version: Option<i64>,
}

/// Publishes a post of the caller.
pub(crate) async fn publish(app: &App, caller: &Caller, draft: Draft) -> Result<PostRow, Refusal> {
    let author = caller.require(Scope::SelfWrite)?.user;
    let (content, key) = check(draft)?;
    let id = PostId::new(&app.clock);
    let mut tx = app.db.begin().await?;
    if let Some(made) = claim(app, &mut tx, ("createPost", author), (key, hash(&content)), id).await? {
        let row = post::find_visible(&mut tx, Reader::of(caller), made).await?;
        return row.ok_or_else(|| Problem::not_found("idempotencyKey", made).into());
    }
    let row = post::insert(&mut tx, id, author, &content, app.clock.now()).await?;
    writer(&mut tx, author, is_counted(&row).into()).await?;
    let (visibility, created_at) = (content.visibility, row.created_at);
    app.tell(&mut tx, caller, &PostCreated { post_id: id, author_id: author, visibility, created_at }).await?;
    tx.commit().await?;
    Ok(row)
}

fn check(draft: Draft) -> Result<(Content, Option<uuid::Uuid>), Refusal> {
    let mut problems = Problems::default();
    let body = problems.check(content::post_body(&draft.body)).unwrap_or_default();
    let title = draft.title.and_then(|text| content::title(&mut problems, &text));
    let content_warning = draft.content_warning.and_then(|text| content::content_warning(&mut problems, &text));
    let language = draft.language.and_then(|text| content::language(&mut problems, &text));
    if draft.has_attachments {
        problems
            .check::<()>(Err(Problem::not_allowed("attachmentIds", "must be empty: posts have no attachments yet")));
    }
    problems.refuse_any()?;
    Ok((Content { title, body, language, content_warning, visibility: draft.visibility }, draft.idempotency_key))
}

fn hash(content: &Content) -> [u8; 32] {
    let Content { title, body, language, content_warning, visibility } = content;
    let visibility = Audience::from(*visibility).as_str();
    let language = language.as_deref();
    idempotency::input_hash([title.as_deref(), Some(body), language, content_warning.as_deref(), Some(visibility)])
}

/// Changes a post of the caller. Nothing to change is no new version.
pub(crate) async fn edit(app: &App, caller: &Caller, edit: Edit) -> Result<PostRow, Refusal> {
    caller.require(Scope::SelfWrite)?;
    let mut problems = Problems::default();
    let id = problems.check(parse_id("postId", &edit.post_id));
    let visibility = problems.check(edit.visibility.required("visibility")).flatten();
    let body = problems.check(edit.body.required("body")).flatten();
    let body = body.and_then(|text| problems.check(content::post_body(&text)));
    let title = checked(edit.title, |text| content::title(&mut problems, &text));
    let content_warning = checked(edit.content_warning, |text| content::content_warning(&mut problems, &text));
    let language = checked(edit.language, |text| content::language(&mut problems, &text));
    problems.refuse_any()?;
    let id = id.expect("an id that does not parse is a problem");

    let mut tx = app.db.begin().await?;
    let old = lock_own(&mut tx, caller, id).await?;
    if old.state != State::Published {
        return Err(Problem::state_conflict("postId", "is deleted").into());
    }
    if edit.expected_version.is_some_and(|expected| expected != old.version) {
        return Err(Problem::version_conflict(old.version).into());
    }
    let before = content_of(&old);
    let after = Content {
        title: title.apply(before.title.clone(), Some),
        body: body.unwrap_or_else(|| before.body.clone()),
        language: language.apply(before.language.clone(), Some),
        content_warning: content_warning.apply(before.content_warning.clone(), Some),
        visibility: visibility.unwrap_or(before.visibility),
    };
    if after == before {
        return Ok(old);
    }
    let new = post::update_content(&mut tx, id, &after, app.clock.now()).await?;
    recount(&mut tx, new.author_id, is_counted(&old), is_counted(&new)).await?;
    let (author_id, version, visibility) = (new.author_id, new.version, after.visibility);
    app.tell(&mut tx, caller, &PostUpdated { post_id: id, author_id, version, visibility }).await?;
    tx.commit().await?;
    Ok(new)
}

/// The change with its value checked; a value that is none after all clears.
fn checked(change: Change<String>, check: impl FnOnce(String) -> Option<String>) -> Change<String> {
    match change {
        Change::Set(text) => check(text).map_or(Change::Clear, Change::Set),
        unset => unset,
    }
}

/// Deletes a post of the caller. Deleting again changes nothing.
pub(crate) async fn delete(app: &App, caller: &Caller, post_id: &str) -> Result<PostRow, Refusal> {
    caller.require(Scope::SelfWrite)?;
    let id = parse_id("postId", post_id)?;
    let mut tx = app.db.begin().await?;
    let old = lock_own(&mut tx, caller, id).await?;
    match old.state {
        State::Published => {}
        State::Deleted => return Ok(old),
        State::Removed => return Err(Problem::state_conflict("postId", "was taken down by a moderator").into()),
    }
    let new = post::update_state(&mut tx, id, State::Deleted).await?;
    recount(&mut tx, new.author_id, is_counted(&old), is_counted(&new)).await?;
    let (author_id, version) = (new.author_id, new.version);
    app.tell(&mut tx, caller, &PostDeleted { post_id: id, author_id, version }).await?;
    tx.commit().await?;
    Ok(new)
}

/// The post, locked. One of somebody else is forbidden if the caller may see it, and else missing.
async fn lock_own(tx: &mut Tx, caller: &Caller, id: PostId) -> Result<PostRow, Refusal> {
    let row = visibility::lock(tx, caller, "postId", id).await?;
    if caller.user() == Some(row.author_id) { Ok(row) } else { Err(Problem::forbidden("postId").into()) }
}

fn content_of(row: &PostRow) -> Content {
    let PostRow { title, body, language, content_warning, visibility, .. } = row.clone();
    Content { title, body, language, content_warning, visibility: visibility.into() }
}

/// Whether everybody can see the post, so that its author's count may tell of it.
pub(super) fn is_counted(row: &PostRow) -> bool {
    row.state == State::Published && row.visibility == Audience::Public
}

/// Keeps the author's count of public posts in step with one post.
async fn recount(tx: &mut Tx, author: UserId, before: bool, after: bool) -> Result<(), Fault> {
    match (before, after) {
        (false, true) => writer(tx, author, 1).await,
        (true, false) => Ok(replica::decrement_post_count(tx, author, 1).await.map(drop)?),
        _ => Ok(()),
    }
}
