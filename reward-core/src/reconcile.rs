//! One order number looked at from three sides: our payout, the rail's answer, the rail's bill.

use crate::{BillFinding, DeadReason, Fen, HeldMoney, Payout, PayoutState, QueryClass};

/// What the bills at hand say about one number, each movement counted once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "plain sums, read from a store column by column"
)]
pub struct BillFacts {
    /// Movements out of the merchant's account.
    pub n_paid: u32,
    /// What they sum to.
    pub paid: Fen,
    /// Movements back into it.
    pub n_returned: u32,
    /// What they sum to.
    pub returned: Fen,
}

/// What the rail answered when it was asked about the number after the bill came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "an answer and whether it is about the same payment"
)]
pub struct AnswerFacts {
    /// The answer.
    pub class: QueryClass,
    /// Whether amount and recipient in the answer are those that were sent.
    pub same_terms: bool,
}

/// Everything that is known about one order number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a side that is left out would be a side nobody looked at"
)]
pub struct OrderFacts<'a> {
    /// Our payout under this number, if there is one.
    pub ours: Option<&'a Payout>,
    /// The rail's answer, if it was asked and gave one.
    pub answer: Option<AnswerFacts>,
    /// What the bills say.
    pub bill: BillFacts,
    /// Whether another number of the same award was paid and not returned.
    pub paid_otherwise: bool,
    /// Whether the bills of every day on which it may have been paid are at hand.
    pub landing_is_billed: bool,
    /// Whether the bills of every day on which it may have ended are at hand.
    pub ending_is_billed: bool,
}

/// How the three sides compare: eight classes, of which the last five need a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
#[expect(
    clippy::exhaustive_enums,
    reason = "every difference has exactly one of these names; a ninth must be answered everywhere"
)]
pub enum BillClass {
    /// R0: all sides agree.
    Agrees,
    /// R1: accepted here, ended there; a query brings us up to date.
    Behind,
    /// R2: of unknown outcome here, present there; a query recovers it.
    Recovered,
    /// R3: paid here, absent from the bills of its days.
    Missing,
    /// R4: ended here, and the bill says otherwise: dead but paid, received but returned, returned but kept.
    Contradicted,
    /// R5: on the bill, and nothing here: a forgotten award, or somebody else's order.
    Orphan,
    /// R6: another amount, another recipient, or more than one payment under the number.
    Differs,
    /// R7: another number of the same award was paid as well.
    PaidTwice,
}

impl BillClass {
    /// Every class, from R0 to R7.
    pub const ALL: [Self; 8] = [
        Self::Agrees,
        Self::Behind,
        Self::Recovered,
        Self::Missing,
        Self::Contradicted,
        Self::Orphan,
        Self::Differs,
        Self::PaidTwice,
    ];

    /// Returns the short name, `R0` to `R7`, as a store and a report keep it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Agrees => "R0",
            Self::Behind => "R1",
            Self::Recovered => "R2",
            Self::Missing => "R3",
            Self::Contradicted => "R4",
            Self::Orphan => "R5",
            Self::Differs => "R6",
            Self::PaidTwice => "R7",
        }
    }

    /// Returns whether a person must explain it; the other classes settle themselves.
    #[must_use]
    pub const fn needs_person(self) -> bool {
        match self {
            Self::Agrees | Self::Behind | Self::Recovered => false,
            Self::Missing | Self::Contradicted | Self::Orphan | Self::Differs | Self::PaidTwice => {
                true
            }
        }
    }

    /// Returns whether nothing more may be sent to the person until it is explained.
    ///
    /// A payment that is missing from the bill has cost nothing yet; the others have.
    #[must_use]
    pub const fn freezes_person(self) -> bool {
        self.needs_person() && !matches!(self, Self::Missing)
    }

    /// Returns whether asking the rail may settle it, or must come before a person is called.
    #[must_use]
    pub const fn is_asked_about(self) -> bool {
        matches!(self, Self::Behind | Self::Recovered | Self::Missing)
    }
}

/// Where a number stands on the bill, once its lines are known to fit one payment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OnBill {
    Absent,
    Kept,
    Returned,
}

impl OrderFacts<'_> {
    /// Returns the class of the number, or `None` while nothing can be said.
    ///
    /// Nothing can be said while nothing has left, while the outcome is open on both sides, and while a bill is not at
    /// hand on which the number may stand.
    /// Total and constant in cost.
    /// The number is all that joins the sides: no date is compared, so a payment of 23:59:59 that the bill books at
    /// 00:00:03 is found on whichever bill has it.
    ///
    /// Source: WeChat Pay's pages on queries and on the fund-flow bill; the rows are those of [`Payout`].
    ///
    /// ```
    /// use chrono::{DateTime, Utc};
    /// use reward_core::{BillClass, BillFacts, Fen, OrderFacts, Payout};
    ///
    /// let now: DateTime<Utc> = "2020-05-06T00:00:00Z".parse()?;
    /// let (payout, _award) = Payout::reserve(Fen::new(1_428), now)?;
    /// let paid = BillFacts { n_paid: 1, paid: Fen::new(1_428), ..BillFacts::default() };
    /// let facts = OrderFacts {
    ///     ours: Some(&payout),
    ///     answer: None,
    ///     bill: paid,
    ///     paid_otherwise: false,
    ///     landing_is_billed: true,
    ///     ending_is_billed: true,
    /// };
    /// // A database that came back from an old copy has forgotten that it was sent.
    /// assert_eq!(facts.class(), Some(BillClass::Recovered));
    /// // One that has forgotten the award as well knows nothing of the number.
    /// assert_eq!(OrderFacts { ours: None, ..facts }.class(), Some(BillClass::Orphan));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn class(&self) -> Option<BillClass> {
        let is_on_bill = self.bill.n_paid > 0 || self.bill.n_returned > 0;
        let Some(payout) = self.ours else {
            return is_on_bill.then_some(BillClass::Orphan);
        };
        if self.answer.is_some_and(|answer| !answer.same_terms) {
            return Some(BillClass::Differs);
        }
        let on_bill = match self.on_bill(payout.amount()) {
            Ok(on_bill) => on_bill,
            Err(class) => return class,
        };
        if on_bill == OnBill::Kept && self.paid_otherwise {
            return Some(BillClass::PaidTwice);
        }
        match payout.state() {
            PayoutState::Reserved
            | PayoutState::InFlight { .. }
            | PayoutState::Unknown(_)
            | PayoutState::Deferred { .. }
            | PayoutState::Held {
                money: HeldMoney::Reserved,
                ..
            } => self.open(on_bill),
            PayoutState::Sent { .. }
            | PayoutState::Refunding { .. }
            | PayoutState::Held {
                money: HeldMoney::Sent,
                ..
            } => self.accepted(on_bill),
            PayoutState::Received => match on_bill {
                OnBill::Kept => Some(BillClass::Agrees),
                OnBill::Returned => Some(BillClass::Contradicted),
                OnBill::Absent => self.missing(),
            },
            PayoutState::Refunded => match on_bill {
                OnBill::Returned => Some(BillClass::Agrees),
                OnBill::Kept => self.once_ended(BillClass::Contradicted),
                // A rail that only locked the money may book neither its going nor its coming.
                OnBill::Absent => self.once_ended(BillClass::Agrees),
            },
            PayoutState::Dead { reason } => self.dead(*reason, on_bill),
        }
    }

    /// Returns what the bill tells the payout machine (row 25), if the class is one that it books.
    ///
    /// A number that is merely missing moves no money: a later bill may still bring it.
    #[must_use]
    pub fn finding(&self) -> Option<BillFinding> {
        match self.class()? {
            BillClass::Contradicted if self.bill.n_returned > 0 => Some(BillFinding::Refunded),
            BillClass::Contradicted | BillClass::PaidTwice => Some(BillFinding::Paid),
            BillClass::Differs => Some(BillFinding::ParametersDiffer),
            BillClass::Agrees
            | BillClass::Behind
            | BillClass::Recovered
            | BillClass::Missing
            | BillClass::Orphan => None,
        }
    }

    /// Reads the lines as one payment of `amount`; the class instead, if they are none.
    fn on_bill(&self, amount: Fen) -> Result<OnBill, Option<BillClass>> {
        let BillFacts {
            n_paid,
            paid,
            n_returned,
            returned,
        } = self.bill;
        let once = |n: u32| if n == 0 { Fen::ZERO } else { amount };
        if n_paid > 1 || n_returned > 1 || paid != once(n_paid) || returned != once(n_returned) {
            return Err(Some(BillClass::Differs));
        }
        match (n_paid, n_returned) {
            (0, 0) => Ok(OnBill::Absent),
            (0, _) if self.landing_is_billed => Err(Some(BillClass::Differs)),
            // The payment itself stands on a bill that is not at hand.
            (0, _) => Err(None),
            (_, 0) => Ok(OnBill::Kept),
            (_, _) => Ok(OnBill::Returned),
        }
    }

    /// The outcome is not known here.
    fn open(&self, on_bill: OnBill) -> Option<BillClass> {
        let is_known_there = self.answer.is_some_and(|answer| match answer.class {
            QueryClass::Received
            | QueryClass::Refunded
            | QueryClass::Refunding
            | QueryClass::AwaitingRecipient => true,
            QueryClass::Processing | QueryClass::Failed | QueryClass::NotFound => false,
        });
        (on_bill != OnBill::Absent || is_known_there).then_some(BillClass::Recovered)
    }

    /// Accepted here, not ended.
    fn accepted(&self, on_bill: OnBill) -> Option<BillClass> {
        let has_ended_there = self.answer.is_some_and(|answer| match answer.class {
            QueryClass::Received | QueryClass::Refunded | QueryClass::Failed => true,
            QueryClass::Refunding
            | QueryClass::AwaitingRecipient
            | QueryClass::Processing
            | QueryClass::NotFound => false,
        });
        match on_bill {
            OnBill::Returned => Some(BillClass::Behind),
            OnBill::Kept if has_ended_there => Some(BillClass::Behind),
            OnBill::Kept => Some(BillClass::Agrees),
            OnBill::Absent => self.missing(),
        }
    }

    fn dead(&self, reason: DeadReason, on_bill: OnBill) -> Option<BillClass> {
        match (on_bill, reason) {
            // Paid and taken back comes to nothing paid.
            (OnBill::Returned, _) => Some(BillClass::Agrees),
            (OnBill::Absent, _) => self.once_ended(BillClass::Agrees),
            // The rail itself called it failed, so the money is on its way back.
            (OnBill::Kept, DeadReason::Failed) => self.once_ended(BillClass::Contradicted),
            (OnBill::Kept, DeadReason::Refused(_) | DeadReason::Operator(_)) => {
                Some(BillClass::Contradicted)
            }
        }
    }

    fn missing(&self) -> Option<BillClass> {
        self.landing_is_billed.then_some(BillClass::Missing)
    }

    fn once_ended(&self, class: BillClass) -> Option<BillClass> {
        self.ending_is_billed.then_some(class)
    }
}
