//! Laws of a city's books.

use proptest::prelude::*;
use reward_core::{Account, Fen, Ledger, LedgerError, LedgerTransfer};

fn account() -> impl Strategy<Value = Account> {
    prop::sample::select(Account::ALL.to_vec())
}

#[test]
fn a_transfer_needs_two_accounts_and_an_amount() {
    let made = |debit, credit, amount_fen| {
        LedgerTransfer::new(debit, credit, Fen::new(amount_fen)).map(|t| t.amount().get())
    };
    let account = Account::Pool;
    assert_eq!(
        made(account, account, 1),
        Err(LedgerError::SameAccount { account })
    );
    assert_eq!(
        made(account, Account::Sent, 0),
        Err(LedgerError::NothingToMove)
    );
    let amount = Fen::new(u64::MAX);
    assert_eq!(
        made(account, Account::Sent, u64::MAX),
        Err(LedgerError::TooLarge { amount })
    );
    assert_eq!(made(account, Account::Sent, 1), Ok(1));
}

#[test]
fn only_suspense_may_fall_below_zero() {
    for debit in Account::ALL {
        let credit = if debit == Account::Received {
            Account::Left
        } else {
            Account::Received
        };
        let mut ledger = Ledger::open(Fen::ZERO).unwrap();
        let taken = ledger.apply(&LedgerTransfer::new(debit, credit, Fen::new(1)).unwrap());
        assert_eq!(taken.is_ok(), debit == Account::Suspense, "{debit:?}");
        assert_eq!(ledger.check(), Ok(()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// M17 and M18, whatever is tried; a refused transfer changes nothing, and a replay agrees.
    #[test]
    fn the_accounts_always_hold_the_opening_pool(
        pool_fen in 0_u64..2_000_000,
        tried in prop::collection::vec((account(), account(), 0_u64..500_000), 0..60),
    ) {
        let mut ledger = Ledger::open(Fen::new(pool_fen)).unwrap();
        let mut booked = Vec::new();
        for (debit, credit, amount_fen) in tried {
            let Ok(transfer) = LedgerTransfer::new(debit, credit, Fen::new(amount_fen)) else { continue };
            let before = ledger;
            match ledger.apply(&transfer) {
                Ok(()) => booked.push(transfer),
                Err(_) => prop_assert_eq!(ledger, before),
            }
            prop_assert_eq!(ledger.check(), Ok(()));
        }
        prop_assert_eq!(Ledger::replay(Fen::new(pool_fen), &booked), Ok(ledger));
    }
}

#[cfg(feature = "serde")]
#[test]
fn books_that_were_tampered_with_fail_the_check() {
    let ledger = Ledger::open(Fen::new(1_000)).unwrap();
    let honest = serde_json::to_value(ledger).unwrap();
    let tampered = |field: &str, fen: i64| {
        let mut value = honest.clone();
        value[field] = fen.into();
        serde_json::from_value::<Ledger>(value).unwrap().check()
    };
    assert_eq!(
        tampered("received_fen", 5),
        Err(LedgerError::SumDiffers {
            opening_fen: 1_000,
            sum_fen: 1_005
        })
    );
    assert_eq!(
        tampered("left_fen", -5),
        Err(LedgerError::BelowZero {
            account: Account::Left,
            balance_fen: -5
        })
    );
}

#[cfg(feature = "serde")]
#[test]
fn a_stored_transfer_is_checked_when_it_is_read() {
    let text = r#"{"debit":"pool","credit":"pool","amount":5}"#;
    assert!(serde_json::from_str::<LedgerTransfer>(text).is_err());
    let text = r#"{"debit":"pool","credit":"reserved","amount":5}"#;
    assert!(serde_json::from_str::<LedgerTransfer>(text).is_ok());
}
