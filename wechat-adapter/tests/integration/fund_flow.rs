//! Fund-flow bills: the request, the digest, and a text whose sums must agree.

use chrono::NaiveDate;
use proptest::prelude::*;
use wechat_adapter::Response;
use wechat_adapter::pay::v3::{
    BillError, FlowDirection, FundAccount, FundFlowBill, InvalidBill, RequestFundFlow,
};

use crate::v3_support::{answered, credentials, freshness, keys, now};

/// Two rows as a public client's tests have them, with our own numbers.
const BILL: &str = "\u{feff}记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号\r\n\
`2021-02-01 13:54:01,`50300806962021020105978994968,`4200000920202101197964319284,`商家转账,`商家转账,`支出,`0.10,`99.90,`1900001109API,`知识竞赛,五题全对,`plfk2020042013\r\n\
`2021-02-01 14:00:45,`50300907032021020105978998710,`4200000846202101197461830397,`充值,`充值,`收入,`100.00,`199.90,`admin,`,`S1\r\n\
资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\r\n\
`2,`1,`100.00,`1,`0.1\r\n";
/// SHA-1 of [`BILL`] by another library.
const BILL_SHA1: &str = "2877fe9a6d453ce666fd8526bbaf7d2a1dc13659";

fn request() -> RequestFundFlow {
    let day = NaiveDate::from_ymd_opt(2021, 2, 1).unwrap();
    RequestFundFlow::new(day, FundAccount::Operation)
}

fn ticket(request: RequestFundFlow, sha1: &str) -> wechat_adapter::pay::v3::FundFlowTicket {
    let body = format!(
        r#"{{"hash_type":"SHA1","hash_value":"{sha1}","download_url":"https://api.mch.weixin.qq.com/v3/billdownload/file?token=x%2By&tartype=gzip"}}"#
    );
    request
        .parse(&answered(200, &body), &keys(), now())
        .unwrap()
}

fn file(bytes: &[u8]) -> Response {
    http::Response::new(bytes.to_vec())
}

#[test]
fn a_bill_is_asked_for_by_day_and_account() {
    let request = request()
        .request(&credentials(), &keys(), &freshness())
        .unwrap();
    assert_eq!(
        request.uri().to_string(),
        "https://pay.example/v3/bill/fundflowbill?bill_date=2021-02-01&account_type=OPERATION"
    );
}

#[test]
fn a_file_is_fetched_from_the_configured_host_only() {
    let request = ticket(request(), BILL_SHA1)
        .request(&credentials(), &freshness())
        .unwrap();
    assert_eq!(
        request.uri().to_string(),
        "https://pay.example/v3/billdownload/file?token=x%2By&tartype=gzip"
    );
    assert!(request.headers().contains_key("Authorization"));
}

#[test]
fn a_bill_is_read_row_by_row() {
    let bill = ticket(request(), BILL_SHA1)
        .parse(&file(BILL.as_bytes()))
        .unwrap();
    let [paid, topped_up] = bill.flows() else {
        panic!("{bill:?}");
    };
    assert_eq!((paid.line, topped_up.line), (2, 3));
    assert_eq!(paid.direction, FlowDirection::Expense);
    assert_eq!(paid.amount_fen, 10);
    assert_eq!(paid.balance_fen, 9_990);
    assert_eq!(paid.remark, "知识竞赛,五题全对");
    assert_eq!(paid.voucher_number, "plfk2020042013");
    assert_eq!(
        paid.booked_at,
        "2021-02-01T05:54:01Z"
            .parse::<chrono::DateTime<chrono::Utc>>()
            .unwrap()
    );
    assert_eq!(topped_up.amount_fen, 10_000);
    assert_eq!(bill.sums().expense_fen, 10);
}

#[test]
fn a_file_with_another_digest_is_not_the_bill() {
    let ticket = ticket(request(), BILL_SHA1);
    let changed = BILL.replace("0.10", "0.11");
    assert_eq!(
        ticket.parse(&file(changed.as_bytes())),
        Err(BillError::Digest)
    );
    let mut missing = file(BILL.as_bytes());
    *missing.status_mut() = http::StatusCode::NOT_FOUND;
    assert_eq!(
        ticket.parse(&missing),
        Err(BillError::Status { status: 404 })
    );
}

#[test]
fn another_digest_than_sha1_is_not_understood() {
    let body = r#"{"hash_type":"MD5","hash_value":"x","download_url":"https://h/f"}"#;
    assert!(
        request()
            .parse(&answered(200, body), &keys(), now())
            .is_err()
    );
}

#[test]
fn a_bill_whose_sums_disagree_is_refused() {
    let wrong = BILL.replace("`1,`0.1\r\n", "`1,`0.2\r\n");
    assert!(matches!(
        FundFlowBill::parse(wrong.as_bytes()),
        Err(InvalidBill::SumsDisagree { .. })
    ));
    let miscounted = BILL.replace("`2,`1,", "`3,`1,");
    assert!(matches!(
        FundFlowBill::parse(miscounted.as_bytes()),
        Err(InvalidBill::Value {
            line: 5,
            column: "资金流水总笔数",
            ..
        })
    ));
}

#[test]
fn a_cut_bill_is_refused_wherever_it_is_cut() {
    let last = BILL.trim_end().len();
    for end in 0..last {
        assert!(
            FundFlowBill::parse(&BILL.as_bytes()[..end]).is_err(),
            "{end}"
        );
    }
    assert!(FundFlowBill::parse(&BILL.as_bytes()[..last]).is_ok());
}

#[cfg(feature = "gzip")]
#[test]
fn a_zipped_bill_is_unzipped_before_its_digest_is_taken() {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(BILL.as_bytes()).unwrap();
    let zipped = encoder.finish().unwrap();
    let asked = request().zipped();
    let sent = asked
        .request(&credentials(), &keys(), &freshness())
        .unwrap();
    assert!(sent.uri().query().unwrap().ends_with("&tar_type=GZIP"));
    let ticket = ticket(asked, BILL_SHA1);
    assert_eq!(ticket.parse(&file(&zipped)).unwrap().flows().len(), 2);
    assert_eq!(
        ticket.parse(&file(BILL.as_bytes())),
        Err(BillError::NotZipped)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// No bytes panic as a bill, with or without the true heading.
    #[test]
    fn no_bytes_panic_as_a_bill(noise in prop::collection::vec(any::<u8>(), 0..200), rows in "[`,\"0-9.收入支出\\n-]{0,120}") {
        prop_assert!(FundFlowBill::parse(&noise).is_err());
        let heading = BILL.lines().next().unwrap();
        let text = format!("{heading}\n{rows}\n资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\n{rows}");
        drop(FundFlowBill::parse(text.as_bytes()));
    }
}
