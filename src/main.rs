//! The command line: `chatty serve`, `router`, `health`, `migrate`, `schema`, `admin`, `keys`, `config`.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use chatty::{Config, Part, System, schema};
use chatty_auth::{NewAdmin, Rotation};
use chatty_kit::{
    config::{Environment, Sources},
    telemetry,
};
use chatty_types::Clock;
use clap::{Args, Parser, Subcommand};
use secrecy::ExposeSecret;
use serde::Serialize;
use tokio::net::TcpListener;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A social platform's backend with one federated GraphQL API.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Args)]
struct Flags {
    /// Configuration file; without it, `chatty.toml` is read if it exists
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    overrides: Overrides,
}

/// Flags that stand for configuration keys.
#[derive(Args, Serialize)]
struct Overrides {
    /// Folder for databases and, in development, the secret
    #[arg(long, global = true, value_name = "FOLDER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    data_dir: Option<PathBuf>,
    /// Address to listen on
    #[arg(long, global = true, value_name = "ADDRESS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    listen: Option<SocketAddr>,
}

#[derive(Subcommand)]
enum Command {
    /// Run parts of the installation in this process (the default: all of them)
    Serve {
        /// Of auth, posts, subscriptions, platform, email and router; all when none is named
        #[arg(value_name = "PART")]
        parts: Vec<Part>,
    },
    /// Run a gateway for any Federation 2 supergraph, whose subgraph URLs are in the file
    Router {
        /// The composed supergraph; another content is served from the next second on, or at once after SIGHUP
        #[arg(long, value_name = "FILE")]
        supergraph: PathBuf,
    },
    /// Ask the process that listens on the configured address whether it is ready; exit with 0 if so
    Health,
    /// Bring the databases up to date and exit
    Migrate,
    /// Print, compose or check schemas
    #[command(subcommand)]
    Schema(SchemaCommand),
    /// Manage administrators
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Manage the keys that sign access tokens
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Show or check the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Subcommand)]
enum SchemaCommand {
    /// Print the supergraph, or one subgraph's SDL
    Print {
        /// A subgraph's name, such as `posts`
        subgraph: Option<String>,
    },
    /// Compose subgraphs into a supergraph and print it
    Compose {
        /// Subgraphs as NAME=FILE, or NAME=FILE@URL to say where it is; this installation's own when none is given
        #[arg(value_name = "NAME=FILE[@URL]")]
        subgraphs: Vec<String>,
    },
    /// Compare the files in a folder with what the code generates
    Check {
        /// The folder with the committed files
        #[arg(default_value = "schema")]
        folder: PathBuf,
    },
}

#[derive(Subcommand)]
enum AdminCommand {
    /// Create an administrator
    Create {
        /// 3 to 30 of a-z, 0-9 and _
        #[arg(long)]
        username: String,
        /// The account's address
        #[arg(long)]
        email: String,
        /// Read the password from standard input; without it, one is made and printed
        #[arg(long)]
        password_stdin: bool,
    },
}

#[derive(Subcommand)]
enum KeysCommand {
    /// Make a new key beside the serving processes; it signs once everybody who verifies tokens knows it
    Rotate,
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Say whether the configuration is usable
    Check,
    /// Print the configuration with all sources merged and secrets masked
    Print,
    /// Print every key with its default and its meaning
    Reference,
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("chatty: {}", explain(&error));
            ExitCode::FAILURE
        }
    }
}

/// The error and its causes, without what a cause says again.
fn explain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string).filter(|cause| !cause.is_empty()) {
        if text.contains(&cause) {
            continue;
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&cause);
    }
    text
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let command = cli.command.unwrap_or(Command::Serve { parts: Vec::new() });
    // Schemas need no configuration, so a broken one must not be in their way.
    if let Command::Schema(command) = &command {
        return schema_command(command);
    }
    let config = load(&cli.flags)?;
    match command {
        Command::Serve { parts } => {
            telemetry::start(config.log_format(), &config.log).context("`log` is not a list of directives")?;
            let parts = if parts.is_empty() { Part::ALL.to_vec() } else { parts };
            runtime()?.block_on(serve(&config, &parts))
        }
        Command::Router { supergraph } => {
            telemetry::start(config.log_format(), &config.log).context("`log` is not a list of directives")?;
            runtime()?.block_on(route(&config, &supergraph))
        }
        Command::Health => {
            chatty::ask_ready(config.listen)?;
            print("ready\n");
            Ok(ExitCode::SUCCESS)
        }
        Command::Migrate => {
            for service in runtime()?.block_on(chatty::migrate(&config))? {
                print(&format!("{service}: up to date\n"));
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Admin(AdminCommand::Create { username, email, password_stdin }) => {
            let password = password_stdin.then(|| std::io::read_to_string(std::io::stdin())).transpose()?;
            let password = password.map(|text| text.trim_end_matches(['\r', '\n']).to_owned());
            let admin = NewAdmin { username, email, password: password.map(Into::into) };
            let created = runtime()?.block_on(chatty::create_admin(&config, admin))?;
            print(&format!("created the administrator `{}`\n", created.username));
            if let Some(password) = &created.generated_password {
                print(&format!("password: {}\n", password.expose_secret()));
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Keys(KeysCommand::Rotate) => {
            let Rotation { key, signs_from, former_kept_until } = runtime()?.block_on(chatty::rotate_keys(&config))?;
            let (from, until) = (signs_from.format("%F %T UTC"), former_kept_until.format("%F %T UTC"));
            print(&format!("made the key {key}: published now, it signs from {from}\n"));
            print(&format!("the key before it stays published until {until}, then it is deleted\n"));
            Ok(ExitCode::SUCCESS)
        }
        Command::Config(ConfigCommand::Check) => {
            config.check()?;
            print("the configuration is usable\n");
            Ok(ExitCode::SUCCESS)
        }
        Command::Config(ConfigCommand::Print) => {
            print(&config.to_masked_toml());
            Ok(ExitCode::SUCCESS)
        }
        Command::Config(ConfigCommand::Reference) => {
            print(&chatty::configuration_reference());
            Ok(ExitCode::SUCCESS)
        }
        Command::Schema(_) => unreachable!("answered above"),
    }
}

fn load(flags: &Flags) -> anyhow::Result<Config> {
    let sources = Sources {
        file: flags.config.as_deref(),
        default_file: Some(Path::new("chatty.toml")),
        environment: Environment::of_process(),
        secrets: Config::SECRETS,
    };
    Ok(chatty_kit::config::load(&sources, &flags.overrides)?)
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

async fn serve(config: &Config, parts: &[Part]) -> anyhow::Result<ExitCode> {
    let listener = listen(config).await?;
    let mut signals = StopSignals::listen()?;
    let starting = System::start(config, parts, listener, Clock::system());
    let system = tokio::select! {
        system = starting => system?,
        () = signals.next() => return Ok(ExitCode::SUCCESS),
    };
    print(&greeting(&system, parts));
    until_told_to_stop(system, signals).await
}

async fn route(config: &Config, supergraph: &Path) -> anyhow::Result<ExitCode> {
    let listener = listen(config).await?;
    let signals = StopSignals::listen()?;
    let system = System::route(config, supergraph, listener, &Clock::system()).await?;
    print(&format!("The gateway serves GraphQL at http://{}/graphql\n", system.address));
    until_told_to_stop(system, signals).await
}

async fn listen(config: &Config) -> anyhow::Result<TcpListener> {
    let bound = TcpListener::bind(config.listen).await;
    bound.with_context(|| format!("{} is not free to listen on", config.listen))
}

async fn until_told_to_stop(system: System, mut signals: StopSignals) -> anyhow::Result<ExitCode> {
    signals.next().await;
    tracing::info!("stopping");
    let hurry = system.hurry();
    let mut stopping = std::pin::pin!(system.stop());
    let in_time = tokio::select! {
        in_time = &mut stopping => in_time,
        // Whoever asks twice does not want to wait for balancers.
        () = signals.next() => {
            hurry();
            stopping.await
        }
    };
    Ok(if in_time { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What a person who started Chatty wants to know first.
fn greeting(system: &System, parts: &[Part]) -> String {
    let first = if parts.contains(&Part::Router) {
        format!("Chatty serves GraphQL at http://{}/graphql", system.address)
    } else {
        let names: Vec<_> = parts.iter().map(|part| part.name()).collect();
        format!("Chatty serves {} at http://{}", names.join(", "), system.address)
    };
    let data = system.data_folder().map_or_else(String::new, |folder| format!("Data: {}\n", folder.display()));
    let admin = system.first_admin.as_ref().map_or_else(String::new, |admin| {
        let (username, password) = (&admin.username, admin.password.expose_secret());
        format!("Administrator, shown this once: username `{username}`, password `{password}`\n")
    });
    format!("{first}\n{data}{admin}")
}

/// Ctrl-C and, as service managers send it, SIGTERM. From the beginning on: as the first process of a container, this one
/// would not be ended by a signal that it does not listen to.
struct StopSignals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl StopSignals {
    fn listen() -> std::io::Result<Self> {
        #[cfg(unix)]
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            #[cfg(unix)]
            interrupt: signal(SignalKind::interrupt())?,
            #[cfg(unix)]
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next one.
    async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(not(unix))]
        drop(tokio::signal::ctrl_c().await);
    }
}

fn schema_command(command: &SchemaCommand) -> anyhow::Result<ExitCode> {
    match command {
        SchemaCommand::Print { subgraph: None } => print(schema::SUPERGRAPH),
        SchemaCommand::Print { subgraph: Some(wanted) } => {
            let subgraphs = schema::subgraphs();
            let (_, sdl) = subgraphs.iter().find(|(name, _)| name == wanted).with_context(|| {
                let names: Vec<_> = subgraphs.iter().map(|(name, _)| *name).collect();
                format!("there is no subgraph `{wanted}`; there are {}", names.join(", "))
            })?;
            print(sdl);
        }
        SchemaCommand::Compose { subgraphs } => print(&compose(subgraphs)?),
        SchemaCommand::Check { folder } => {
            let mut clean = true;
            for generated in schema::generate()? {
                let file = folder.join(&generated.file);
                if fs::read_to_string(&file).ok().as_deref() != Some(&generated.content) {
                    eprintln!("{} differs from what the code generates", file.display());
                    clean = false;
                }
            }
            if !clean {
                return Ok(ExitCode::FAILURE);
            }
            print("the committed schemas are what the code generates\n");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn compose(subgraphs: &[String]) -> anyhow::Result<String> {
    if subgraphs.is_empty() {
        let own = schema::subgraphs();
        let parts: Vec<_> = own.iter().map(|(name, sdl)| (*name, sdl.as_str())).collect();
        return Ok(chatty_router::compose(&parts)?);
    }
    let mut read = Vec::new();
    for subgraph in subgraphs {
        let (name, place) = subgraph.split_once('=').with_context(|| format!("`{subgraph}` is not NAME=FILE"))?;
        // A file's name may hold an @, too.
        let (file, url) = match place.rsplit_once("@http") {
            Some((file, _)) => (file, Some(&place[file.len() + 1..])),
            None => (place, None),
        };
        read.push((name, fs::read_to_string(file).with_context(|| format!("{file} cannot be read"))?, url));
    }
    let parts: Vec<_> = read.iter().map(|(name, sdl, url)| (*name, sdl.as_str(), *url)).collect();
    Ok(chatty_router::compose_located(&parts)?)
}

/// Standard output is this program's result; logs go to standard error.
fn print(text: &str) {
    use std::io::Write;
    // A closed pipe (`chatty schema print | head`) is no error worth a panic.
    drop(std::io::stdout().lock().write_all(text.as_bytes()));
}
