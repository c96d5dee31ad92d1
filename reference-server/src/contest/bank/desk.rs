//! A draft is begun, mended and looked at, by whoever prepares a city.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use quiz_core::{
    BankSize, DrawRule, Halves, Origin, PresentedItem, Question, QuestionBank, Quiz,
    export::table,
    import::{Place, Positioned, table::Role},
};
use rand::{SeedableRng as _, rngs::ChaCha12Rng};
use schedule_core::{Edition, Round};

use super::{
    draft::{Draft, Reading, Words},
    examination::{FileReport, Terms, report},
    submission::{self, Submission},
    workbook,
};
use crate::{
    app::App,
    content::{BankFile, PROVINCE},
    contest::{
        Failure,
        organiser::{Error, Organiser, Refused},
        sealed, season,
    },
    office::{self, OfficeContent, OfficeError},
    privacy::Field,
    store::{
        audit,
        banks::{self as rows, DraftRow},
        season::{self as cities, CityRow},
    },
};

/// The largest draft, in bytes; fifty questions have about 50,000.
const DRAFT_BYTES: usize = 4 * 1024 * 1024;
/// The longest name of a file in the audit chain, in characters.
const NAME_CHARACTERS: usize = 100;
/// The fewest columns of a table that may hold questions: a stem and two options.
const LEAST_COLUMNS: usize = 3;
/// The name of the sheet of a template.
const TEMPLATE: &str = "题库";

/// Where a city's bank stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The city has none: it cannot open.
    Missing,
    /// It has files, of which its bank is made when the city is sealed.
    Filed,
    /// This one is in force, and another may take its place until the city opens.
    InForce {
        /// What names it.
        digest: String,
    },
    /// The same, and a question of it was corrected already.
    Corrected {
        /// What names it.
        digest: String,
    },
    /// The city has opened with this one.
    Frozen {
        /// What names it.
        digest: String,
    },
    /// The city is over and never had one.
    Over,
}

impl Standing {
    /// Where a city's bank stands: of a sealed one, or of one that has an approved bank at most.
    fn of(app: &App, round: &Round, city: Option<&CityRow>, approved: Option<String>) -> Self {
        let now = app.now();
        let Some(city) = city else {
            let slug = round.city().slug().as_str();
            let has_files = [slug, PROVINCE]
                .iter()
                .all(|name| app.content.bank(name).is_some());
            return match approved {
                _ if now >= round.window().end() => Self::Over,
                Some(digest) => Self::InForce { digest },
                // Files of a city that is due and not sealed are no bank.
                None if has_files && !app.season.is_sealing_due(round, now) => Self::Filed,
                None => Self::Missing,
            };
        };
        let digest = city.bank.clone();
        if city.is_begun() || now.timestamp_millis() >= city.opens_ms {
            Self::Frozen { digest }
        } else if city.n_corrections > 0 {
            Self::Corrected { digest }
        } else {
            Self::InForce { digest }
        }
    }

    /// What stands against another bank.
    pub(crate) const fn refusal(&self) -> Option<Refused> {
        match self {
            Self::Missing | Self::Filed | Self::InForce { .. } => None,
            Self::Corrected { .. } => Some(Refused::BankCorrected),
            Self::Frozen { .. } | Self::Over => Some(Refused::BankFrozen),
        }
    }

    /// The bank there is.
    pub(crate) fn digest(&self) -> Option<&str> {
        match self {
            Self::InForce { digest } | Self::Corrected { digest } | Self::Frozen { digest } => {
                Some(digest)
            }
            Self::Missing | Self::Filed | Self::Over => None,
        }
    }
}

/// A city's half as its office is writing it.
pub(crate) struct Desk {
    /// How often it was changed; 0 when nobody has begun.
    pub(crate) version: i64,
    /// Who changed it last, and when.
    pub(crate) changed: Option<(String, DateTime<Utc>)>,
    /// The name of the file, if there is one.
    pub(crate) file: String,
    /// What comes of it.
    pub(crate) reading: Reading,
    /// What is found in it.
    pub(crate) report: FileReport,
    /// How many questions each half has.
    pub(crate) size: BankSize,
    /// How many questions of the province there are, or what is wrong with its file.
    pub(crate) province: Result<usize, String>,
    /// Where the city's bank stands.
    pub(crate) standing: Standing,
    /// When the city opens.
    pub(crate) opens: DateTime<Utc>,
    /// What was submitted and waits for somebody.
    pub(crate) waiting: Option<Submission>,
    /// What stands against submitting, in sentences without a full stop.
    pub(crate) obstacles: Vec<String>,
}

/// A city's half as its office is writing it.
///
/// # Errors
/// Refuses with [`Refused::NotFound`] for a city that has no turn.
pub(crate) async fn desk(app: &App, slug: &str) -> Result<Desk, Error> {
    let found = found(app, slug).await?;
    let (row, draft) = opened(app, slug).await?;
    let province = province(app, found.standing.digest()).await?;
    let terms = terms(app, found.opens);
    let reading = draft.read();
    let known = province.as_deref().unwrap_or_default();
    let against: Vec<Positioned<Question>> = placed(known);
    let import = reading.import.clone();
    let report = report(draft.file.clone(), import, Some(&against), &terms);
    let province = province.map(|half| half.len());
    let obstacles = obstacles(&reading, &report, terms.size, &province);
    Ok(Desk {
        version: row.as_ref().map_or(0, |row| row.version),
        changed: row.map(|row| (row.changed_by, season::instant(row.changed_ms))),
        file: draft.file,
        reading,
        report,
        size: terms.size,
        province,
        standing: found.standing,
        opens: found.opens,
        waiting: found.waiting,
        obstacles,
    })
}

/// What stands against submitting.
fn obstacles(
    reading: &Reading,
    report: &FileReport,
    size: BankSize,
    province: &Result<usize, String>,
) -> Vec<String> {
    let mut obstacles = Vec::new();
    match province {
        Err(problem) => obstacles.push(format!("省库还不能用：{problem}")),
        Ok(n) if *n != usize::from(size.province) => {
            obstacles.push(format!("省库要 {} 题，现有 {n} 题", size.province));
        }
        Ok(_complete) => {}
    }
    let n = reading.import.questions.len();
    let wanted = usize::from(size.city);
    match n.cmp(&wanted) {
        std::cmp::Ordering::Less => {
            let short = wanted.saturating_sub(n);
            obstacles.push(format!("市库要 {wanted} 题，还差 {short} 题"));
        }
        std::cmp::Ordering::Greater => {
            let over = n.saturating_sub(wanted);
            obstacles.push(format!("市库要 {wanted} 题，请移出 {over} 题"));
        }
        std::cmp::Ordering::Equal => {}
    }
    // That there are too few questions is said above.
    let n_errors = report
        .findings
        .iter()
        .filter(|found| found.severity == quiz_core::Severity::Error)
        .filter(|found| found.finding.code != quiz_core::FindingCode::HalfTooSmall)
        .count();
    if n_errors > 0 {
        obstacles.push(format!("还有 {n_errors} 处错误要改"));
    }
    obstacles
}

/// The place and the turn of a city in an edition.
pub(super) fn turn_of<'a>(edition: &'a Edition, slug: &str) -> Result<(i64, &'a Round), Refused> {
    (1..)
        .zip(edition.rounds())
        .find(|(_place, round)| round.city().slug().as_str() == slug)
        .ok_or(Refused::NotFound)
}

pub(super) fn terms(app: &App, opens: DateTime<Utc>) -> Terms {
    Terms {
        size: app.season.bank_size,
        draw: app.season.draw,
        pass_mark: app.season.pass_mark,
        on: Some(
            opens
                .with_timezone(&schedule_core::CHINA_STANDARD_TIME)
                .date_naive(),
        ),
    }
}

/// Questions of the province with the places that findings name.
pub(super) fn placed(province: &[Question]) -> Vec<Positioned<Question>> {
    numbered(province, "省库")
}

/// Questions by their numbers in a half of this name.
pub(super) fn numbered(questions: &[Question], half: &str) -> Vec<Positioned<Question>> {
    let numbered = (1..).zip(questions);
    numbered
        .map(|(row, question)| Positioned {
            place: Place {
                file: half.to_owned(),
                sheet: None,
                row,
                column: None,
            },
            value: question.clone(),
        })
        .collect()
}

/// What there is of a city's bank beside its draft.
pub(super) struct Found {
    /// Where it stands.
    pub(super) standing: Standing,
    /// When the city opens.
    pub(super) opens: DateTime<Utc>,
    /// What was submitted and waits.
    pub(super) waiting: Option<Submission>,
}

/// What there is of a city's bank beside its draft.
pub(super) async fn found(app: &App, slug: &str) -> Result<Found, Error> {
    let edition = app.season.edition();
    let (_place, round) = turn_of(&edition, slug)?;
    let wanted = slug.to_owned();
    let (city, approved, waiting) = app
        .store
        .read(move |read| {
            let city = cities::city(read, &wanted)?;
            let approved = submission::approved(read, &wanted)?;
            Ok::<_, Error>((city, approved, submission::waiting(read, &wanted)?))
        })
        .await?;
    Ok(Found {
        standing: Standing::of(app, round, city.as_ref(), approved),
        opens: round.window().start(),
        waiting,
    })
}

/// The bank that a city is or is to be played with, if two persons or its sealing have made one.
async fn in_force(app: &App, slug: &str) -> Result<Arc<QuestionBank>, Error> {
    let found = found(app, slug).await?;
    let digest = found.standing.digest().ok_or(Refused::NotFound)?;
    Ok(sealed::bank(app, digest).await?)
}

/// The province's half that a city is played with: that of the bank of this digest, of the province's
/// file, or of any other city's bank; or what is wrong with the file.
pub(super) async fn province(
    app: &App,
    digest: Option<&str>,
) -> Result<Result<Arc<[Question]>, String>, Error> {
    if let Some(digest) = digest {
        let bank = sealed::bank(app, digest).await?;
        return Ok(Ok(half_of(&bank, Origin::Province)));
    }
    let Some(file) = app.content.bank(PROVINCE) else {
        let planned = app
            .store
            .read(|read| Ok::<_, Error>(cities::cities(read)?))
            .await?;
        return Ok(match planned.first() {
            Some(other) => Ok(half_of(
                &*sealed::bank(app, &other.bank).await?,
                Origin::Province,
            )),
            None => Err("服务器上还没有省库的题目文件".to_owned()),
        });
    };
    let read = app.memory.province.get_or_try_init(|| async {
        let (file, reader) = (file.clone(), app.office.clone());
        tokio::task::spawn_blocking(move || {
            let questions = office::questions(&reader, &file);
            questions.map(Arc::from).map_err(|error| error.message_zh())
        })
        .await
    });
    Ok(read.await.map_err(Failure::defect)?.clone())
}

/// One half of a bank.
pub(super) fn half_of(bank: &QuestionBank, origin: Origin) -> Arc<[Question]> {
    let questions = bank.questions();
    questions
        .filter(|(id, _question)| bank.origin(*id) == Some(origin))
        .map(|(_id, question)| question.clone())
        .collect()
}

/// A city's draft as it is stored; a blank one before anybody has begun.
async fn opened(app: &App, slug: &str) -> Result<(Option<DraftRow>, Draft), Error> {
    let wanted = slug.to_owned();
    let row = app
        .store
        .read(move |read| Ok::<_, Error>(rows::draft(read, &wanted)?))
        .await?;
    let Some(row) = row else {
        return Ok((None, Draft::blank()));
    };
    let unreadable = || Failure::Unreadable {
        what: "bank_draft.content",
    };
    let place = Field::BankDraft.of(slug);
    let plain = app.keys.open(&place, &row.content_sealed);
    let plain = plain.map_err(|_unsealable| unreadable())?;
    let draft = serde_json::from_slice(&plain).map_err(|_error| unreadable())?;
    Ok((Some(row), draft))
}

/// What is done to a draft: which version was seen, by whom, and how the audit chain calls it.
struct Change<'a> {
    by: &'a Organiser,
    city: &'a str,
    seen: i64,
    action: &'static str,
    about: String,
}

/// Changes the version of a draft that somebody has seen; the number of the next one.
async fn change(
    app: &App,
    what: Change<'_>,
    change: impl FnOnce(Draft) -> Result<Draft, Refused>,
) -> Result<i64, Error> {
    let found = found(app, what.city).await?;
    let (row, draft) = opened(app, what.city).await?;
    if row.map_or(0, |row| row.version) != what.seen {
        return Err(Refused::DraftChanged.into());
    }
    if let Some(refused) = found.standing.refusal() {
        return Err(refused.into());
    }
    let content = serde_json::to_vec(&change(draft)?).map_err(Failure::defect)?;
    if content.len() > DRAFT_BYTES {
        let problem = "文件里的文字太多。请新建一个文件，只复制题目后再上传。".to_owned();
        return Err(Refused::BankFile { problem }.into());
    }
    let place = Field::BankDraft.of(what.city);
    let sealed = app.keys.seal(&place, &content, app.entropy.as_ref());
    let version = what.seen.saturating_add(1);
    let now_ms = app.now().timestamp_millis();
    let row = DraftRow {
        city: what.city.to_owned(),
        version,
        content_sealed: sealed.map_err(super::super::Error::from)?,
        changed_by: what.by.name.clone(),
        changed_ms: now_ms,
    };
    let detail = format!("city={} version={version} {}", what.city, what.about);
    let action = what.action;
    app.store
        .write(move |tx| {
            if !rows::write_draft(tx, &row)? {
                return Err(Refused::DraftChanged.into());
            }
            audit::append(tx, now_ms, &row.changed_by, action, detail.trim_end())?;
            Ok::<_, Error>(version)
        })
        .await
}

/// Takes a file in, in place of the one before and of what was mended in it.
///
/// # Errors
/// Refuses with [`Refused::BankFile`] one that cannot be read or holds nothing like a question,
/// with [`Refused::DraftChanged`], and as [`Standing::refusal`] says.
pub(crate) async fn upload(
    app: &App,
    by: &Organiser,
    city: &str,
    (seen, file): (i64, BankFile),
) -> Result<i64, Error> {
    let name = file.name.clone();
    let reader = app.office.clone();
    let read = tokio::task::spawn_blocking(move || reader.read(&file));
    let content = read.await.map_err(Failure::defect)?.map_err(unread)?;
    let shown: String = name.chars().take(NAME_CHARACTERS).collect();
    let shown = shown.replace(|letter: char| letter.is_control() || letter == ' ', "_");
    let what = Change {
        by,
        city,
        seen,
        action: "bank.uploaded",
        about: format!("file={shown}"),
    };
    change(app, what, |before| with_file(before, name, content)).await
}

fn with_file(before: Draft, name: String, content: OfficeContent) -> Result<Draft, Refused> {
    let draft = before.of_file(name, content);
    let reading = draft.read();
    let mut tables = reading.layouts.iter();
    let has_columns = tables.any(|table| table.columns.len() >= LEAST_COLUMNS);
    if has_columns || !reading.import.questions.is_empty() {
        return Ok(draft);
    }
    let mut findings = reading.import.findings.iter();
    let problem = findings
        .find(|finding| finding.severity() == quiz_core::Severity::Error)
        .map_or_else(
            || "没有识别出任何题目。".to_owned(),
            |finding| {
                let place = finding.place.to_zh();
                let message = finding.message_zh();
                format!("{place}：{message}{}。", finding.suggestion_zh())
            },
        );
    Err(Refused::BankFile { problem })
}

fn unread(error: OfficeError) -> Error {
    if matches!(
        error,
        OfficeError::Process { .. } | OfficeError::Answer { .. }
    ) {
        tracing::error!(%error, "the reading process cannot be used");
    }
    let problem = error.message_zh();
    Refused::BankFile { problem }.into()
}

/// Begins anew with the city's half of the bank in force.
///
/// # Errors
/// Refuses with [`Refused::NotFound`] without one, and as [`upload`].
pub(crate) async fn begin_with_bank(
    app: &App,
    by: &Organiser,
    city: &str,
    seen: i64,
) -> Result<i64, Error> {
    let bank = in_force(app, city).await?;
    let half = half_of(&bank, Origin::City);
    let what = Change {
        by,
        city,
        seen,
        action: "bank.begun",
        about: format!("bank={}", bank.digest()),
    };
    change(app, what, |_before| Ok(Draft::of_questions(&half))).await
}

/// Says what columns hold: the title of each, or `@` and its letters, and the title it is read by.
///
/// # Errors
/// As [`upload`].
pub(crate) async fn read_columns(
    app: &App,
    by: &Organiser,
    city: &str,
    (seen, titles): (i64, BTreeMap<String, Role>),
) -> Result<i64, Error> {
    let what = Change {
        by,
        city,
        seen,
        action: "bank.columns_read",
        about: format!("columns={}", titles.len()),
    };
    change(app, what, |mut draft| {
        let named = titles
            .into_iter()
            .map(|(title, role)| (title, role.title_zh()));
        draft.titles = named.collect();
        Ok(draft)
    })
    .await
}

/// Writes an item's question, or adds one without an item.
///
/// # Errors
/// Refuses with [`Refused::QuestionUnfit`], [`Refused::NotFound`], and as [`upload`].
pub(crate) async fn write_question(
    app: &App,
    by: &Organiser,
    city: &str,
    (seen, key): (i64, Option<&str>),
    words: &Words,
) -> Result<i64, Error> {
    let what = Change {
        by,
        city,
        seen,
        action: "bank.question_written",
        about: format!("item={}", key.unwrap_or("new")),
    };
    change(app, what, |mut draft| {
        let reading = draft.read();
        let item = key.and_then(|key| reading.item(key));
        let pinned = item.and_then(|item| item.question.as_ref());
        let pinned = pinned.map(Question::pinned).unwrap_or_default();
        let question = words
            .question(pinned)
            .map_err(|unfit| Refused::QuestionUnfit {
                part: unfit.part,
                problem: unfit.problem,
            })?;
        match key {
            None => draft.add(&question),
            Some(key) if draft.write(key, &question) => {}
            Some(_unknown) => return Err(Refused::NotFound),
        }
        Ok(draft)
    })
    .await
}

/// Leaves an item out, or takes it back in.
///
/// # Errors
/// Refuses with [`Refused::NotFound`], and as [`upload`].
pub(crate) async fn leave(
    app: &App,
    by: &Organiser,
    city: &str,
    (seen, key): (i64, &str),
    is_left: bool,
) -> Result<i64, Error> {
    let what = Change {
        by,
        city,
        seen,
        action: if is_left {
            "bank.question_left_out"
        } else {
            "bank.question_taken_back"
        },
        about: format!("item={}", key.chars().take(20).collect::<String>()),
    };
    change(app, what, |mut draft| {
        let is_done = if is_left {
            draft.leave(key)
        } else {
            draft.take_back(key)
        };
        if is_done {
            Ok(draft)
        } else {
            Err(Refused::NotFound)
        }
    })
    .await
}

/// The rows of the file with what is found in them, as a workbook.
///
/// # Errors
/// As [`desk`].
pub(crate) async fn annotated(app: &App, city: &str) -> Result<(String, Vec<u8>), Error> {
    let desk = desk(app, city).await?;
    let made = workbook::annotated(&desk.reading.sheets, &desk.report);
    Ok((desk.file, made.map_err(Failure::defect)?))
}

/// A workbook for an office to begin with: the columns, and a question as an example.
///
/// # Errors
/// Fails only by a defect of ours.
pub(crate) fn template() -> Result<Vec<u8>, Error> {
    let words = Words {
        stem: "统一社会信用代码共有（ ）位。".to_owned(),
        choices: ["15", "16", "18", "20"].map(str::to_owned).to_vec(),
        key: "C".to_owned(),
        explanation: "统一社会信用代码由 18 位阿拉伯数字或大写英文字母组成。".to_owned(),
        source: "GB 32100-2015《法人和其他组织统一社会信用代码编码规则》".to_owned(),
        law_as_of: "2020-03-01".to_owned(),
    };
    let example = words.question(&[]);
    let example = example.map_err(|unfit| Failure::defect(unfit.problem))?;
    let rows = table::rows(&[example]).map_err(Failure::defect)?;
    Ok(workbook::rows(TEMPLATE, &rows).map_err(Failure::defect)?)
}

/// What is looked at on a phone before anybody plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Looked {
    /// The draft, with the province's half.
    Draft,
    /// What was submitted.
    Submitted,
    /// The bank in force.
    InForce,
}

/// A paper as a phone would show it, drawn by chance each time.
///
/// # Errors
/// Refuses with [`Refused::NotFound`] what is not there, and with [`Refused::BankNotReady`] questions
/// that are no bank.
pub(crate) async fn preview(
    app: &App,
    city: &str,
    looked: Looked,
) -> Result<Vec<PresentedItem>, Error> {
    let bank = match looked {
        Looked::Draft => drafted(app, city).await?,
        Looked::Submitted => {
            let waiting = found(app, city).await?.waiting;
            let waiting = waiting.ok_or(Refused::NotFound)?;
            sealed::bank(app, &waiting.bank).await?
        }
        Looked::InForce => in_force(app, city).await?,
    };
    let mut words = ChaCha12Rng::from_seed(app.entropy.bytes());
    let quiz = match Quiz::draw(&bank, app.season.draw, &mut words) {
        Ok(quiz) => quiz,
        // A draft may have too few questions for a paper: then it is all of them.
        Err(_too_few) => {
            let n = u16::try_from(bank.len()).unwrap_or(u16::MAX);
            let n = n.min(app.season.n_questions());
            let drawn = Quiz::draw(&bank, DrawRule::Simple { n }, &mut words);
            drawn.map_err(|_nothing| Refused::NotFound)?
        }
    };
    let items = quiz.ordinals().map(|ordinal| quiz.present(&bank, ordinal));
    Ok(items.collect::<Result<_, _>>().map_err(Failure::defect)?)
}

/// The draft as a bank of whatever size it has.
async fn drafted(app: &App, slug: &str) -> Result<Arc<QuestionBank>, Error> {
    let (_row, draft) = opened(app, slug).await?;
    let standing = found(app, slug).await?.standing;
    let province = province(app, standing.digest()).await?;
    let halves = Halves {
        province: province.map_or_else(|_problem| Vec::new(), |half| half.to_vec()),
        city: draft.read().questions(),
    };
    let count = |half: &[Question]| u16::try_from(half.len()).unwrap_or(u16::MAX);
    let size = BankSize {
        province: count(&halves.province),
        city: count(&halves.city),
    };
    let bank = QuestionBank::freeze(size, halves);
    let bank = bank.map_err(|_repeated| Refused::BankNotReady {
        reasons: vec!["有重复的题，请先移出重复的题".to_owned()],
    })?;
    Ok(Arc::new(bank))
}

/// How far a city's bank has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a page that forgets one would say nothing of it"
)]
pub enum Readiness {
    /// Nobody has begun.
    Missing,
    /// Its office is writing it.
    Drafted,
    /// It waits for somebody to approve it.
    Submitted,
    /// It has files, of which its bank is made when the city is sealed.
    Filed,
    /// It is in force, and another may take its place.
    InForce,
    /// The city has opened with it.
    Frozen,
}

impl Readiness {
    /// Whether the city could be opened so.
    #[must_use]
    pub const fn is_ready(self) -> bool {
        matches!(self, Self::Filed | Self::InForce | Self::Frozen)
    }

    fn of(standing: &Standing, is_begun: bool, is_waiting: bool) -> Self {
        match standing {
            Standing::Frozen { .. } => Self::Frozen,
            Standing::InForce { .. } | Standing::Corrected { .. } => Self::InForce,
            Standing::Filed => Self::Filed,
            Standing::Missing if is_waiting => Self::Submitted,
            Standing::Missing if is_begun => Self::Drafted,
            Standing::Missing | Standing::Over => Self::Missing,
        }
    }
}

/// How far one city's bank has come; whether its office has begun to write is not looked at.
///
/// # Errors
/// Refuses with [`Refused::NotFound`] for a city that has no turn.
pub(crate) async fn readiness_of(app: &App, slug: &str) -> Result<Readiness, Error> {
    let found = found(app, slug).await?;
    Ok(Readiness::of(
        &found.standing,
        false,
        found.waiting.is_some(),
    ))
}

/// How far every city's bank has come, and whether the city is sealed, by its slug.
///
/// # Errors
/// Fails when the database does.
pub(crate) async fn readiness(app: &App) -> Result<BTreeMap<String, (Readiness, bool)>, Error> {
    let edition = app.season.edition();
    let slugs: Vec<String> = edition
        .rounds()
        .iter()
        .map(|round| round.city().slug().as_str().to_owned())
        .collect();
    let (sealed, begun, waiting, approved) = app
        .store
        .read(move |read| {
            let approved = slugs.into_iter().map(|slug| {
                let digest = submission::approved(read, &slug)?;
                Ok((slug, digest))
            });
            let approved: BTreeMap<String, Option<String>> =
                approved.collect::<Result<_, Error>>()?;
            let waiting = submission::cities_waiting(read)?;
            Ok::<_, Error>((cities::cities(read)?, rows::begun(read)?, waiting, approved))
        })
        .await?;
    let rounds = edition.rounds().iter();
    Ok(rounds
        .map(|round| {
            let slug = round.city().slug().as_str();
            let city = sealed.iter().find(|city| city.city == slug);
            let approved = approved.get(slug).cloned().flatten();
            let standing = Standing::of(app, round, city, approved);
            let has = |list: &[String]| list.iter().any(|other| other == slug);
            let readiness = Readiness::of(&standing, has(&begun), has(&waiting));
            (slug.to_owned(), (readiness, city.is_some()))
        })
        .collect())
}
