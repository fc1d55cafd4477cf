//! What a resolver asks of its request.

use async_graphql::Context;
use chatty_access::{Caller, Scope, Viewer};
use chatty_kit::Fault;

/// The caller of the request in hand, and the rights they hold.
pub trait Request<'a> {
    /// Who is asking. The router puts it into every subgraph request.
    fn caller(&self) -> &'a Caller;

    /// The viewer, who must be signed in with `scope`.
    fn require(&self, scope: Scope) -> Result<&'a Viewer, Fault> {
        Ok(self.caller().require(scope)?)
    }
}

impl<'a> Request<'a> for Context<'a> {
    fn caller(&self) -> &'a Caller {
        self.data_opt::<Caller>().expect("a subgraph request carries its caller: the router and the tests put it there")
    }
}
