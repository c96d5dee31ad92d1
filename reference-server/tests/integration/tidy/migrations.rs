//! Migrations only add: servers of the version before go on beside those of the next.

use super::{
    assert_none, faults,
    tree::{File, files},
};

const FOLDER: &str = "reference-server/migrations/";

/// How a statement may begin.
const ADDITIONS: [&str; 5] = [
    "CREATE TABLE ",
    "CREATE INDEX ",
    "CREATE UNIQUE INDEX ",
    "ALTER TABLE ",
    "INSERT INTO ",
];

/// What a change of a table may be.
const ADD_COLUMN: &str = " ADD COLUMN ";

/// The migrations: their names begin with a number.
fn migrations() -> Vec<File> {
    let all = files().into_iter();
    all.filter(|file| {
        let name = file.path.strip_prefix(FOLDER).unwrap_or_default();
        name.starts_with(|letter: char| letter.is_ascii_digit()) && name.ends_with(".sql")
    })
    .collect()
}

/// Statements that the version before might not survive.
fn not_additive(file: &File) -> Vec<String> {
    let code: String = file
        .text
        .lines()
        .map(|line| line.split("--").next().unwrap_or_default())
        .flat_map(|line| [line, " "])
        .collect();
    let statements = code
        .split(';')
        .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|text| !text.is_empty());
    let mut found = Vec::new();
    for statement in statements {
        let upper = statement.to_uppercase();
        let begins_well = ADDITIONS.iter().any(|start| upper.starts_with(start));
        let changes = upper.starts_with("ALTER TABLE ");
        let is_added = upper.contains(ADD_COLUMN)
            && (!upper.contains("NOT NULL") || upper.contains(" DEFAULT "));
        if !begins_well || (changes && !is_added) {
            let start: String = statement.chars().take(60).collect();
            found.push(format!("{start:?} does more than add"));
        }
    }
    found
}

#[test]
fn migrations_only_add() {
    assert!(migrations().len() >= 2, "where are they?");
    assert_none(&faults(&migrations(), not_additive));
    for bad in [
        "DROP TABLE award",
        "ALTER TABLE award RENAME COLUMN person TO who",
        "ALTER TABLE award ALTER COLUMN amount_fen TYPE TEXT",
        "ALTER TABLE award DROP COLUMN person",
        "ALTER TABLE award ADD COLUMN note TEXT NOT NULL",
        "ALTER TABLE award ADD CONSTRAINT more CHECK (amount_fen > 9)",
        "UPDATE award SET amount_fen = 1",
        "DELETE FROM packet",
    ] {
        let text = format!("-- Said so.\nCREATE TABLE fine (id TEXT);\n{bad};\n");
        let sample = File::sample("9999_bad.sql", &text);
        assert_eq!(not_additive(&sample).len(), 1, "{bad}");
    }
    let good = "ALTER TABLE award ADD COLUMN note TEXT;\n\
                ALTER TABLE award ADD COLUMN weight BIGINT NOT NULL DEFAULT 1;";
    assert_none(&not_additive(&File::sample("9999_good.sql", good)));
}
