//! Logs: for people in development, JSON in production.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For a terminal.
    Text,
    /// One JSON object a line.
    Json,
}

/// Whether `filter` is a list of directives.
pub fn check(filter: &str) -> Result<(), tracing_subscriber::filter::ParseError> {
    filter.parse::<EnvFilter>().map(drop)
}

/// Starts logging to standard error. `filter` is a list of directives such as `info,chatty_router=debug`.
/// The first call in a process wins; it says whether the filter was understood.
pub fn start(format: Format, filter: &str) -> Result<(), tracing_subscriber::filter::ParseError> {
    let filter: EnvFilter = filter.parse()?;
    // It would log the bytes of events that the broker returns, and every try to connect; the bus says what matters.
    let filter = filter.add_directive("lapin=off".parse()?);
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    // Fails only where a subscriber is set already, as in tests.
    drop(match format {
        Format::Text => builder.try_init(),
        Format::Json => builder.json().flatten_event(true).try_init(),
    });
    Ok(())
}
