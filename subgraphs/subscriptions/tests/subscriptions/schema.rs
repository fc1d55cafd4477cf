//! The shape that composition and clients rely on.

#[test]
fn the_sdl_has_the_contributed_fields_and_marks_what_depends_on_the_viewer() {
    // Without the descriptions, each on one line.
    let sdl = chatty_subscriptions::sdl();
    let code: Vec<_> = sdl.split("\"\"\"").step_by(2).flat_map(str::split_whitespace).collect();
    let code = code.join(" ");
    for shape in [
        "type User @key(fields: \"id\")",
        "type Post @key(fields: \"id\", resolvable: false)",
        "followers( after: Cursor, first: Int ): FollowConnection!",
        "followerCount: Int!",
        "viewerRelationship: Relationship @tag(name: \"viewer\")",
        "homeFeed( after: Cursor, first: Int ): FeedConnection! @tag(name: \"viewer\")",
        "homeFeedEvents( after: Cursor ): FeedEvent! @tag(name: \"viewer\")",
        "followUser( input: FollowUserInput! ): FollowUserPayload! @tag(name: \"viewer\")",
        "unfollowUser( input: UnfollowUserInput! ): UnfollowUserPayload! @tag(name: \"viewer\")",
        "union FeedEvent = FeedItemAdded | FeedItemRemoved | FeedCaughtUp | ResyncRequired",
        "union FeedReason = FollowedAuthor",
        "type FeedEdge { cursor: Cursor! insertedAt: DateTime! node: Post reasons: [FeedReason!]! seq: Long! }",
        "type FollowEdge { cursor: Cursor! followedAt: DateTime! node: User }",
        "nodes: [Post]!",
        "nodes: [User]!",
    ] {
        assert!(code.contains(shape), "`{shape}` is missing in\n{code}");
    }
    assert!(!code.contains("directive @tag"), "federation defines the tag");
}
