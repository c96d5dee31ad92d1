//! A timetable as an office sends it: its rows from a file, and what was found in it as sentences.

use chrono::Weekday;
use schedule_core::{
    ChangeRefusal, EditionError, EditionSlug, Province, jiangsu,
    timetable::{CellRow, Finding, Matter, Reader, Reading, Severity},
};

use super::{Block, OfficeContent, OfficeError, OfficeReader, Table};
use crate::content::BankFile;

/// Reads the timetable in a file: its first table that is one, or the lines of its text.
///
/// `year` is that of the first row, where the file prints none.
///
/// # Errors
/// As [`OfficeReader::read`].
pub fn read(
    reader: &OfficeReader,
    file: &BankFile,
    (slug, title): (EditionSlug, &str),
    year: i32,
) -> Result<Reading, OfficeError> {
    let timetables = Reader::new(slug, title, jiangsu(), year);
    Ok(match reader.read(file)? {
        OfficeContent::Sheets(tables) => {
            first_table(&timetables, tables).unwrap_or_else(|| timetables.read_rows(&[]))
        }
        OfficeContent::Text(blocks) => text(&timetables, blocks),
        OfficeContent::Foreign(files) => {
            let texts: Vec<String> = files.into_iter().map(|file| file.text).collect();
            timetables.read_text(&texts.join("\n"))
        }
    })
}

/// A document's first table that is a timetable, or the lines of its text.
fn text(timetables: &Reader, blocks: Vec<Block>) -> Reading {
    let mut tables = Vec::new();
    let mut lines = Vec::new();
    for block in blocks {
        match block {
            Block::Paragraph(line) => lines.push(line),
            Block::Table(table) => tables.push(table),
        }
    }
    first_table(timetables, tables).unwrap_or_else(|| timetables.read_text(&lines.join("\n")))
}

/// The reading of the first table with rows of a timetable, or of the first at all.
fn first_table(timetables: &Reader, tables: Vec<Table>) -> Option<Reading> {
    let mut readings: Vec<Reading> = tables
        .into_iter()
        .map(|table| timetables.read_rows(&rows(table)))
        .collect();
    let chosen = readings
        .iter()
        .position(|reading| reading.n_rows() > 0)
        .unwrap_or(0);
    (chosen < readings.len()).then(|| readings.swap_remove(chosen))
}

fn rows(table: Table) -> Vec<CellRow> {
    (1..)
        .zip(table.rows)
        .map(|(number, cells)| CellRow::new(number, (1..).zip(cells)))
        .collect()
}

/// A finding as one sentence with its place.
#[must_use]
pub fn sentence(finding: &Finding) -> String {
    let weight = match finding.severity() {
        Severity::Error => "错误",
        Severity::Warning => "需确认",
    };
    let place = finding.place();
    format!(
        "第{}行第{}列 {weight}：{}。",
        place.line(),
        place.column(),
        matter(finding.matter())
    )
}

fn matter(matter: &Matter) -> String {
    match matter {
        Matter::NoTable => "没有找到含日期和城市的日程表".to_owned(),
        Matter::SecondTable => "这里开始了第二张表，请一次只给一张".to_owned(),
        Matter::DuplicateColumn { name } => format!("有两列含义相同：“{name}”"),
        Matter::MissingDates => "这一行没有日期".to_owned(),
        Matter::UnreadableDates { text } => {
            format!("“{text}”不是日期范围，请写成“2月29日—3月6日”")
        }
        Matter::NoSuchDay { year, month, day } => {
            format!("日历上没有{year}年{month}月{day}日")
        }
        Matter::NoSuchTime { hour, minute } => format!("没有{hour:02}:{minute:02}这个时刻"),
        Matter::Reversed { text } => format!("“{text}”结束早于开始"),
        Matter::UnknownCity { text } => format!("“{text}”既不是本省城市，也不是阶段名称"),
        Matter::Unsound(error) => unsound(error),
        Matter::NumbersMissing { after, before } => {
            format!("序号从{after}跳到{before}，按原样保留，请确认是否漏行")
        }
        Matter::NumberOutOfOrder { above, label } => {
            format!("序号“{label}”排在“{above}”之后，按原样保留")
        }
        Matter::NumberBlank => "这一行没有序号".to_owned(),
        Matter::LeapDay { day } => format!("{day}只有闰年才有，请确认年份"),
        Matter::YearTurned { year } => format!("没有印年份，按{year}年理解"),
        Matter::WeekdayDisagrees { day, printed } => {
            let printed = weekday(*printed);
            format!("{day}不是所印的星期{printed}，请确认日期或年份")
        }
        Matter::EndsBeforeMidnight { day } => {
            format!("印的是23:59结束，{day}最后一分钟不在竞赛时段内")
        }
        Matter::Gap { n_days } => format!("本场之前有{n_days}天没有城市开放"),
        Matter::NoPreheat { city } => format!("{city}没有预热时段"),
        Matter::NotRead { text } => format!("未读取：“{text}”"),
        other => other.to_string(),
    }
}

/// Why rows that can be read are no edition.
fn unsound(error: &EditionError) -> String {
    let province = jiangsu();
    let name = |city| name(&province, city);
    match error {
        EditionError::NoContest { .. } => "表中没有竞赛".to_owned(),
        EditionError::EmptyRow { label } => format!("第“{label}”号没有城市，也没有阶段"),
        EditionError::RowsOutOfOrder { above, label } => {
            format!("第“{label}”号开始得比印在上面的第“{above}”号还早")
        }
        EditionError::ContestsOverlap {
            first,
            second,
            overlap,
            ..
        } => format!(
            "{}和{}的竞赛时段重叠（{overlap}），同一时间只能有一个城市开放",
            name(first),
            name(second)
        ),
        EditionError::RepeatedContest {
            city,
            first_label,
            second_label,
        } => format!(
            "{}在第“{first_label}”号和第“{second_label}”号各有一场竞赛",
            name(city)
        ),
        EditionError::RepeatedPreheat {
            city,
            first_label,
            second_label,
        } => format!(
            "{}在第“{first_label}”号和第“{second_label}”号各有一次预热",
            name(city)
        ),
        EditionError::PreheatWithoutContest { city, .. } => {
            format!("{}只有预热，没有竞赛", name(city))
        }
        EditionError::PreheatAfterOpening { city, preheat, .. } => {
            format!("{}的预热（{preheat}）在竞赛开始之后才结束", name(city))
        }
        other => format!("各行可读，但不能组成赛程（{other}）"),
    }
}

const fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "一",
        Weekday::Tue => "二",
        Weekday::Wed => "三",
        Weekday::Thu => "四",
        Weekday::Fri => "五",
        Weekday::Sat => "六",
        Weekday::Sun => "日",
    }
}

/// Why a change comes too late, as one sentence.
#[must_use]
pub fn refusal(refusal: &ChangeRefusal) -> String {
    let province = jiangsu();
    match refusal {
        ChangeRefusal::Running { city, window } => format!(
            "{}正在竞赛（{window}），参与者以公布的结束时间为准。",
            name(&province, city)
        ),
        ChangeRefusal::Past { city, window } => {
            format!("{}的竞赛已经结束（{window}）。", name(&province, city))
        }
        ChangeRefusal::OpensInThePast { city, window } => format!(
            "{}调整后的开放时间（{window}）已经过去。",
            name(&province, city)
        ),
        other => other.to_string(),
    }
}

fn name(province: &Province, city: &schedule_core::CitySlug) -> String {
    province
        .city(city)
        .map_or_else(|| city.to_string(), |city| city.name().to_owned())
}
