//! Media types: which ones a client wants back, and whether what it sends is JSON.

use http::{HeaderMap, HeaderValue, header};

/// The media type of an answer; decides whether the HTTP status tells of GraphQL errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/json`: 200 for every well-formed request, as clients did before GraphQL over HTTP.
    Json,
    /// `application/graphql-response+json`: the status says whether the operation was executed.
    GraphqlResponse,
}

/// What a client takes for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Accepted {
    /// The media type of a single answer. Of one who takes only events, that of what is refused before there are any.
    pub(super) media: Media,
    /// Which operations are answered by a stream of events.
    pub(super) events: Events,
}

/// Which operations are answered by `text/event-stream`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Events {
    /// The client does not name it.
    Never,
    /// The client takes it as well, but would rather have a single answer where one will do.
    Subscriptions,
    /// The client wants it more than anything else.
    Always,
}

impl Media {
    const BOTH: [Self; 2] = [Self::GraphqlResponse, Self::Json];

    fn name(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::GraphqlResponse => "application/graphql-response+json",
        }
    }

    /// The `Content-Type` of an answer.
    pub(super) fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        })
    }
}

/// What the `Accept` headers ask for; `None` if they take nothing that there is.
///
/// A single answer is `application/json` without a header and wherever only a wildcard matches, because such clients may
/// be old ones; of two that are named with equal weight, the newer. Events must be named: no wildcard means them.
pub(super) fn negotiate(headers: &HeaderMap) -> Option<Accepted> {
    let accept = Accept::read(headers);
    if accept.0.is_empty() {
        return Some(Accepted { media: Media::Json, events: Events::Never });
    }
    let (single, events) = (single(&accept), accept.named(EVENT_STREAM));
    let events = match (events, single) {
        (None, None) => return None,
        (None, Some(_)) => Events::Never,
        (Some(events), Some((_, single))) if events <= single => Events::Subscriptions,
        (Some(_), _) => Events::Always,
    };
    Some(Accepted { media: single.map_or(Media::Json, |(media, _)| media), events })
}

const EVENT_STREAM: &str = "text/event-stream";

/// The best type for a single answer.
fn single(accept: &Accept<'_>) -> Option<(Media, Preference)> {
    let mut best: Option<(Media, Preference)> = None;
    for media in Media::BOTH {
        if let Some(preference) = accept.preference(media)
            && best.is_none_or(|(_, other)| preference > other || preference == other && !preference.named)
        {
            best = Some((media, preference));
        }
    }
    best
}

/// How much a client wants a media type: first by weight, then whether it knows it by name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Preference {
    /// Thousandths.
    weight: u16,
    named: bool,
}

struct Range<'a> {
    kind: &'a str,
    weight: u16,
}

struct Accept<'a>(Vec<Range<'a>>);

impl<'a> Accept<'a> {
    fn read(headers: &'a HeaderMap) -> Self {
        let texts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        Self(texts.flat_map(|text| text.split(',')).filter_map(range).collect())
    }

    /// The most specific range decides, so that `*/*, application/json;q=0` refuses JSON.
    fn preference(&self, media: Media) -> Option<Preference> {
        if self.weight(media.name()).is_some() {
            return self.named(media.name());
        }
        let weight = self.weight("application/*").or_else(|| self.weight("*/*"))?;
        (weight > 0).then_some(Preference { weight, named: false })
    }

    /// The same for a type that no wildcard stands for.
    fn named(&self, kind: &str) -> Option<Preference> {
        self.weight(kind).filter(|weight| *weight > 0).map(|weight| Preference { weight, named: true })
    }

    fn weight(&self, kind: &str) -> Option<u16> {
        let ranges = self.0.iter().filter(|range| range.kind.eq_ignore_ascii_case(kind));
        ranges.map(|range| range.weight).max()
    }
}

/// One media range. A charset other than UTF-8 makes it one that we do not serve.
fn range(text: &str) -> Option<Range<'_>> {
    let (kind, parameters) = split(text);
    if kind.is_empty() {
        return None;
    }
    let mut range = Range { kind, weight: 1_000 };
    for (name, value) in parameters {
        if name.eq_ignore_ascii_case("q") {
            range.weight = weight(value);
        } else if name.eq_ignore_ascii_case("charset") && !is_utf8(value) {
            return Some(Range { kind, weight: 0 });
        }
    }
    Some(range)
}

/// A quality value in thousandths; 0 where it is none.
fn weight(text: &str) -> u16 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    match whole {
        "1" => 1_000,
        "0" if digits => format!("{fraction:0<3}").parse().unwrap_or(0),
        _ => 0,
    }
}

/// Whether a `Content-Type` is `application/json` in UTF-8.
pub(super) fn is_json(content_type: &HeaderValue) -> bool {
    let Ok(text) = content_type.to_str() else { return false };
    let (kind, mut parameters) = split(text);
    kind.eq_ignore_ascii_case(Media::Json.name())
        && parameters.all(|(name, value)| !name.eq_ignore_ascii_case("charset") || is_utf8(value))
}

fn is_utf8(charset: &str) -> bool {
    charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
}

/// A media type and its parameters, without quotes.
fn split(text: &str) -> (&str, impl Iterator<Item = (&str, &str)>) {
    let mut parts = text.split(';');
    let kind = parts.next().unwrap_or_default().trim();
    let parameters = parts.filter_map(|part| {
        let (name, value) = part.split_once('=')?;
        Some((name.trim(), value.trim().trim_matches('"')))
    });
    (kind, parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(accept: &'static str) -> Option<Accepted> {
        negotiate(&HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]))
    }

    /// The type for a single answer to one who takes no events.
    fn of(accept: &'static str) -> Option<Media> {
        accepted(accept).filter(|accepted| accepted.events == Events::Never).map(|accepted| accepted.media)
    }

    #[test]
    fn whoever_names_no_type_gets_json() {
        assert_eq!(negotiate(&HeaderMap::new()), Some(Accepted { media: Media::Json, events: Events::Never }));
        for accept in ["", "*/*", "application/*", "text/html, application/*;q=0.1", "*/*;q=0.5", "text/*, */*"] {
            assert_eq!(of(accept), Some(Media::Json), "{accept}");
        }
    }

    #[test]
    fn events_are_for_all_who_want_them_most_and_else_for_subscriptions() {
        let of = |accept| accepted(accept).map(|Accepted { media, events }| (events, media));
        for accept in ["text/event-stream", "Text/Event-Stream; charset=utf-8", "text/event-stream, */*"] {
            assert_eq!(of(accept), Some((Events::Always, Media::Json)), "{accept}");
        }
        let rather = "text/event-stream, application/graphql-response+json;q=0.9";
        assert_eq!(of(rather), Some((Events::Always, Media::GraphqlResponse)));
        for accept in [
            "application/graphql-response+json, application/json, text/event-stream",
            "application/graphql-response+json, text/event-stream;q=0.1",
        ] {
            assert_eq!(of(accept), Some((Events::Subscriptions, Media::GraphqlResponse)), "{accept}");
        }
        assert_eq!(of("text/event-stream;q=0, application/json"), Some((Events::Never, Media::Json)));
    }

    #[test]
    fn a_named_type_wins_by_weight_and_then_the_newer() {
        let newer = Some(Media::GraphqlResponse);
        assert_eq!(of("application/json"), Some(Media::Json));
        assert_eq!(of("application/graphql-response+json"), newer);
        assert_eq!(of("Application/GraphQL-Response+JSON; charset=UTF-8"), newer);
        assert_eq!(of("application/json, application/graphql-response+json"), newer);
        assert_eq!(of("application/graphql-response+json, */*"), newer);
        assert_eq!(of("application/graphql-response+json; q=0.9, application/json"), Some(Media::Json));
        assert_eq!(of("application/json;q=0, */*"), newer);
    }

    #[test]
    fn neither_is_acceptable() {
        for accept in [
            "text/html",
            "text/*",
            "text/event-stream;q=0",
            "text/event-stream;charset=latin1",
            "application/json;q=0",
            "application/json;charset=iso-8859-1",
            "application/json;q=nonsense",
        ] {
            assert_eq!(accepted(accept), None, "{accept}");
        }
    }

    #[test]
    fn several_accept_headers_count_as_one() {
        let mut headers = HeaderMap::new();
        headers.append(header::ACCEPT, HeaderValue::from_static("text/html, application/json"));
        headers.append(header::ACCEPT, HeaderValue::from_static("application/graphql-response+json"));
        assert_eq!(negotiate(&headers).map(|accepted| accepted.media), Some(Media::GraphqlResponse));
    }

    #[test]
    fn only_json_in_utf8_is_json() {
        let json = |text| is_json(&HeaderValue::from_static(text));
        assert!(
            json("application/json") && json("Application/JSON; Charset=\"UTF-8\"") && json("application/json;v=1")
        );
        for text in
            ["", "text/plain", "application/json; charset=latin1", "application/jsonp", "application/graphql+json"]
        {
            assert!(!json(text), "{text}");
        }
    }
}
