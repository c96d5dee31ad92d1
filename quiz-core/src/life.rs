//! The life of a half of a bank: draft, submitted by one person, approved by another, frozen with the other half.
//!
//! Each stage is a type, and a step consumes it: what was submitted cannot be edited, what was not approved cannot be
//! frozen. An edit begins a new draft, so a signature always stands under the content it was given for.
//! [`Half`] and [`Step`] are the same machine for callers that learn at run time which stage a half is in;
//! a half is restored by replaying its steps.
//!
//! The approver is never the author (four eyes, "maker is not checker").
//! Both halves have exactly the announced number of questions when they are frozen: fewer refuse the submission,
//! more refuse the freezing, until somebody has chosen which to leave out.

use std::fmt;

use crate::{
    BankDigest, BankError, BankSize, Halves, Origin, Question, QuestionBank,
    bank::refuse_duplicates,
};

/// Somebody of an office who edits or approves questions, by whatever name the caller tells them apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Editor(String);

impl Editor {
    /// Editor of a name; outer white space is dropped, and a blank name is nobody.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let name = name.trim();
        (!name.is_empty()).then(|| Self(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Editor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a half is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(
    clippy::exhaustive_enums,
    reason = "the four stages of the life; callers show each"
)]
pub enum Stage {
    /// Being written.
    Draft,
    /// Handed in by its author.
    Submitted,
    /// Approved by somebody else.
    Approved,
    /// Part of a frozen bank.
    Frozen,
}

/// Why a step is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LifeError {
    /// The half has fewer questions than the bank needs.
    #[error("the {origin} half has {found} questions where {required} are required")]
    TooFew {
        /// The half.
        origin: Origin,
        /// Number required.
        required: u16,
        /// Number given.
        found: usize,
    },
    /// The author wants to approve.
    #[error("{editor} wrote the half and cannot approve it")]
    OwnWork {
        /// Author and would-be approver.
        editor: Editor,
    },
    /// The approver has seen other content than was submitted.
    #[error("{seen} was approved and {submitted} is submitted")]
    OtherContent {
        /// Digest of what the approver has seen.
        seen: BankDigest,
        /// Digest of what was submitted.
        submitted: BankDigest,
    },
    /// The halves are not one of the province and one of a city.
    #[error("a {found} half stands for the {expected} half")]
    WrongHalf {
        /// Half expected.
        expected: Origin,
        /// Half given.
        found: Origin,
    },
    /// The step does not lead on from this stage.
    #[error("a half in stage {stage:?} cannot be {step}")]
    WrongStage {
        /// Stage of the half.
        stage: Stage,
        /// What was to be done, such as "approved".
        step: &'static str,
    },
    /// The questions cannot be frozen, or are repeated within the half.
    #[error(transparent)]
    Bank(#[from] BankError),
}

/// A refused step, with what it was asked of, unchanged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
#[expect(
    clippy::exhaustive_structs,
    reason = "a plain pair with names; callers take it apart"
)]
pub struct Refused<T> {
    /// What the step was asked of.
    pub unchanged: Box<T>,
    /// Why it was refused.
    pub reason: LifeError,
}

/// A half that is being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftHalf {
    origin: Origin,
    questions: Vec<Question>,
}

impl DraftHalf {
    /// Draft of a half.
    #[must_use]
    pub const fn new(origin: Origin, questions: Vec<Question>) -> Self {
        Self { origin, questions }
    }

    /// Whose half it is.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    /// The questions, in order.
    #[must_use]
    pub fn questions(&self) -> &[Question] {
        &self.questions
    }

    /// Digest of the half: that of a bank which has this half and no question in the other.
    #[must_use]
    pub fn digest(&self) -> BankDigest {
        let n = u16::try_from(self.questions.len()).unwrap_or(u16::MAX);
        let (province, city) = match self.origin {
            Origin::Province => (n, 0),
            Origin::City => (0, n),
        };
        BankDigest::of(BankSize { province, city }, &self.questions)
    }

    /// Hands the half in.
    ///
    /// # Errors
    ///
    /// [`LifeError::TooFew`]; [`LifeError::Bank`] for a question that is there twice.
    pub fn submit(self, author: Editor, size: BankSize) -> Result<SubmittedHalf, Refused<Self>> {
        let (origin, required, found) = (self.origin, size.of(self.origin), self.questions.len());
        let checked = if found < usize::from(required) {
            Err(LifeError::TooFew {
                origin,
                required,
                found,
            })
        } else {
            refuse_duplicates(&self.questions).map_err(LifeError::Bank)
        };
        match checked {
            Ok(()) => Ok(SubmittedHalf {
                digest: self.digest(),
                half: self,
                author,
            }),
            Err(reason) => Err(Refused {
                unchanged: Box::new(self),
                reason,
            }),
        }
    }
}

/// A half that its author has handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmittedHalf {
    half: DraftHalf,
    author: Editor,
    digest: BankDigest,
}

impl SubmittedHalf {
    /// What was handed in.
    #[must_use]
    pub const fn half(&self) -> &DraftHalf {
        &self.half
    }

    /// Who handed it in.
    #[must_use]
    pub const fn author(&self) -> &Editor {
        &self.author
    }

    /// Digest of what was handed in, to be shown to the approver.
    #[must_use]
    pub const fn digest(&self) -> BankDigest {
        self.digest
    }

    /// Approves what has the digest `seen`.
    ///
    /// # Errors
    ///
    /// [`LifeError::OwnWork`], [`LifeError::OtherContent`].
    pub fn approve(
        self,
        approver: Editor,
        seen: BankDigest,
    ) -> Result<ApprovedHalf, Refused<Self>> {
        let reason = if approver == self.author {
            LifeError::OwnWork { editor: approver }
        } else if seen != self.digest {
            LifeError::OtherContent {
                seen,
                submitted: self.digest,
            }
        } else {
            return Ok(ApprovedHalf {
                submitted: self,
                approver,
            });
        };
        Err(Refused {
            unchanged: Box::new(self),
            reason,
        })
    }

    /// Back to a draft, for correction.
    #[must_use]
    pub fn send_back(self) -> DraftHalf {
        self.half
    }
}

/// A half with two signatures under the same content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovedHalf {
    submitted: SubmittedHalf,
    approver: Editor,
}

impl ApprovedHalf {
    /// What was approved.
    #[must_use]
    pub const fn half(&self) -> &DraftHalf {
        &self.submitted.half
    }

    /// Both signatures.
    #[must_use]
    pub fn signatures(&self) -> Signatures {
        Signatures {
            author: self.submitted.author.clone(),
            approver: self.approver.clone(),
            digest: self.submitted.digest,
        }
    }

    /// Back to a draft; both signatures are void.
    #[must_use]
    pub fn send_back(self) -> DraftHalf {
        self.submitted.half
    }
}

/// Who answers for a half.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Signatures {
    /// Who handed it in.
    pub author: Editor,
    /// Who approved it; never the author.
    pub approver: Editor,
    /// Digest of the half both have signed.
    pub digest: BankDigest,
}

/// A frozen bank and who answers for its halves.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FrozenBank {
    /// The bank.
    pub bank: QuestionBank,
    /// Who answers for the province's half.
    pub province: Signatures,
    /// Who answers for the city's half.
    pub city: Signatures,
}

impl FrozenBank {
    /// Freezes two approved halves of exactly the given size.
    ///
    /// # Errors
    ///
    /// [`LifeError::WrongHalf`]; [`LifeError::Bank`] for a half of another size, or a question in both halves.
    pub fn freeze(
        size: BankSize,
        province: &ApprovedHalf,
        city: &ApprovedHalf,
    ) -> Result<Self, LifeError> {
        for (expected, half) in [(Origin::Province, province), (Origin::City, city)] {
            let found = half.half().origin;
            if found != expected {
                return Err(LifeError::WrongHalf { expected, found });
            }
        }
        let halves = Halves {
            province: province.half().questions.clone(),
            city: city.half().questions.clone(),
        };
        Ok(Self {
            bank: QuestionBank::freeze(size, halves)?,
            province: province.signatures(),
            city: city.signatures(),
        })
    }
}

/// A half in any stage before freezing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the stages before freezing; callers act on each"
)]
pub enum Half {
    /// Being written.
    Draft(DraftHalf),
    /// Handed in.
    Submitted(SubmittedHalf),
    /// Approved.
    Approved(ApprovedHalf),
}

/// A step in the life of a half, as a caller keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the steps of the machine; stores write each"
)]
pub enum Step {
    /// Its author hands it in.
    Submit {
        /// The author.
        author: Editor,
    },
    /// Somebody approves what has this digest.
    Approve {
        /// The approver.
        approver: Editor,
        /// Digest of what was seen.
        seen: BankDigest,
    },
    /// It goes back to be edited.
    SendBack,
}

impl Half {
    /// Where it is in its life; never frozen.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        match self {
            Self::Draft(_) => Stage::Draft,
            Self::Submitted(_) => Stage::Submitted,
            Self::Approved(_) => Stage::Approved,
        }
    }

    /// Takes a step.
    ///
    /// # Errors
    ///
    /// [`LifeError::WrongStage`], and the errors of [`DraftHalf::submit`] and [`SubmittedHalf::approve`].
    pub fn step(self, step: Step, size: BankSize) -> Result<Self, Refused<Self>> {
        match (self, step) {
            (Self::Draft(half), Step::Submit { author }) => half
                .submit(author, size)
                .map(Self::Submitted)
                .map_err(|refused| refused.map(Self::Draft)),
            (Self::Submitted(half), Step::Approve { approver, seen }) => half
                .approve(approver, seen)
                .map(Self::Approved)
                .map_err(|refused| refused.map(Self::Submitted)),
            (Self::Submitted(half), Step::SendBack) => Ok(Self::Draft(half.send_back())),
            (Self::Approved(half), Step::SendBack) => Ok(Self::Draft(half.send_back())),
            (unchanged, step) => Err(Refused {
                reason: LifeError::WrongStage {
                    stage: unchanged.stage(),
                    step: match step {
                        Step::Submit { .. } => "submitted",
                        Step::Approve { .. } => "approved",
                        Step::SendBack => "sent back",
                    },
                },
                unchanged: Box::new(unchanged),
            }),
        }
    }
}

impl<T> Refused<T> {
    fn map<U>(self, wrap: impl FnOnce(T) -> U) -> Refused<U> {
        Refused {
            unchanged: Box::new(wrap(*self.unchanged)),
            reason: self.reason,
        }
    }
}
