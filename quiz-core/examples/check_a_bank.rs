//! Reads rows as an office sends them, shows what is found in them, and has a half approved and frozen.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use quiz_core::{
    BankSize, Origin, Question,
    import::{
        Positioned,
        table::{Sheet, read},
    },
    life::{DraftHalf, Editor, FrozenBank},
    lint::{Candidates, examine},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let row = |cells: [&str; 6]| cells.map(str::to_owned).to_vec();
    let sheet = Sheet {
        file: "示例.csv".to_owned(),
        name: None,
        first_row: 1,
        first_column: 1,
        rows: vec![
            row([
                "题目（必填）",
                "选项A",
                "选项B",
                "选项C",
                "正确答案",
                "依据",
            ]),
            row([
                "统一社会信用代码共（ ）位。",
                "16",
                "17",
                "18",
                "C",
                "GB 32100-2015",
            ]),
            row(["统一社会信用代码共( )位.", "16", "17", "18", "2", ""]),
            row(["下列正确的是（ ）", "甲", "乙", "丙", "AB", ""]),
        ],
    };
    let import = read(&sheet);
    let candidates = Candidates {
        province: &[],
        city: &import.questions,
        size: BankSize {
            province: 0,
            city: 2,
        },
        on: None,
    };
    for finding in import.findings.iter().chain(&examine(&candidates)) {
        println!("{finding}");
        println!(
            "  {} {} {}",
            finding.severity().to_zh(),
            finding.message_zh(),
            finding.suggestion_zh()
        );
    }
    println!(
        "{} read, {} refused",
        import.questions.len(),
        import.n_refused()
    );
    freeze_the_first(&import.questions)
}

/// One person hands the first question in, another approves what has the digest he was shown.
fn freeze_the_first(read: &[Positioned<Question>]) -> Result<(), Box<dyn std::error::Error>> {
    let size = BankSize {
        province: 0,
        city: 1,
    };
    let half = |origin, n| {
        let questions = read.iter().take(n);
        DraftHalf::new(origin, questions.map(|q| q.value.clone()).collect())
    };
    let [author, approver] = ["作者", "审核人"].map(Editor::new);
    let (author, approver) = author.zip(approver).ok_or("both have names")?;
    let approved = |half: DraftHalf| {
        let submitted = half
            .submit(author.clone(), size)
            .map_err(|refused| refused.reason)?;
        let seen = submitted.digest();
        submitted
            .approve(approver.clone(), seen)
            .map_err(|refused| refused.reason)
    };
    let frozen = FrozenBank::freeze(
        size,
        &approved(half(Origin::Province, 0))?,
        &approved(half(Origin::City, 1))?,
    )?;
    println!(
        "frozen as {}, approved by {}",
        frozen.bank.digest(),
        frozen.city.approver
    );
    Ok(())
}
