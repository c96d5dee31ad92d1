//! Bugs of the world around the machine: slips of a store, a worker, a claim or a follow that were seen or feared.

macro_rules! bugs {
    ($($variant:ident $name:literal $what:literal;)+) => {
        /// One bug of the world.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum WorldBug {
            $($variant,)+
        }

        impl WorldBug {
            #[cfg_attr(not(feature = "planted"), expect(dead_code, reason = "the examination lists them"))]
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant,)+];

            #[cfg_attr(not(feature = "planted"), expect(dead_code, reason = "the examination lists them"))]
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            #[cfg_attr(not(feature = "planted"), expect(dead_code, reason = "the examination lists them"))]
            pub(crate) const fn what(self) -> &'static str {
                match self {
                    $(Self::$variant => $what,)+
                }
            }
        }
    };
}

bugs! {
    NumberPerSending "number-per-sending" "Every sending takes a new number.";
    NotWrittenFirst "not-written-first" "A number is made in memory and written with the reply.";
    RecoveryRenumbers "recovery-renumbers" "After a crash the payment gets a new number.";
    RandomNumber "random-number" "The number is random and not a function of the chance.";
    AmountRedrawn "amount-redrawn" "The amount is read anew at every sending.";
    YuanInFloat "yuan-in-float" "The amount goes through a floating-point yuan.";
    DayByInstance "day-by-instance" "The instance's clock decides, and differences are not minded.";
    CheckThenAct "check-then-act" "The day's progress is read before the lock is taken.";
    ClosesInclusive "closes-inclusive" "The last instant of the window is one too late.";
    TwoTapsTwoAwards "two-taps-two-awards" "Neither chance nor request is unique.";
    NoLatch "no-latch" "A clock that falls back reopens a city.";
    NoHeartbeat "no-heartbeat" "Only decisions move the latch.";
    MoneyReleased "money-released" "What came back is given out again.";
    CallbackBelieved "callback-believed" "A callback is taken for an answer.";
    EventsRepeat "events-repeat" "A repeated event counts again.";
    CreditOnScan "credit-on-scan" "Scanning a code counts as following.";
    RefollowCounts "refollow-counts" "Who left and came back counts as new.";
    AliasIsStranger "alias-is-stranger" "A person's second account counts as a friend.";
    OnceIgnored "once-ignored" "The base chance is never used up.";
    PassNotSpent "pass-not-spent" "A passing attempt serves any number of awards.";
    ChanceFromElsewhere "chance-from-elsewhere" "A chance earned for one city is used in another.";
    KeyNotLookedUp "key-not-looked-up" "A repeated request is decided anew.";
    PauseOfOne "pause-of-one" "The rail's pause is known to one instance only.";
    ClientRetries "client-retries" "The line repeats what gets no answer, at once and without end.";
    NoFence "no-fence" "A row is written whatever its version.";
    PaymentApart "payment-apart" "The payment is written after the award's commit.";
    AuditApart "audit-apart" "The audit event is written after the award's commit.";
    ChainForks "chain-forks" "The audit's head is read before the transaction.";
    RenewedWhileUnknown "renewed-while-unknown" "After an hour of not knowing there is a new number.";
    HeldIsReleased "held-is-released" "What is held is called dead and paid anew, without a look.";
    BillByDate "bill-by-date" "A bill's line counts on the payment's own day only.";
    BillTwice "bill-twice" "A bill that comes twice counts twice.";
    OrphansUnseen "orphans-unseen" "A bill's line without a payment is passed over.";
    TopEveryDay "top-every-day" "The deck with the top packet is played whether it was awarded or not.";
    DeckChosenAnew "deck-chosen-anew" "The day's deck is chosen at every claim.";
    ClosingForgotten "closing-forgotten" "Nobody draws for a top packet that nobody took.";
    DueForgotten "due-forgotten" "A payment whose worker died is never looked at again.";
}
