//! A GraphQL federation gateway.
