//! The simulator's merchant transfers, driven by the adapter: states, clock, faults, notifications, bills.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use proptest::prelude::*;
use wechat_adapter::pay::v3::{
    ApiV3Key, CancelTransfer, CreateTransfer, CreatedTransfer, Credentials, DownloadCertificates,
    FailClass, Freshness, FundAccount, FundFlowBill, MerchantKey, Notification,
    NotificationContent, NotificationError, QueryTransfer, ReceiveStyle, RequestFundFlow,
    SecurityEcho, SignatureProblem, TransferOrder, TransferRecord, TransferScene, TransferState,
    WeChatKeys,
};
use wechat_adapter::pay::{PayAction, PayError};
use wechat_adapter::simulator::{
    Fault, FaultRule, Handled, NewPerson, Notice, Operation, Simulator, SimulatorConfig,
    SimulatorError, TransferSetup,
};
use wechat_adapter::{
    BaseUrl, BillNumber, Endpoints, MerchantId, Nonce, Request, Response, Secret, TransportError,
};

/// A simulator, a merchant, and one person.
struct Stage {
    simulator: Simulator,
    credentials: Credentials,
    keys: WeChatKeys,
    api_key: ApiV3Key,
    openid: String,
}

fn start() -> DateTime<Utc> {
    "2026-05-06T02:00:00Z".parse().unwrap()
}

fn after(seconds: i64) -> DateTime<Utc> {
    start() + TimeDelta::seconds(seconds)
}

fn stage_with(change: impl FnOnce(&mut SimulatorConfig)) -> Stage {
    let mut config =
        SimulatorConfig::rehearsal("http://127.0.0.1:8080", "http://127.0.0.1:8080/callback");
    change(&mut config);
    let setup = config.transfers.clone().unwrap();
    let base = BaseUrl::new("http://127.0.0.1:8080/simulator/wechat").unwrap();
    let key = Secret::new(TransferSetup::REHEARSAL_MERCHANT_KEY).unwrap();
    let credentials = Credentials::new(
        MerchantId::new(config.merchant_id.clone()).unwrap(),
        &setup.merchant_serial,
        MerchantKey::new(&key).unwrap(),
        Endpoints::all_at(&base),
    )
    .unwrap();
    let keys = WeChatKeys::of_public_key(
        &setup.wechat_public_key_id,
        TransferSetup::REHEARSAL_WECHAT_PUBLIC_KEY,
    )
    .unwrap();
    let api_key = ApiV3Key::new(&Secret::new(setup.api_key).unwrap()).unwrap();
    let simulator = Simulator::new(config).unwrap();
    let openid = simulator
        .create_person(NewPerson::named("Zhang San"), start())
        .unwrap()
        .openid;
    Stage {
        simulator,
        credentials,
        keys,
        api_key,
        openid,
    }
}

fn stage() -> Stage {
    stage_with(|_| ())
}

impl Stage {
    fn order(&self, number: &str, amount_fen: u32) -> TransferOrder {
        TransferOrder {
            bill_number: BillNumber::new(number).unwrap(),
            merchant_id: self.credentials.merchant_id().clone(),
            app_id: "wx5a1f0c3d7e9b2468".parse().unwrap(),
            openid: self.openid.parse().unwrap(),
            amount_fen,
            remark: "知识竞赛".to_owned(),
            scene: TransferScene::cash_marketing("知识竞赛", "五题全对"),
            name: None,
            notify_url: Some("https://contest.example/notify".to_owned()),
            style: Some(ReceiveStyle::RedPacket),
        }
    }

    fn send(&self, request: &Request, now: DateTime<Utc>) -> Result<Response, TransportError> {
        self.simulator.handle(request, now).heard_by_a_client()
    }

    fn create(
        &self,
        order: &TransferOrder,
        now: DateTime<Utc>,
    ) -> Result<CreatedTransfer, PayError> {
        let call = CreateTransfer::new(order.clone()).unwrap();
        let request = call
            .request(&self.credentials, &self.keys, &fresh(now))
            .unwrap();
        CreateTransfer::parse(&self.send(&request, now).unwrap(), &self.keys, now)
    }

    fn query(&self, order: &TransferOrder, now: DateTime<Utc>) -> Result<TransferRecord, PayError> {
        let request = QueryTransfer::of(order)
            .request(&self.credentials, &self.keys, &fresh(now))
            .unwrap();
        QueryTransfer::parse(&self.send(&request, now).unwrap(), &self.keys, now)
    }

    fn receive(
        &self,
        notice: &Notice,
        now: DateTime<Utc>,
    ) -> Result<Notification, NotificationError> {
        Notification::receive(
            notice.request.headers(),
            notice.request.body(),
            &self.keys,
            &self.api_key,
            now,
        )
    }

    fn confirm(&self, created: &CreatedTransfer, now: DateTime<Utc>) {
        let package = created.package_info.as_deref().unwrap();
        self.simulator
            .confirm_transfer(&self.openid, package, now)
            .unwrap();
    }
}

fn fresh(now: DateTime<Utc>) -> Freshness {
    Freshness {
        now,
        nonce: Nonce::new("A1B2C3D4E5F6G7").unwrap(),
    }
}

#[test]
fn a_confirmed_transfer_is_paid_once() {
    let stage = stage();
    let order = stage.order("t1", 10);
    let created = stage.create(&order, start()).unwrap();
    assert_eq!(created.state, TransferState::WaitUserConfirm);
    assert_eq!(stage.simulator.totals().in_flight_fen, 10);
    stage.confirm(&created, after(60));
    assert_eq!(
        stage.query(&order, after(61)).unwrap().state,
        TransferState::Transferring
    );
    let record = stage.query(&order, after(62)).unwrap();
    assert_eq!(record.state, TransferState::Success);
    assert!(record.echoes(&order));
    assert_eq!(stage.simulator.totals().received_fen, 10);
    assert!(stage.simulator.ledger().is_balanced());
    let package = created.package_info.unwrap();
    assert!(matches!(
        stage
            .simulator
            .confirm_transfer(&stage.openid, &package, after(63)),
        Err(SimulatorError::TransferNotConfirmable { .. })
    ));
}

#[test]
fn the_same_order_again_is_the_same_transfer_and_shows_its_package_again() {
    let stage = stage();
    let order = stage.order("t1", 10);
    let first = stage.create(&order, start()).unwrap();
    let second = stage.create(&order, after(5)).unwrap();
    assert_eq!(first, second);
    assert_eq!(stage.simulator.totals().sent_fen, 10);
    let error = stage.create(&stage.order("t1", 11), after(6)).unwrap_err();
    assert_eq!(error.action(), PayAction::FreezeOrder);
}

#[test]
fn a_transfer_that_nobody_confirms_closes_late() {
    let stage = stage();
    let order = stage.order("t1", 10);
    let created = stage.create(&order, start()).unwrap();
    let day = 86_400;
    let package = created.package_info.unwrap();
    assert!(matches!(
        stage
            .simulator
            .confirm_transfer(&stage.openid, &package, after(day)),
        Err(SimulatorError::TransferNotConfirmable { .. })
    ));
    let still = stage.query(&order, after(day + 50 * 60)).unwrap();
    assert_eq!(still.state, TransferState::WaitUserConfirm);
    let closed = stage.query(&order, after(day + 51 * 60)).unwrap();
    assert_eq!(closed.state, TransferState::Failed);
    assert_eq!(closed.fail_reason.unwrap().class(), FailClass::Overdue);
    assert_eq!(stage.simulator.totals().in_flight_fen, 0);
    assert!(stage.simulator.ledger().is_balanced());
}

#[test]
fn a_withdrawal_runs_in_the_background_and_comes_too_late_after_confirmation() {
    let stage = stage();
    let cancel = |order: &TransferOrder, now| {
        let request = CancelTransfer::of(order)
            .request(&stage.credentials, &stage.keys, &fresh(now))
            .unwrap();
        CancelTransfer::parse(&stage.send(&request, now).unwrap(), &stage.keys, now)
    };
    let order = stage.order("t1", 10);
    stage.create(&order, start()).unwrap();
    assert_eq!(
        cancel(&order, after(1)).unwrap().state,
        TransferState::Cancelling
    );
    assert_eq!(
        stage.query(&order, after(31)).unwrap().state,
        TransferState::Cancelled
    );
    let confirmed = stage.order("t2", 10);
    let created = stage.create(&confirmed, after(40)).unwrap();
    stage.confirm(&created, after(41));
    assert!(cancel(&confirmed, after(41)).is_err());
    assert_eq!(
        stage.query(&confirmed, after(50)).unwrap().state,
        TransferState::Success
    );
    assert!(stage.simulator.ledger().is_balanced());
}

#[test]
fn a_package_that_was_altered_or_is_somebody_elses_opens_nothing() {
    let stage = stage();
    let created = stage.create(&stage.order("t1", 10), start()).unwrap();
    let package = created.package_info.unwrap();
    assert!(package.contains('+'));
    assert_eq!(
        stage
            .simulator
            .confirm_transfer(&stage.openid, &package.replace('+', " "), start()),
        Err(SimulatorError::UnknownPackage)
    );
    assert!(matches!(
        stage
            .simulator
            .confirm_transfer("o-other", &package, start()),
        Err(SimulatorError::PacketOfAnotherPerson { .. })
    ));
}

#[test]
fn a_request_is_refused_for_its_signature_clock_or_serial() {
    let stage = stage();
    let order = stage.order("t1", 10);
    let call = CreateTransfer::new(order).unwrap();
    let request = |at| {
        call.request(&stage.credentials, &stage.keys, &fresh(at))
            .unwrap()
    };
    let refused = |request: &Request| {
        let answer = stage.send(request, start()).unwrap();
        assert_eq!(answer.status(), 401);
        CreateTransfer::parse(&answer, &stage.keys, start())
            .unwrap_err()
            .action()
    };
    let mut altered = request(start());
    altered.body_mut().push(b' ');
    assert_eq!(refused(&altered), PayAction::PauseForRequest);
    assert_eq!(refused(&request(after(300))), PayAction::PauseForRequest);
    assert_eq!(refused(&request(after(-300))), PayAction::PauseForRequest);
    assert_eq!(stage.simulator.totals().sent_fen, 0);
}

#[test]
fn amounts_people_and_balance_are_checked() {
    let stage = stage_with(|config| config.balance_fen = 100);
    let action = |order: &TransferOrder| stage.create(order, start()).unwrap_err().action();
    assert_eq!(action(&stage.order("t1", 9)), PayAction::OrderInvalid);
    let mut stranger = stage.order("t2", 10);
    stranger.openid = "o-nobody".parse().unwrap();
    assert_eq!(action(&stranger), PayAction::OrderInvalid);
    assert_eq!(action(&stage.order("t3", 101)), PayAction::PauseForBalance);
    stage.simulator.top_up(1);
    assert!(stage.create(&stage.order("t3", 101), start()).is_ok());
}

#[test]
fn a_number_is_unknown_before_it_lands() {
    let stage = stage();
    let error = stage.query(&stage.order("t1", 10), start()).unwrap_err();
    assert_eq!(error.action(), PayAction::NotVisible);
}

#[test]
fn faults_leave_the_outcome_unknown_and_the_same_number_pays_once() {
    let faults = [
        Fault::ExecuteThenStatus500,
        Fault::GarbledBody,
        Fault::ScrambledBody,
        Fault::SystemErrorExecuted,
        Fault::SystemErrorThenSuccess,
        Fault::WrongSerial,
        Fault::WrongAnswerSignature,
        Fault::ProbeSignature,
        Fault::ClockSkew { seconds: 301 },
        Fault::UnknownErrCode,
        Fault::FreqLimit,
    ];
    for (index, fault) in faults.into_iter().enumerate() {
        let stage = stage();
        stage
            .simulator
            .set_faults(vec![FaultRule::once(fault.clone())]);
        let order = stage.order(&format!("t{index}"), 10);
        let error = stage.create(&order, start()).unwrap_err();
        assert!(
            matches!(
                error.action(),
                PayAction::OutcomeUnknown | PayAction::RepeatSameNumber | PayAction::SlowDown
            ),
            "{fault:?} {error}"
        );
        let created = stage.create(&order, after(5)).unwrap();
        stage.confirm(&created, after(6));
        stage.simulator.advance(after(10));
        assert_eq!(stage.simulator.totals().received_fen, 10, "{fault:?}");
        assert!(stage.simulator.ledger().is_balanced());
    }
}

#[test]
fn a_transfer_may_be_slow_or_fail_after_confirmation() {
    let stage = stage();
    let fails = Fault::TransferFails {
        fail_reason: "ACCOUNT_FROZEN".to_owned(),
    };
    stage.simulator.set_faults(vec![
        FaultRule::once(Fault::Processing { seconds: 60 }),
        FaultRule::once(fails),
    ]);
    let slow = stage.order("t1", 10);
    let created = stage.create(&slow, start()).unwrap();
    assert_eq!(created.state, TransferState::Processing);
    assert_eq!(created.package_info, None);
    let waiting = stage.create(&slow, after(60)).unwrap();
    assert_eq!(waiting.state, TransferState::WaitUserConfirm);

    let doomed = stage.order("t2", 10);
    let created = stage.create(&doomed, after(61)).unwrap();
    stage.confirm(&created, after(62));
    let record = stage.query(&doomed, after(65)).unwrap();
    assert_eq!(record.state, TransferState::Failed);
    assert_eq!(record.fail_reason.unwrap().class(), FailClass::Person);
    assert!(stage.simulator.ledger().is_balanced());
}

#[test]
fn the_end_is_notified_until_it_is_taken() {
    let stage = stage();
    let order = stage.order("t1", 10);
    let created = stage.create(&order, start()).unwrap();
    assert!(stage.simulator.due_notices(after(1)).is_empty());
    stage.confirm(&created, after(2));
    let first = stage.simulator.due_notices(after(4));
    let [notice] = first.as_slice() else {
        panic!("{first:?}");
    };
    assert_eq!(notice.request.uri(), "https://contest.example/notify");
    let notification = stage.receive(notice, after(4)).unwrap();
    let NotificationContent::Transfer(record) = &notification.content else {
        panic!("{notification:?}");
    };
    assert_eq!(record.state, TransferState::Success);
    assert!(record.echoes(&order));

    stage.simulator.record_notice(notice, Some(500), after(5));
    assert!(stage.simulator.due_notices(after(19)).is_empty());
    let second = stage.simulator.due_notices(after(20));
    assert_eq!(second[0].attempt, 2);
    let again = stage.receive(&second[0], after(20)).unwrap();
    assert_eq!(again.id, notification.id);
    stage
        .simulator
        .record_notice(&second[0], Some(204), after(21));
    assert!(stage.simulator.due_notices(after(100_000)).is_empty());
}

#[test]
fn a_notification_is_tried_65_times_at_most() {
    let stage = stage();
    let created = stage.create(&stage.order("t1", 10), start()).unwrap();
    stage.confirm(&created, start());
    let mut tries = 0;
    let mut now = after(10);
    while let [notice] = stage.simulator.due_notices(now).as_slice() {
        tries += 1;
        assert_eq!(notice.attempt, tries);
        stage.simulator.record_notice(notice, None, now);
        now += TimeDelta::seconds(1_800);
    }
    assert_eq!(tries, 65);
}

#[test]
fn notifications_can_be_lost_doubled_and_forged() {
    let stage = stage();
    let mut ended = 0;
    let mut notices = |fault: Option<Fault>| {
        ended += 1;
        let rules = fault.map(|fault| FaultRule::always(fault).on(Operation::TransferNotice));
        stage.simulator.set_faults(rules.into_iter().collect());
        let now = after(ended * 100);
        let order = stage.order(&format!("t{ended}"), 10);
        let created = stage.create(&order, now).unwrap();
        stage.confirm(&created, now);
        let at = now + TimeDelta::seconds(5);
        let due = stage.simulator.due_notices(at);
        let read: Vec<_> = due.iter().map(|n| stage.receive(n, at)).collect();
        read
    };
    assert!(notices(Some(Fault::LoseCallback)).is_empty());
    assert_eq!(notices(Some(Fault::DuplicateCallbacks)).len(), 2);
    for (fault, problem) in [
        (Fault::WrongAnswerSignature, SignatureProblem::Mismatch),
        (Fault::ProbeSignature, SignatureProblem::Probe),
    ] {
        assert_eq!(
            notices(Some(fault)),
            [Err(NotificationError::NotAuthentic(problem))]
        );
    }
    assert!(notices(None)[0].is_ok());
}

#[test]
fn certificates_and_public_key_sign_side_by_side() {
    let stage = stage_with(|config| {
        config.transfers.as_mut().unwrap().signs_by_certificate = true;
    });
    let request = DownloadCertificates::new()
        .request(&stage.credentials, None, &fresh(start()))
        .unwrap();
    let answer = stage.send(&request, start()).unwrap();
    let only = DownloadCertificates::parse(&answer, None, &stage.api_key, start()).unwrap();
    assert_eq!(only.preferred(), "5157F09EFDC096DE15EBE81A47057A7232F1B8E1");
    let request = DownloadCertificates::new()
        .request(&stage.credentials, Some(&stage.keys), &fresh(start()))
        .unwrap();
    let answer = stage.send(&request, start()).unwrap();
    let both =
        DownloadCertificates::parse(&answer, Some(&stage.keys), &stage.api_key, start()).unwrap();

    let created = stage.create(&stage.order("t1", 10), start()).unwrap();
    stage.confirm(&created, start());
    let notices = stage.simulator.due_notices(after(5));
    assert!(matches!(
        stage.receive(&notices[0], after(5)),
        Err(NotificationError::NotAuthentic(
            SignatureProblem::UnknownSerial { .. }
        ))
    ));
    let read = Notification::receive(
        notices[0].request.headers(),
        notices[0].request.body(),
        &both,
        &stage.api_key,
        after(5),
    );
    assert!(read.is_ok());
}

#[test]
fn a_caller_that_downloaded_certificates_and_names_no_key_is_answered_under_one() {
    let stage = stage();
    let query = |agent: &'static str| {
        let order = stage.order("t1", 10);
        let mut request = QueryTransfer::of(&order)
            .request(&stage.credentials, &stage.keys, &fresh(start()))
            .unwrap();
        request.headers_mut().remove("wechatpay-serial").unwrap();
        let agent = http::HeaderValue::from_static(agent);
        request.headers_mut().insert("user-agent", agent);
        let answer = stage.send(&request, start()).unwrap();
        let serial = answer.headers()["wechatpay-serial"].to_str().unwrap();
        serial.starts_with("PUB_KEY_ID_")
    };
    assert!(query("one") && query("two"));
    let mut request = DownloadCertificates::new()
        .request(&stage.credentials, None, &fresh(start()))
        .unwrap();
    let agent = http::HeaderValue::from_static("one");
    request.headers_mut().insert("user-agent", agent);
    stage.send(&request, start()).unwrap();
    assert!(!query("one") && query("two"));
}

#[test]
fn the_echo_proves_keys_without_money() {
    let stage = stage();
    let request = SecurityEcho::new("hello")
        .request(&stage.credentials, &stage.keys, &fresh(start()))
        .unwrap();
    let answer = stage.send(&request, start()).unwrap();
    let heard = SecurityEcho::parse(&answer, &stage.keys, start());
    assert_eq!(heard.unwrap(), "hello");
    assert_eq!(stage.simulator.totals().sent_fen, 0);
}

#[test]
fn an_echo_opens_what_is_sealed_and_is_notified() {
    let stage = stage();
    let sealed = stage.keys.seal_name("王小明").unwrap();
    let request = SecurityEcho::new("hello")
        .with_sealed(sealed)
        .with_notification("https://contest.example/notify")
        .request(&stage.credentials, &stage.keys, &fresh(start()))
        .unwrap();
    let answer = stage.send(&request, start()).unwrap();
    SecurityEcho::parse(&answer, &stage.keys, start()).unwrap();
    let due = stage.simulator.due_notices(after(1));
    let notification = stage.receive(&due[0], after(1)).unwrap();
    assert_eq!(notification.event_type, "SECURITY_ECHO.SUCCESS");
    assert!(
        matches!(notification.content, NotificationContent::Other(text) if text.contains("hello"))
    );
    stage.simulator.record_notice(&due[0], Some(200), after(2));
    assert!(stage.simulator.due_notices(after(100_000)).is_empty());

    let body = serde_json::json!({"echo_message": "hello", "encrypted_echo_message": "AAAA"});
    let mut request = SecurityEcho::new("hello")
        .request(&stage.credentials, &stage.keys, &fresh(start()))
        .unwrap();
    *request.body_mut() = body.to_string().into_bytes();
    let target = request.uri().path();
    let authorization =
        stage
            .credentials
            .authorization(request.method(), target, request.body(), &fresh(start()));
    let authorization = authorization.unwrap().parse().unwrap();
    request.headers_mut().insert("authorization", authorization);
    assert_eq!(stage.send(&request, start()).unwrap().status(), 400);
}

#[test]
fn a_reordered_answer_is_signed_as_it_is_sent() {
    let stage = stage();
    stage
        .simulator
        .set_faults(vec![FaultRule::always(Fault::ReorderedFields)]);
    let order = stage.order("t1", 10);
    stage.create(&order, start()).unwrap();
    assert!(stage.query(&order, after(1)).is_ok());
}

#[test]
fn an_expired_certificate_is_announced() {
    let stage = stage();
    let announced = |seconds| {
        let request = DownloadCertificates::new()
            .request(&stage.credentials, None, &fresh(after(seconds)))
            .unwrap();
        let answer = stage.send(&request, after(seconds)).unwrap();
        let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
        let end = body["data"][0]["expire_time"].as_str().unwrap().to_owned();
        DateTime::parse_from_rfc3339(&end).unwrap()
    };
    assert!(announced(0) > start());
    stage
        .simulator
        .set_faults(vec![FaultRule::once(Fault::ExpiredCertificate)]);
    assert!(announced(1) < start());
    assert!(announced(2) > start());
}

#[test]
fn signatures_go_by_the_callers_clock_and_states_by_the_hosts() {
    let stage = stage();
    let order = stage.order("t1", 10);
    stage.create(&order, start()).unwrap();
    // The host turns its clock by two days; whoever calls stays where they were.
    let ahead = TimeDelta::days(2);
    stage.simulator.set_callers_ahead(-ahead);
    let call = QueryTransfer::of(&order);
    let request = call
        .request(&stage.credentials, &stage.keys, &fresh(after(5)))
        .unwrap();
    let answer = stage.send(&request, after(5) + ahead).unwrap();
    let record = QueryTransfer::parse(&answer, &stage.keys, after(5)).unwrap();
    assert_eq!(record.state, TransferState::Failed);
    let late = stage.send(&request, after(5)).unwrap();
    assert_eq!(late.status(), 401);
    let due = stage.simulator.due_notices(after(6) + ahead);
    assert!(stage.receive(&due[0], after(6)).is_ok());
}

#[cfg(feature = "gzip")]
#[test]
fn a_bill_can_be_packed() {
    let stage = stage();
    stage.create(&stage.order("t1", 10), start()).unwrap();
    let nine: DateTime<Utc> = "2026-05-07T01:00:00Z".parse().unwrap();
    let day: NaiveDate = "2026-05-06".parse().unwrap();
    let call = RequestFundFlow::new(day, FundAccount::Operation).zipped();
    let request = call
        .request(&stage.credentials, &stage.keys, &fresh(nine))
        .unwrap();
    let answer = stage.send(&request, nine).unwrap();
    let ticket = call.parse(&answer, &stage.keys, nine).unwrap();
    let request = ticket.request(&stage.credentials, &fresh(nine)).unwrap();
    let file = stage.send(&request, nine).unwrap();
    assert!(file.body().starts_with(&[0x1f, 0x8b]));
    assert_eq!(ticket.parse(&file).unwrap().sums().expense_fen, 10);
}

fn bill(stage: &Stage, day: &str, now: DateTime<Utc>) -> Result<FundFlowBill, PayError> {
    let day: NaiveDate = day.parse().unwrap();
    let call = RequestFundFlow::new(day, FundAccount::Operation);
    let request = call
        .request(&stage.credentials, &stage.keys, &fresh(now))
        .unwrap();
    let ticket = call.parse(&stage.send(&request, now).unwrap(), &stage.keys, now)?;
    let request = ticket.request(&stage.credentials, &fresh(now)).unwrap();
    let file = stage.send(&request, now).unwrap();
    Ok(ticket.parse(&file).unwrap())
}

#[test]
fn a_bill_is_there_from_nine_on_the_next_day_and_tells_what_the_ledger_tells() {
    let stage = stage();
    let paid = stage.create(&stage.order("t1", 10), start()).unwrap();
    stage.confirm(&paid, start());
    stage.create(&stage.order("t2", 20), start()).unwrap();
    let nine: DateTime<Utc> = "2026-05-07T01:00:00Z".parse().unwrap();
    assert!(bill(&stage, "2026-05-06", nine - TimeDelta::seconds(1)).is_err());
    let day = bill(&stage, "2026-05-06", nine).unwrap();
    assert_eq!(day.sums().expenses, 2);
    assert_eq!(day.sums().expense_fen, 30);
    assert_eq!(day.flows()[0].voucher_number, "t1");
    // The second one closes on the next day, and its money comes back.
    let next = bill(&stage, "2026-05-07", nine + TimeDelta::days(1)).unwrap();
    assert_eq!(next.sums().income_fen, 20);
    assert!(bill(&stage, "2026-05-05", nine).is_err());
}

#[test]
fn without_a_setup_there_is_no_version_3() {
    let stage = stage();
    let mut config =
        SimulatorConfig::rehearsal("http://127.0.0.1:8080", "http://127.0.0.1:8080/callback");
    config.transfers = None;
    let simulator = Simulator::new(config).unwrap();
    let request = QueryTransfer::of(&stage.order("t1", 10))
        .request(&stage.credentials, &stage.keys, &fresh(start()))
        .unwrap();
    assert!(matches!(
        simulator.handle(&request, start()),
        Handled::Answer(answer) if answer.status() == 404
    ));
    assert!(simulator.due_notices(start()).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is created, confirmed, withdrawn and left alone: the record balances, and nobody is paid twice.
    #[test]
    fn the_record_balances_after_any_sequence(steps in prop::collection::vec((0_u8..4, 0_usize..4, 0_i64..50_000), 1..30)) {
        let stage = stage();
        let mut now = start();
        let mut packages: [Option<String>; 4] = Default::default();
        for (step, number, seconds) in steps {
            now += TimeDelta::seconds(seconds);
            let order = stage.order(&format!("t{number}"), 10);
            match step {
                0 => {
                    if let Ok(created) = stage.create(&order, now) {
                        packages[number] = created.package_info.or(packages[number].take());
                    }
                }
                1 => {
                    if let Some(package) = &packages[number] {
                        drop(stage.simulator.confirm_transfer(&stage.openid, package, now));
                    }
                }
                2 => {
                    let request = CancelTransfer::of(&order)
                        .request(&stage.credentials, &stage.keys, &fresh(now))
                        .unwrap();
                    drop(stage.send(&request, now));
                }
                _ => stage.simulator.advance(now),
            }
            let ledger = stage.simulator.ledger();
            prop_assert!(ledger.is_balanced());
            prop_assert!(ledger.totals.received_fen <= 40);
        }
    }
}
