//! Organisers: the people of the offices who run the contest from the console.
//!
//! | file | what happens there |
//! |---|---|
//! | `role` | what somebody may be, and who may be what together |
//! | `roster` | accounts are made, listed, switched off, and set up by a link |
//! | `sign_in` | name, password and second factor become a session; tries are paced |
//! | `second_factor` | codes of the authenticator, and what stands in for it |
//! | `proposal` | what one person proposes and another decides |

pub mod proposal;
pub mod role;
pub mod roster;
pub mod second_factor;
pub mod sign_in;

use std::fmt;

use super::{
    Failure, books_seal::OpenItem, edition::Problem, page_check::Flaw, page_picture::PictureProblem,
};
use crate::{settings::SecretName, store::StoreError};

pub use role::{Role, Roles};

/// Why a use case of the console gave no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An expected no; the console has a sentence for it.
    #[error("refused: {}", .0.code())]
    Refused(Refused),
    /// Something below failed; reported once, at the edge.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Failed(Failure::Store(error))
    }
}

impl From<super::Error> for Error {
    fn from(error: super::Error) -> Self {
        match error {
            super::Error::Failed(failure) => Self::Failed(failure),
            super::Error::Refused(super::Refusal::UnknownCity) => Self::Refused(Refused::NotFound),
            super::Error::Refused(refusal) => Self::Failed(Failure::defect(format_args!(
                "a citizen's refusal in the console: {}",
                refusal.code()
            ))),
        }
    }
}

/// Every expected no of the console.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// Name, password or code is wrong, or the account is switched off: which of them is not told.
    SignIn,
    /// Too many tries in vain.
    Wait {
        /// Seconds until the next one.
        seconds: i64,
    },
    /// The code is wrong, or was used before.
    WrongCode,
    /// The link was used, has expired, or a newer one took its place.
    LinkEnded,
    /// The password has too few characters, or too many.
    PasswordLength,
    /// The password is the name, or one character again and again.
    PasswordPlain,
    /// The two passwords typed differ.
    PasswordsDiffer,
    /// The name is taken.
    NameTaken,
    /// The name has other characters than it may have.
    NameForm,
    /// These roles do not go together, or not with that city.
    RolesClash,
    /// The action wants the second factor once more.
    StepUpRequired,
    /// Whoever proposed something does not decide about it.
    SamePerson,
    /// Only the maker takes a proposal back.
    NotTheMaker,
    /// The proposal was decided before, or never made.
    NotWaiting,
    /// What was looked at is not what was proposed.
    OtherContent,
    /// There is no reason, or it is too long.
    ReasonMissing,
    /// A sentence for people is no line of 4 to 100 characters.
    SentenceForm,
    /// There is nothing of that name to be paused, tried or given.
    SubjectUnknown,
    /// Something stands against a version of a city's page.
    PageUnfit {
        /// What.
        flaws: Vec<Flaw>,
    },
    /// A picture cannot be taken.
    PictureUnfit {
        /// Why.
        problem: PictureProblem,
    },
    /// It is not paused.
    NotPaused,
    /// It takes two persons.
    TwoPersons,
    /// The same waits for somebody already.
    AlreadyProposed,
    /// The payment's state does not allow it.
    NotInThisState {
        /// The state's name.
        state: String,
    },
    /// The incident has ended.
    IncidentEnded,
    /// The action does not go with what it is about.
    ActionUnfit,
    /// The account does not hold so much.
    Overdrawn,
    /// The rail is not paused until somebody resumes it.
    RailNotPaused,
    /// Something in the day is open, or it has no bill.
    DayOpen,
    /// The day is closed already.
    DayClosed,
    /// Something stands against sealing the city.
    BooksOpen {
        /// What.
        reasons: Vec<OpenItem>,
    },
    /// The books of the city are sealed.
    BooksSealed,
    /// What it concerns has begun already.
    TooLate,
    /// What it concerns is not over yet.
    TooEarly,
    /// Our own books disagree about what is to be signed.
    BooksDiffer,
    /// A text is longer than it may be.
    TextTooLong,
    /// A secret has not the form of its kind.
    SecretForm(SecretName),
    /// A question of the province's half is corrected by the province.
    NotYours,
    /// It is in force or waits already, or it is the key itself.
    NothingToCorrect,
    /// Something stands against an edition of the timetable.
    ScheduleUnfit {
        /// What.
        problems: Vec<Problem>,
    },
    /// Another edition of the timetable is in force than the one that was looked at.
    Superseded,
    /// The city has opened: its bank is the one it has.
    BankFrozen,
    /// A question of the bank was corrected: its corrections count by its places.
    BankCorrected,
    /// The draft is no bank yet.
    BankNotReady {
        /// What is missing, in sentences without a full stop.
        reasons: Vec<String>,
    },
    /// It is the bank in force already.
    BankSame,
    /// A file gives no questions.
    BankFile {
        /// What is wrong with it, in a sentence.
        problem: String,
    },
    /// Somebody else has changed the draft meanwhile.
    DraftChanged,
    /// What was typed is no question.
    QuestionUnfit {
        /// Which part of it.
        part: String,
        /// What is wrong with that part.
        problem: String,
    },
    /// There is no such thing, or it is another city's.
    NotFound,
}

impl Refused {
    /// The stable word for this refusal, as the API's problem type carries it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::SignIn => "sign-in-refused",
            Self::Wait { .. } => "too-many-tries",
            Self::WrongCode => "wrong-code",
            Self::LinkEnded => "link-ended",
            Self::PasswordLength => "password-length",
            Self::PasswordPlain => "password-plain",
            Self::PasswordsDiffer => "passwords-differ",
            Self::NameTaken => "name-taken",
            Self::NameForm => "name-form",
            Self::RolesClash => "roles-clash",
            Self::StepUpRequired => "step-up-required",
            Self::SamePerson => "same-person",
            Self::NotTheMaker => "not-the-maker",
            Self::NotWaiting => "not-waiting",
            Self::OtherContent => "other-content",
            Self::ReasonMissing => "reason-missing",
            Self::SentenceForm => "sentence-form",
            Self::SubjectUnknown => "subject-unknown",
            Self::PageUnfit { .. } => "page-unfit",
            Self::PictureUnfit { .. } => "picture-unfit",
            Self::NotPaused => "not-paused",
            Self::TwoPersons => "two-persons",
            Self::AlreadyProposed => "already-proposed",
            Self::NotInThisState { .. } => "not-in-this-state",
            Self::IncidentEnded => "incident-ended",
            Self::ActionUnfit => "action-unfit",
            Self::Overdrawn => "overdrawn",
            Self::RailNotPaused => "rail-not-paused",
            Self::DayOpen => "day-open",
            Self::DayClosed => "day-closed",
            Self::BooksOpen { .. } => "books-open",
            Self::BooksSealed => "books-sealed",
            Self::TooLate => "too-late",
            Self::TooEarly => "too-early",
            Self::BooksDiffer => "books-differ",
            Self::TextTooLong => "text-too-long",
            Self::SecretForm(_) => "secret-form",
            Self::NotYours => "not-yours",
            Self::NothingToCorrect => "nothing-to-correct",
            Self::ScheduleUnfit { .. } => "schedule-unfit",
            Self::Superseded => "superseded",
            Self::BankFrozen => "bank-frozen",
            Self::BankCorrected => "bank-corrected",
            Self::BankNotReady { .. } => "bank-not-ready",
            Self::BankSame => "bank-same",
            Self::BankFile { .. } => "bank-file",
            Self::DraftChanged => "draft-changed",
            Self::QuestionUnfit { .. } => "question-unfit",
            Self::NotFound => "not-found",
        }
    }
}

/// Somebody who is signed in to the console.
#[derive(Clone, PartialEq, Eq)]
pub struct Organiser {
    /// The name, as it stands in the audit chain.
    pub name: String,
    /// What people call them.
    pub display_name: String,
    /// What they may do.
    pub roles: Roles,
    /// The one city they see; all of them without one.
    pub city: Option<String>,
    /// The digest of the session's token.
    pub session: String,
    /// Whether the second factor was shown again a moment ago.
    pub is_stepped_up: bool,
}

impl fmt::Debug for Organiser {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Organiser")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Organiser {
    /// Whether this organiser sees a city.
    #[must_use]
    pub fn sees(&self, city: &str) -> bool {
        self.city.as_deref().is_none_or(|own| own == city)
    }
}

/// The longest reason, in characters.
const REASON_CHARACTERS: usize = 500;

/// A reason without blanks around it.
///
/// # Errors
/// Refuses with [`Refused::ReasonMissing`] what is empty or has more than 500 characters.
pub fn reason(text: &str) -> Result<String, Refused> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > REASON_CHARACTERS {
        return Err(Refused::ReasonMissing);
    }
    Ok(text.to_owned())
}
