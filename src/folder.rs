//! The data folder: made on the first start, used by one serving process at a time, keeper of the development secret.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use chatty_types::Secret;
use data_encoding::BASE64URL_NOPAD;

use crate::Config;

/// An open data folder. Dropping it lets another process serve from it.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Held while this process serves; the system lets go of it when the process ends, however it ends.
    lock: Option<File>,
}

impl Folder {
    /// Opens the folder to serve from it; fails while another process does.
    ///
    /// One process, because the in-process bus knows nothing of what another one commits.
    pub(crate) fn lock(path: &Path) -> anyhow::Result<Self> {
        let mut folder = Self::open(path)?;
        let file = private_file(OpenOptions::new().write(true).create(true), &path.join("serve.lock"))?;
        match file.try_lock() {
            Ok(()) => folder.lock = Some(file),
            Err(TryLockError::WouldBlock) => {
                bail!("another chatty process serves from {}", folder.path.display())
            }
            Err(TryLockError::Error(error)) => return Err(error).context("the data folder cannot be locked"),
        }
        Ok(folder)
    }

    /// Opens the folder beside a process that may be serving from it.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        private_folder(path).with_context(|| format!("the data folder {} cannot be made", path.display()))?;
        let path = path.canonicalize().with_context(|| format!("the data folder {} cannot be read", path.display()))?;
        Ok(Self { path, lock: None })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The configured secret, or the one in the folder, made if there is none.
    pub(crate) fn secret(&self, config: &Config) -> anyhow::Result<Secret> {
        if let Some(secret) = &config.secret {
            return Ok(Secret::new(secret.as_bytes())?);
        }
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
