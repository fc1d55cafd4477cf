//! Configuration: defaults < file < environment < flags. Unknown keys are errors that name their source.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use figment::{
    Figment, Metadata, Profile, Provider,
    providers::{Format, Serialized, Toml},
    value::{Dict, Map, Value},
};
use serde::{Serialize, de::DeserializeOwned};

/// The prefix of every environment variable.
const PREFIX: &str = "CHATTY_";

/// Why there is no usable configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value is unknown, missing or of the wrong form; the text names the key and where it came from.
    #[error(transparent)]
    Invalid(Box<figment::Error>),
    /// The file was asked for by name and is not there.
    #[error("there is no configuration file `{}`", .0.display())]
    NoFile(PathBuf),
    /// A `*_FILE` variable names a file that cannot be read.
    #[error("`{variable}` names a file that cannot be read")]
    SecretFile {
        /// The variable.
        variable: String,
        /// What went wrong.
        source: io::Error,
    },
}

/// The variables of a process, or of a test.
#[derive(Debug, Clone, Default)]
pub struct Environment(pub Vec<(String, String)>);

impl Environment {
    /// The variables of this process.
    pub fn of_process() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is where the environment enters the program")]
        let variables = std::env::vars_os();
        Self(variables.filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?))).collect())
    }

    /// `CHATTY_ROUTER__LIMITS__DEPTH` becomes `router.limits.depth`. A variable `CHATTY_<SECRET>_FILE` for one of the
    /// `secrets` stands for the content of the file that it names, without the line's end.
    fn nested(&self, secrets: &[&str]) -> Result<Dict, ConfigError> {
        let mut root = Dict::new();
        for (variable, value) in &self.0 {
            let Some(key) = variable.strip_prefix(PREFIX) else { continue };
            let key = key.to_lowercase();
            let from_file = key.strip_suffix("_file").filter(|base| secrets.contains(base));
            let (key, value) = match from_file {
                Some(base) => {
                    let text = fs::read_to_string(value)
                        .map_err(|source| ConfigError::SecretFile { variable: variable.clone(), source })?;
                    (base.to_owned(), Value::from(text.trim_end_matches(['\r', '\n']).to_owned()))
                }
                // A secret is text, even if it looks like a number.
                None if secrets.contains(&key.as_str()) => (key, Value::from(value.clone())),
                None => (key, value.parse().unwrap_or_else(|never| match never {})),
            };
            insert(&mut root, &key.split("__").collect::<Vec<_>>(), value);
        }
        Ok(root)
    }
}

fn insert(into: &mut Dict, path: &[&str], value: Value) {
    match path {
        [] => {}
        [key] => {
            into.insert((*key).to_owned(), value);
        }
        [section, rest @ ..] => {
            let mut dict = match into.remove(*section) {
                Some(Value::Dict(_, dict)) => dict,
                _ => Dict::new(),
            };
            insert(&mut dict, rest, value);
            into.insert((*section).to_owned(), Value::from(dict));
        }
    }
}

struct Variables(Dict);

impl Provider for Variables {
    fn metadata(&self) -> Metadata {
        Metadata::named("the environment").interpolater(|_, keys| format!("{PREFIX}{}", keys.join("__").to_uppercase()))
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.0.clone()))
    }
}

/// Where the parts of a configuration come from.
#[derive(Debug, Default)]
pub struct Sources<'a> {
    /// The file that a flag named; it must exist.
    pub file: Option<&'a Path>,
    /// The file that is read if it exists.
    pub default_file: Option<&'a Path>,
    /// The environment.
    pub environment: Environment,
    /// Keys that are secrets and may come from `*_FILE`.
    pub secrets: &'a [&'a str],
}

/// Merges all sources over `C`'s defaults; `flags` win over everything.
pub fn load<C>(sources: &Sources<'_>, flags: impl Serialize) -> Result<C, ConfigError>
where
    C: Serialize + DeserializeOwned + Default,
{
    let mut figment = Figment::from(Serialized::defaults(C::default()));
    if let Some(file) = sources.file {
        if !file.is_file() {
            return Err(ConfigError::NoFile(file.to_owned()));
        }
        figment = figment.merge(Toml::file_exact(file));
    } else if let Some(file) = sources.default_file.filter(|file| file.is_file()) {
        figment = figment.merge(Toml::file_exact(file));
    }
    figment = figment.merge(Variables(sources.environment.nested(sources.secrets)?)).merge(Serialized::defaults(flags));
    figment.extract().map_err(|error| ConfigError::Invalid(Box::new(error)))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, Serialize, Deserialize, PartialEq)]
    #[serde(default, deny_unknown_fields)]
    struct Config {
        listen: String,
        secret: Option<String>,
        router: Router,
    }

    #[derive(Debug, Default, Serialize, Deserialize, PartialEq)]
    #[serde(default, deny_unknown_fields)]
    struct Router {
        depth: u32,
        data_dir: String,
    }

    #[derive(Serialize, Default)]
    struct Flags {
        #[serde(skip_serializing_if = "Option::is_none")]
        listen: Option<String>,
    }

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment(variables.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
    }

    fn load_with(variables: &[(&str, &str)], flags: Flags) -> Result<Config, ConfigError> {
        let sources = Sources { environment: environment(variables), secrets: &["secret"], ..Sources::default() };
        load(&sources, flags)
    }

    #[test]
    fn later_sources_win_and_sections_are_split_at_two_underscores() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("chatty.toml");
        fs::write(&file, "listen = \"file\"\n[router]\ndepth = 7\n").unwrap();
        let variables = [("CHATTY_ROUTER__DEPTH", "9"), ("CHATTY_ROUTER__DATA_DIR", "x"), ("OTHER", "1")];
        let sources = Sources { file: Some(&file), environment: environment(&variables), ..Sources::default() };
        let config: Config = load(&sources, Flags { listen: Some("flag".into()) }).unwrap();
        assert_eq!(
            config,
            Config { listen: "flag".into(), secret: None, router: Router { depth: 9, data_dir: "x".into() } }
        );
    }

    #[test]
    fn unknown_keys_and_wrong_types_are_errors_that_name_the_key() {
        let unknown = load_with(&[("CHATTY_ROUTER__DEEP", "9")], Flags::default()).unwrap_err().to_string();
        assert!(unknown.contains("CHATTY_ROUTER__DEEP"), "{unknown}");
        let wrong = load_with(&[("CHATTY_ROUTER__DEPTH", "many")], Flags::default()).unwrap_err().to_string();
        assert!(wrong.contains("CHATTY_ROUTER__DEPTH"), "{wrong}");
    }

    #[test]
    fn a_file_that_was_named_must_exist_and_the_default_one_need_not() {
        let nowhere = Some(Path::new("/nowhere/chatty.toml"));
        let named = Sources { file: nowhere, ..Sources::default() };
        assert!(matches!(load::<Config>(&named, Flags::default()), Err(ConfigError::NoFile(_))));
        let by_default = Sources { default_file: nowhere, ..Sources::default() };
        assert_eq!(load::<Config>(&by_default, Flags::default()).unwrap(), Config::default());
    }

    #[test]
    fn a_secret_may_come_from_a_file_and_is_never_read_as_a_number() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        fs::write(&file, "12345\n").unwrap();
        let config = load_with(&[("CHATTY_SECRET_FILE", file.to_str().unwrap())], Flags::default()).unwrap();
        assert_eq!(config.secret.as_deref(), Some("12345"));
        let config = load_with(&[("CHATTY_SECRET", "0x10")], Flags::default()).unwrap();
        assert_eq!(config.secret.as_deref(), Some("0x10"));
        let missing = load_with(&[("CHATTY_SECRET_FILE", "/nowhere")], Flags::default());
        assert!(matches!(missing, Err(ConfigError::SecretFile { .. })));
    }
}
