//! Any bytes as a fund-flow bill, with and without its heading; what is read has sums that agree.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wechat_adapter::pay::v3::{FlowDirection, FundFlowBill};

const HEADING: &str = "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号";

fuzz_target!(|body: &[u8]| {
    let headed = [HEADING.as_bytes(), b"\n", body].concat();
    for file in [body, &headed] {
        if let Ok(bill) = FundFlowBill::parse(file) {
            let expenses: u64 = bill
                .flows()
                .iter()
                .filter(|flow| flow.direction == FlowDirection::Expense)
                .map(|flow| flow.amount_fen)
                .sum();
            assert_eq!(bill.sums().expense_fen, expenses);
        }
    }
});
