//! Signing out by one router, felt at another.

use serde_json::{Value, json};

use crate::{cluster::Cluster, rolling::PAIRS};

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_by_one_router_ends_access_at_the_other() {
    let cluster = Cluster::start(&PAIRS).await;
    let (here, there) = (&cluster.remotes[0], &cluster.remotes[1]);
    let (phone, laptop) = (here.register("ana").await, here.login("ana", "password of ana").await);
    let at_the_other = |client: &chatty_testkit::Client| there.anonymous().with_token(client.token().unwrap());
    let (mut ends, mut stays) = (there.socket().await, there.socket().await);
    ends.init(&at_the_other(&phone)).await;
    stays.init(&at_the_other(&laptop)).await;

    phone.mutate("logout", json!({"scope": "THIS"}), "ok").await;
    assert_eq!(ends.closed().await.code, 4403);
    let refused = at_the_other(&phone).send("{ me { scopes } }", Value::Null).await;
    assert_eq!((refused.status, refused.codes()), (401, vec!["UNAUTHENTICATED"]));
    stays.subscribe("1", "{ me { scopes } }", Value::Null).await;
    assert_eq!(stays.data("1").await["me"]["scopes"], json!(["self"]));
}
