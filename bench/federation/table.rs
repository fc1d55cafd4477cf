//! Markdown on standard output, which is all that the benchmark leaves behind.

use std::{fmt::Display, io::Write};

/// Prints a line.
pub(crate) fn line(text: impl Display) {
    writeln!(std::io::stdout(), "{text}").expect("somebody reads");
}

/// Prints the head of a table.
pub(crate) fn head(title: &str, columns: &[&str]) {
    line(format_args!("\n{title}\n"));
    row(columns);
    line(format_args!("|{}", "---|".repeat(columns.len())));
}

/// Prints a row.
pub(crate) fn row<T: Display>(cells: &[T]) {
    let cells: Vec<_> = cells.iter().map(ToString::to_string).collect();
    line(format_args!("| {} |", cells.join(" | ")));
}

/// The middle one, and the least and the greatest.
pub(crate) fn spread(values: &[f64]) -> (f64, f64, f64) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let median =
        if sorted.len().is_multiple_of(2) { f64::midpoint(sorted[middle - 1], sorted[middle]) } else { sorted[middle] };
    (median, sorted[0], sorted[sorted.len() - 1])
}
