//! PostgreSQL: how a connection is made and made again, what an error means, what became of a
//! commit whose answer was lost.
//!
//! One writer at a time, as in a file: a group holds an advisory lock of its schema from its
//! first statement to its commit, because the audit chain is one chain and would fork
//! otherwise. Several instances queue up there, and each brings a whole group.
//!
//! | file | what |
//! |---|---|
//! | `physical` | a whole server copied, and started from the copy |
//! | `target` | where the server is, and how the line to it is protected |

pub(super) mod physical;
mod target;

use std::{cell::RefCell, collections::HashMap, error::Error as _, io};

use postgres::{
    Client, SimpleQueryMessage, Statement,
    error::SqlState,
    fallible_iterator::FallibleIterator as _,
    types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked},
};

pub(super) use target::Target;

use super::{Durability, EngineError, Given, Kind, MIGRATIONS, Value, engine_error};
use crate::{
    crash_point::{Point, reach},
    store::StoreError,
};

const GUARDS: &str = include_str!("../../../migrations/guards.postgres.sql");
const ROLES: &str = include_str!("../../../migrations/roles.postgres.sql");

/// The oldest server this text is tested with.
const OLDEST_VERSION: i64 = 15;

/// What every connection of ours expects.
const SESSION: &str = "SET client_min_messages = warning; SET lock_timeout = '5s'; \
     SET idle_in_transaction_session_timeout = '10s'; \
     SET default_transaction_isolation = 'read committed'; ";

/// The server's clock in milliseconds, as an expression.
pub(super) const INSTANT: &str =
    "CAST(FLOOR(EXTRACT(EPOCH FROM clock_timestamp()) * 1000) AS BIGINT)";

/// The names of every table.
pub(super) const TABLES: &str = "SELECT CAST(table_name AS text) FROM information_schema.tables
     WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY 1";
/// How many migrations were applied.
pub(super) const SCHEMA_VERSION: &str = "SELECT version FROM schema_version";

/// The locks of one schema: 1 is held by a group, 2 by a migration.
const BEGIN_GROUP: &str = "BEGIN; SELECT pg_advisory_xact_lock(1, hashtext(current_schema())); \
     SAVEPOINT one_write";
const BEGIN_MIGRATION: &str = "BEGIN; SELECT pg_advisory_xact_lock(2, hashtext(current_schema()))";

/// A connection to the database, made again when it was lost.
pub(in crate::store) struct Connection(RefCell<Link>);

struct Link {
    target: Target,
    session: String,
    client: Option<Client>,
    /// Process and start of the session that was made last, when its user may see them.
    session_id: Option<(i32, String)>,
    statements: HashMap<String, Statement>,
    /// The savepoint of the group's first write stands since its beginning.
    savepoint_is_fresh: bool,
    /// The group has touched a row, as far as is known.
    has_changed: bool,
    mark: Mark,
}

/// What a group leaves in its own transaction, to be found when the commit's answer is lost.
#[derive(Debug, Default)]
struct Mark {
    /// Empty until the first group.
    writer: String,
    number: i64,
}

/// A row of an answer.
pub(super) type Row = postgres::Row;

impl std::fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Connection").finish_non_exhaustive()
    }
}

/// Runs statements without values on a connection of their own.
pub(super) fn run_once(target: &Target, text: &str) -> Result<(), StoreError> {
    Connection::open(target, SESSION.to_owned())?
        .0
        .borrow_mut()
        .run(text)
}

pub(super) fn value(row: &Row, index: usize) -> Result<Value<'_>, StoreError> {
    let kind = row
        .columns()
        .get(index)
        .map(|column| column.type_().clone());
    let value = match kind {
        Some(Type::INT8) => row
            .try_get::<_, Option<i64>>(index)?
            .map_or(Value::Null, Value::Integer),
        Some(Type::INT4) => row
            .try_get::<_, Option<i32>>(index)?
            .map_or(Value::Null, |number| Value::Integer(number.into())),
        Some(Type::TEXT | Type::VARCHAR | Type::NAME) => row
            .try_get::<_, Option<&str>>(index)?
            .map_or(Value::Null, Value::Text),
        Some(_) | None => {
            return Err(engine_error(format_args!(
                "column {index} holds a value the schema does not know"
            )));
        }
    };
    Ok(value)
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Integer(number) if *kind == Type::INT4 => {
                i32::try_from(*number)?.to_sql(kind, out)
            }
            Value::Integer(number) if *kind == Type::INT8 => number.to_sql(kind, out),
            // A text has no NUL here; with a mark in its place it is found by nobody.
            Value::Text(text) if *kind == Type::TEXT && text.contains('\0') => {
                text.replace('\0', "\u{fffd}").to_sql(kind, out)
            }
            Value::Text(text) if *kind == Type::TEXT => text.to_sql(kind, out),
            Value::Integer(_) | Value::Text(_) => {
                Err(format!("a placeholder wants the kind {kind}").into())
            }
        }
    }

    fn accepts(_kind: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl Connection {
    /// The one writing connection; brings the schema up to date if its user may.
    pub(super) fn open_writer(target: &Target, durability: Durability) -> Result<Self, StoreError> {
        let synchronous = match durability {
            Durability::Full => "SET synchronous_commit = on",
            Durability::None => "SET synchronous_commit = off",
        };
        let connection = Self::open(target, format!("{SESSION}{synchronous}"))?;
        connection.0.borrow_mut().migrate()?;
        Ok(connection)
    }

    /// A connection that can only read, of the same server: nothing is decided on a copy.
    pub(super) fn open_reader(target: &Target) -> Result<Self, StoreError> {
        Self::open(
            target,
            format!("{SESSION}SET default_transaction_read_only = on"),
        )
    }

    fn open(target: &Target, session: String) -> Result<Self, StoreError> {
        let mut link = Link {
            target: target.clone(),
            session,
            client: None,
            session_id: None,
            statements: HashMap::new(),
            savepoint_is_fresh: false,
            has_changed: false,
            mark: Mark::default(),
        };
        link.connect()?;
        Ok(Self(RefCell::new(link)))
    }

    pub(super) fn execute(&self, sql: &str, params: &[Value<'_>]) -> Result<usize, StoreError> {
        self.0.borrow_mut().guarded(|link| {
            let (client, statement) = link.prepared(sql)?;
            let mut rows = client.query_raw(&statement, params)?;
            while rows.next()?.is_some() {}
            let n_rows = rows.rows_affected().unwrap_or_default();
            drop(rows);
            link.has_changed |= n_rows > 0;
            Ok(usize::try_from(n_rows).unwrap_or(usize::MAX))
        })
    }

    pub(super) fn each(
        &self,
        sql: &str,
        params: &[Value<'_>],
        mut read: impl FnMut(&Row) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        self.0.borrow_mut().guarded(|link| {
            link.has_changed |= !sql.starts_with("SELECT");
            let (client, statement) = link.prepared(sql)?;
            let mut rows = client.query_raw(&statement, params)?;
            while let Some(row) = rows.next()? {
                if !read(&row)? {
                    break;
                }
            }
            Ok(())
        })
    }

    pub(super) fn insert(&self, table: &str, given: &Given<'_>) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO {table} ({}) SELECT * FROM unnest({})",
            given.names(),
            arrays(given)
        );
        self.0.borrow_mut().guarded(|link| {
            link.has_changed = true;
            let (client, statement) = link.prepared(&sql)?;
            let mut rows = client.query_raw(&statement, given.columns())?;
            while rows.next()?.is_some() {}
            Ok(())
        })
    }

    pub(super) fn each_of(
        &self,
        given: &Given<'_>,
        sql: &str,
        mut read: impl FnMut(&Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let sql = format!(
            "WITH given ({}, nth) AS (SELECT * FROM unnest({}) WITH ORDINALITY) {sql}",
            given.names(),
            arrays(given)
        );
        self.0.borrow_mut().guarded(|link| {
            let (client, statement) = link.prepared(&sql)?;
            let mut rows = client.query_raw(&statement, given.columns())?;
            while let Some(row) = rows.next()? {
                read(&row)?;
            }
            Ok(())
        })
    }

    pub(super) fn begin_group(&self) -> Result<(), StoreError> {
        let link = &mut *self.0.borrow_mut();
        link.begin(BEGIN_GROUP)?;
        link.savepoint_is_fresh = true;
        link.has_changed = false;
        if link.mark.writer.is_empty() {
            link.mark.writer = link.text("SELECT gen_random_uuid()")?;
        }
        Ok(())
    }

    pub(super) fn begin_write(&self) -> Result<(), StoreError> {
        let link = &mut *self.0.borrow_mut();
        if std::mem::take(&mut link.savepoint_is_fresh) {
            return Ok(());
        }
        link.run("RELEASE one_write; SAVEPOINT one_write")
    }

    /// Costs nothing: the savepoint is released on the way of the next statement.
    ///
    /// That fails when a refused statement was passed over, so such a group is never committed.
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "the other engine's shape"
    )]
    pub(super) fn keep_write(&self) -> Result<(), StoreError> {
        Ok(())
    }

    pub(super) fn undo_write(&self) -> Result<(), StoreError> {
        self.0.borrow_mut().run("ROLLBACK TO one_write")
    }

    pub(super) fn commit_group(&self) -> Result<(), StoreError> {
        let link = &mut *self.0.borrow_mut();
        if !link.has_changed {
            // Nothing to make durable, and no mark worth its wait.
            return link.run("RELEASE one_write; ROLLBACK");
        }
        link.mark.number = link.mark.number.saturating_add(1);
        let Mark { writer, number } = &link.mark;
        let text = format!(
            "RELEASE one_write; \
             INSERT INTO commit_mark (writer, number) VALUES ('{writer}', {number}) \
             ON CONFLICT (writer) DO UPDATE SET number = excluded.number; COMMIT"
        );
        match link.run(&text) {
            Err(StoreError::Unreachable(words)) => link.fate_of_commit(&words),
            outcome => outcome,
        }
    }

    pub(super) fn begin_snapshot(&self) -> Result<(), StoreError> {
        self.0
            .borrow_mut()
            .begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    }

    pub(super) fn roll_back(&self) -> Result<(), StoreError> {
        let link = &mut *self.0.borrow_mut();
        if link.client.is_none() {
            // What a lost connection had begun is gone with it.
            return Ok(());
        }
        match link.run("ROLLBACK") {
            Err(StoreError::Unreachable(_)) => Ok(()),
            outcome => outcome,
        }
    }
}

impl Link {
    fn connect(&mut self) -> Result<(), StoreError> {
        self.statements.clear();
        self.client = None;
        let mut client = self.target.connect().map_err(unreachable)?;
        client.batch_execute(&self.session)?;
        let row = client.query_one(
            "SELECT pid, backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()",
            &[],
        )?;
        let start: Option<String> = row.try_get(1)?;
        let process: i32 = row.try_get(0)?;
        let id = start.map(|start| (process, start));
        if let Some((process, start)) = std::mem::replace(&mut self.session_id, id) {
            // A session whose line was cut may not know it, and would hold the group's lock.
            // Without the right to end it, it ends by itself after its idle time.
            drop(client.query(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                 WHERE pid = $1 AND backend_start::text = $2",
                &[&process, &start],
            ));
        }
        self.client = Some(client);
        Ok(())
    }

    fn client(&mut self) -> Result<&mut Client, StoreError> {
        self.client
            .as_mut()
            .ok_or_else(|| StoreError::Unreachable(EngineError::new("the connection was lost")))
    }

    /// Forgets the connection when the work finds that it is lost.
    fn guarded<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let outcome = work(self);
        if matches!(outcome, Err(StoreError::Unreachable(_))) {
            self.client = None;
        }
        outcome
    }

    fn prepared(&mut self, sql: &str) -> Result<(&mut Client, Statement), StoreError> {
        let client = self
            .client
            .as_mut()
            .ok_or_else(|| StoreError::Unreachable(EngineError::new("the connection was lost")))?;
        if let Some(statement) = self.statements.get(sql) {
            return Ok((client, statement.clone()));
        }
        let statement = client.prepare(&sql.replace('?', "$"))?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok((client, statement))
    }

    /// Runs statements without values in one round trip.
    fn run(&mut self, text: &str) -> Result<(), StoreError> {
        self.guarded(|link| Ok(link.client()?.batch_execute(text)?))
    }

    /// The first value of the last row of an answer.
    fn text(&mut self, sql: &str) -> Result<String, StoreError> {
        self.optional_text(sql)?
            .ok_or_else(|| engine_error("a statement that always has a row had none"))
    }

    fn optional_text(&mut self, sql: &str) -> Result<Option<String>, StoreError> {
        self.guarded(|link| {
            let messages = link.client()?.simple_query(sql)?;
            Ok(messages.iter().rev().find_map(|message| match message {
                SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                _ => None,
            }))
        })
    }

    fn number(&mut self, sql: &str) -> Result<i64, StoreError> {
        self.text(sql)?.parse().map_err(engine_error)
    }

    /// Begins something; a connection that was lost meanwhile is made again first.
    fn begin(&mut self, text: &str) -> Result<(), StoreError> {
        if self.client.is_some() {
            match self.run(text) {
                Err(StoreError::Unreachable(_)) => {}
                outcome => return outcome,
            }
        }
        self.connect()?;
        self.run(text)
    }

    /// What became of a commit whose answer was lost: its mark is there, or it is not.
    fn fate_of_commit(&mut self, words: &EngineError) -> Result<(), StoreError> {
        let unknown = |error: StoreError| StoreError::Unknown {
            message: format!("{words}; asking again: {error}"),
        };
        // The group's lock is free only when its transaction has ended, one way or the other.
        self.begin(BEGIN_GROUP).map_err(unknown)?;
        let sql = format!(
            "SELECT number FROM commit_mark WHERE writer = '{}'",
            self.mark.writer
        );
        let found = self.optional_text(&sql).map_err(unknown)?;
        self.run("ROLLBACK").map_err(unknown)?;
        if found == Some(self.mark.number.to_string()) {
            tracing::warn!("the answer to a commit was lost; its rows are there");
            return Ok(());
        }
        Err(StoreError::Unreachable(words.clone()))
    }

    fn migrate(&mut self) -> Result<(), StoreError> {
        self.expect_server()?;
        self.run(BEGIN_MIGRATION)?;
        let outcome = self.migrate_locked();
        reach(Point::Migrated);
        self.run(if outcome.is_ok() {
            "COMMIT"
        } else {
            "ROLLBACK"
        })?;
        outcome
    }

    fn expect_server(&mut self) -> Result<(), StoreError> {
        let version =
            self.number("SELECT current_setting('server_version_num')::integer / 10000")?;
        if version < OLDEST_VERSION {
            return Err(engine_error(format_args!(
                "the server has version {version}, the oldest that will do is {OLDEST_VERSION}"
            )));
        }
        let encoding = self.text("SELECT current_setting('server_encoding')")?;
        if encoding != "UTF8" {
            return Err(engine_error(format_args!(
                "the database keeps texts in {encoding}, not in UTF8"
            )));
        }
        if self.optional_text("SELECT current_schema()")?.is_none() {
            return Err(engine_error(
                "no schema of the search path is there, or this user may not use it",
            ));
        }
        Ok(())
    }

    fn migrate_locked(&mut self) -> Result<(), StoreError> {
        let newest = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
        let may_change =
            self.text("SELECT has_schema_privilege(current_schema(), 'CREATE')")? == "t";
        let known = self.text("SELECT to_regclass('schema_version') IS NOT NULL")? == "t";
        let applied = if known {
            self.number("SELECT version FROM schema_version")?
        } else {
            0
        };
        if applied > newest {
            return Err(StoreError::SchemaNewer { applied, newest });
        }
        let guards = digest_of_guards();
        if applied == newest && self.text("SELECT guards FROM schema_version")? == guards {
            return Ok(());
        }
        if !may_change {
            if applied == newest {
                // An older server of the same schema: its guards hold until the owner renews them.
                return Ok(());
            }
            return Err(StoreError::SchemaOlder { applied, newest });
        }
        for (version, text) in (1_i64..).zip(MIGRATIONS) {
            if version > applied {
                reach(Point::Migrating);
                // Texts sort by their bytes, whatever the database's own order is.
                self.run(&text.replace(" TEXT", " TEXT COLLATE \"C\""))?;
            }
        }
        if !known {
            self.run(
                "CREATE TABLE schema_version (version BIGINT NOT NULL, guards TEXT NOT NULL); \
                 INSERT INTO schema_version (version, guards) VALUES (0, '')",
            )?;
        }
        self.renew_guards()?;
        self.run(ROLES)?;
        self.run(&format!(
            "UPDATE schema_version SET version = {newest}, guards = '{guards}'"
        ))
    }

    /// Guards may change without a migration, so all of them are replaced when the text did.
    fn renew_guards(&mut self) -> Result<(), StoreError> {
        self.run(
            "DO $$
             DECLARE guard record;
             BEGIN
                 FOR guard IN
                     SELECT tgname, tgrelid::regclass AS place FROM pg_trigger
                     JOIN pg_class ON pg_class.oid = tgrelid
                     WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace
                 LOOP
                     EXECUTE format('DROP TRIGGER %I ON %s', guard.tgname, guard.place);
                 END LOOP;
                 EXECUTE format('SET LOCAL search_path = %I, pg_temp', current_schema());
             END $$",
        )?;
        self.run(GUARDS)
    }
}

/// One array for each column of given rows.
fn arrays(given: &Given<'_>) -> String {
    let arrays: Vec<String> = (1..)
        .zip(given.header())
        .map(|(place, (_name, kind))| match kind {
            Kind::Integer => format!("?{place}::bigint[]"),
            Kind::Text => format!("?{place}::text[]"),
        })
        .collect();
    arrays.join(", ")
}

/// Names the text of the guards and roles, so that they are renewed only when it changed.
fn digest_of_guards() -> String {
    use sha2::{Digest as _, Sha256};
    let mut hasher = Sha256::new();
    hasher.update(GUARDS);
    hasher.update(ROLES);
    hex::encode(hasher.finalize())
}

/// What the server said, without the values it was about.
fn words(error: &postgres::Error) -> EngineError {
    match error.as_db_error() {
        Some(refusal) => {
            let constraint = refusal
                .constraint()
                .map(|name| format!(" ({name})"))
                .unwrap_or_default();
            EngineError::new(format_args!("{}{constraint}", refusal.message()))
        }
        None => match error.source() {
            Some(source) => EngineError::new(format_args!("{error}: {source}")),
            None => EngineError::new(error),
        },
    }
}

fn unreachable(error: postgres::Error) -> StoreError {
    StoreError::Unreachable(words(&error))
}

impl From<postgres::Error> for StoreError {
    fn from(error: postgres::Error) -> Self {
        let words = words(&error);
        let Some(code) = error.code() else {
            let by_the_line = error
                .source()
                .is_some_and(<dyn std::error::Error>::is::<io::Error>);
            return if error.is_closed() || by_the_line {
                Self::Unreachable(words)
            } else {
                Self::Engine(words)
            };
        };
        if *code == SqlState::UNIQUE_VIOLATION {
            return Self::Duplicate(words);
        }
        if *code == SqlState::INSUFFICIENT_PRIVILEGE {
            return Self::Guard(words);
        }
        // The class of a state is its first two letters.
        match code.code().get(..2) {
            Some("23") => Self::Guard(words),
            // Connection exceptions; the server is being stopped or a hand ended the session.
            Some("08") => Self::Unreachable(words),
            Some("57") if *code != SqlState::QUERY_CANCELED => Self::Unreachable(words),
            _ if *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => Self::Unreachable(words),
            _ if *code == SqlState::LOCK_NOT_AVAILABLE => Self::Busy,
            _ => Self::Engine(words),
        }
    }
}
