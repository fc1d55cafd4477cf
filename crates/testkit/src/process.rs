//! A process of the built binary, as an operating system sees it: started, told to stop, killed, held still.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

/// A running process; killed when the test ends in whatever way.
pub struct Process {
    command: Invocation,
    child: Child,
    /// What it said when it had started.
    pub greeting: Vec<String>,
}

/// How a process is started, and started again.
#[derive(Debug, Clone)]
pub struct Invocation {
    binary: PathBuf,
    folder: PathBuf,
    name: String,
    arguments: Vec<String>,
    /// All of its environment.
    variables: Vec<(String, String)>,
}

impl Invocation {
    /// Of `binary` in `folder`, where its log is `<name>.log`; without arguments, and with an empty environment.
    pub fn new(binary: &str, folder: &Path, name: &str) -> Self {
        let (binary, folder, name) = (binary.into(), folder.to_owned(), name.to_owned());
        Self { binary, folder, name, arguments: Vec::new(), variables: Vec::new() }
    }

    /// Adds to the command line.
    #[must_use]
    pub fn arguments(mut self, arguments: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Adds to the environment.
    #[must_use]
    pub fn variables(mut self, variables: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
        self.variables.extend(variables.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.env_clear().envs(self.variables.clone()).args(&self.arguments).current_dir(&self.folder);
        command
    }

    fn log(&self) -> PathBuf {
        self.folder.join(format!("{}.log", self.name))
    }

    /// Runs it to its end, which must be a failure; what it said.
    pub fn refused(self) -> String {
        let output = self.command().output().expect("the binary starts");
        assert!(!output.status.success(), "{} is refused", self.name);
        String::from_utf8(output.stderr).expect("UTF-8")
    }

    /// Starts it and waits for a greeting of so many lines.
    pub fn start(self, greeting_lines: usize) -> Process {
        let log = File::options().create(true).append(true).open(self.log()).expect("a log");
        let mut child = self.command().stdout(Stdio::piped()).stderr(log).spawn().expect("the binary starts");
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        let greeting: Vec<_> = stdout.lines().take(greeting_lines).map(|line| line.expect("text")).collect();
        assert_eq!(greeting.len(), greeting_lines, "{} starts: {}", self.name, tail(&self.log()));
        Process { command: self, child, greeting }
    }
}

impl Process {
    /// The URL that ends the first line of the greeting.
    pub fn url(&self) -> &str {
        self.greeting[0].rsplit(' ').next().expect("a line has words")
    }

    /// What the test calls it.
    pub fn name(&self) -> &str {
        &self.command.name
    }

    /// Asks it to stop, as service managers do, and waits for its end.
    pub fn stop(mut self) -> ExitStatus {
        self.terminate();
        self.wait()
    }

    /// Asks it to stop.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Tells it to look at its files again.
    pub fn hang_up(&self) {
        self.signal("HUP");
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().expect("it ends")
    }

    /// Ends it where it stands.
    pub fn kill(&mut self) {
        self.child.kill().expect("it was running");
        self.wait();
    }

    /// Kills it and starts it again in the same way.
    pub fn replace(&mut self) {
        self.kill();
        self.start_again();
    }

    /// Starts it again after it has ended.
    pub fn start_again(&mut self) {
        *self = self.command.clone().start(1);
    }

    /// Keeps it from running: connections are made, and nobody answers.
    pub fn hold(&self) {
        self.signal("STOP");
    }

    /// Lets it run again.
    pub fn release(&self) {
        self.signal("CONT");
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args(["-s", signal, &self.child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success(), "{} takes SIG{signal}", self.command.name);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Already ended is fine.
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            eprintln!("the end of the log of {}:\n{}", self.command.name, tail(&self.command.log()));
        }
    }
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}
