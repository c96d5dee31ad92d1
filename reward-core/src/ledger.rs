//! The books of one city: six accounts, balanced transfers, and the sums that must always hold.

use crate::Fen;

/// An account of one city; together they always hold the pool the city opened with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the accounts are a closed set: a seventh would change the sum that every auditor checks"
)]
pub enum Account {
    /// Not awarded yet.
    Pool,
    /// Awarded, and not known to be accepted by the rail.
    Reserved,
    /// Accepted by the rail, not yet taken by the person.
    Sent,
    /// Taken by the person.
    Received,
    /// Awarded, but came back or will never be paid; it is not drawn again.
    Left,
    /// In dispute with the bill; the only account that may be negative, when the rail paid more than we awarded.
    Suspense,
}

impl Account {
    /// Every account, in the order money moves.
    pub const ALL: [Self; 6] = [
        Self::Pool,
        Self::Reserved,
        Self::Sent,
        Self::Received,
        Self::Left,
        Self::Suspense,
    ];

    /// Returns the stable name of the account, as a store keeps it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pool => "pool",
            Self::Reserved => "reserved",
            Self::Sent => "sent",
            Self::Received => "received",
            Self::Left => "left",
            Self::Suspense => "suspense",
        }
    }
}

/// One movement of money: one row takes from one account exactly what it gives to another.
///
/// A single row with two accounts cannot be out of balance (the transfer of `TigerBeetle`).
/// The accounts are liabilities of the city, so the debit side falls and the credit side grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "TransferRow", into = "TransferRow")
)]
pub struct LedgerTransfer {
    debit: Account,
    credit: Account,
    amount: Fen,
}

impl LedgerTransfer {
    /// Makes a transfer of `amount` from the account `debit` to the account `credit`.
    ///
    /// # Errors
    ///
    /// [`LedgerError::SameAccount`], [`LedgerError::NothingToMove`] for zero fen,
    /// [`LedgerError::TooLarge`] beyond `i64::MAX` fen.
    pub fn new(debit: Account, credit: Account, amount: Fen) -> Result<Self, LedgerError> {
        if debit == credit {
            return Err(LedgerError::SameAccount { account: debit });
        }
        if amount == Fen::ZERO {
            return Err(LedgerError::NothingToMove);
        }
        signed(amount)?;
        Ok(Self {
            debit,
            credit,
            amount,
        })
    }

    /// Returns the account that money leaves.
    #[must_use]
    pub const fn debit(&self) -> Account {
        self.debit
    }

    /// Returns the account that money enters.
    #[must_use]
    pub const fn credit(&self) -> Account {
        self.credit
    }

    /// Returns the amount, never zero.
    #[must_use]
    pub const fn amount(&self) -> Fen {
        self.amount
    }
}

/// What a transfer looks like at rest; reading it back goes through the same checks.
#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
struct TransferRow {
    debit: Account,
    credit: Account,
    amount: Fen,
}

#[cfg(feature = "serde")]
impl TryFrom<TransferRow> for LedgerTransfer {
    type Error = LedgerError;

    fn try_from(row: TransferRow) -> Result<Self, Self::Error> {
        Self::new(row.debit, row.credit, row.amount)
    }
}

#[cfg(feature = "serde")]
impl From<LedgerTransfer> for TransferRow {
    fn from(transfer: LedgerTransfer) -> Self {
        Self {
            debit: transfer.debit,
            credit: transfer.credit,
            amount: transfer.amount,
        }
    }
}

/// The balances of one city.
///
/// Two sums hold after every accepted transfer: no account but suspense is below zero,
/// and all accounts together hold the opening pool.
///
/// ```
/// use reward_core::{Account, Fen, Ledger, LedgerTransfer};
///
/// let mut ledger = Ledger::open(Fen::new(1_000_000))?;
/// let award = LedgerTransfer::new(Account::Pool, Account::Reserved, Fen::new(1_428))?;
/// ledger.apply(&award)?;
/// assert_eq!(ledger.balance_fen(Account::Pool), 998_572);
/// ledger.check()?;
/// # Ok::<(), reward_core::LedgerError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Ledger {
    opening_fen: i64,
    pool_fen: i64,
    reserved_fen: i64,
    sent_fen: i64,
    received_fen: i64,
    left_fen: i64,
    suspense_fen: i64,
}

impl Ledger {
    /// Opens the books of a city with its whole pool.
    ///
    /// # Errors
    ///
    /// [`LedgerError::TooLarge`] beyond `i64::MAX` fen.
    pub fn open(pool: Fen) -> Result<Self, LedgerError> {
        let pool_fen = signed(pool)?;
        Ok(Self {
            opening_fen: pool_fen,
            pool_fen,
            reserved_fen: 0,
            sent_fen: 0,
            received_fen: 0,
            left_fen: 0,
            suspense_fen: 0,
        })
    }

    /// Rebuilds the books from the pool and every transfer in order; linear in their number.
    ///
    /// This is how an auditor checks balances that somebody else kept.
    ///
    /// # Errors
    ///
    /// The first error of [`Ledger::open`] or [`Ledger::apply`].
    pub fn replay<'a>(
        pool: Fen,
        transfers: impl IntoIterator<Item = &'a LedgerTransfer>,
    ) -> Result<Self, LedgerError> {
        let mut ledger = Self::open(pool)?;
        for transfer in transfers {
            ledger.apply(transfer)?;
        }
        Ok(ledger)
    }

    /// Returns the balance of an account in fen; only [`Account::Suspense`] can be negative.
    #[must_use]
    pub const fn balance_fen(&self, account: Account) -> i64 {
        match account {
            Account::Pool => self.pool_fen,
            Account::Reserved => self.reserved_fen,
            Account::Sent => self.sent_fen,
            Account::Received => self.received_fen,
            Account::Left => self.left_fen,
            Account::Suspense => self.suspense_fen,
        }
    }

    /// Returns the pool the city opened with, in fen.
    #[must_use]
    pub const fn opening_fen(&self) -> i64 {
        self.opening_fen
    }

    /// Books a transfer; a refused one changes nothing.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Overdrawn`] if an account other than suspense would fall below zero,
    /// [`LedgerError::TooLarge`] if a balance would leave the range of `i64`.
    pub fn apply(&mut self, transfer: &LedgerTransfer) -> Result<(), LedgerError> {
        let amount = transfer.amount();
        let amount_fen = signed(amount)?;
        let debit = transfer.debit();
        let fallen = self
            .balance_fen(debit)
            .checked_sub(amount_fen)
            .ok_or(LedgerError::TooLarge { amount })?;
        if fallen < 0 && debit != Account::Suspense {
            return Err(LedgerError::Overdrawn {
                account: debit,
                balance_fen: self.balance_fen(debit),
                amount,
            });
        }
        let grown = self
            .balance_fen(transfer.credit())
            .checked_add(amount_fen)
            .ok_or(LedgerError::TooLarge { amount })?;
        *self.slot(debit) = fallen;
        *self.slot(transfer.credit()) = grown;
        Ok(())
    }

    /// Checks both sums; an honest ledger never fails, one read back from a store may.
    ///
    /// # Errors
    ///
    /// [`LedgerError::BelowZero`] for the first account below its floor,
    /// [`LedgerError::SumDiffers`] if the accounts do not hold the opening pool.
    pub fn check(&self) -> Result<(), LedgerError> {
        for account in Account::ALL {
            let balance_fen = self.balance_fen(account);
            if balance_fen < 0 && account != Account::Suspense {
                return Err(LedgerError::BelowZero {
                    account,
                    balance_fen,
                });
            }
        }
        let sum_fen = Account::ALL
            .iter()
            .map(|&account| i128::from(self.balance_fen(account)))
            .fold(0_i128, i128::saturating_add);
        if sum_fen != i128::from(self.opening_fen) {
            return Err(LedgerError::SumDiffers {
                opening_fen: self.opening_fen,
                sum_fen,
            });
        }
        Ok(())
    }

    const fn slot(&mut self, account: Account) -> &mut i64 {
        match account {
            Account::Pool => &mut self.pool_fen,
            Account::Reserved => &mut self.reserved_fen,
            Account::Sent => &mut self.sent_fen,
            Account::Received => &mut self.received_fen,
            Account::Left => &mut self.left_fen,
            Account::Suspense => &mut self.suspense_fen,
        }
    }
}

fn signed(amount: Fen) -> Result<i64, LedgerError> {
    i64::try_from(amount.get()).map_err(|_| LedgerError::TooLarge { amount })
}

/// Why a transfer is not one, or books do not balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// A transfer needs two accounts.
    #[error("a transfer from {name} to itself moves nothing", name = .account.name())]
    SameAccount {
        /// The account named twice.
        account: Account,
    },
    /// A transfer needs at least one fen.
    #[error("a transfer of zero fen moves nothing")]
    NothingToMove,
    /// Beyond what the books can count.
    #[error("{amount} yuan is more than the books can count")]
    TooLarge {
        /// The amount.
        amount: Fen,
    },
    /// The account holds less than the transfer takes.
    #[error("{name} holds {balance_fen} fen, less than {amount} yuan", name = .account.name())]
    Overdrawn {
        /// The account that would fall below zero.
        account: Account,
        /// What it holds, in fen.
        balance_fen: i64,
        /// What the transfer takes.
        amount: Fen,
    },
    /// An account other than suspense is negative.
    #[error("{name} holds {balance_fen} fen, below zero", name = .account.name())]
    BelowZero {
        /// The account.
        account: Account,
        /// What it holds, in fen.
        balance_fen: i64,
    },
    /// The accounts do not hold the opening pool together.
    #[error("the accounts hold {sum_fen} fen together, but the city opened with {opening_fen}")]
    SumDiffers {
        /// The pool the city opened with, in fen.
        opening_fen: i64,
        /// What the accounts hold together, in fen.
        sum_fen: i128,
    },
}
