//! Language tags of BCP 47.

use std::borrow::Cow;

use crate::Problem;

/// Takes the shape of BCP 47 tags (`ru`, `pt-BR`, `zh-Hant-TW`) and gives the canonical case. Whether the subtags are
/// registered is not looked up.
pub fn language_tag(field: &str, text: &str) -> Result<String, Problem> {
    const LONGEST: usize = 35;
    let mut subtags = text.split('-');
    let primary = subtags.next().filter(|tag| is_primary(tag));
    let (Some(primary), true) = (primary, text.len() <= LONGEST) else { return Err(not_a_tag(field)) };
    let mut tag = primary.to_ascii_lowercase();
    for subtag in subtags {
        if !(2..=8).contains(&subtag.len()) || !subtag.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(not_a_tag(field));
        }
        tag.push('-');
        tag.push_str(&cased(subtag));
    }
    Ok(tag)
}

fn is_primary(tag: &str) -> bool {
    (2..=3).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// Regions in capitals, scripts with one, everything else without (RFC 5646, 2.1.1).
fn cased(subtag: &str) -> Cow<'_, str> {
    let lower = subtag.to_ascii_lowercase();
    match lower.len() {
        2 => lower.to_ascii_uppercase().into(),
        4 if lower.as_bytes()[0].is_ascii_alphabetic() => (lower[..1].to_ascii_uppercase() + &lower[1..]).into(),
        _ => lower.into(),
    }
}

fn not_a_tag(field: &str) -> Problem {
    Problem::invalid_format(field, "locale", "must be a language tag such as `ru` or `pt-BR`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_tags_get_their_canonical_case_and_nonsense_is_refused() {
        for (given, kept) in [("ru", "ru"), ("PT-br", "pt-BR"), ("ZH-hant-tw", "zh-Hant-TW"), ("es-419", "es-419")] {
            assert_eq!(language_tag("language", given).as_deref(), Ok(kept));
        }
        for nonsense in
            ["", "r", "russian", "ru-", "ru_RU", "ру", "ru-a", "ru-123456789", &format!("ru{}", "-abcdefgh".repeat(4))]
        {
            assert!(language_tag("language", nonsense).is_err(), "{nonsense}");
        }
    }
}
