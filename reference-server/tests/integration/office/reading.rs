//! What is read: cells and paragraphs as somebody who opens the file sees them.

use proptest::prelude::*;
use quiz_core::{
    BankSize, FindingCode, Severity,
    lint::{self, Candidates},
};
use reference_server::office::{
    Block, OfficeContent, OfficeError, Refusal, import_questions, questions,
};

use super::{
    file,
    files::{archive, document, open_document, paragraph, text_cell, text_row, workbook},
    reader, refusal, rows, sample, sample_names,
};

const HEADER: [&str; 6] = ["题目（必填）", "选项A", "选项B", "选项C", "选项D", "答案"];

/// The paragraphs of a document without tables.
fn paragraphs(bytes: Vec<u8>) -> Vec<String> {
    match reader().read(&file("text.docx", bytes)) {
        Ok(OfficeContent::Text(blocks)) => blocks
            .into_iter()
            .map(|block| match block {
                Block::Paragraph(text) => text,
                Block::Table(table) => panic!("{table:?}"),
            })
            .collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_sample_bank_has_fifty_questions_and_no_error() {
    let names = sample_names();
    assert_eq!(names.len(), 1 + 13, "{names:?}");
    for name in names {
        let import = import_questions(&reader(), &sample(&name)).unwrap();
        assert_eq!(import.questions.len(), 50, "{name}");
        let errors: Vec<_> = import
            .findings
            .iter()
            .filter(|finding| finding.severity() > Severity::Note)
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
        assert_eq!(questions(&reader(), &sample(&name)).unwrap().len(), 50);
        for question in &import.questions {
            let (place, question) = (&question.place, &question.value);
            assert!(question.explanation().is_some(), "{place}");
            assert!(question.source().is_some(), "{place}");
            assert!(question.law_as_of().is_some(), "{place}");
        }
    }
}

/// The thirteen cities' questions as one bank's half, so that the clinic compares them all.
#[test]
fn no_question_of_the_season_is_asked_twice() {
    let (province, cities): (Vec<_>, Vec<_>) = sample_names()
        .into_iter()
        .partition(|name| name.starts_with("province."));
    let read = |names: Vec<String>| -> Vec<_> {
        names
            .iter()
            .flat_map(|name| {
                import_questions(&reader(), &sample(name))
                    .unwrap()
                    .questions
            })
            .collect()
    };
    let (province, city) = (read(province), read(cities));
    let findings = lint::examine(&Candidates {
        province: &province,
        city: &city,
        size: BankSize {
            province: 50,
            city: 650,
        },
        on: None,
    });
    let doubtful: Vec<String> = findings
        .iter()
        .filter(|finding| finding.severity() > Severity::Note)
        .map(ToString::to_string)
        .collect();
    assert!(doubtful.is_empty(), "{}", doubtful.join("\n"));
}

#[test]
fn numbers_and_dates_of_a_workbook_are_read_as_shown() {
    let styles = r#"<numFmts count="1"><numFmt numFmtId="164" formatCode="0&quot;年&quot;"/></numFmts><cellXfs count="4"><xf numFmtId="0"/><xf numFmtId="9"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs>"#;
    let cells = r#"<row r="3"><c r="A3"><v>5</v></c><c r="B3" s="1"><v>0.05</v></c><c r="C3" s="2"><v>43952</v></c><c r="D3" s="3"><v>3</v></c><c r="E3" t="b"><v>1</v></c><c r="G3" t="d"><v>2020-05-01T00:00:00</v></c></row>"#;
    let read = rows(&file(
        "shown.xlsx",
        workbook(&[("题库", "", cells)], styles),
    ));
    assert_eq!(read.len(), 3, "blank rows count");
    assert_eq!(
        read[2],
        ["5", "5%", "2020-05-01", "3年", "TRUE", "", "2020-05-01"]
    );
}

#[test]
fn every_visible_sheet_is_read_and_no_hidden_one() {
    let cell = |text: &str| format!(r#"<row r="1">{}</row>"#, text_cell("A1", text));
    let (one, two, three) = (cell("一"), cell("二"), cell("三"));
    let sheets = [
        ("甲", "", one.as_str()),
        ("乙", r#"state="hidden""#, &two),
        ("丙", "", &three),
    ];
    let bytes = workbook(&sheets, "");
    // A workbook of today under the old ending is read as what it is.
    for name in ["sheets.xlsx", "sheets.XLSX", "sheets.xls"] {
        let Ok(OfficeContent::Sheets(tables)) = reader().read(&file(name, bytes.clone())) else {
            panic!("{name} is not read as sheets");
        };
        let shown: Vec<(&str, &str)> = tables
            .iter()
            .map(|table| (table.name.as_deref().unwrap(), table.rows[0][0].as_str()))
            .collect();
        assert_eq!(shown, [("甲", "一"), ("丙", "三")]);
    }
}

#[test]
fn an_old_workbook_is_read_unless_a_number_may_be_shown_otherwise() {
    let sound = include_bytes!("sound.xls").to_vec();
    let read = rows(&file("old.xls", sound.clone()));
    assert_eq!(read[0], ["市级题库"]);
    assert!(read[1].is_empty());
    assert_eq!(read[3][1..6], ["15", "16", "18", "20", "C"]);
    assert_eq!(read[3][8], "2020-05-01");
    assert_eq!(
        questions(&reader(), &file("old.xls", sound)).unwrap().len(),
        1
    );
    let fraction = include_bytes!("fraction.xls").to_vec();
    assert_eq!(
        refusal(&file("old.xls", fraction)),
        Refusal::UnshownNumber {
            table: "单选题".to_owned(),
            row: 4,
            column: 5,
            value: "0.05".to_owned()
        }
    );
}

#[test]
fn a_workbook_of_the_open_document_format_is_read_as_shown() {
    let read = rows(&file(
        "open.ods",
        open_document(
            r#"<table:table-row table:number-rows-repeated="2"><table:table-cell/></table:table-row><table:table-row><table:table-cell table:number-columns-repeated="2"><text:p>甲</text:p></table:table-cell><table:covered-table-cell/><table:table-cell office:value-type="percentage" office:value="0.05"><office:annotation><text:p>批注</text:p></office:annotation><text:p>5%</text:p></table:table-cell><table:table-cell office:value-type="date" office:date-value="2020-05-01"><text:p>20年5月1日</text:p></table:table-cell><table:table-cell><text:p>一<text:s text:c="2"/>二</text:p><text:p>三</text:p></table:table-cell></table:table-row>"#,
        ),
    ));
    assert_eq!(read.len(), 3);
    assert_eq!(read[2], ["甲", "甲", "", "5%", "2020-05-01", "一  二\n三"]);
}

#[test]
fn a_row_that_is_wrong_is_found_with_file_row_column_and_suggestion() {
    let bad_rows = [
        text_row(1, &["市级题库"]),
        text_row(3, &HEADER),
        text_row(4, &["甲（ ）。", "一", "二", "三", "四", "B"]),
        text_row(6, &["乙（ ）。", "一", "二", "三", "四", "E"]),
    ];
    let bad = file(
        "wuxi.xlsx",
        workbook(&[("单选题", "", &bad_rows.concat())], ""),
    );
    let import = import_questions(&reader(), &bad).unwrap();
    assert_eq!(import.questions.len(), 1);
    let found = import
        .findings
        .iter()
        .find(|finding| finding.code == FindingCode::KeyOutsideOptions)
        .unwrap();
    let column = found.place.column.as_ref().unwrap();
    assert_eq!(found.place.file, "wuxi.xlsx");
    assert_eq!(found.place.sheet.as_deref(), Some("单选题"));
    assert_eq!((found.place.row, column.letter.as_str()), (6, "F"));
    assert_eq!(found.original, "E");
    assert!(!found.suggestion_zh().is_empty());
    let error = questions(&reader(), &bad).unwrap_err();
    assert!(matches!(&error, OfficeError::HasErrors { n_more: 0, .. }));
    let said = error.to_string();
    for part in ["wuxi.xlsx", "row 6", "column F"] {
        assert!(said.contains(part), "{said}");
    }
    assert!(
        error.message_zh().contains("第6行F列"),
        "{}",
        error.message_zh()
    );
}

#[test]
fn a_file_in_which_nothing_is_found_is_an_error_and_not_an_empty_bank() {
    for blank in [
        file("blank.xlsx", workbook(&[("题库", "", "")], "")),
        file("blank.csv", ""),
        file("blank.txt", "\n\n"),
        file("blank.docx", document("", None)),
    ] {
        let import = import_questions(&reader(), &blank).unwrap();
        assert_eq!(import.findings[0].code, FindingCode::NoQuestions);
        assert!(questions(&reader(), &blank).is_err());
    }
}

#[test]
fn a_table_in_gb18030_gives_the_questions_of_the_same_table_in_utf_8() {
    let table = "题目,选项A,选项B,选项C,选项D,答案,解析,依据,法条时点\n“信用”重于（ ）。,泰山,鸿毛,尘土,流水,A,略,常识,2020/5/1\n";
    let (gb18030, _, _) = encoding_rs::GB18030.encode(table);
    let from = |bytes: &[u8]| questions(&reader(), &file("city.csv", bytes)).unwrap();
    assert_eq!(from(&gb18030), from(table.as_bytes()));
    assert_eq!(from(&gb18030).len(), 1);
    assert_eq!(
        refusal(&file("none.csv", b"\xFF\xFF\xFF".to_vec())),
        Refusal::UnknownEncoding
    );
}

#[test]
fn the_numbers_of_lists_are_read_as_word_writes_them() {
    let lists = r#"<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1．"/></w:lvl><w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="upperLetter"/><w:lvlText w:val="%2．"/></w:lvl></w:abstractNum><w:abstractNum w:abstractNumId="2"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="bullet"/><w:lvlText w:val=""/></w:lvl></w:abstractNum><w:num w:numId="7"><w:abstractNumId w:val="1"/></w:num><w:num w:numId="8"><w:abstractNumId w:val="2"/></w:num><w:num w:numId="9"><w:abstractNumId w:val="1"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride></w:num>"#;
    let item = |list: u8, level: u8, text: &str| {
        let place =
            format!(r#"<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{list}"/></w:numPr>"#);
        paragraph(&place, text)
    };
    let body = [
        item(7, 0, "甲（ ）。"),
        item(7, 1, "一"),
        item(7, 1, "二"),
        paragraph("", "答案：B"),
        item(7, 0, "乙（ ）。"),
        item(7, 1, "三"),
        item(8, 0, "说明"),
        item(9, 0, "丙"),
        item(9, 0, "丁"),
    ];
    assert_eq!(
        paragraphs(document(&body.concat(), Some(lists))),
        [
            "1．甲（ ）。",
            "A．一",
            "B．二",
            "答案：B",
            "2．乙（ ）。",
            "A．三",
            "说明",
            "5．丙",
            "6．丁"
        ]
    );
}

#[test]
fn what_a_reader_of_a_document_does_not_see_is_not_read() {
    let body = r#"<w:p><w:r><w:t>看得</w:t></w:r><w:del><w:r><w:delText>删去</w:delText></w:r></w:del><w:moveFrom><w:r><w:t>移走</w:t></w:r></w:moveFrom><w:r><w:rPr><w:vanish/></w:rPr><w:t>隐藏</w:t></w:r><w:ins><w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>见&amp;</w:t><w:tab/><w:t>的</w:t></w:r></w:ins><w:r><w:instrText>PAGE</w:instrText></w:r></w:p><w:p><w:pPr><w:tabs><w:tab w:val="left"/></w:tabs></w:pPr><w:r><w:t>一</w:t><w:br/><w:t>二</w:t><w:drawing><a:blip xmlns:a="a"/></w:drawing></w:r></w:p>"#;
    assert_eq!(
        paragraphs(document(body, None)),
        ["看得见&\t的", "一\n二［图］"]
    );
}

#[test]
fn a_table_in_a_document_is_read_as_a_table_and_a_table_for_layout_as_text() {
    let cell = |text: &str| format!("<w:tc>{}</w:tc>", paragraph("", text));
    let row = |cells: &[&str]| {
        let cells: String = cells.iter().map(|text| cell(text)).collect();
        format!("<w:tr>{cells}</w:tr>")
    };
    let question = ["甲（ ）。", "一", "二", "三", "四", "C"];
    let table = format!("<w:tbl>{}{}</w:tbl>", row(&HEADER), row(&question));
    let body = [paragraph("", "市级题库"), table].concat();
    let import = import_questions(&reader(), &file("table.docx", document(&body, None))).unwrap();
    assert_eq!(import.questions.len(), 1);
    assert_eq!(import.questions[0].place.sheet.as_deref(), Some("表格1"));
    assert_eq!(import.questions[0].place.row, 2);
    assert!(
        import
            .findings
            .iter()
            .all(|f| f.severity() < Severity::Error)
    );

    let layout = format!(
        "<w:tbl>{}{}</w:tbl>",
        row(&["A．一", "B．二"]),
        row(&["C．三", "D．四"])
    );
    let body = [
        paragraph("", "1．甲（ C ）。"),
        layout,
        paragraph("", "解析：略"),
    ]
    .concat();
    let read = questions(&reader(), &file("layout.docx", document(&body, None))).unwrap();
    assert_eq!(read[0].choices().len(), 4);
    assert_eq!(read[0].explanation(), Some("略"));
}

#[test]
fn files_of_other_formats_are_refused_by_name_or_content() {
    let read = |name: &str, bytes: &[u8]| reader().read(&file(name, bytes)).unwrap_err();
    let old = read("题库.doc", b"x");
    assert!(matches!(old, OfficeError::OldWord { .. }));
    assert!(
        old.message_zh()
            .contains("请用 Word 或 WPS 另存为 .docx 后再上传")
    );
    for name in ["题库.pdf", "题库", "docx"] {
        assert!(matches!(
            read(name, b"x"),
            OfficeError::UnknownEnding { .. }
        ));
    }
    let large = vec![b'x'; 10 * 1024 * 1024 + 1];
    assert!(matches!(
        read("large.txt", &large),
        OfficeError::TooLarge { .. }
    ));
    let compound = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    for name in ["locked.xlsx", "locked.docx"] {
        assert_eq!(refusal(&file(name, compound.clone())), Refusal::Locked);
    }
    for name in ["none.xlsx", "none.xls", "none.ods", "none.docx"] {
        assert!(matches!(
            refusal(&file(name, "no office file")),
            Refusal::Malformed { .. }
        ));
    }
    let cut = workbook(&[("题库", "", &text_row(1, &HEADER))], "");
    let cut = cut[..cut.len() / 2].to_vec();
    assert!(matches!(
        refusal(&file("cut.xlsx", cut)),
        Refusal::Malformed { .. }
    ));
    assert_eq!(
        refusal(&file("hollow.docx", archive(&[("other.xml", "<x/>")]))),
        Refusal::MissingPart {
            part: "word/document.xml".to_owned()
        }
    );
}

/// Letters of the keys, and the sheets in which the questions stand.
fn keys(name: &str, bytes: impl Into<Vec<u8>>) -> Vec<(char, Option<String>)> {
    let import = import_questions(&reader(), &file(name, bytes)).unwrap();
    let read = import.questions.into_iter();
    read.map(|question| (question.value.key().letter(), question.place.sheet))
        .collect()
}

#[test]
fn other_question_banks_are_told_by_ending_or_content() {
    let gift = "::一::诚信的首字是 { ~信 =诚 ~用 }\n";
    let aiken = "诚信的首字是\nA. 信\nB. 诚\nANSWER: B\n";
    let moodle = "<quiz><question type=\"multichoice\"><questiontext><text>诚信的首字是</text></questiontext><single>true</single><answer fraction=\"0\"><text>信</text></answer><answer fraction=\"100\"><text>诚</text></answer></question></quiz>";
    for (name, text) in [
        ("bank.gift", gift),
        ("bank.txt", gift),
        ("bank.aiken", aiken),
        ("bank.txt", aiken),
        ("bank.xml", moodle),
    ] {
        assert_eq!(keys(name, text), [('B', None)], "{name}: {text}");
    }
    let (gb, _, _) = encoding_rs::GB18030.encode(gift);
    assert_eq!(keys("gb.gift", gb.into_owned()), [('B', None)]);
}

#[test]
fn a_package_is_read_item_by_item_and_one_without_a_manifest_is_refused() {
    let item = |key: &str| {
        format!(
            r#"<assessmentItem identifier="i" title="t"><responseDeclaration identifier="R" cardinality="single" baseType="identifier"><correctResponse><value>{key}</value></correctResponse></responseDeclaration><itemBody><choiceInteraction responseIdentifier="R" shuffle="true" maxChoices="1"><prompt>诚信的首字是</prompt><simpleChoice identifier="a">诚</simpleChoice><simpleChoice identifier="b">信</simpleChoice></choiceInteraction></itemBody></assessmentItem>"#
        )
    };
    let (one, two) = (item("a"), item("b"));
    let parts = [
        ("imsmanifest.xml", "<manifest/>"),
        ("items/1.xml", one.as_str()),
        ("items/2.xml", two.as_str()),
        ("items/note.txt", "no item"),
    ];
    assert_eq!(
        keys("bank.zip", archive(&parts)),
        [
            ('A', Some("items/1.xml".to_owned())),
            ('B', Some("items/2.xml".to_owned()))
        ]
    );
    assert_eq!(
        refusal(&file("bank.zip", archive(&parts[1..]))),
        Refusal::MissingPart {
            part: "imsmanifest.xml".to_owned()
        }
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_text_file_makes_the_server_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), words in "[,;\"\\n\\r\\t题A-D答案选项. ]{0,200}") {
        for name in ["any.csv", "any.tsv", "any.txt", "any.gift", "any.aiken", "any.xml"] {
            for content in [bytes.clone(), words.clone().into_bytes()] {
                let import = import_questions(&reader(), &file(name, content));
                if let Ok(import) = import {
                    prop_assert!(!(import.questions.is_empty() && import.findings.is_empty()));
                }
            }
        }
    }
}
