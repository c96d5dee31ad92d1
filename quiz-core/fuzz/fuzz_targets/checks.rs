//! What must hold for every import, whatever the file.

use quiz_core::{
    BankSize, Question, Severity,
    import::Import,
    lint::{Candidates, examine},
};

/// Counts agree, every finding has its sentences, and what was read can be examined.
pub fn check(import: &Import) -> Vec<Question> {
    for finding in &import.findings {
        assert!(!finding.to_string().is_empty());
        assert!(!finding.message_zh().is_empty());
        assert!(!finding.place.to_zh().is_empty());
    }
    let has_errors = import.findings.iter().any(|f| f.severity() == Severity::Error);
    assert_eq!(has_errors, import.n_refused() > 0);
    assert!(import.n_ready() <= import.questions.len());
    for question in &import.questions {
        let question = &question.value;
        assert!((2..=6).contains(&question.choices().len()));
        assert!(question.choice(question.key()).is_some());
        assert_eq!(question.stem(), question.stem().trim());
    }
    let few = import.questions.len().min(20);
    let found = examine(&Candidates {
        province: &import.questions[..few],
        city: &[],
        size: BankSize {
            province: 1,
            city: 0,
        },
        on: None,
    });
    drop(found);
    import.questions.iter().map(|q| q.value.clone()).collect()
}

/// The questions of an import.
pub fn questions(import: Import) -> Vec<Question> {
    import.questions.into_iter().map(|q| q.value).collect()
}
