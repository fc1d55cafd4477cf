//! Every mail in every language.

use std::{collections::BTreeSet, fs, path::Path};

use super::*;

const LOCALES: [&str; 2] = ["en", "ru"];

/// Every parameter that some mail tells.
const PLAIN: [(&str, &str); 9] = [
    ("username", "ana"),
    ("expiresAt", "2026-01-02T03:04:05.678Z"),
    ("newAddress", "ana@example.org"),
    ("at", "2026-01-02T03:04:05.678Z"),
    ("device", "Firefox on Linux"),
    ("network", "192.0.2.0/24"),
    ("dueAt", "2026-01-16T03:04:05.678Z"),
    ("reason", "Spam"),
    ("until", "2026-02-01T00:00:00Z"),
];

fn write(locale: &str, template: &str, params: &[(&str, &str)], secret: Option<&str>) -> Letter {
    let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mail = Mail { template, locale, time_zone: "Europe/Moscow", params: &params, secret };
    Letters::new("https://chatty.example").write(&mail).expect("the mail is written")
}

/// Calls `check` with every mail in every language.
fn each(check: impl Fn(&str, &str)) {
    for locale in LOCALES {
        for template in NAMES {
            check(locale, template);
        }
    }
}

#[test]
fn every_mail_reads_well_in_every_language() {
    let mut all = Vec::new();
    for locale in LOCALES {
        for template in NAMES {
            let Letter { subject, text, .. } = write(locale, template, &PLAIN, Some("T0ken-_"));
            all.push(format!("---- {locale} {template}\n{subject}\n\n{text}"));
        }
    }
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn the_html_says_the_same_and_makes_a_button_of_the_link() {
    insta::assert_snapshot!(write("en", "reset_password", &PLAIN, Some("T0ken-_")).html);
    each(|locale, template| {
        let Letter { subject, text, html } = write(locale, template, &PLAIN, Some("T0ken-_"));
        assert!(html.contains(&format!("<html lang=\"{locale}\">")), "{html}");
        for paragraph in text.lines().chain([subject.as_str()]).filter(|line| !line.is_empty()) {
            // The quotes and slashes of the texts themselves are escaped, too.
            let escaped = paragraph.replace('/', "&#x2f;").replace('"', "&quot;").replace('\'', "&#x27;");
            assert!(html.contains(&escaped), "{locale} {template}: {paragraph}");
        }
        assert_eq!(html.matches("<a href").count(), usize::from(path(template).is_some()), "{locale} {template}");
    });
}

#[test]
fn what_a_request_leaves_out_is_left_out_of_the_mail() {
    each(|locale, template| {
        let full = write(locale, template, &PLAIN, Some("T0ken-_"));
        let Letter { subject, text, html } = write(locale, template, &[], Some("T0ken-_"));
        assert_eq!(subject, full.subject, "{locale} {template}");
        assert!(text.lines().count() > 3, "{locale} {template}: {text}");
        for broken in ["undefined", "none", "  ", " ,", " .", "{"] {
            assert!(!text.contains(broken), "{locale} {template} {broken:?}: {text}");
        }
        assert!(html.ends_with("</html>"), "{html}");
    });
}

#[test]
fn nothing_that_somebody_wrote_breaks_out_of_its_place() {
    let hostile = "x\r\nBcc: victim@example.org\r\n\r\n</p><script>alert('1')</script>\"{{ link }}{% endif %}\u{202e}";
    each(|locale, template| {
        let full = write(locale, template, &PLAIN, Some("T0ken-_"));
        let params: Vec<_> = PLAIN.iter().map(|(name, _)| (*name, hostile)).collect();
        let letter = write(locale, template, &params, Some("T0ken-_"));
        assert_eq!(letter.subject, full.subject, "{locale} {template}");
        let tags = |html: &str| html.matches('<').count();
        assert_eq!(tags(&letter.html), tags(&full.html), "{}", letter.html);
        let lines = |text: &str| text.lines().count();
        assert_eq!(lines(&letter.text), lines(&full.text), "{}", letter.text);
        assert!(!letter.text.contains(['\r', '\u{202e}']), "{}", letter.text);
        // What looks like a template is text.
        assert_eq!(links(&letter.text), links(&full.text), "{}", letter.text);
        // The first of them comes from whoever asked for the mail, and leads here.
        let first = links(&letter.text).first().map(|link| link.starts_with("https://chatty.example/"));
        assert_eq!(first, path(template).map(|_| true), "{locale} {template}");
    });
}

#[test]
fn times_are_the_readers() {
    let text = |zone: &str, locale: &str| {
        let params = BTreeMap::from([("expiresAt".to_owned(), "2026-07-01T22:30:00Z".to_owned())]);
        let mail = Mail { template: "reset_password", locale, time_zone: zone, params: &params, secret: Some("x") };
        Letters::new("https://chatty.example").write(&mail).expect("the mail is written").text
    };
    assert!(text("Asia/Yekaterinburg", "ru-RU").contains("до 2 июля 2026 года, 03:30 (Asia/Yekaterinburg)"));
    assert!(text("America/New_York", "de").contains("until 1 July 2026, 18:30 (America/New_York)"));
    for unknown in ["", "Mars/Olympus", "+03:00", "../../etc/passwd"] {
        assert!(text(unknown, "en").contains("until 1 July 2026, 22:30 (UTC)"), "{unknown}");
    }
}

#[test]
fn an_account_is_closed_for_good_only_if_no_end_is_told() {
    let text = |params: &[(&str, &str)]| write("en", "account_suspended", params, None).text;
    assert!(text(&[]).contains("for good"));
    assert!(!text(&[("until", "2026-02-01T00:00:00Z")]).contains("for good"));
    assert!(!text(&[("until", "next week")]).contains("for good"));
}

#[test]
fn a_link_needs_a_token_and_a_token_is_one_word() {
    assert!(has_token(Template::VerifyEmail, Some("aZ09-._~")));
    for bad in [None, Some(""), Some("a b"), Some("a&x=1"), Some("a\n"), Some("<a>"), Some("ä")] {
        assert!(!has_token(Template::VerifyEmail, bad), "{bad:?}");
        assert!(has_token(Template::NewDevice, bad), "no link, no need: {bad:?}");
    }
}

#[test]
fn both_languages_have_the_same_mails_and_nothing_besides() {
    let shared = ["hello", "bye"];
    let expected: BTreeSet<_> = NAMES.iter().chain(&shared).map(|name| format!("{name}.txt")).collect();
    for locale in LOCALES {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates").join(locale);
        let files = fs::read_dir(folder).expect("the language has a folder");
        let files: BTreeSet<_> =
            files.map(|file| file.expect("readable").file_name().into_string().expect("UTF-8")).collect();
        assert_eq!(files, expected, "{locale}");
    }
}
