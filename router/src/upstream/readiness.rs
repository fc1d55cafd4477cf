//! Asks endpoints whether they want traffic.

use std::time::Duration;

use axum::body::Body;
use chatty_kit::Tasks;
use http::{Request, Uri, uri::PathAndQuery};
use tokio::time::timeout;

use super::{
    HttpClient,
    endpoints::{Endpoints, with_path},
};

/// Between two questions to one endpoint, and how long its answer may take.
const PERIOD: Duration = Duration::from_secs(1);

/// Watches every endpoint until the tasks stop.
pub(super) fn watch(subgraph: &str, endpoints: &Endpoints, client: &HttpClient, tasks: &Tasks) {
    for at in 0..endpoints.uris().len() {
        let (endpoints, client, stopping) = (endpoints.clone(), client.clone(), tasks.stopping());
        let subgraph = subgraph.to_owned();
        tasks.spawn(async move {
            let mut ready = true;
            loop {
                let asking = ask(&client, &endpoints.uris()[at]);
                let Some(answer) = stopping.run_until_cancelled(asking).await else { return };
                endpoints.set_ready(at, answer);
                if std::mem::replace(&mut ready, answer) != answer {
                    tracing::info!(subgraph, endpoint = at, ready, "an endpoint changed its readiness");
                }
                if stopping.run_until_cancelled(tokio::time::sleep(PERIOD)).await.is_none() {
                    return;
                }
            }
        });
    }
}

async fn ask(client: &HttpClient, endpoint: &Uri) -> bool {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = with_path(endpoint, PathAndQuery::from_static("/readyz"));
    let answer = async {
        let answer = client.send(request).await.ok()?;
        let ready = answer.status().is_success();
        // Read to its end, so that the connection serves the next question.
        super::response::collect(answer.into_body()).await.ok()?;
        Some(ready)
    };
    timeout(PERIOD, answer).await.ok().flatten().unwrap_or(false)
}
