//! Usernames: 3 to 30 of `[a-z0-9_]` after lower-casing; a new one is not reserved and looks like nobody else's.

use chatty_graphql::Problem;

const FIELD: &str = "username";
const MIN: usize = 3;
const MAX: usize = 30;

/// Names that would pass for the installation's own, or that a program would take for something else.
const RESERVED: &[&str] = &[
    // Who runs the place, or seems to.
    "abuse",
    "admin",
    "administrator",
    "chatty",
    "help",
    "helpdesk",
    "moderation",
    "moderator",
    "mods",
    "official",
    "operator",
    "owner",
    "root",
    "security",
    "staff",
    "superuser",
    "support",
    "sysadmin",
    "system",
    "team",
    // Mailboxes that a domain must answer (RFC 2142), and that mail comes from.
    "contact",
    "hostmaster",
    "info",
    "mailer_daemon",
    "noreply",
    "postmaster",
    "webmaster",
    // Whoever is nobody in particular.
    "anonymous",
    "anybody",
    "deleted",
    "everyone",
    "guest",
    "nobody",
    "none",
    "null",
    "somebody",
    "undefined",
    "unknown",
    // The first steps of paths, of ours and of a front end where a profile is at `/name`.
    "about",
    "account",
    "accounts",
    "api",
    "assets",
    "graphiql",
    "graphql",
    "healthz",
    "home",
    "internal",
    "login",
    "logout",
    "metrics",
    "notifications",
    "password",
    "privacy",
    "readyz",
    "register",
    "search",
    "settings",
    "signin",
    "signup",
    "static",
    "status",
    "terms",
    "user",
    "users",
    "well_known",
    "www",
];

/// A username in its one spelling.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Username(String);

impl Username {
    /// A name that somebody chooses. Whether it looks like another's only the database knows: see [`skeleton`].
    pub(crate) fn choose(text: &str) -> Result<Self, Problem> {
        let name = Self::parse(text)?;
        if RESERVED.iter().any(|reserved| skeleton(reserved) == skeleton(name.as_str())) {
            return Err(Problem::not_allowed(FIELD, "is reserved, or looks like a name that is"));
        }
        Ok(name)
    }

    /// A name that may exist already. Lower-cases and checks the text.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        if text.is_empty() {
            return Err(Problem::required(FIELD));
        }
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(Problem::invalid_format(FIELD, "username", "may hold only letters a-z, digits and `_`"));
        }
        match text.len() {
            ..MIN => Err(Problem::too_short(FIELD, MIN)),
            MIN..=MAX => Ok(Self(text.to_ascii_lowercase())),
            _ => Err(Problem::too_long(FIELD, MAX)),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the first administrator.
    pub(crate) fn of_first_admin() -> Self {
        Self("admin".to_owned())
    }
}

/// What is left of a name for an eye that reads quickly: `1`, `i` and `l` are one letter, so are `0` and `o`, `rn` and
/// `m`, `vv` and `w`; and underscores are not seen. The replacements and their order are those of the migration 1010.
pub(crate) fn skeleton(name: &str) -> String {
    const ALIKE: [(&str, &str); 6] = [("_", ""), ("1", "l"), ("i", "l"), ("0", "o"), ("rn", "m"), ("vv", "w")];
    ALIKE.iter().fold(name.to_owned(), |name, (from, to)| name.replace(from, to))
}

#[cfg(test)]
mod tests {
    use chatty_graphql::UserErrorCode;
    use proptest::prelude::*;

    use super::*;

    fn code(text: &str) -> UserErrorCode {
        Username::parse(text).expect_err("refused").code
    }

    #[test]
    fn only_the_one_alphabet_and_length_pass() {
        assert_eq!(Username::parse("Ana_01").unwrap().as_str(), "ana_01");
        assert_eq!(Username::parse(&"a".repeat(30)).unwrap().as_str().len(), 30);
        assert_eq!(code(""), UserErrorCode::Required);
        assert_eq!(code("ab"), UserErrorCode::TooShort);
        assert_eq!(code(&"a".repeat(31)), UserErrorCode::TooLong);
        for text in [" ana", "ana ", "ana-b", "ana.b", "ана", "ａｎａ", "an\0a", "ſana", "K\u{212a}lvin", "a@b.c"]
        {
            assert_eq!(code(text), UserErrorCode::InvalidFormat, "{text:?}");
        }
    }

    #[test]
    fn names_that_look_alike_have_one_skeleton() {
        for (one, other) in [
            ("paul", "pau1"),
            ("paul", "paui"),
            ("bob", "b0b"),
            ("marnie", "mamle"),
            ("vvendy", "wendy"),
            ("ana_maria", "anamaria"),
            ("ana_maria", "_ana__maria_"),
            ("1_1i", "lil"),
            ("vvvv", "ww"),
        ] {
            assert_eq!(skeleton(one), skeleton(other), "{one} {other}");
        }
        for (one, other) in [("ana", "anna"), ("mark", "mank"), ("user2", "user3"), ("dora", "cora")] {
            assert_ne!(skeleton(one), skeleton(other), "{one} {other}");
        }
    }

    #[test]
    fn reserved_names_are_refused_in_whatever_looks_like_them_and_their_neighbours_are_free() {
        for text in [
            "admin",
            "ADMIN",
            "adm1n",
            "a_d_m_i_n",
            "r_noderator",
            "r00t",
            "rnoderator",
            "vvvvvv",
            "deleted",
            "graphql",
            "nul1",
        ] {
            let refused = Username::choose(text).map_err(|problem| problem.code);
            assert_eq!(refused, Err(UserErrorCode::NotAllowed), "{text}");
            assert!(Username::parse(text).is_ok(), "{text} may exist");
        }
        for text in ["administer", "rooter", "ana", "user1", "chatty_ana"] {
            assert_eq!(Username::choose(text), Username::parse(text), "{text}");
        }
        let mut of_reserved: Vec<_> = RESERVED.iter().map(|name| skeleton(name)).collect();
        of_reserved.sort_unstable();
        of_reserved.dedup();
        assert_eq!(of_reserved.len(), RESERVED.len(), "none is reserved twice");
    }

    proptest! {
        #[test]
        fn a_username_is_its_own_spelling(text in "\\PC{0,40}|[a-zA-Z0-9_]{3,30}") {
            if let Ok(name) = Username::parse(&text) {
                prop_assert_eq!(Username::parse(name.as_str()), Ok(name.clone()));
                prop_assert!(name.as_str().bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_')));
            }
        }
    }
}
