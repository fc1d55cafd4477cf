//! The languages that mail is written in, and how each tells a time.

use chrono::{DateTime, Datelike, Utc};
use chrono_tz::Tz;

/// One of the folders of `templates`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Russian,
}

const ENGLISH_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// As they follow a day.
const RUSSIAN_MONTHS: [&str; 12] = [
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
];

impl Language {
    /// Russian for `ru` and whatever begins with `ru-`; English for everybody else.
    pub(super) fn of(locale: &str) -> Self {
        let language = locale.split(['-', '_']).next().unwrap_or_default();
        if language.eq_ignore_ascii_case("ru") { Self::Russian } else { Self::English }
    }

    /// As HTML and the folder call it.
    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Russian => "ru",
        }
    }

    /// A time (RFC 3339) as the reader's calendar and clock show it; `None` if it is none.
    pub(super) fn time(self, text: &str, zone: Tz) -> Option<String> {
        let time: DateTime<Utc> = text.parse().ok()?;
        let time = time.with_timezone(&zone);
        let month = time.month0() as usize;
        Some(match self {
            Self::English => {
                format!("{} {} {}, {} ({zone})", time.day(), ENGLISH_MONTHS[month], time.year(), time.format("%H:%M"))
            }
            Self::Russian => format!(
                "{} {} {} года, {} ({zone})",
                time.day(),
                RUSSIAN_MONTHS[month],
                time.year(),
                time.format("%H:%M")
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn russian_is_for_those_who_ask_for_it() {
        for locale in ["ru", "RU", "ru-RU", "ru_BY", "ru-Cyrl-KZ"] {
            assert_eq!(Language::of(locale), Language::Russian, "{locale}");
        }
        for locale in ["en", "", "rue", "uk-UA", "be", "en-RU"] {
            assert_eq!(Language::of(locale), Language::English, "{locale}");
        }
    }

    #[test]
    fn a_time_is_told_on_the_readers_own_calendar() {
        let time = "2026-12-31T21:05:00.000Z";
        let moscow: Tz = "Europe/Moscow".parse().unwrap();
        assert_eq!(Language::Russian.time(time, moscow).unwrap(), "1 января 2027 года, 00:05 (Europe/Moscow)");
        assert_eq!(Language::English.time(time, Tz::UTC).unwrap(), "31 December 2026, 21:05 (UTC)");
        assert_eq!(Language::English.time("tomorrow", Tz::UTC), None);
    }
}
