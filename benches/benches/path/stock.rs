//! Whether what is stored slows down what comes: the same day over few and over many rows.

use std::io::Write;

use anyhow::Context as _;
use rusqlite::Connection;

use crate::{
    Contest, Played, Scene, play, report,
    subject::{CITY, Engine},
};

/// Days played over each stock; the median counts.
const DAYS: u32 = 3;

/// Compares the processor time of a request over few stored attempts and over many; an eighth
/// of them have an award and its payment.
pub(crate) fn compare(
    scene: &Scene<'_>,
    few: u32,
    many: u32,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    for &engine in &scene.options.engines {
        if engine == Engine::Server && scene.cluster.is_none() {
            continue;
        }
        let mut costs = Vec::new();
        for n_rows in [few, many] {
            let mut played = over(scene, engine, n_rows)?;
            writeln!(out, "{engine} over {n_rows} stored attempts")?;
            for one in &played {
                report::print_driven(out, "start+submit", &one.journeys)?;
                report::print_driven(out, "claim", &one.claims)?;
            }
            played.sort_by(|a, b| a.journeys.cpu_us().total_cmp(&b.journeys.cpu_us()));
            let journeys = middle(&played).map(|one| one.journeys.cpu_us());
            played.sort_by(|a, b| a.claims.cpu_us().total_cmp(&b.claims.cpu_us()));
            let claims = middle(&played).map(|one| one.claims.cpu_us());
            costs.push((journeys.unwrap_or(f64::NAN), claims.unwrap_or(f64::NAN)));
        }
        if let [few, many] = costs.as_slice() {
            writeln!(
                out,
                "{engine}: many / few: start+submit {:.2}, claim {:.2}",
                many.0 / few.0,
                many.1 / few.1
            )?;
        }
    }
    Ok(())
}

fn middle(played: &[Played]) -> Option<&Played> {
    played.get(played.len() / 2)
}

fn over(scene: &Scene<'_>, engine: Engine, n_rows: u32) -> anyhow::Result<Vec<Played>> {
    let per_day = scene.options.people;
    let mut contest = Contest::new(scene, engine, per_day, DAYS)?;
    match engine {
        Engine::File => {
            let connection = Connection::open(&contest.place.database)?;
            connection.execute_batch(&fill(FILE, n_rows))?;
        }
        Engine::Server => scene
            .cluster
            .context("there is no cluster")?
            .sql("contest", &fill(SERVER, n_rows))?,
    }
    contest.recount()?;
    // The stored awards are of the first day.
    (2..=DAYS + 1)
        .map(|day| {
            let people = contest.take_people(per_day)?;
            play(scene, &mut contest, people, day)
        })
        .collect()
}

/// How rows are made in an engine: what comes before, a series of numbers `n`, a name that
/// sorts as `n` does, a random name, and what comes after.
type Words = [&'static str; 5];

const FILE: Words = [
    "PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; \
     DROP TRIGGER award_is_counted;",
    "(WITH RECURSIVE series (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < {n}) \
     SELECT n FROM series)",
    "printf('%032x', n)",
    "hex(randomblob(14))",
    "ANALYZE;",
];

const SERVER: Words = [
    "SET session_replication_role = replica; SET synchronous_commit = off;",
    "(SELECT generate_series(1::bigint, {n}) AS n)",
    "lpad(to_hex(n), 32, '0')",
    "upper(substr(md5(random()::text), 1, 28))",
    "ANALYZE;",
];

/// The statements that store so many attempts of people who come no more.
fn fill([before, series, ordered, random, after]: Words, n_rows: u32) -> String {
    let series = series.replace("{n}", &n_rows.to_string());
    format!(
        "{before}
         INSERT INTO attempt (attempt, person, city, opens_ms, closes_ms, started_ms, submitted_ms,
             answers, score, n_questions, pass_mark, passed)
         SELECT {ordered}, {random}, city, opens_ms, closes_ms, opens_ms, opens_ms + n % 40000000,
             '1=A,2=B,3=C,4=D,5=A,6=B,7=C,8=D,9=A,10=B', CASE n % 2 WHEN 1 THEN 8 ELSE 4 END, 10, 5, n % 2
         FROM {series} AS series CROSS JOIN city WHERE city = '{CITY}';
         INSERT INTO award (award, person, city, opens_ms, closes_ms, kind, scope, attempt, passed, day,
             deck, sequence, amount_fen, day_total_fen, decided_ms)
         SELECT city || '-' || ((submitted_ms + 28800000) / 86400000) || '-' || n,
             person, city, opens_ms, closes_ms, 'base', 'stored', attempt, 1,
             (submitted_ms + 28800000) / 86400000, 'plain', n, 10, 10 * n, submitted_ms
         FROM (SELECT attempt.*, ROW_NUMBER() OVER (ORDER BY attempt) AS n FROM attempt
               WHERE attempt LIKE '%1' OR attempt LIKE '%9') AS passed;
         INSERT INTO payment (bill_number, award, attempt_number, amount_fen, request_sealed, state,
             due_ms, machine, version, changed_ms)
         SELECT {random}, award, 1, amount_fen, award || award || award || award || award || award,
             'received', NULL, award || award || award, 5, decided_ms FROM award;
         {after}"
    )
}
