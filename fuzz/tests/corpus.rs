//! Replays every file of the corpus, and mutations of it that are the same in each run.

#![expect(clippy::unwrap_used, reason = "in what tests share, too, an unwrap is an assertion")]

use std::{fs, path::Path};

use chatty_fuzz::{TARGETS, Target};

/// Mutations of each file.
const MUTATIONS: u32 = 300;

/// A small generator of numbers that only need to be many.
struct Numbers(u64);

impl Numbers {
    /// A number below `end`, which is not 0.
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| fs::read(file).unwrap()).collect()
}

/// What the grammars are made of, so that mutations are not only noise.
const PIECES: [&[u8]; 16] = [
    b"{",
    b"}",
    b"[",
    b"(",
    b"\"",
    b"\\",
    b"...",
    b"@skip(if: true)",
    b"$x",
    b"null",
    b"\n\n",
    b"\r",
    b"\xEF\xBB\xBF",
    b"\0",
    b"\xF0\x9F\xA6\x80",
    b"18446744073709551616",
];

fn mutate(input: &[u8], others: &[Vec<u8>], numbers: &mut Numbers) -> Vec<u8> {
    let mut out = input.to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(out.len() + 1);
        match numbers.below(5) {
            0 if at < out.len() => out[at] ^= 1 << numbers.below(8),
            1 if at < out.len() => drop(out.drain(at..(at + 1 + numbers.below(8)).min(out.len()))),
            2 => drop(out.splice(at..at, PIECES[numbers.below(PIECES.len())].iter().copied())),
            3 => {
                let other = &others[numbers.below(others.len())];
                let from = numbers.below(other.len() + 1);
                out.truncate(at);
                out.extend_from_slice(&other[from..]);
            }
            _ => {
                let part = out[at..(at + numbers.below(16)).min(out.len())].to_vec();
                out.splice(at..at, part);
            }
        }
    }
    out
}

/// Shows the input of a target that panicked.
struct Shown<'i>(&'static str, &'i [u8]);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}: {}", self.0, self.1.escape_ascii());
        }
    }
}

fn replay(name: &'static str, target: Target) {
    let inputs = corpus(name);
    assert!(inputs.len() > 2, "`{name}` has a corpus");
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    target(b"");
    for input in &inputs {
        let shown = Shown(name, input);
        target(input);
        drop(shown);
        for _ in 0..MUTATIONS {
            let mutated = mutate(input, &inputs, &mut numbers);
            let _shown = Shown(name, &mutated);
            target(&mutated);
        }
    }
}

#[test]
fn every_target_holds_for_its_corpus_and_mutations_of_it() {
    for (name, target) in TARGETS {
        replay(name, target);
    }
}

#[test]
fn every_folder_of_the_corpus_belongs_to_a_target() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut folders: Vec<_> =
        fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    folders.sort();
    assert_eq!(folders, TARGETS.map(|(name, _)| name));
    for (name, _) in TARGETS {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("long/fuzz_targets/{name}.rs")).exists(), "{name}");
    }
}
