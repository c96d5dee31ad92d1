//! What each way to pay can do, as plain numbers: the same eyes read them before a plan and before a sending.

/// The limits of one way to pay.
///
/// All of them can be changed by WeChat or in the merchant console; the named ones carry the vendor's defaults,
/// and a merchant whose console shows others writes its own.
/// A planning library takes them field by field; nothing here decides anything.
///
/// ```
/// use wechat_adapter::pay::PayoutCapability;
/// let transfer = PayoutCapability::merchant_transfer();
/// assert!(transfer.pays(10));
/// assert!(!PayoutCapability::red_packet().pays(10));
/// assert_eq!(transfer.confirm_within_seconds, Some(86_400));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "written out in full by whoever knows the merchant; a new limit must be answered by each"
)]
pub struct PayoutCapability {
    /// Smallest amount, in fen.
    pub floor_fen: u32,
    /// Largest amount, in fen.
    pub ceiling_fen: u32,
    /// Sendings per second and merchant.
    pub sends_per_second: u32,
    /// The most that the merchant may pay out on one Beijing day, in fen, if there is such a limit.
    pub merchant_day_fen: Option<u64>,
    /// Payments one person may receive on one Beijing day, if there is such a limit.
    pub per_person_per_day: Option<u32>,
    /// The most that one person may receive on one Beijing day, in fen, if there is such a limit.
    pub per_person_day_fen: Option<u64>,
    /// Minutes `[from, until)` of the Beijing day in which nothing is paid; it may run over midnight.
    pub quiet_minutes: Option<(u16, u16)>,
    /// Shortest time between two sendings of one number, in seconds.
    pub resend_after_seconds: u32,
    /// How long after the first sending a number may be sent again, in seconds.
    pub number_lives_seconds: u32,
    /// How long the person has to confirm, in seconds; nothing when no confirmation is needed.
    pub confirm_within_seconds: Option<u32>,
    /// When what nobody opened goes back, in seconds; nothing when it never lies unopened.
    pub refund_after_seconds: Option<u32>,
    /// How long queries still answer, in seconds.
    pub query_window_seconds: u32,
    /// Whether the end of a payment is also notified, so that polling is only the second way.
    pub notifies: bool,
}

const DAY_SECONDS: u32 = 86_400;

impl PayoutCapability {
    /// The cash red packet without a scene: 1.00 to 200.00 yuan, 30 a second, 10 a person and day, back after 24 hours.
    ///
    /// Older pages block 00:00 to 08:00 unless the merchant asks otherwise; set `quiet_minutes` to `(0, 480)` for that.
    /// Numbers first used more than 24 hours ago are reported to be refused.
    ///
    /// Source: <https://pay.weixin.qq.com/doc/v2/merchant/4011974053>, dated 2025-08-22, read 2026-08.
    #[must_use]
    pub const fn red_packet() -> Self {
        Self {
            floor_fen: 100,
            ceiling_fen: 20_000,
            sends_per_second: 30,
            merchant_day_fen: Some(100_000_000),
            per_person_per_day: Some(10),
            per_person_day_fen: Some(100_000),
            quiet_minutes: None,
            resend_after_seconds: 1,
            number_lives_seconds: DAY_SECONDS,
            confirm_within_seconds: None,
            refund_after_seconds: Some(DAY_SECONDS),
            query_window_seconds: 30 * DAY_SECONDS,
            notifies: false,
        }
    }

    /// The cash red packet of a merchant who may name a scene: from 0.10 yuan as far as the console allows it.
    ///
    /// Accounts opened since the product was renamed often cannot switch scenes on; try it before publishing such amounts.
    #[must_use]
    pub const fn red_packet_with_scene() -> Self {
        Self {
            floor_fen: 10,
            ..Self::red_packet()
        }
    }

    /// The merchant transfer: 0.10 to 200.00 yuan, 100 a second, confirmed by the person within 24 hours.
    ///
    /// The limits of a person and of the merchant are values of the console that the vendor's page does not number.
    ///
    /// Source: <https://pay.weixin.qq.com/doc/v3/merchant/4012716434>, read 2026-08.
    #[must_use]
    pub const fn merchant_transfer() -> Self {
        Self {
            floor_fen: 10,
            ceiling_fen: 20_000,
            sends_per_second: 100,
            merchant_day_fen: None,
            per_person_per_day: None,
            per_person_day_fen: None,
            quiet_minutes: None,
            resend_after_seconds: 1,
            number_lives_seconds: 30 * DAY_SECONDS,
            confirm_within_seconds: Some(DAY_SECONDS),
            refund_after_seconds: None,
            query_window_seconds: 30 * DAY_SECONDS,
            notifies: true,
        }
    }

    /// Whether an amount, in fen, is within floor and ceiling.
    #[must_use]
    pub const fn pays(&self, amount_fen: u32) -> bool {
        amount_fen >= self.floor_fen && amount_fen <= self.ceiling_fen
    }
}
