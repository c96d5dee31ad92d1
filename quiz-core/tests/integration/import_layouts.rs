//! Layouts found in the wild, each with a fragment of the file and the questions it must give.

use quiz_core::{FindingCode, Position, import::table};

use crate::sample::{codes, read_text, shape, sheet};

/// Rows of cells parted by `~`.
fn read_rows(name: Option<&str>, rows: &[&str]) -> quiz_core::import::Import {
    let cells: Vec<Vec<&str>> = rows.iter().map(|row| row.split('~').collect()).collect();
    let rows: Vec<&[&str]> = cells.iter().map(Vec::as_slice).collect();
    table::read(&sheet(name, &rows))
}

/// Each question as "stem|option|option=key".
fn shown(import: &quiz_core::import::Import) -> Vec<String> {
    let one = |q: &quiz_core::import::Positioned<quiz_core::Question>| {
        let (stem, choices, key) = shape(&q.value);
        format!("{stem}|{}={key}", choices.join("|"))
    };
    import.questions.iter().map(one).collect()
}

#[test]
fn titles_are_known_by_their_meaning() {
    for header in [
        "题目内容(必填)~题型（必填）~A选项~B选项~正 确 答 案~试题解析~*难易度",
        "*题干~*题型~*选项 A~*选项 B~*答案（A/B/C/D）~解析（选填）~备注",
        "试题题目~类型~备选答案A~备选答案B~正确答案（填字母）~解析~分值",
        "考题~题型~答案A~答案B~答案~解析~序号",
        "题目标题~题型~选项内容1~选项内容2~正确选项~解析~序号",
        "question~type~answer 1~answer 2~correct answer~explanation~time",
    ] {
        let import = read_rows(None, &[header, "问~单选~甲~乙~B~因~1"]);
        assert_eq!(shown(&import), ["问|甲|乙=B"], "{header}");
        assert_eq!(codes(&import), [], "{header}");
    }
}

#[test]
fn a_column_of_answers_is_not_the_key() {
    let import = read_rows(
        None,
        &["题目~选项A~选项B~答案~答案依据", "问~甲~乙~A~《法》"],
    );
    assert_eq!(import.questions[0].value.source(), Some("《法》"));
    let import = read_rows(None, &["题目~答案", "问~A"]);
    assert_eq!(import.questions, []);
}

#[test]
fn letters_of_options_may_stand_under_a_merged_title() {
    let import = read_rows(
        None,
        &[
            "某市题库~~~~",
            "题目~选项~~~答案",
            "~A~B~C~",
            "问~甲~乙~丙~B",
        ],
    );
    assert_eq!(shown(&import), ["问|甲|乙|丙=B"]);
    assert_eq!(codes(&import), []);
    assert_eq!(import.questions[0].place.row, 4);
}

#[test]
fn columns_that_mark_the_right_options_give_the_key() {
    let header = "content~type~option1~isCorrect1~option2~isCorrect2~option3~isCorrect3";
    let import = read_rows(
        None,
        &[
            header,
            "一~single~甲~false~乙~true~丙~",
            "二~multiple~甲~true~乙~true~丙~",
            "三~single~甲~true~乙~TRUE~丙~",
            "四~tf~True~true~False~false~~",
            "五~single~甲~~乙~~丙~",
        ],
    );
    use FindingCode::{MissingKey, SeveralKeys, UnsupportedType};
    assert_eq!(shown(&import), ["一|甲|乙|丙=B"]);
    assert_eq!(
        codes(&import),
        [UnsupportedType, SeveralKeys, UnsupportedType, MissingKey]
    );
}

#[test]
fn headings_between_rows_announce_the_type_of_the_rows_below() {
    let import = read_rows(
        None,
        &[
            "题目~选项A~选项B~答案",
            "一、单选题（每题2分）~~~",
            "一~甲~乙~B",
            "二、多选题~二、多选题~二、多选题~二、多选题",
            "二~甲~乙~A",
            "三、单项选择题~~~",
            "三~甲~乙~A",
        ],
    );
    assert_eq!(shown(&import), ["一|甲|乙=B", "三|甲|乙=A"]);
    assert_eq!(codes(&import), [FindingCode::UnsupportedType]);
    assert_eq!(import.findings[0].place.row, 5);
}

#[test]
fn options_behind_the_stem_in_its_cell_are_parted() {
    for stem in [
        "信用代码共（ ）位|15|16|18",
        "\"信用代码共（ ）位|15|16|18\"",
        "信用代码共（ ）位 A.15 B.16 C.18",
        "信用代码共（ ）位\nA.15\nB.16\nC.18",
        "信用代码共（ ）位\nA.15  B.16\nC.18",
    ] {
        for key in ["18", "\"18\"", "C"] {
            let import = read_rows(None, &["题目~正确答案", &format!("{stem}~{key}")]);
            assert_eq!(shown(&import), ["信用代码共（ ）位|15|16|18=C"], "{stem}");
            assert_eq!(codes(&import)[0], FindingCode::SplitOptions, "{stem}");
        }
    }
}

#[test]
fn options_of_one_cell_are_parted_by_letters_and_marks() {
    for cell in [
        "A.15;B.16;C.18;D.20",
        "A.15；B.16；C.18；D.20。",
        "A15B16C18D20",
        "15；16；18；20",
        "A、15 B、16 C、18 D、20",
    ] {
        let import = read_rows(None, &["题干~选项~答案", &format!("问~{cell}~C")]);
        assert_eq!(shown(&import), ["问|15|16|18|20=C"], "{cell}");
    }
    let whole = read_rows(None, &["题干~选项~答案", "问~10,000元~A"]);
    assert_eq!(codes(&whole)[0], FindingCode::MissingOptions);
}

#[test]
fn keys_are_read_out_of_the_words_around_them() {
    for key in [
        "选B",
        "答案：B",
        "B选项",
        "正确答案:B",
        "应选B",
        "b.",
        "（B）",
        "②",
    ] {
        let import = read_rows(None, &["题目~选项A~选项B~答案", &format!("问~甲~乙~{key}")]);
        assert_eq!(shown(&import), ["问|甲|乙=B"], "{key}");
    }
    let import = read_rows(None, &["题目~选项A~选项B~答案", "问~选A~选B~选B"]);
    assert_eq!(shown(&import), ["问|选A|选B=B"]);
}

#[test]
fn rows_that_tell_what_they_hold_are_read() {
    let import = read_rows(
        None,
        &[
            "M=MODULE~module_enabled~module_name",
            "Q=QUESTION~question_enabled~question_description",
            "",
            "M~1~模块",
            "S~1~科目~说明",
            "Q~1~信用代码共（ ）位~因~S~1~~0~0~0~0",
            "A~1~15~~0~1~",
            "A~1~18~~1~2~",
            "Q~1~哪些~~M~1",
            "A~1~甲~~1",
            "A~1~乙~~1",
            "Q~1~何为信用~~T~1",
            "Q~0~停用~~S~1",
            "A~1~甲~~1",
            "Q~1~两答~~S~1",
            "A~1~甲~~1",
            "A~1~乙~~1",
        ],
    );
    use FindingCode::{SeveralKeys, SkippedLine, UnsupportedType};
    assert_eq!(shown(&import), ["信用代码共（ ）位|15|18=B"]);
    assert_eq!(import.questions[0].value.explanation(), Some("因"));
    assert_eq!(import.questions[0].place.row, 6);
    assert_eq!(
        codes(&import),
        [UnsupportedType, UnsupportedType, SkippedLine, SeveralKeys]
    );
    assert_eq!(import.findings[0].original, "多选题");
    assert_eq!(import.findings[1].original, "简答题");
}

#[test]
fn fixed_cells_of_a_workbook_without_a_header_are_read() {
    let mut rows = vec![""; 13];
    rows[4] = "~~我的测验";
    rows[5] = "~~描述";
    rows.extend([
        "~一~甲~乙~丙~丁~20~2",
        "~二~甲~乙~丙~丁~20~1,2",
        "~三~甲~乙~~~30~1",
    ]);
    let import = read_rows(None, &rows);
    assert_eq!(shown(&import), ["一|甲|乙|丙|丁=B", "三|甲|乙=A"]);
    assert_eq!(codes(&import), [FindingCode::SeveralKeys]);
    assert_eq!(import.questions[0].place.row, 14);
    rows[13] = "~一~甲~乙~丙~丁~很快~2";
    assert_eq!(codes(&read_rows(None, &rows)), [FindingCode::NoHeader]);
}

#[test]
fn what_has_no_options_is_refused_by_its_kind() {
    for (question, kind) in [
        ("什么是信用？\n答案：信用是指履行约定", "问答题"),
        ("信用代码共___位\n答案：十八", "填空题"),
        ("信用代码共（ ）位\n答案：十八", "填空题"),
        ("代码共十八位（√）", "判断题"),
        ("代码共十八位\n答案：对", "判断题"),
    ] {
        let import = read_text(&format!(
            "1.一\nA.甲\nB.乙\n答案:B\n2.{question}\n3.三\nA.甲\nB.乙\n答案:A"
        ));
        assert_eq!(shown(&import), ["一|甲|乙=B", "三|甲|乙=A"], "{question}");
        assert_eq!(codes(&import), [FindingCode::UnsupportedType], "{question}");
        assert_eq!(import.findings[0].reading.as_deref(), Some(kind));
    }
}

#[test]
fn papers_of_typed_sections_and_starred_stems_are_read() {
    let import = read_text(
        "单选题\n*信用代码共（ ）位\nA.15\nB.18\n答案:B\n解析:因\n*问\nA.甲\nB.乙\n答案:A\n多选题\n*哪些\nA.1\nB.2\n答案:AB\n判断题\n*对吗\n答案:对",
    );
    assert_eq!(shown(&import), ["信用代码共（ ）位|15|18=B", "问|甲|乙=A"]);
    assert_eq!(
        codes(&import),
        [FindingCode::UnsupportedType, FindingCode::UnsupportedType]
    );
}

#[test]
fn survey_exports_are_read_with_and_without_letters() {
    let import = read_text(
        "1. 共几位？ [单选题] *\n○15\n○16\n○18 (正确答案)\n\
         2. 多少？[单选题][分值:5]\n15(正确答案)\n16\n答案解析：因\n\
         3、哪些 [多选题]\nA.1(正确答案)\nB.2(正确答案)\n\
         4、何时 [单选题]\nA.甲\nB.乙(正确答案)",
    );
    assert_eq!(
        shown(&import),
        ["共几位？|15|16|18=C", "多少？|15|16=A", "何时|甲|乙=B"]
    );
    assert_eq!(import.questions[1].value.explanation(), Some("因"));
    assert_eq!(
        import
            .findings
            .iter()
            .filter(|f| f.code == FindingCode::UnsupportedType)
            .count(),
        1
    );
}

#[test]
fn a_page_of_results_with_half_of_the_options_gives_no_question() {
    let import = read_text("1. 共几位？ [单选题]\nA.15\n您的答案：A 错误 正确答案：C");
    assert_eq!(import.questions, []);
    assert!(codes(&import).contains(&FindingCode::KeyOutsideOptions));
}

#[test]
fn options_on_one_line_are_parted_with_and_without_separators() {
    for line in [
        "A.15 B.16 C.18 D.20",
        "A、15；B、16；C、18；D、20。",
        "A15 B16 C18 D20",
        "A15B16C18D20",
        "A：15B：16C：18D：20",
        "（A）15（B）16（C）18（D）20",
        "Ａ．15　Ｂ．16　Ｃ．18　Ｄ．20",
        "a.15 b.16 c.18 d.20",
    ] {
        let import = read_text(&format!("1.共（ ）位\n{line}\n答案：C"));
        assert_eq!(shown(&import), ["共（ ）位|15|16|18|20=C"], "{line}");
    }
}

#[test]
fn the_key_is_found_wherever_a_paper_prints_it() {
    for (stem, after) in [
        ("甲（B）乙", ""),
        ("甲（ Ｂ ）乙", ""),
        ("甲( b )乙", ""),
        ("甲【B】乙", ""),
        ("甲__B__乙", ""),
        ("甲（ ）乙", "\n答：B"),
        ("甲（ ）乙", "\n正确答案 B"),
        ("甲（ ）乙", "\n【正确答案】：B"),
        ("甲（ ）乙", "\n（B）"),
        ("甲（ ）乙", "\nB"),
        ("甲（ ）乙", " 答案：B"),
        ("甲（ ）乙", "\nAnswer: B"),
        ("甲（ ）乙", " 【B】"),
        ("甲（ ）乙", "\n参考答案：\n1.B"),
        ("甲（ ）乙", "\n参考答案\n一、单选题\n1-1 B"),
    ] {
        let import = read_text(&format!("1.{stem}\nA.丙\nB.丁{after}"));
        assert_eq!(
            import.questions.len(),
            1,
            "{stem}{after} {:?}",
            import.findings
        );
        let question = &import.questions[0].value;
        assert_eq!(question.key(), Position::B, "{stem}{after}");
        assert_eq!(question.choices()[1].text(), "丁", "{stem}{after}");
        assert!(!question.stem().contains(['B', 'Ｂ', 'b']), "{stem}{after}");
    }
}

#[test]
fn a_list_of_keys_behind_the_paper_reaches_every_question() {
    let paper = "一、单选题\n1.一\nA.甲\nB.乙\n2.二\nA.甲\nB.乙\n二、多选题\n1.三\nA.甲\nB.乙\n";
    for list in [
        "参考答案\n一、单选题\n1.A 2.B\n二、多选题\n1.AB",
        "答案：1.A 2.B",
        "【参考答案】\n1-2：AB",
        "附：参考答案\n1、A\n2、B",
    ] {
        let import = read_text(&format!("{paper}{list}"));
        assert_eq!(shown(&import), ["一|甲|乙=A", "二|甲|乙=B"], "{list}");
        assert_eq!(codes(&import), [FindingCode::UnsupportedType], "{list}");
    }
    let short = read_text(&format!("{paper}参考答案\n1.A"));
    assert_eq!(shown(&short), ["一|甲|乙=A"]);
    let long = read_text(&format!("{paper}参考答案\n1.A 2.B 3.A"));
    assert!(codes(&long).contains(&FindingCode::UnreadLine));
}

#[test]
fn keys_glued_to_the_next_number_are_parted_in_every_form() {
    let import = read_text(
        "1.一\nA.甲\nB.乙\n答案:B2. 二\nA.丙\nB.丁\n答案:A 3、三\nA.丙\nB.丁\n答案A4.四\nA.丙\nB.丁\n答案:A",
    );
    assert_eq!(
        shown(&import),
        ["一|甲|乙=B", "二|丙|丁=A", "三|丙|丁=A", "四|丙|丁=A"]
    );
    assert_eq!(codes(&import), [FindingCode::SplitGlued; 3]);
}

#[test]
fn debris_of_pages_parts_no_question() {
    let import = read_text(
        "1.信用代码\n2、\n共（ ）位\nA.15\nB.16\n第 1 页 共 3 页\nPAGE 2\n- 3 -\n答案：B\n2.二\nA.1\nB.2\n答案:A",
    );
    assert_eq!(shown(&import), ["信用代码共（ ）位|15|16=B", "二|1|2=A"]);
}

#[test]
fn questions_without_arabic_numbers_are_read() {
    for paper in [
        "信用代码共（ ）位\nA.15\nB.16\n答案：B\n问（ ）\nA.1\nB.2\n答案：A",
        "一、信用代码共（ ）位\nA.15\nB.16\n答案：B\n二、问（ ）\nA.1\nB.2\n答案：A",
        "信用代码共（ ）位 A.15 B.16 答案：B\n问（ ） A.1 B.2 答案：A",
        "信用代码共（ ）位|15|16\n正确答案:16\n问（ ）|1|2\n正确答案:A",
    ] {
        let import = read_text(paper);
        assert_eq!(
            shown(&import),
            ["信用代码共（ ）位|15|16=B", "问（ ）|1|2=A"],
            "{paper}"
        );
    }
}

#[test]
fn statements_by_number_within_a_stem_stay_in_it() {
    let import = read_text("1.下列正确的是（ ）\n①甲 ②乙 ③丙\nA.①②\nB.②③\nC.①③\n答案：C");
    assert_eq!(shown(&import), ["下列正确的是（ ）①甲 ②乙 ③丙|①②|②③|①③=C"]);
}

#[test]
fn a_sheet_of_notes_is_passed_over_only_beside_questions_and_only_without_rows_of_three_cells() {
    let sheet = |name, rows: &[&str]| {
        let cells: Vec<Vec<&str>> = rows.iter().map(|row| row.split('~').collect()).collect();
        let rows: Vec<&[&str]> = cells.iter().map(Vec::as_slice).collect();
        sheet(Some(name), &rows)
    };
    let questions = sheet("单选题", &["题目~选项A~选项B~答案", "问~甲~乙~A"]);
    let notes = sheet("说明", &["填表人~某某", "请于周五前核对"]);
    let unread = sheet("题库二", &["问~甲~乙~A"]);
    let read = |sheets: &[&table::Sheet]| {
        let sheets: Vec<table::Sheet> = sheets.iter().copied().cloned().collect();
        table::read_workbook(&sheets)
    };
    assert_eq!(
        codes(&read(&[&notes, &questions])),
        [FindingCode::SheetNotRead]
    );
    assert_eq!(codes(&read(&[&notes])), [FindingCode::NoHeader]);
    assert_eq!(
        codes(&read(&[&questions, &unread])),
        [FindingCode::NoHeader],
        "a row that may be a question is not lost in silence"
    );
}

#[test]
fn an_item_is_counted_once_however_many_lines_are_wrong() {
    let import = read_text(
        "1.一\nA.甲\nB.甲\n答案：C\n2.二\nA.甲\nB.乙\n时点：昨天\n答案：A\n3.三\nA.甲\nB.乙\n答案：A\n4.四\nA.甲\nC.乙\n答案：A",
    );
    use FindingCode::{DateNotUnderstood, KeyOutsideOptions, OptionOutOfOrder, SameOptions};
    assert_eq!(
        codes(&import),
        [
            SameOptions,
            KeyOutsideOptions,
            DateNotUnderstood,
            OptionOutOfOrder
        ]
    );
    assert_eq!(
        (import.n_ready(), import.n_undecided(), import.n_refused()),
        (1, 1, 2)
    );
}

#[test]
fn a_sum_below_the_table_is_a_line_and_no_question_but_a_stem_alone_is_one() {
    let read = |last: &str| read_rows(None, &["题目~选项A~选项B~答案", "问~甲~乙~A", "", last]);
    assert_eq!(codes(&read("合计：1题")), [FindingCode::UnreadLine]);
    assert_eq!(codes(&read("~~备注：无")), [FindingCode::UnreadLine]);
    let lonely = read("合计多少？~甲");
    assert!(codes(&lonely).contains(&FindingCode::MissingOptions));
    let lonely = read("诚信是");
    let missing = &lonely.findings[0];
    assert_eq!(missing.code, FindingCode::MissingOptions);
    assert_eq!(
        missing.original, "诚信是",
        "the stem says which question it is"
    );
}

#[test]
fn an_option_without_a_separator_loses_its_letter_and_is_not_called_several() {
    let import = read_text("1.问\nA 甲\nB 乙\n答案：A\n");
    assert_eq!(shown(&import), ["问|甲|乙=A"]);
    assert_eq!(codes(&import), [FindingCode::LabelRemoved; 2]);
}
