//! The parsers of what subgraphs send, for the fuzz targets.

use super::{response, sse};
use crate::data::{Data, Texts};

/// The kind and the data of the events in a stream that arrives in these pieces; `None` where one is longer than `limit`.
pub fn events<'p>(pieces: impl IntoIterator<Item = &'p [u8]>, limit: usize) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut parser = sse::Parser::new(limit);
    for piece in pieces {
        parser.feed(piece).ok()?;
    }
    Some(std::iter::from_fn(|| parser.next()).map(|event| (event.kind, event.data)).collect())
}

/// A subgraph's response, if the bytes are one.
pub fn subgraph_response(body: &[u8]) -> Option<async_graphql::Response> {
    let (texts, mut data) = (Texts::new(), Data::new());
    let said = response::parse(body, &texts, &mut data).ok()?;
    let mut response = async_graphql::Response::new(data.to_owned(said.data));
    response.errors = said.errors;
    Some(response)
}
