//! Names of media types, as they stand in headers.

/// Whether `text` names the media type `wanted`, with whatever parameters behind it.
pub fn is(text: &str, wanted: &str) -> bool {
    text.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_blanks_and_parameters_make_no_difference() {
        for text in ["text/event-stream", " Text/Event-Stream ", "text/event-stream;q=0.9", "text/event-stream ; x"] {
            assert!(is(text, "text/event-stream"), "{text}");
        }
        for text in ["", "text/event-streams", "text/*", "application/json;text/event-stream"] {
            assert!(!is(text, "text/event-stream"), "{text}");
        }
    }
}
