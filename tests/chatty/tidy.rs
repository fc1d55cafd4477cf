//! The repository's own habits: every module says what it is for, and no error code is dead.

use std::{
    fs,
    path::{Path, PathBuf},
};

const SOURCES: &[&str] = &["src", "crates", "subgraphs", "consumers", "router", "tests"];

/// Every Rust file of ours under `folder`.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).expect("a readable file")
}

#[test]
fn every_module_says_in_its_first_line_what_it_is_for() {
    let files: Vec<_> = SOURCES.iter().flat_map(|folder| rust_files(&root().join(folder))).collect();
    assert!(files.len() > 100, "the search looks in the right place");
    let silent: Vec<_> = files.iter().filter(|file| !read(file).starts_with("//! ")).collect();
    assert_eq!(silent, [] as [&PathBuf; 0]);
}

#[test]
fn every_code_that_clients_may_meet_is_used() {
    let code_of = |line: &str, enumeration: &str| {
        let (_, rest) = line.split_once(enumeration)?;
        Some(rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned())
    };
    let used_in = |text: &str, folders: &[&str]| {
        let files = folders.iter().flat_map(|folder| rust_files(&root().join(folder)));
        // The transport maps every code to a status, whoever gives it.
        files.filter(|file| !file.ends_with("transport/http.rs")).any(|file| read(&file).contains(text))
    };

    // A payload code is used when a constructor of `Problem` gives it and a subgraph calls that constructor.
    let problems = read(&root().join("crates/graphql/src/problem.rs"));
    let mut constructor = String::new();
    let mut used = Vec::new();
    for line in problems.lines() {
        if let Some((_, rest)) = line.split_once("pub fn ") {
            constructor = rest.split('(').next().unwrap_or_default().to_owned();
        }
        if let Some(code) = code_of(line, "UserErrorCode::")
            && used_in(&format!("Problem::{constructor}"), &["subgraphs"])
        {
            used.push(code);
        }
    }
    let (_, declared) = problems.split_once("pub enum UserErrorCode {").expect("the enum");
    let (declared, _) = declared.split_once("\n}").expect("its end");
    let variants = |text: &str| -> Vec<String> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
        lines.map(|line| line.trim_end_matches(',').to_owned()).collect()
    };
    let dead: Vec<_> = variants(declared).into_iter().filter(|code| !used.contains(code)).collect();
    assert_eq!(dead, [] as [&str; 0], "payload codes that no subgraph gives");

    let faults = read(&root().join("crates/kit/src/fault.rs"));
    let (_, declared) = faults.split_once("pub enum Code {").expect("the enum");
    let (declared, _) = declared.split_once("\n}").expect("its end");
    let (_, mapped) = faults.split_once("pub fn code(&self)").expect("the mapping from faults");
    let dead: Vec<_> = variants(declared)
        .into_iter()
        .filter(|code| !mapped.contains(&format!("Code::{code}")) && !used_in(&format!("Code::{code}"), &["router"]))
        .collect();
    assert_eq!(dead, [] as [&str; 0], "top-level codes that nothing gives");
}

#[test]
fn every_test_that_a_promise_names_exists() {
    let promises = read(&root().join("docs/security.md"));
    let named: Vec<_> = promises.split('`').filter_map(|text| text.split_once(".rs::")).collect();
    assert!(named.len() > 40, "the search knows the spelling");
    let exists = |(file, test): &&(&str, &str)| {
        let places = ["", "tests", "subgraphs/auth/tests"].map(|place| root().join(place).join(format!("{file}.rs")));
        let file = places.iter().find(|place| place.is_file());
        file.is_some_and(|file| read(file).contains(&format!("fn {test}(")))
    };
    let missing: Vec<_> = named.iter().filter(|name| !exists(name)).collect();
    assert_eq!(missing, [] as [&(&str, &str); 0]);
}
