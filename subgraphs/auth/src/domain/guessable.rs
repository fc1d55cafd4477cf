//! How many guesses a password takes, as a guesser with lists of words, names and habits makes them.
//!
//! The guesser is `zxcvbn`: it knows some 90,000 passwords, words and names in the order of their use, keyboard rows,
//! sequences, repetitions, dates, and letters written as digits or signs. Its work grows with the square of the length
//! and with every sign that may stand for a letter: a hundred characters of such signs take it a second. So it is shown
//! the first and the last [`PIECE`] characters, with few such signs. One piece takes it 0.1 ms, and 1.1 ms where
//! somebody made it hard (release build, one core), which a request may take where it runs. Its lists are built by the
//! first call of a process, in 17 ms and 8 MB.

use unicode_normalization::UnicodeNormalization;
use zxcvbn::zxcvbn;

/// How many characters of a text's beginning, and of its end, are looked at. Four words are enough for the best score.
const PIECE: usize = 20;

/// Signs that `zxcvbn` tries as letters, in every combination; and as hard to guess each, a sign that it does not.
const AMBIGUOUS: [(char, char); 10] = [
    ('@', '~'),
    ('(', '^'),
    ('[', '&'),
    ('{', '*'),
    ('<', '_'),
    ('!', '-'),
    ('|', '='),
    ('$', '?'),
    ('+', '/'),
    ('%', ';'),
];

/// So many different ones of a piece are left as they are.
const MOST_AMBIGUOUS: usize = 2;

/// Fewer characters are no password.
const MIN: usize = 8;

/// What stands for a word of the context: one sign that no list has.
const KNOWN: &str = "\u{fffc}";

/// Shorter words of the context may be part of another word.
const TELLING: usize = 4;

/// Names longer than this are nobody's, and not worth the work.
const MAX_NAME_BYTES: usize = 256;

/// Who chooses a password: what a guesser who knows them tries first. It has no `Debug`, because addresses do not
/// belong into logs.
#[derive(Clone)]
pub(crate) struct Context {
    /// Lower case, the longest first.
    words: Vec<String>,
    field: &'static str,
}

impl Context {
    /// The account's names as its owner wrote them, well-formed or not.
    pub(crate) fn new(username: &str, email: &str, display_name: Option<&str>) -> Self {
        let [username, email, display_name] = [username, email, display_name.unwrap_or_default()]
            .map(|name| if name.len() <= MAX_NAME_BYTES { name.trim() } else { "" });
        let local_part = email.split('@').next().unwrap_or_default();
        let whole = ["chatty", username, email, local_part, display_name];
        let parts = display_name.split_whitespace().take(4).chain(username.split('_').take(4));
        let mut words: Vec<_> = whole.into_iter().chain(parts).map(plain).collect();
        words.retain(|word| word.chars().count() > 2);
        words.sort_unstable_by_key(|word| std::cmp::Reverse(word.len()));
        words.dedup();
        Self { words, field: "password" }
    }

    /// The same where the input's field is called otherwise.
    pub(crate) fn in_field(self, field: &'static str) -> Self {
        Self { field, ..self }
    }

    /// The input's field.
    pub(crate) fn field(&self) -> &'static str {
        self.field
    }

    /// The text with one sign for each word that it holds. `zxcvbn` gets the words too and finds them reversed and with
    /// digits for letters, but not those that are longer than a piece.
    fn conceal(&self, text: &str) -> String {
        let telling = self.words.iter().filter(|word| word.chars().count() >= TELLING);
        telling.fold(text.to_owned(), |text, word| text.replace(word, KNOWN))
    }
}

/// What a guesser needs for a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Guesses(u64);

/// Why a password is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weakness {
    /// Anybody's lists begin with it.
    Common,
    /// Whoever knows the account's names gets to it soon.
    Context,
}

impl Guesses {
    /// What a guesser does not get through whom a server slows down: `zxcvbn` draws its line between "very" and
    /// "somewhat guessable" there. It refuses all 11,611 passwords of eight characters and more that are among the
    /// 30,000 most used, also with one more digit or sign (counted over its list), while eight random characters take
    /// a hundred times as many guesses.
    const ENOUGH: u64 = 1_000_000;

    /// How many guesses the text takes, if they are enough.
    pub(super) fn of(text: &str, context: &Context) -> Result<Self, Weakness> {
        let views = views(plain(text));
        let known: Vec<_> = context.words.iter().map(String::as_str).collect();
        let with_context = fewest(views.iter().map(|view| of_ends(&context.conceal(view), &known)));
        if with_context >= Self::ENOUGH {
            return Ok(Self(with_context));
        }
        let without = fewest(views.iter().map(|view| of_ends(view, &[])));
        Err(if without < Self::ENOUGH { Weakness::Common } else { Weakness::Context })
    }

    /// 2 from a million guesses, 3 from a hundred million, 4 from ten thousand million.
    pub(super) fn score(self) -> u8 {
        match self.0 {
            ..1_000 => 0,
            1_000..1_000_000 => 1,
            1_000_000..100_000_000 => 2,
            100_000_000..10_000_000_000 => 3,
            _ => 4,
        }
    }
}

/// In one spelling: no look-alikes of other widths, no capitals, which cost a guesser little.
fn plain(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).nfc().collect()
}

/// A text, and what hides in it: what is left without signs at its ends, and the Latin letters on the same keys.
fn views(text: String) -> Vec<String> {
    let core = text.trim_matches(|c: char| !c.is_alphanumeric());
    let core = (core.len() < text.len() && core.chars().count() >= MIN).then(|| core.to_owned());
    let keys: String = text.chars().map(on_a_latin_keyboard).collect();
    let keys = (keys != text).then_some(keys);
    [Some(text), core, keys].into_iter().flatten().collect()
}

/// The letter on the key of a Russian one: people type English passwords without looking, and Russian words that way.
fn on_a_latin_keyboard(c: char) -> char {
    const RUSSIAN: &str = "йцукенгшщзхъфывапролджэячсмитьбюё";
    const LATIN: &str = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`";
    RUSSIAN.chars().zip(LATIN.chars()).find_map(|(russian, latin)| (russian == c).then_some(latin)).unwrap_or(c)
}

fn fewest(guesses: impl Iterator<Item = u64>) -> u64 {
    guesses.min().unwrap_or_default()
}

/// Of a text's two ends the better one: what surrounds it makes it no easier to guess.
fn of_ends(text: &str, known: &[&str]) -> u64 {
    let beginning = piece(text.chars());
    let guesses = zxcvbn(&beginning, known).guesses();
    if guesses >= Guesses::ENOUGH || beginning.len() == text.len() {
        return guesses;
    }
    let end: String = piece(text.chars().rev()).chars().rev().collect();
    guesses.max(zxcvbn(&end, known).guesses())
}

/// So many characters that `zxcvbn` answers soon.
fn piece(characters: impl Iterator<Item = char>) -> String {
    let mut seen = Vec::new();
    let plainer = |c: char| {
        let Some(&(_, plain)) = AMBIGUOUS.iter().find(|(ambiguous, _)| *ambiguous == c) else { return c };
        if seen.len() < MOST_AMBIGUOUS && !seen.contains(&c) {
            seen.push(c);
        }
        if seen.contains(&c) { c } else { plain }
    };
    characters.take(PIECE).map(plainer).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn weakness(text: &str) -> Option<Weakness> {
        Guesses::of(text, &Context::new("Ana_Maria", " ana.m.costa@example.com", Some("Беатрис Costa"))).err()
    }

    #[test]
    fn what_everybody_chooses_is_refused_however_it_is_spelt() {
        const LIST: &str = "password password1 passw0rd p4$$w0rd 12345678 123456789 11111111 87654321 qwertyuiop
            asdfghjkl 1qaz2wsx qazwsxedc 1q2w3e4r qwer1234 zaq12wsx abcd1234 abcdefgh iloveyou football1 sunshine
            princess baseball trustno1 superman jennifer starwars computer letmein1 welcome1 dragon12 monkey99 michael1
            changeme whatever aaaaaaaaaaaa abababababab 🦀🦀🦀🦀🦀🦀🦀🦀 йцукенгш пароль123";
        let wide = |c: char| if c.is_ascii_graphic() { char::from_u32(c as u32 + 0xfee0).unwrap() } else { c };
        let mixed = |(at, c): (usize, char)| if at % 2 == 0 { c } else { c.to_ascii_uppercase() };
        for text in LIST.split_whitespace() {
            let mut spellings = vec![text.to_owned(), text.to_uppercase(), text.chars().map(wide).collect()];
            spellings.push(text.chars().enumerate().map(mixed).collect());
            spellings.extend(["7", "12", "!", "!!"].map(|tail| format!("{text}{tail}")));
            for text in spellings {
                assert_eq!(weakness(&text), Some(Weakness::Common), "{text}");
            }
        }
        for text in
            ["19870312", "20.11.2026", "Password2024!", "Summer2026!", "football1999", "!!!iloveyou!!!", "P@$$w0rd!"]
        {
            assert_eq!(weakness(text), Some(Weakness::Common), "{text}");
        }
    }

    #[test]
    fn what_belongs_to_the_account_or_to_us_is_refused() {
        for text in [
            "ch4tty99",
            "yttahc12",
            "ana_maria",
            "ana_mariaana_maria",
            "airam_ana1",
            "ana.m.costa",
            "ana.m.costa2026",
            "ana.m.costa@example.com",
            "Ana.M.Costa@Example.com1",
            "беатрис1",
            "БЕАТРИС costa",
            "costa costa",
        ] {
            assert_eq!(weakness(text), Some(Weakness::Context), "{text}");
        }
        // Anybody might try these.
        assert_eq!(["chatty123", "Chatty2026!", "AnaMaria12"].map(weakness), [Some(Weakness::Common); 3]);
        assert_eq!(Guesses::of("ana_maria_lives", &Context::new("bob", "bob@example.com", None)).err(), None);
    }

    #[test]
    fn what_takes_long_to_guess_passes_whatever_it_is_made_of() {
        for text in [
            "correct horse battery staple",
            "x7kq2mzp",
            "a@b$c!d9",
            "@(|{<!$+",
            "мама мыла раму",
            "пусть всегда будет солнце",
            "🦀🐈🦊🌙🔥🎈🍕🚀",
            "password of ana",
            "password of reader",
            "ana likes tall trees",
        ] {
            assert_eq!(weakness(text), None, "{text}");
        }
        // One good end is enough.
        assert_eq!(weakness(&format!("{}x7kq2mzp", "a".repeat(200))), None);
        assert_eq!(weakness(&format!("x7kq2mzp{}", "a".repeat(200))), None);
    }

    #[test]
    fn the_score_follows_the_guesses() {
        let scores = [999, 1_000, 1_000_000, 100_000_000, 10_000_000_000].map(|guesses| Guesses(guesses).score());
        assert_eq!(scores, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn the_guesser_never_sees_more_than_it_can_take() {
        let piece = piece("@(|{<!$+%".repeat(30).chars());
        assert_eq!(piece, "@(=*_-?/;@(=*_-?/;@(");
    }

    proptest! {
        #[test]
        fn any_text_gets_an_answer(text in "\\PC{0,300}", name in "\\PC{0,300}") {
            let _ = Guesses::of(&text, &Context::new(&name, &text, Some(&name)));
        }

        #[test]
        fn a_name_is_no_password_however_often_it_is_said(name in "[a-z]{4,30}", times in 1..10_usize) {
            prop_assert!(Guesses::of(&name.repeat(times), &Context::new(&name, "a@b.example", None)).is_err());
        }
    }
}
