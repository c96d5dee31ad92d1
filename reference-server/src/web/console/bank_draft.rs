//! A city's half as its office is writing it: uploaded, read by columns, mended row by row, looked
//! at as on a phone, submitted.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    extract::{
        Form as Sent, FromRequest as _, Multipart, Path, Request, State,
        multipart::{Field as Part, MultipartRejection},
    },
    http::{StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};
use quiz_core::{MAX_CHOICES, Severity, import::table::Role};
use serde::Deserialize;

use super::{
    bank,
    bank_item::Seen,
    bank_review, error,
    form::{Field, Form, Kind},
    frame::Frame,
    gate::{FORM_TOKEN, Signed},
    list::{Cell, Kind as Column, List, columns},
    wording,
};
use crate::{
    app::App,
    content::BankFile,
    contest::{
        bank::{
            desk::{self, Desk, Standing},
            draft::State as ItemState,
            examination::FindingReport,
            submission, words,
        },
        organiser::{Error, Organiser, Refused},
    },
    office::{ColumnLayout, SheetLayout},
    web::{frame, moment},
};

/// The draft, to which a file is sent as well.
pub(super) const DESK: &str = "/console/cities/{city}/bank/draft";
/// What columns hold.
pub(super) const COLUMNS: &str = "/console/cities/{city}/bank/draft/columns";
/// A question that is in no file.
pub(super) const ADD: &str = "/console/cities/{city}/bank/draft/questions";
/// A question of the draft, or a row of which none came.
pub(super) const ITEM: &str = "/console/cities/{city}/bank/draft/questions/{item}";
/// An item is left out.
pub(super) const LEAVE: &str = "/console/cities/{city}/bank/draft/questions/{item}/leave";
/// An item is taken back in.
pub(super) const TAKE_BACK: &str = "/console/cities/{city}/bank/draft/questions/{item}/take-back";
/// The rows of the file with a column of problems.
pub(super) const WORKBOOK: &str = "/console/cities/{city}/bank/draft/workbook";
/// A workbook to begin with.
pub(super) const TEMPLATE: &str = "/console/cities/{city}/bank/template";
/// A paper as on a phone.
pub(super) const PREVIEW: &str = "/console/cities/{city}/bank/preview";
/// The draft is submitted.
pub(super) const SUBMIT: &str = "/console/cities/{city}/bank/draft/submit";

/// The endings of files that are read.
const ENDINGS: &str = ".docx,.xlsx,.xls,.ods,.csv,.tsv,.txt,.gift,.aiken,.xml,.zip";
/// What a text is called that was pasted.
const PASTED: &str = "粘贴的文字.txt";

/// What a column can be read as.
pub(super) fn roles() -> impl Iterator<Item = Role> {
    let options = (0..MAX_CHOICES).map(Role::Option);
    [Role::Stem].into_iter().chain(options).chain([
        Role::Options,
        Role::Key,
        Role::Explanation,
        Role::Source,
        Role::LawAsOf,
        Role::Kind,
    ])
}

/// A column as the page shows it.
struct ColumnView {
    /// The name of its field.
    field: String,
    letter: String,
    title: String,
    samples: String,
    /// What it is read as; `不读取` otherwise.
    meaning: String,
    /// Value, label, and whether it is the one.
    options: Vec<(String, String, bool)>,
}

/// A table as the page shows it.
struct SheetView {
    name: String,
    is_titled: bool,
    columns: Vec<ColumnView>,
}

/// The form of the columns, which has as many fields as there are columns.
struct ColumnsForm {
    action: String,
    token_field: &'static str,
    token: String,
    version: i64,
    sheets: Vec<SheetView>,
    is_open: bool,
    may_choose: bool,
}

#[derive(Template)]
#[template(path = "console/bank_draft.html")]
struct DeskPage {
    frame: Frame,
    city: String,
    lead: String,
    bank_path: String,
    preview_path: String,
    template_path: String,
    /// The steps, and which of them is on: 1 for done, 2 for on, 0 for to come.
    steps: Vec<(&'static str, &'static str)>,
    alarms: Vec<(&'static str, String, String)>,
    counters: Vec<(&'static str, String, &'static str)>,
    upload: Option<Form>,
    begin: Option<Form>,
    columns: Option<ColumnsForm>,
    file: String,
    workbook_path: Option<String>,
    problems: List,
    n_hidden_notes: usize,
    questions: List,
    add_path: Option<String>,
    submit: Option<Form>,
    obstacles: Vec<String>,
}

/// Whether somebody may write a draft.
pub(super) fn is_maker(organiser: &Organiser) -> bool {
    organiser.roles.has_any(bank::MAKERS)
}

pub(super) async fn page(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    match shown(&app, &organiser, &city, None).await {
        Ok(page) => page,
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

/// Which form of the page a refusal belongs to.
enum Refusal {
    Upload((String, String)),
    Submit((String, String)),
}

async fn shown(
    app: &App,
    organiser: &Organiser,
    city: &str,
    refusal: Option<Refusal>,
) -> Result<Response, Error> {
    let desk = desk::desk(app, city).await?;
    let frame = Frame::of_city(app, Some(organiser), DESK, Some(city));
    let path = |path: &str| path.replace("{city}", city);
    let may_write = is_maker(organiser) && desk.standing.refusal().is_none();
    let (upload_problem, submit_problem) = match refusal {
        None => (None, None),
        Some(Refusal::Upload(problem)) => (Some(problem), None),
        Some(Refusal::Submit(problem)) => (None, Some(problem)),
    };
    let version = desk.version.to_string();
    let upload = may_write.then(|| upload_form(&frame, city, &version).problem(upload_problem));
    let begin = (may_write && desk.version == 0 && desk.standing.digest().is_some()).then(|| {
        let fields = vec![
            Field::hidden("version", &version),
            Field::hidden("begin", "yes"),
        ];
        Form::new(&frame, path(DESK), "从现行题库的市库部分开始改", fields).named("begin-")
    });
    let may_submit = may_write && desk.waiting.is_none() && desk.obstacles.is_empty();
    let submit = may_submit.then(|| {
        let fields = vec![Field::hidden("version", &version), Field::reason()];
        Form::new(&frame, path(SUBMIT), "提交审核", fields).problem(submit_problem)
    });
    let n_notes = desk.report.n_notes;
    Ok(frame::personal(&DeskPage {
        city: app.season.city_name(city),
        lead: lead(&desk),
        bank_path: path(bank::PAGE),
        preview_path: path(PREVIEW),
        template_path: path(TEMPLATE),
        steps: steps(&desk),
        alarms: alarms(organiser, city, &desk),
        counters: counters(&desk),
        upload,
        begin,
        columns: columns_form(&frame, city, &desk, may_write),
        file: desk.file.clone(),
        workbook_path: (!desk.file.is_empty()).then(|| path(WORKBOOK)),
        problems: problems(city, &desk),
        n_hidden_notes: n_notes,
        questions: questions(city, &desk),
        add_path: may_write.then(|| path(ADD)),
        submit,
        obstacles: desk.obstacles,
        frame,
    }))
}

fn lead(desk: &Desk) -> String {
    let standing = match &desk.standing {
        Standing::Missing => format!("还没有题库，{} 到时不能开赛", moment::minute(desk.opens)),
        Standing::Filed => "服务器上有题库文件，封存时冻结；在这里批准的题库代替它".to_owned(),
        Standing::InForce { .. } => {
            format!("已有现行题库，{} 开赛时冻结", moment::minute(desk.opens))
        }
        Standing::Corrected { .. } => "现行题库已有更正，不能再换".to_owned(),
        Standing::Frozen { .. } => "已经开赛，题库已冻结".to_owned(),
        Standing::Over => "竞赛已经结束".to_owned(),
    };
    match &desk.changed {
        None => format!("{standing}。草稿还没有开始。"),
        Some((by, at)) => format!(
            "{standing}。草稿第 {} 版，{by} 于 {} 保存。",
            desk.version,
            moment::minute(*at)
        ),
    }
}

fn steps(desk: &Desk) -> Vec<(&'static str, &'static str)> {
    let has_questions = !desk.reading.items.is_empty();
    let is_frozen = matches!(desk.standing, Standing::Frozen { .. });
    let on = match (is_frozen, &desk.waiting, has_questions) {
        (true, ..) => 6,
        (false, Some(_waiting), _) => 4,
        (false, None, false) => 0,
        (false, None, true) if desk.obstacles.is_empty() => 3,
        (false, None, true) => 2,
    };
    let names = [
        "上传",
        "识别列",
        "检查修改",
        "提交审核",
        "第二人批准",
        "生效",
        "开赛冻结",
    ];
    (0..)
        .zip(names)
        .map(|(nth, name)| {
            let state = match nth.cmp(&on) {
                std::cmp::Ordering::Less => "done",
                std::cmp::Ordering::Equal => "on",
                std::cmp::Ordering::Greater => "",
            };
            (name, state)
        })
        .collect()
}

/// Tone, sentence, and where to go.
fn alarms(organiser: &Organiser, city: &str, desk: &Desk) -> Vec<(&'static str, String, String)> {
    let mut alarms = Vec::new();
    if let Some(waiting) = &desk.waiting {
        let next = if waiting.maker == organiser.name {
            "等内容审核人决定；您自己可以撤回。"
        } else {
            "等内容审核人决定。"
        };
        let words = format!(
            "{} 于 {} 提交了一份题库，{next}",
            waiting.maker,
            moment::minute(waiting.at)
        );
        let to = bank_review::PAGE.replace("{city}", city);
        alarms.push(("warn", words, to));
    }
    if let Some(refused) = desk.standing.refusal() {
        let (title, detail) = wording::refused(&refused);
        let to = bank::PAGE.replace("{city}", city);
        alarms.push(("bad", format!("{title}。{detail}"), to));
    }
    alarms
}

fn counters(desk: &Desk) -> Vec<(&'static str, String, &'static str)> {
    let n = desk.reading.import.questions.len();
    let is_complete = n == usize::from(desk.size.city);
    let tone = |count: usize, tone: &'static str| if count == 0 { "good" } else { tone };
    let province = match &desk.province {
        Ok(n) => (
            "省库",
            format!("{n} / 需 {}", desk.size.province),
            if *n == usize::from(desk.size.province) {
                "good"
            } else {
                "bad"
            },
        ),
        Err(_problem) => ("省库", "还不能用".to_owned(), "bad"),
    };
    let guess = desk
        .report
        .guess_floor_millionths
        .map_or_else(|| "题目不足".to_owned(), words::percent);
    vec![
        (
            "市库有效",
            format!("{n} / 需 {}", desk.size.city),
            if is_complete { "good" } else { "warn" },
        ),
        province,
        (
            "错误",
            desk.report.n_errors.to_string(),
            tone(desk.report.n_errors, "bad"),
        ),
        (
            "警告",
            desk.report.n_warnings.to_string(),
            tone(desk.report.n_warnings, "warn"),
        ),
        ("盲猜通过率", guess, ""),
    ]
}

fn upload_form(frame: &Frame, city: &str, version: &str) -> Form {
    let fields = vec![
        Field::hidden("version", version),
        Field::new("file", "题库文件", Kind::File(ENDINGS))
            .hint("Word（.docx）、Excel（.xlsx、.xls）、WPS 表格（.ods）、CSV、文本都可以，最大 10 兆字节；旧的 .doc 请先另存为 .docx")
            .optional(),
        Field::new("text", "或者粘贴文字", Kind::Area)
            .hint("题号、选项字母、答案各起一行；两处都填时以文件为准")
            .optional(),
    ];
    let action = DESK.replace("{city}", city);
    Form::new(frame, action, "上传并检查", fields)
}

fn columns_form(frame: &Frame, city: &str, desk: &Desk, may_choose: bool) -> Option<ColumnsForm> {
    let layouts = &desk.reading.layouts;
    if layouts.is_empty() {
        return None;
    }
    let mut number = 0_usize;
    let mut sheets = Vec::with_capacity(layouts.len());
    for layout in layouts {
        let columns = layout.columns.iter().map(|column| {
            number = number.saturating_add(1);
            column_view(number, column)
        });
        sheets.push(SheetView {
            name: layout.name.clone().unwrap_or_else(|| desk.file.clone()),
            is_titled: layout.is_titled,
            columns: columns.collect(),
        });
    }
    let who = frame.who.as_ref();
    Some(ColumnsForm {
        action: COLUMNS.replace("{city}", city),
        token_field: FORM_TOKEN,
        token: who.map_or_else(String::new, |who| who.form_token.clone()),
        version: desk.version,
        is_open: layouts.iter().any(|layout| !is_understood(layout)),
        sheets,
        may_choose,
    })
}

/// Whether a table's columns have a stem and a key among them.
fn is_understood(layout: &SheetLayout) -> bool {
    let has = |wanted| {
        layout
            .columns
            .iter()
            .any(|column| column.role == Some(wanted))
    };
    has(Role::Stem) && has(Role::Key)
}

/// What names a column among the choices that are kept.
pub(super) fn column_key(column: &ColumnLayout) -> String {
    if column.title.is_empty() {
        format!("@{}", column.letter)
    } else {
        column.title.clone()
    }
}

fn column_view(number: usize, column: &ColumnLayout) -> ColumnView {
    let role = column.role.filter(|role| *role != Role::Ignored);
    let ignored = (String::new(), "不读取".to_owned(), role.is_none());
    let mut options = vec![ignored];
    options.extend(roles().map(|one| {
        let title = one.title_zh();
        (title.clone(), title, role == Some(one))
    }));
    if let Some(Role::IsKey(_) | Role::Option(_)) = role
        && options.iter().all(|(_value, _label, is_chosen)| !is_chosen)
    {
        // A role that is seldom needed is offered where it was found.
        let title = role.map_or_else(String::new, Role::title_zh);
        options.push((title.clone(), title, true));
    }
    ColumnView {
        field: format!("c{number}"),
        letter: column.letter.clone(),
        title: column.title.clone(),
        samples: column
            .samples
            .iter()
            .map(|sample| words::excerpt(sample))
            .collect::<Vec<_>>()
            .join(" / "),
        meaning: role.map_or_else(|| "不读取".to_owned(), Role::title_zh),
        options,
    }
}

fn severity_chip(severity: Severity) -> Cell {
    let tone = match severity {
        Severity::Error => "bad",
        Severity::Warning => "warn",
        Severity::Note => "",
    };
    Cell::chip(words::weight(severity), tone)
}

fn problems(city: &str, desk: &Desk) -> List {
    let items = &desk.reading.items;
    let found = desk.report.findings.iter();
    let rows = found
        .filter(|found| found.severity > Severity::Note)
        .map(|found| {
            let place = &found.finding.place;
            let item = items
                .iter()
                .find(|item| item.place.sheet == place.sheet && item.place.row == place.row);
            let row = match place.row {
                0 => "全卷".to_owned(),
                row => format!("第 {row} 行"),
            };
            let place_words = match &place.sheet {
                Some(sheet) if place.row > 0 => format!("{sheet} {row}"),
                _ => row,
            };
            vec![
                severity_chip(found.severity),
                match item {
                    Some(item) => Cell::link(place_words, item_path(city, &item.key)),
                    None => Cell::text(place_words),
                },
                Cell::text(place.column.as_ref().map_or_else(String::new, |column| {
                    if column.header.is_empty() {
                        String::new()
                    } else {
                        format!("{} 列（{}）", column.letter, column.header)
                    }
                })),
                Cell::text(problem(found)),
                Cell::text(words::excerpt(&found.finding.original)),
                Cell::text(found.suggestion_zh),
            ]
        });
    List::plain(
        "检查结果",
        columns([
            ("程度", Column::Chip),
            ("位置", Column::Text),
            ("列", Column::Text),
            ("问题", Column::Text),
            ("原文", Column::Text),
            ("建议", Column::Text),
        ]),
        rows.collect(),
        "没有错误，也没有警告。",
    )
}

/// What was found, without its weight, which has a column of its own.
pub(super) fn problem(found: &FindingReport) -> String {
    let whole = words::problem(found);
    let weight = words::weight(found.severity);
    let bare = whole.strip_prefix(weight).unwrap_or(&whole);
    let bare = bare.trim_start_matches('：').to_owned();
    match found.finding.similarity_percent {
        Some(percent) => format!("{bare}，相似度 {percent}%"),
        None => bare,
    }
}

pub(super) fn item_path(city: &str, key: &str) -> String {
    ITEM.replace("{city}", city).replace("{item}", key)
}

fn state_chip(state: ItemState) -> Cell {
    match state {
        ItemState::Read => Cell::chip("文件原样", ""),
        ItemState::Mended => Cell::chip("改过", "good"),
        ItemState::Added => Cell::chip("补写", "good"),
        ItemState::Broken => Cell::chip("待修改", "bad"),
        ItemState::Left => Cell::chip("已移出", ""),
    }
}

fn questions(city: &str, desk: &Desk) -> List {
    let rows = desk.reading.items.iter().map(|item| {
        let stem = item.question.as_ref().map_or_else(
            || {
                let lines = desk.reading.original(item);
                words::excerpt(lines.first().map_or("", String::as_str))
            },
            |question| question.stem().to_owned(),
        );
        let stem = if stem.trim().is_empty() {
            "（没有文字）".to_owned()
        } else {
            stem
        };
        let key = item.question.as_ref();
        vec![
            Cell::text(item.number.map_or_else(String::new, |n| n.to_string())),
            Cell::text(format!("第 {} 行", item.place.row)),
            Cell::link(stem, item_path(city, &item.key)),
            Cell::text(key.map_or_else(String::new, |q| q.key().letter().to_string())),
            state_chip(item.state),
        ]
    });
    List::plain(
        "草稿里的题目",
        columns([
            ("题号", Column::Number),
            ("位置", Column::Text),
            ("题目", Column::Text),
            ("答案", Column::Text),
            ("状态", Column::Chip),
        ]),
        rows.collect(),
        "草稿里还没有题目。先上传文件，或者逐题补写。",
    )
}

/// A file or a text as a form brings it.
#[derive(Default)]
struct Handed {
    version: String,
    begin: bool,
    file: Option<BankFile>,
    text: String,
}

impl Handed {
    async fn of(sent: Result<Multipart, MultipartRejection>) -> Option<Self> {
        let mut sent = sent.ok()?;
        let mut handed = Self::default();
        while let Some(part) = sent.next_field().await.ok()? {
            handed.take(part).await?;
        }
        Some(handed)
    }

    async fn take(&mut self, part: Part<'_>) -> Option<()> {
        match part.name() {
            Some("file") => {
                let name = part.file_name().unwrap_or_default().to_owned();
                let bytes = part.bytes().await.ok()?.to_vec();
                self.file =
                    (!name.is_empty() && !bytes.is_empty()).then_some(BankFile { name, bytes });
            }
            Some("text") => self.text = part.text().await.ok()?,
            Some("version") => self.version = part.text().await.ok()?,
            _ => {}
        }
        Some(())
    }

    /// The file, or the text as one.
    fn file(self) -> Option<BankFile> {
        let is_blank = self.text.trim().is_empty();
        self.file.or_else(|| {
            (!is_blank).then(|| BankFile {
                name: PASTED.to_owned(),
                bytes: self.text.into_bytes(),
            })
        })
    }
}

/// What a form without a file sends to the desk.
#[derive(Deserialize)]
pub(super) struct Plain {
    #[serde(default)]
    version: String,
    #[serde(default)]
    begin: String,
    #[serde(default)]
    text: String,
}

pub(super) async fn hand_in(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    request: Request,
) -> Response {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let is_in_parts = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/"));
    let handed = if is_in_parts {
        Handed::of(Multipart::from_request(request, &()).await).await
    } else {
        let plain = Sent::<Plain>::from_request(request, &()).await;
        plain.ok().map(|Sent(plain)| Handed {
            version: plain.version,
            begin: plain.begin == "yes",
            file: None,
            text: plain.text,
        })
    };
    let Some(handed) = handed else {
        let title = "没有收到文件".to_owned();
        let detail = "请重新选择文件再上传。".to_owned();
        let page = error::page(&app, Some(&organiser), title, detail);
        return error::with_status(StatusCode::BAD_REQUEST, page);
    };
    let seen = handed.version.parse().unwrap_or(-1);
    let done = if handed.begin {
        desk::begin_with_bank(&app, &organiser, &city, seen).await
    } else {
        match handed.file() {
            Some(file) => desk::upload(&app, &organiser, &city, (seen, file)).await,
            None => {
                let problem = "请选择一个文件，或者粘贴文字。".to_owned();
                Err(Refused::BankFile { problem }.into())
            }
        }
    };
    match done {
        Ok(_version) => leads_back(&city),
        Err(Error::Refused(refused @ Refused::BankFile { .. })) => {
            let said = Refusal::Upload(wording::refused(&refused));
            again(
                &app,
                &organiser,
                &city,
                said,
                StatusCode::UNPROCESSABLE_ENTITY,
            )
            .await
        }
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

async fn again(
    app: &App,
    organiser: &Organiser,
    city: &str,
    refusal: Refusal,
    status: StatusCode,
) -> Response {
    match shown(app, organiser, city, Some(refusal)).await {
        Ok(page) => error::with_status(status, page),
        Err(failed) => error::answer(app, Some(organiser), false, failed),
    }
}

/// The way back to the draft.
pub(super) fn leads_back(city: &str) -> Response {
    Redirect::to(&DESK.replace("{city}", city)).into_response()
}

/// Where a form's version stands among its fields; a field that is none belongs to no version.
fn version_in(pairs: &[(String, String)]) -> i64 {
    let version = pairs.iter().find(|(name, _value)| name == "version");
    version.map_or(-1, |(_name, value)| value.parse().unwrap_or(-1))
}

pub(super) async fn choose(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Sent(pairs): Sent<Vec<(String, String)>>,
) -> Response {
    let seen = version_in(&pairs);
    let chosen: BTreeMap<String, String> = pairs.into_iter().collect();
    let desk = match desk::desk(&app, &city).await {
        Ok(desk) => desk,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    let columns = desk
        .reading
        .layouts
        .iter()
        .flat_map(|layout| &layout.columns);
    let titles = (1_usize..).zip(columns).filter_map(|(number, column)| {
        let word = chosen.get(&format!("c{number}"))?;
        let role = Role::of_title(word).unwrap_or(Role::Ignored);
        Some((column_key(column), role))
    });
    let titles = titles.collect();
    match desk::read_columns(&app, &organiser, &city, (seen, titles)).await {
        Ok(_version) => leads_back(&city),
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

pub(super) async fn submit(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Sent(seen): Sent<Seen>,
) -> Response {
    let version = seen.version.parse().unwrap_or(-1);
    match submission::submit(&app, &organiser, &city, version, &seen.reason).await {
        Ok(_proposal) => {
            let to = bank_review::PAGE.replace("{city}", &city);
            Redirect::to(&to).into_response()
        }
        Err(Error::Refused(refused @ Refused::ReasonMissing)) => {
            let said = Refusal::Submit(wording::refused(&refused));
            again(
                &app,
                &organiser,
                &city,
                said,
                StatusCode::UNPROCESSABLE_ENTITY,
            )
            .await
        }
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}
