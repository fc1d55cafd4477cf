//! The data folder: made on the first start, keeper of SQLite files and of the development secret. Of what is kept in
//! it, each part is served by one process at a time.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use chatty_types::Secret;
use data_encoding::BASE64URL_NOPAD;

/// A lock is held a moment longer than its process wants it where that process is starting another: between `fork` and
/// `exec` the new one has it, too.
const LET_GO_WITHIN: Duration = Duration::from_millis(500);
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// An open data folder. Dropping it lets another process serve from it.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Held while this process serves; the system lets go of them when the process ends, however it ends.
    locks: Vec<File>,
}

impl Folder {
    /// Reserves the folder's part of a service; fails while another process has it.
    pub(crate) fn lock(&mut self, service: &str) -> anyhow::Result<()> {
        let name = format!("{service}.serve.lock");
        let file = private_file(OpenOptions::new().write(true).create(true), &self.path.join(name))?;
        let mut waited = Duration::ZERO;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if waited < LET_GO_WITHIN => {
                    std::thread::sleep(LOOK_EVERY);
                    waited += LOOK_EVERY;
                }
                Err(TryLockError::WouldBlock) => {
                    bail!("another chatty process serves {service} from {}", self.path.display())
                }
                Err(TryLockError::Error(error)) => return Err(error).context("the data folder cannot be locked"),
            }
        }
        self.locks.push(file);
        Ok(())
    }

    /// Opens the folder, beside processes that may be serving from it.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        private_folder(path).with_context(|| format!("the data folder {} cannot be made", path.display()))?;
        let path = path.canonicalize().with_context(|| format!("the data folder {} cannot be read", path.display()))?;
        Ok(Self { path, locks: Vec::new() })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The secret in the folder, made if there is none.
    pub(crate) fn secret(&self) -> anyhow::Result<Secret> {
        let file = self.path.join("secret");
        if !file.exists() {
            make_secret(&self.path, &file).context("the secret cannot be made")?;
        }
        let text = fs::read_to_string(&file).context("the secret cannot be read")?;
        Secret::new(text.trim_end().as_bytes()).with_context(|| format!("{} is damaged", file.display()))
    }
}

/// Writes a new secret beside its place and links it there whole, so that neither a crash nor another process that
/// starts at the same time sees half of one.
fn make_secret(folder: &Path, file: &Path) -> anyhow::Result<()> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| anyhow::anyhow!("there are no random bytes"))?;
    let draft = folder.join(format!("secret.{}", std::process::id()));
    let mut open = private_file(OpenOptions::new().write(true).create(true).truncate(true), &draft)?;
    open.write_all(BASE64URL_NOPAD.encode(&bytes).as_bytes())?;
    open.sync_all()?;
    let linked = fs::hard_link(&draft, file);
    fs::remove_file(&draft)?;
    match linked {
        // Somebody else was first; theirs is the secret.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        linked => Ok(linked?),
    }
}

/// Makes a folder that only this user may enter; one that is there stays as it is.
fn private_folder(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Opens a file that only this user may read.
fn private_file(options: &mut OpenOptions, path: &Path) -> std::io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.open(path)
}
