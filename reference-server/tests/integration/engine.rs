//! The database under test: a file, or a schema of its own on the server that the environment names.

use std::{
    env, fmt, fs,
    path::{Path, PathBuf},
    sync::{
        Once,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use crate::store::Line;
use postgres::{Client, NoTls, SimpleQueryMessage, error::SqlState};
use reference_server::store::{Database, DecisionClock, Durability, Store};
use rusqlite::{Connection, ErrorCode, types::ValueRef};

/// Address of a PostgreSQL server whose user may make schemas and roles.
const ADDRESS: &str = "TEST_POSTGRES_URL";

static N_SCHEMAS: AtomicU32 = AtomicU32::new(0);
static ROLES: Once = Once::new();

/// The server's address, when the tests are to run on it.
pub(crate) fn address() -> Option<String> {
    env::var(ADDRESS).ok().filter(|address| !address.is_empty())
}

/// Whether the tests run on PostgreSQL.
pub(crate) fn is_server() -> bool {
    address().is_some()
}

/// Where one test keeps its contest.
#[derive(Debug)]
pub(crate) enum TestDatabase {
    /// SQLite.
    File(PathBuf),
    /// A schema of PostgreSQL, deleted with the test.
    Schema { address: String, name: String },
}

impl TestDatabase {
    /// A new, empty database; a file is made in this folder.
    pub(crate) fn new(dir: &Path) -> Self {
        let Some(address) = address() else {
            return Self::File(dir.join("contest.db"));
        };
        ROLES.call_once(|| make_roles(&address));
        Self::schema(address)
    }

    /// A new, empty schema on a server of the test's own.
    pub(crate) fn on_server(address: &str) -> Self {
        make_roles(address);
        Self::schema(address.to_owned())
    }

    /// The database that a command keeps for this folder, in the folder or on the server.
    pub(crate) fn kept_for(dir: &Path) -> Self {
        match address() {
            None => Self::File(dir.join("contest.db")),
            Some(address) => Self::Schema {
                address,
                name: fs::read_to_string(dir.join("schema")).unwrap(),
            },
        }
    }

    fn schema(address: String) -> Self {
        let number = N_SCHEMAS.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        let schema = Self::Schema { address, name };
        let Self::Schema { name, .. } = &schema else {
            unreachable!("it was made a line above");
        };
        Raw::server(&schema.owner_address()).run(&format!("CREATE SCHEMA {name}"));
        schema
    }

    fn address_as(&self, options: &str) -> String {
        let Self::Schema { address, name } = self else {
            panic!("a file has no address");
        };
        let separator = if address.contains('?') { '&' } else { '?' };
        format!("{address}{separator}options=-csearch_path%3D{name}{options}")
    }

    fn owner_address(&self) -> String {
        self.address_as("")
    }

    /// The address by which a server in production opens it; a file has none.
    pub(crate) fn server_address(&self) -> Option<String> {
        matches!(self, Self::Schema { .. }).then(|| self.address_as("%20-crole%3Dcontest_app"))
    }

    /// As its owner opens it, who may migrate.
    pub(crate) fn of_owner(&self) -> Database {
        match self {
            Self::File(path) => Database::file(path),
            Self::Schema { .. } => Database::server(&self.owner_address(), None).unwrap(),
        }
    }

    /// As a server opens it in production: migrated already, and with no more rights than it needs.
    pub(crate) fn of_server(&self) -> Database {
        if let Self::File(path) = self {
            return Database::file(path);
        }
        let owner = self.of_owner();
        drop(Store::open(&owner, Durability::None, DecisionClock::Caller).unwrap());
        self.of_server_unmigrated()
    }

    /// As the commands about keys open it.
    pub(crate) fn of_custodian(&self) -> Database {
        match self {
            Self::File(path) => Database::file(path),
            Self::Schema { .. } => {
                Database::server(&self.address_as("%20-crole%3Dcontest_custodian"), None).unwrap()
            }
        }
    }

    /// As a server opens it before anybody migrated.
    pub(crate) fn of_server_unmigrated(&self) -> Database {
        Database::server(&self.address_as("%20-crole%3Dcontest_app"), None).unwrap()
    }

    /// A line to the database, and the address of its near end.
    pub(crate) fn behind_a_line(&self) -> (Line, String) {
        let Self::Schema { address, name } = self else {
            panic!("a file has no line to it");
        };
        let config: postgres::Config = address.parse().unwrap();
        let line = Line::to(&config);
        let user = config.get_user().unwrap();
        let database = config.get_dbname().unwrap();
        let port = line.port();
        let address = format!(
            "postgres://{user}@127.0.0.1:{port}/{database}\
             ?application_name=behind-a-line&options=-csearch_path%3D{name}"
        );
        (line, address)
    }

    /// Every byte of the files, the write-ahead log included; or every column of every table.
    pub(crate) fn stored(&self) -> Vec<u8> {
        let Self::File(path) = self else {
            let mut raw = self.raw();
            let tables = raw.texts(
                "SELECT table_name FROM information_schema.tables
                 WHERE table_schema = current_schema()",
            );
            assert!(tables.len() > 15, "{tables:?}");
            let rows = tables.iter().flat_map(|table| {
                // A row as text has each of its columns.
                raw.texts(&format!("SELECT CAST(t AS text) FROM {table} AS t"))
            });
            return rows.collect::<Vec<_>>().join("\n").into_bytes();
        };
        let log = path.with_extension("db-wal");
        [fs::read(path).unwrap(), fs::read(log).unwrap()].concat()
    }

    /// This database behind another address of its server, with a query already.
    pub(crate) fn on_another_address(&self, address: &str) -> String {
        let Self::Schema { name, .. } = self else {
            panic!("a file has no address");
        };
        format!("{address}&options=-csearch_path%3D{name}")
    }

    /// A connection of our own, with every right.
    pub(crate) fn raw(&self) -> Raw {
        match self {
            Self::File(path) => Raw::file(path),
            Self::Schema { .. } => Raw::server(&self.owner_address()),
        }
    }

    /// A connection of our own, with the rights of a server in production.
    pub(crate) fn raw_of_server(&self) -> Raw {
        match self {
            Self::File(path) => Raw::file(path),
            Self::Schema { .. } => Raw::server(&self.address_as("%20-crole%3Dcontest_app")),
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Self::Schema { name, .. } = self {
            let sql = format!("SET lock_timeout = '5s'; DROP SCHEMA {name} CASCADE");
            // A schema that cannot go now, because a task still reads, goes with the server.
            drop(Raw::server(&self.owner_address()).try_run(&sql));
        }
    }
}

fn make_roles(address: &str) {
    Raw::server(address).run(
        "SELECT pg_advisory_lock(815);
         DO $$ BEGIN
             IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'contest_keys') THEN
                 CREATE ROLE contest_app NOLOGIN; CREATE ROLE contest_reader NOLOGIN;
                 CREATE ROLE contest_keys NOLOGIN;
                 CREATE ROLE contest_custodian NOLOGIN IN ROLE contest_app, contest_keys;
             END IF;
         END $$",
    );
}

/// A connection past the server.
pub(crate) enum Raw {
    File(Connection),
    Server(Option<Client>),
}

impl fmt::Debug for Raw {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Raw").finish_non_exhaustive()
    }
}

impl Raw {
    /// The file's connection is set up as the server's are.
    pub(crate) fn file(path: &Path) -> Self {
        let connection = Connection::open(path).unwrap();
        for (name, value) in [
            ("foreign_keys", 1),
            ("recursive_triggers", 1),
            ("busy_timeout", 5_000),
        ] {
            connection.pragma_update(None, name, value).unwrap();
        }
        Self::File(connection)
    }

    pub(crate) fn server(address: &str) -> Self {
        Self::Server(Some(apart(|| Client::connect(address, NoTls).unwrap())))
    }

    /// Runs statements; the engine's words when it refused one.
    pub(crate) fn try_run(&mut self, sql: &str) -> Result<(), String> {
        match self {
            Self::File(connection) => connection.execute_batch(sql).map_err(|error| match error {
                rusqlite::Error::SqliteFailure(failure, Some(words))
                    if failure.code == ErrorCode::ConstraintViolation =>
                {
                    words
                }
                error => panic!("{sql}\nis no refusal but a mistake: {error}"),
            }),
            Self::Server(client) => {
                let client = client.as_mut().unwrap();
                apart(|| match client.batch_execute(sql) {
                    Ok(()) => Ok(()),
                    Err(error) => {
                        // Outside a transaction there is only a warning.
                        client.batch_execute("ROLLBACK").unwrap();
                        Err(refusal(client, sql, &error))
                    }
                })
            }
        }
    }

    /// Runs statements that nothing refuses.
    pub(crate) fn run(&mut self, sql: &str) {
        if let Err(words) = self.try_run(sql) {
            panic!("{sql}\nwas refused: {words}");
        }
    }

    /// Runs statements and takes them back; the engine's words when it refused one.
    pub(crate) fn attempt(&mut self, sql: &str) -> Result<(), String> {
        self.run("BEGIN");
        let outcome = self.try_run(sql);
        if let Self::File(connection) = self
            && connection.is_autocommit()
        {
            return outcome;
        }
        self.run("ROLLBACK");
        outcome
    }

    /// Every row, each value as its text; nothing is an empty text.
    pub(crate) fn rows(&mut self, sql: &str) -> Vec<Vec<String>> {
        match self {
            Self::File(connection) => {
                let mut statement = connection.prepare(sql).unwrap();
                let n_columns = statement.column_count();
                let mut rows = statement.query([]).unwrap();
                let mut found = Vec::new();
                while let Some(row) = rows.next().unwrap() {
                    let text = |index| match row.get_ref(index).unwrap() {
                        ValueRef::Integer(number) => number.to_string(),
                        ValueRef::Text(text) => String::from_utf8(text.to_vec()).unwrap(),
                        ValueRef::Null => String::new(),
                        other => panic!("no text: {other:?}"),
                    };
                    found.push((0..n_columns).map(text).collect());
                }
                found
            }
            Self::Server(client) => {
                let client = client.as_mut().unwrap();
                let messages = apart(|| client.simple_query(sql).unwrap());
                messages
                    .iter()
                    .filter_map(|message| match message {
                        SimpleQueryMessage::Row(row) => Some(row),
                        _ => None,
                    })
                    .map(|row| {
                        (0..row.len())
                            .map(|index| row.get(index).unwrap_or_default().to_owned())
                            .collect()
                    })
                    .collect()
            }
        }
    }

    /// The first column.
    pub(crate) fn texts(&mut self, sql: &str) -> Vec<String> {
        let rows = self.rows(sql);
        rows.into_iter().map(|mut row| row.swap_remove(0)).collect()
    }

    /// One text.
    pub(crate) fn text(&mut self, sql: &str) -> String {
        let texts = self.texts(sql);
        assert_eq!(texts.len(), 1, "{sql}: {texts:?}");
        texts.into_iter().next().unwrap()
    }

    /// One number.
    pub(crate) fn number(&mut self, sql: &str) -> i64 {
        self.text(sql).parse().unwrap()
    }

    /// A number that changes with every commit of somebody else.
    pub(crate) fn version(&mut self) -> i64 {
        match self {
            Self::File(connection) => connection
                .pragma_query_value(None, "data_version", |row| row.get(0))
                .unwrap(),
            Self::Server(_) => self.number("SELECT COALESCE(SUM(number), 0) FROM commit_mark"),
        }
    }

    /// Takes every guard and constraint away but the keys.
    pub(crate) fn disarm(&mut self) {
        match self {
            Self::File(connection) => {
                connection.pragma_update(None, "foreign_keys", false).unwrap();
                connection
                    .pragma_update(None, "ignore_check_constraints", true)
                    .unwrap();
                let sql = "SELECT name FROM sqlite_master WHERE type = 'trigger'";
                let triggers = self.texts(sql);
                assert!(triggers.len() > 20);
                for trigger in triggers {
                    self.run(&format!("DROP TRIGGER {trigger}"));
                }
            }
            Self::Server(_) => self.run(
                "DO $$
                 DECLARE found record;
                 BEGIN
                     FOR found IN SELECT tgname AS name, tgrelid::regclass AS place
                         FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
                         WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace
                     LOOP
                         EXECUTE format('DROP TRIGGER %I ON %s', found.name, found.place);
                     END LOOP;
                     FOR found IN SELECT conname AS name, conrelid::regclass AS place
                         FROM pg_constraint WHERE contype IN ('c', 'f')
                           AND connamespace = current_schema()::regnamespace
                     LOOP
                         EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', found.place, found.name);
                     END LOOP;
                 END $$",
            ),
        }
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        if let Self::Server(client) = self {
            let client = client.take();
            apart(|| drop(client));
        }
    }
}

/// The words of a refusal, as far as possible as the other engine has them.
fn refusal(client: &mut Client, sql: &str, error: &postgres::Error) -> String {
    let Some(refused) = error.as_db_error() else {
        panic!("{sql}\nis no refusal but a mistake: {error}");
    };
    let table = refused.table().unwrap_or_default();
    let code = refused.code();
    if *code == SqlState::UNIQUE_VIOLATION {
        // The detail reads: Key (person, scope)=(…) already exists.
        let detail = refused.detail().unwrap();
        let (_, rest) = detail.split_once('(').unwrap();
        let (columns, _) = rest.split_once(')').unwrap();
        let columns: Vec<String> = columns
            .split(", ")
            .map(|column| format!("{table}.{column}"))
            .collect();
        format!("UNIQUE constraint failed: {}", columns.join(", "))
    } else if *code == SqlState::FOREIGN_KEY_VIOLATION {
        "FOREIGN KEY constraint failed".to_owned()
    } else if *code == SqlState::CHECK_VIOLATION {
        let name = refused.constraint().unwrap();
        let row = client
            .query_one(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint
                 WHERE conname = $1 AND connamespace = current_schema()::regnamespace",
                &[&name],
            )
            .unwrap();
        let rule: String = row.get(0);
        let rule = rule.trim_start_matches("CHECK ").replace(['(', ')'], "");
        format!("CHECK constraint failed: {rule}")
    } else if code.code().starts_with("23") || *code == SqlState::INSUFFICIENT_PRIVILEGE {
        refused.message().to_owned()
    } else {
        panic!("{sql}\nis no refusal but a mistake: {refused}")
    }
}

/// The client of a server waits by itself, which it may not do on a thread that runs tasks.
fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| scope.spawn(work).join().unwrap())
}

#[test]
fn the_engine_under_test_is_the_one_that_was_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let database = TestDatabase::new(dir.path());
    let store = Store::open(
        &database.of_server(),
        Durability::None,
        DecisionClock::Caller,
    );
    drop(store.unwrap());
    let sql = if is_server() {
        "SELECT version()"
    } else {
        "SELECT 'SQLite ' || sqlite_version()"
    };
    let engine = database.raw().text(sql);
    if is_server() {
        assert!(engine.starts_with("PostgreSQL"), "{engine}");
        println!("every test of the store and the contest runs on {engine}");
    } else {
        println!("runs on {engine}; SKIPPED on PostgreSQL: {ADDRESS} names no server");
    }
}
