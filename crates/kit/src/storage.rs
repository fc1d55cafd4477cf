//! Where services keep their data.

use std::{collections::HashMap, path::PathBuf};

use chatty_store::{Db, Error, Migration};

/// Where services keep their data: an SQLite file each in one folder, or a schema each in a PostgreSQL database.
///
/// It has no `Debug`, because the URLs hold passwords.
#[derive(Clone)]
pub struct Storage {
    folder: PathBuf,
    database_url: Option<String>,
    database_urls: HashMap<&'static str, String>,
}

impl Storage {
    /// SQLite files in `folder`.
    pub fn folder(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), database_url: None, database_urls: HashMap::new() }
    }

    /// A PostgreSQL database for every service that has none of its own.
    #[must_use]
    pub fn with_database(mut self, url: Option<String>) -> Self {
        self.database_url = url;
        self
    }

    /// A PostgreSQL database for one service.
    #[must_use]
    pub fn with_database_of(mut self, service: &'static str, url: String) -> Self {
        self.database_urls.insert(service, url);
        self
    }

    /// The PostgreSQL database of `service`; `None` if it keeps a file.
    pub fn database_url(&self, service: &str) -> Option<&str> {
        self.database_urls.get(service).or(self.database_url.as_ref()).map(String::as_str)
    }

    /// Opens the database of `service` and brings it up to date.
    pub async fn open(&self, service: &'static str, migrations: &[Migration]) -> Result<Db, Error> {
        match self.database_url(service) {
            Some(url) => Db::open_postgres(url, service, migrations).await,
            None => Db::open_sqlite(&self.folder.join(format!("{service}.sqlite")), migrations).await,
        }
    }
}
