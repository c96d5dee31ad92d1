//! `bank convert`: questions written in the format of another question bank, or in ours.

use std::{
    fs,
    io::{Cursor, Write as _},
    path::Path,
};

use anyhow::{Context as _, bail};
use quiz_core::{
    Question,
    export::{
        self, ExportError, Part, qti,
        table::{self, Separator},
    },
};
use rust_xlsxwriter::Workbook;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::{
    content::BankFile,
    office::{self, OfficeReader},
};

/// What questions are written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Target {
    /// A workbook with our columns.
    Xlsx,
    /// A table, UTF-8.
    Csv,
    /// A table with tabs, UTF-8.
    Tsv,
    /// Text as offices write it.
    Text,
    /// Moodle's text format.
    Gift,
    /// Moodle's plainest text format; it has no explanations.
    Aiken,
    /// Moodle's XML.
    MoodleXml,
    /// A package of QTI 2.2.
    Qti2,
    /// A package of QTI 3.0.
    Qti3,
}

/// Reads a file without errors and writes its questions; what the target cannot say is refused.
pub(crate) fn convert(
    from: &Path,
    target: Target,
    out: &Path,
    reader: &OfficeReader,
) -> anyhow::Result<()> {
    let file = BankFile::open(from).with_context(|| format!("cannot read {}", from.display()))?;
    let questions = office::questions(reader, &file)
        .map_err(|error| anyhow::anyhow!("{}\n  {error}", error.message_zh()))?;
    let written = match write(&questions, target) {
        Ok(written) => written,
        Err(Unwritten::Export(error)) => bail!("{}\n  {error}", sentence(error, &questions)),
        Err(Unwritten::Other(error)) => return Err(error),
    };
    fs::write(out, written).with_context(|| format!("cannot write {}", out.display()))
}

enum Unwritten {
    Export(ExportError),
    Other(anyhow::Error),
}

impl From<ExportError> for Unwritten {
    fn from(error: ExportError) -> Self {
        Self::Export(error)
    }
}

fn write(questions: &[Question], target: Target) -> Result<Vec<u8>, Unwritten> {
    Ok(match target {
        Target::Xlsx => {
            workbook(&table::rows(questions)?).map_err(|error| Unwritten::Other(error.into()))?
        }
        Target::Csv => table::print(questions, Separator::Comma)?.into_bytes(),
        Target::Tsv => table::print(questions, Separator::Tab)?.into_bytes(),
        Target::Text => export::office_text::print(questions)?.into_bytes(),
        Target::Gift => export::gift::print(questions)?.into_bytes(),
        Target::Aiken => export::aiken::print(questions)?.into_bytes(),
        Target::MoodleXml => export::moodle_xml::print(questions)?.into_bytes(),
        Target::Qti2 => package(
            &qti::print(questions, qti::Version::V2_2)?,
            "imsqti_item_xmlv2p2",
        )
        .map_err(Unwritten::Other)?,
        Target::Qti3 => package(
            &qti::print(questions, qti::Version::V3_0)?,
            "imsqti_item_xmlv3p0",
        )
        .map_err(Unwritten::Other)?,
    })
}

/// Every cell as text, so that nothing in it can be a formula.
fn workbook(rows: &[Vec<String>]) -> Result<Vec<u8>, rust_xlsxwriter::XlsxError> {
    let mut workbook = Workbook::new();
    let worksheet = workbook.add_worksheet().set_name("单选题")?;
    for (row, cells) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(cells) {
            worksheet.write_string(row, column, cell)?;
        }
    }
    worksheet.set_freeze_panes(1, 0)?;
    workbook.save_to_buffer()
}

/// Items and their manifest in one archive (IMS Content Packaging 1.1).
fn package(items: &[String], kind: &str) -> anyhow::Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let resources: String = (1..=items.len())
        .map(|number| {
            format!(
                r#"<resource identifier="q{number}" type="{kind}" href="items/q{number}.xml"><file href="items/q{number}.xml"/></resource>"#
            )
        })
        .collect();
    let manifest = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><manifest xmlns="http://www.imsglobal.org/xsd/imscp_v1p1" identifier="bank"><organizations/><resources>{resources}</resources></manifest>"#
    );
    archive.start_file("imsmanifest.xml", SimpleFileOptions::default())?;
    archive.write_all(manifest.as_bytes())?;
    for (number, item) in (1..).zip(items) {
        archive.start_file(format!("items/q{number}.xml"), SimpleFileOptions::default())?;
        archive.write_all(item.as_bytes())?;
    }
    Ok(archive.finish()?.into_inner())
}

/// Which question cannot be written, and why.
fn sentence(error: ExportError, questions: &[Question]) -> String {
    let (index, why) = match error {
        ExportError::NoPlace { index, part } => (index, format!("该格式没有地方放{}", word(part))),
        ExportError::Character { index, character } => {
            (index, format!("该格式不能含字符 {character:?}"))
        }
        ExportError::Misread { index, part } => {
            (index, format!("{}写成该格式后会被读作别的内容", word(part)))
        }
        ExportError::Lost { index } => (index, "写成该格式后不会被读作题目".to_owned()),
        other => return other.to_string(),
    };
    let stem = questions.get(index).map_or("", Question::stem);
    format!("第{}题（{stem}）：{why}。", index.saturating_add(1))
}

const fn word(part: Part) -> &'static str {
    match part {
        Part::Stem => "题干",
        Part::Choices => "选项",
        Part::Key => "答案",
        Part::Explanation => "解析",
        Part::Source => "依据",
        Part::LawAsOf => "法条时点",
        Part::Pinned => "固定的选项位置",
        _ => "这一部分",
    }
}
