//! The wire form of every event: a changed sample is a changed contract.

use chatty_events::{Envelope, Event, admin, auth, email, posts, subscriptions, system};
use chatty_types::{Clock, CommentId, Id, PostId, SessionId, UserId, kind};
use chrono::{DateTime, Utc};
use uuid::Uuid;

fn user(number: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(number))
}

fn post() -> PostId {
    Id::<kind::Post>::from_uuid(Uuid::from_u128(7))
}

fn comment() -> CommentId {
    CommentId::from_uuid(Uuid::from_u128(9))
}

fn at() -> DateTime<Utc> {
    "2026-01-02T03:04:05.678Z".parse().expect("a time")
}

/// The payload as text, after a round trip through its envelope.
fn sample<E: Event + PartialEq>(event: &E) -> String {
    let envelope = Envelope::new(&Clock::system(), event);
    let received: Envelope = serde_json::from_str(&envelope.to_json()).expect("deserialises");
    assert!(received.decode::<E>().expect("decodes").as_ref() == Some(event), "{}", received.data);
    format!("{} {} {}", received.event_type, received.subject, received.data)
}

#[test]
#[expect(clippy::too_many_lines, reason = "one sample an event")]
fn every_event_keeps_its_wire_form() {
    let (ana, bob) = (user(1), user(2));
    let samples = [
        sample(&auth::UserRegistered { user_id: ana, username: "ana".into(), locale: "ru".into(), created_at: at() }),
        sample(&auth::AccessRevoked {
            revoked: auth::Revoked::Session(SessionId::from_uuid(Uuid::from_u128(5))),
            not_before: at(),
            reason: auth::RevocationReason::Logout,
        }),
        sample(&auth::AccessRevoked {
            revoked: auth::Revoked::User(ana),
            not_before: at(),
            reason: auth::RevocationReason::TokenReused,
        }),
        sample(&auth::UserEmailVerified { user_id: ana }),
        sample(&auth::UserUpdated {
            user_id: ana,
            changed: auth::ChangedProfile {
                username: Some("anna".into()),
                display_name: Some(None),
                ..auth::ChangedProfile::default()
            },
            version: 2,
        }),
        sample(&auth::UserStateChanged {
            user_id: ana,
            from: auth::AccountState::Active,
            to: auth::AccountState::Suspended,
            until: Some(at()),
            action_id: Some(Uuid::from_u128(6)),
            version: 3,
        }),
        sample(&auth::UserRoleChanged {
            user_id: ana,
            before: "USER".into(),
            after: "MODERATOR".into(),
            scopes: vec!["self".into(), "mod:read".into()],
            reason: "helps".into(),
            version: 4,
        }),
        sample(&auth::UserDeletionRequested { user_id: ana, due_at: at() }),
        sample(&auth::UserDeletionCancelled { user_id: ana }),
        sample(&auth::UserDeleted { user_id: ana, erasure_id: Uuid::from_u128(8) }),
        sample(&auth::SessionStarted {
            session_id: SessionId::from_uuid(Uuid::from_u128(5)),
            user_id: ana,
            device: Some("Browser".into()),
        }),
        sample(&auth::SecuritySuspicious { user_id: ana, kind: auth::SuspicionKind::Lockout }),
        sample(&admin::ModerationApplied {
            action_id: Uuid::from_u128(6),
            kind: admin::ModerationKind::Suspend,
            target: ana,
            actor_id: bob,
            reason: "spam".into(),
            expires_at: Some(at()),
            at: at(),
        }),
        sample(&admin::ModerationRevoked { action_id: Uuid::from_u128(6), target: ana, at: at() }),
        sample(&posts::PostCreated {
            post_id: post(),
            author_id: ana,
            visibility: posts::Visibility::Followers,
            created_at: at(),
        }),
        sample(&posts::PostUpdated {
            post_id: post(),
            author_id: ana,
            version: 2,
            visibility: posts::Visibility::Public,
        }),
        sample(&posts::PostDeleted { post_id: post(), author_id: ana, version: 3 }),
        sample(&posts::PostLiked { post_id: post(), author_id: ana, user_id: bob }),
        sample(&posts::PostUnliked { post_id: post(), author_id: ana, user_id: bob }),
        sample(&posts::CommentCreated {
            comment_id: comment(),
            post_id: post(),
            parent_id: None,
            author_id: bob,
            depth: 0,
        }),
        sample(&posts::CommentDeleted { comment_id: comment(), post_id: post(), author_id: bob }),
        sample(&posts::ErasureContinued { user_id: ana }),
        sample(&posts::ErasureCompleted {
            erasure_id: Uuid::from_u128(8),
            user_id: ana,
            counts: [("posts".to_owned(), 3)].into(),
            finished_at: at(),
        }),
        sample(&subscriptions::FollowCreated { follower_id: ana, followee_id: bob, version: 1 }),
        sample(&subscriptions::FollowRemoved { follower_id: ana, followee_id: bob, version: 2 }),
        sample(&subscriptions::FeedAppended { source: "fan-out".into(), user_ids: vec![ana] }),
        sample(&subscriptions::ErasureContinued { user_id: ana }),
        sample(&subscriptions::ErasureCompleted {
            erasure_id: Uuid::from_u128(8),
            user_id: ana,
            counts: [("follows".to_owned(), 2)].into(),
            finished_at: at(),
        }),
        sample(&email::RecipientChanged {
            user_id: ana,
            address: "ana@example.com".into(),
            locale: "ru".into(),
            time_zone: "Europe/Moscow".into(),
            verified: false,
            version: 1,
        }),
        sample(&email::MessageRequested {
            message_id: Uuid::from_u128(10),
            template: email::Template::VerifyEmail,
            to_user_id: ana,
            to_address: Some("new@example.com".into()),
            params: [("username".to_owned(), "ana".to_owned())].into(),
            secret: Some("token".into()),
            dedupe_key: Some("once".into()),
        }),
        sample(&system::OutboxAppended { service: "posts".into() }),
    ];
    insta::assert_snapshot!(samples.join("\n"));
}

#[test]
fn another_type_is_not_decoded_and_a_broken_payload_is_named() {
    let mut envelope =
        Envelope::new(&Clock::system(), &posts::PostDeleted { post_id: post(), author_id: user(1), version: 3 });
    assert_eq!(envelope.routing_key(), "posts.post.deleted");
    assert_eq!(envelope.source, "posts");
    assert!(envelope.decode::<posts::PostCreated>().expect("not an error").is_none());
    envelope.data = serde_json::value::RawValue::from_string(r#"{"postId":"usr_nonsense"}"#.into()).expect("JSON");
    let error = envelope.decode::<posts::PostDeleted>().expect_err("another kind of id");
    assert_eq!(error.to_string(), "undecodable payload of `posts.post.deleted.v1`");
}

#[test]
fn a_revocation_for_a_reason_of_a_later_version_still_revokes() {
    let later = r#"{"userId":"usr_00000000000000000000000004","notBefore":"2026-01-02T03:04:05.678Z",
        "reason":"OF_LATER","more":1}"#;
    let event: auth::AccessRevoked = serde_json::from_str(later).expect("it is read");
    let expected = auth::Revoked::User(user(1));
    assert_eq!((event.revoked, event.reason), (expected, auth::RevocationReason::Unknown));
    for reason in [auth::RevocationReason::Logout, auth::RevocationReason::TokenReused, event.reason] {
        assert_eq!(serde_json::to_value(reason).expect("serialises"), reason.as_str());
    }
    let nobody = r#"{"notBefore":"2026-01-02T03:04:05.678Z","reason":"LOGOUT"}"#;
    assert!(serde_json::from_str::<auth::AccessRevoked>(nobody).is_err());
}
