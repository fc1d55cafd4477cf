//! How many errors of one answer are taken in. Nobody reads a million; the rest counts as one failure of the request.

use async_graphql::{Response, ServerError};

/// Errors of one response that are kept.
pub(super) const MOST_ERRORS: usize = 100;

/// Keeps the first errors of a response.
pub(super) fn bounded(mut response: Response) -> Response {
    let further = response.errors.len().saturating_sub(MOST_ERRORS);
    response.errors.truncate(MOST_ERRORS);
    tell_further(&mut response.errors, further);
    response
}

/// Says first, and of the request as a whole, that there were `further` errors: they may be why something is null.
pub(super) fn tell_further(errors: &mut Vec<ServerError>, further: usize) {
    if further > 0 {
        errors.insert(0, ServerError::new(format!("{further} further errors are left out"), None));
    }
}
