//! Reads rows as an office sends them, and shows what is found in them.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use quiz_core::{
    BankSize,
    import::table::{Sheet, read},
    lint::{Candidates, examine},
};

fn main() {
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
}
