//! Office files made on the spot, no larger than a test needs.

use std::io::{Cursor, Write};

use zip::{ZipWriter, write::SimpleFileOptions};

/// An archive of parts.
pub(super) fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        writer
            .start_file(*name, SimpleFileOptions::default())
            .unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A workbook of sheets: name, attributes, and the rows as XML.
pub(super) fn workbook(sheets: &[(&str, &str, &str)], styles: &str) -> Vec<u8> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let mut list = String::new();
    let mut relations = String::new();
    let mut parts = Vec::new();
    for (index, (name, attributes, rows)) in sheets.iter().enumerate() {
        list +=
            &format!(r#"<sheet name="{name}" sheetId="{index}" {attributes} r:id="r{index}"/>"#);
        relations += &format!(
            r#"<Relationship Id="r{index}" Type="{RELATIONS}/worksheet" Target="worksheets/s{index}.xml"/>"#
        );
        parts.push((
            format!("xl/worksheets/s{index}.xml"),
            format!(r#"<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>"#),
        ));
    }
    parts.push((
        "xl/workbook.xml".to_owned(),
        format!(
            r#"<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>{list}</sheets></workbook>"#
        ),
    ));
    parts.push((
        "xl/_rels/workbook.xml.rels".to_owned(),
        format!(
            r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{relations}</Relationships>"#
        ),
    ));
    parts.push((
        "_rels/.rels".to_owned(),
        format!(
            r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
        ),
    ));
    if !styles.is_empty() {
        parts.push((
            "xl/styles.xml".to_owned(),
            format!(r#"<styleSheet xmlns="{MAIN}">{styles}</styleSheet>"#),
        ));
    }
    let parts: Vec<(&str, &str)> = parts
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    archive(&parts)
}

/// A cell of a workbook that holds text.
pub(super) fn text_cell(address: &str, text: &str) -> String {
    format!(r#"<c r="{address}" t="inlineStr"><is><t>{text}</t></is></c>"#)
}

/// A row of a workbook, from column A on.
pub(super) fn text_row(row: usize, cells: &[&str]) -> String {
    let cells: String = ('A'..='Z')
        .zip(cells)
        .map(|(column, text)| text_cell(&format!("{column}{row}"), text))
        .collect();
    format!(r#"<row r="{row}">{cells}</row>"#)
}

/// A document with a body and, perhaps, lists.
pub(super) fn document(body: &str, numbering: Option<&str>) -> Vec<u8> {
    const MAIN: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
    let body = format!(r#"<w:document xmlns:w="{MAIN}"><w:body>{body}</w:body></w:document>"#);
    let numbering =
        numbering.map(|lists| format!(r#"<w:numbering xmlns:w="{MAIN}">{lists}</w:numbering>"#));
    let mut parts = vec![("word/document.xml", body.as_str())];
    if let Some(numbering) = &numbering {
        parts.push(("word/numbering.xml", numbering));
    }
    archive(&parts)
}

/// A paragraph of a document with properties and text.
pub(super) fn paragraph(properties: &str, text: &str) -> String {
    format!("<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>")
}

/// A workbook of the Open Document Format with one sheet.
pub(super) fn open_document(rows: &str) -> Vec<u8> {
    let content = format!(
        r#"<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x"><office:body><office:spreadsheet><table:table table:name="题库">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"#
    );
    archive(&[("content.xml", &content)])
}
