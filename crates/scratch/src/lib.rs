//! Where a test keeps its data: fresh for each, and of the kind that the environment says.
//!
//! - `CHATTY_TEST_DATABASE_URL`: a PostgreSQL server on which each test gets a database of its own. Without it, tests
//!   run on SQLite.
//! - `CHATTY_TEST_BROKER_URL`: a RabbitMQ on which each test gets names of its own. Without it, events stay in process.
//!
//! For tests only; nothing that ships depends on it.

use std::path::Path;

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row, postgres::PgConnectOptions};
use tempfile::TempDir;
use uuid::Uuid;

/// One test's surroundings. Dropping them deletes the folder and the database, whoever is still connected.
pub struct Scratch {
    folder: TempDir,
    database: Option<Database>,
    broker: Option<Broker>,
}

struct Database {
    server: String,
    name: String,
    url: String,
}

/// A part of a broker.
#[derive(Debug, Clone)]
pub struct Broker {
    /// `amqp://…`
    pub url: String,
    /// What the names of all exchanges and queues begin with.
    pub prefix: String,
}

impl Scratch {
    /// Fresh surroundings.
    pub async fn new() -> Self {
        #[expect(clippy::disallowed_methods, reason = "tests make names of their own, and have no clock yet")]
        let name = format!("chatty_test_{}", Uuid::new_v4().simple());
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = match variable("CHATTY_TEST_DATABASE_URL") {
            Some(server) => Some(Database::create(server, &name).await),
            None => None,
        };
        let broker = variable("CHATTY_TEST_BROKER_URL").map(|url| Broker { url, prefix: format!("{name}.") });
        Self { folder, database, broker }
    }

    /// A folder for whatever is kept in files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// An empty PostgreSQL database; `None` where tests run on SQLite.
    pub fn database_url(&self) -> Option<&str> {
        self.database.as_ref().map(|database| database.url.as_str())
    }

    /// Everything that is stored: the bytes of all files and, of PostgreSQL, each row as text, where bytes are hexadecimal.
    pub async fn everything_stored(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.folder.path()).expect("the folder exists");
        let mut stored: Vec<u8> =
            files.flat_map(|file| std::fs::read(file.expect("readable").path()).expect("readable")).collect();
        if let Some(database) = &self.database {
            stored.extend(database.rows().await.into_bytes());
        }
        stored
    }

    /// Names on a broker; `None` where events stay in process.
    pub fn broker(&self) -> Option<&Broker> {
        self.broker.as_ref()
    }
}

impl std::fmt::Debug for Scratch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scratch").field("folder", &self.folder).field("broker", &self.broker).finish_non_exhaustive()
    }
}

impl Database {
    async fn create(server: String, name: &str) -> Self {
        // template0: others may be connected to template1, and then it cannot be copied.
        let create = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C'");
        run(&server, create).await;
        let options: PgConnectOptions = server.parse().expect("CHATTY_TEST_DATABASE_URL is a postgres:// URL");
        let url = sqlx::ConnectOptions::to_url_lossy(&options.database(name)).to_string();
        Self { server, name: name.to_owned(), url }
    }
}

impl Database {
    /// Each row of each table, as text.
    async fn rows(&self) -> String {
        let mut connection = PgConnection::connect(&self.url).await.expect("the database is there");
        let tables = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
                      WHERE schemaname NOT IN ('pg_catalog', 'information_schema')";
        let tables = connection.fetch_all(tables).await.expect("a list of tables");
        let mut text = String::new();
        for table in tables {
            let table: String = table.get(0);
            let rows = format!("SELECT COALESCE(string_agg(CAST(x AS TEXT), ' '), '') FROM {table} AS x");
            let rows = connection.fetch_one(AssertSqlSafe(rows)).await.expect("the rows");
            text.push_str(rows.get(0));
        }
        text
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, drop) = (self.server.clone(), format!("DROP DATABASE {} WITH (FORCE)", self.name));
        // A thread, because this one may be inside a runtime.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(run(&server, drop));
        });
        // What is left behind goes with the server; a test that has passed stays passed.
        let _left_behind = dropping.join();
    }
}

async fn run(server: &str, statement: String) {
    let mut connection = PgConnection::connect(server).await.expect("CHATTY_TEST_DATABASE_URL names a server");
    connection.execute(AssertSqlSafe(statement)).await.expect("the server makes and drops databases");
    connection.close().await.expect("the connection closes");
}

/// What the environment says; nothing is as good as not at all.
pub fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "tests are configured by the environment alone")]
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
