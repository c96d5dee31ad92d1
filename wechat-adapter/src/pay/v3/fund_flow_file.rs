//! The text of a fund-flow bill: one row for each movement, then the sums, which must agree.

use chrono::{DateTime, FixedOffset, NaiveDateTime, Utc};

/// Asia/Shanghai, which has had no summer time since 1991.
const CHINA_STANDARD_TIME_SECONDS: i32 = 8 * 3_600;

const COLUMNS: [&str; 11] = [
    "记账时间",
    "微信支付业务单号",
    "资金流水单号",
    "业务名称",
    "业务类型",
    "收支类型",
    "收支金额(元)",
    "账户结余(元)",
    "资金变更提交申请人",
    "备注",
    "业务凭证号",
];
const SUMS: [&str; 5] = [
    "资金流水总笔数",
    "收入笔数",
    "收入金额",
    "支出笔数",
    "支出金额",
];

/// Which way money went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "money comes or goes")]
pub enum FlowDirection {
    /// `收入`: into the account.
    Income,
    /// `支出`: out of the account.
    Expense,
}

/// One movement of money.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FundFlow {
    /// Number of its line in the file, from 1.
    pub line: usize,
    /// When it was booked.
    pub booked_at: DateTime<Utc>,
    /// WeChat's number of the business (`微信支付业务单号`).
    pub business_number: String,
    /// WeChat's number of the movement (`资金流水单号`).
    pub flow_number: String,
    /// Name of the business, as WeChat writes it.
    pub business_name: String,
    /// Kind of the business, as WeChat writes it.
    pub business_kind: String,
    /// Which way the money went.
    pub direction: FlowDirection,
    /// How much, in fen.
    pub amount_fen: u64,
    /// What was left on the account, in fen.
    pub balance_fen: u64,
    /// Who asked for it.
    pub applicant: String,
    /// The remark.
    pub remark: String,
    /// The number of the voucher; for payouts our own order number.
    pub voucher_number: String,
}

/// How many and how much, as the bill sums itself up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct FundFlowSums {
    /// Number of incomes.
    pub incomes: u64,
    /// Sum of incomes, in fen.
    pub income_fen: u64,
    /// Number of expenses.
    pub expenses: u64,
    /// Sum of expenses, in fen.
    pub expense_fen: u64,
}

/// A whole bill whose sums agree with its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FundFlowBill {
    flows: Vec<FundFlow>,
    sums: FundFlowSums,
}

/// Why a text is not a fund-flow bill.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidBill {
    /// The file is longer than any bill of a day.
    #[error(
        "bill has {length_bytes} bytes, at most {} are read",
        FundFlowBill::MAX_BYTES
    )]
    TooLarge {
        /// Length of the refused file, in bytes.
        length_bytes: usize,
    },
    /// The bytes are not UTF-8.
    #[error("bill is not UTF-8")]
    NotUtf8,
    /// The first line is not the heading.
    #[error("bill does not begin with the heading of a fund-flow bill")]
    Heading,
    /// A row has another number of columns.
    #[error("line {line} has {columns} columns")]
    Columns {
        /// Number of the line, from 1.
        line: usize,
        /// How many columns it has.
        columns: usize,
    },
    /// A value cannot be read.
    #[error("line {line} has the impossible value {value:?} for {column}")]
    Value {
        /// Number of the line, from 1.
        line: usize,
        /// Name of the column.
        column: &'static str,
        /// The refused value, cut at 64 characters.
        value: String,
    },
    /// The sums at the end are missing: the file is cut.
    #[error("bill ends without its sums")]
    SumsMissing,
    /// The sums at the end are not those of the rows.
    #[error("bill states {stated:?}, its rows sum up to {counted:?}")]
    SumsDisagree {
        /// What the bill says.
        stated: FundFlowSums,
        /// What its rows say.
        counted: FundFlowSums,
    },
}

impl FundFlowBill {
    /// The longest file that is read, in bytes: 256 MiB, above a million rows.
    pub const MAX_BYTES: usize = 268_435_456;

    /// Reads a bill: every value behind a backtick, amounts in yuan with at most two decimals, sums at the end.
    ///
    /// Cost grows linearly with the length.
    /// Source: <https://pay.weixin.qq.com/doc/v3/partner/4012760535>, "file format", read 2026-11.
    ///
    /// # Errors
    /// [`InvalidBill`], by the first line that cannot be read, or because rows and sums disagree.
    pub fn parse(file: &[u8]) -> Result<Self, InvalidBill> {
        let length_bytes = file.len();
        if length_bytes > Self::MAX_BYTES {
            return Err(InvalidBill::TooLarge { length_bytes });
        }
        let text = std::str::from_utf8(file).map_err(|_| InvalidBill::NotUtf8)?;
        let mut lines = text
            .trim_start_matches('\u{feff}')
            .lines()
            .zip(1_usize..)
            .filter(|(line, _)| !line.trim().is_empty());
        match lines.next() {
            Some((heading, _)) if values(heading) == COLUMNS => {}
            Some(_) | None => return Err(InvalidBill::Heading),
        }
        let mut flows = Vec::new();
        let mut counted = FundFlowSums::default();
        for (text, line) in lines.by_ref() {
            let values = values(text);
            if values == SUMS {
                let stated = lines.next().ok_or(InvalidBill::SumsMissing)?;
                let stated = sums(&self::values(stated.0), stated.1)?;
                return if stated == counted {
                    Ok(Self {
                        flows,
                        sums: stated,
                    })
                } else {
                    Err(InvalidBill::SumsDisagree { stated, counted })
                };
            }
            let flow = flow(&values, line)?;
            counted.add(&flow, line)?;
            flows.push(flow);
        }
        Err(InvalidBill::SumsMissing)
    }

    /// The movements, in the order of the file.
    #[must_use]
    pub fn flows(&self) -> &[FundFlow] {
        &self.flows
    }

    /// The sums, which agree with the movements.
    #[must_use]
    pub const fn sums(&self) -> FundFlowSums {
        self.sums
    }
}

impl FundFlowSums {
    fn add(&mut self, flow: &FundFlow, line: usize) -> Result<(), InvalidBill> {
        let (count, sum) = match flow.direction {
            FlowDirection::Income => (&mut self.incomes, &mut self.income_fen),
            FlowDirection::Expense => (&mut self.expenses, &mut self.expense_fen),
        };
        *count = count.saturating_add(1);
        *sum = sum
            .checked_add(flow.amount_fen)
            .ok_or_else(|| value_error(line, "收支金额(元)", "sum overflows"))?;
        Ok(())
    }
}

/// The values of a line, without backticks and quotation marks.
///
/// A value begins with a backtick, so a comma within a remark is part of the remark; headings have commas only.
fn values(line: &str) -> Vec<&str> {
    let line = line.trim_end_matches('\r');
    if let Some(rest) = line.strip_prefix('`') {
        return rest.split(",`").collect();
    }
    if let Some(rest) = line.strip_prefix("\"`") {
        return rest.trim_end_matches('"').split("\",\"`").collect();
    }
    line.split(',').collect()
}

fn value_error(line: usize, column: &'static str, value: &str) -> InvalidBill {
    InvalidBill::Value {
        line,
        column,
        value: value.chars().take(64).collect(),
    }
}

fn flow(values: &[&str], line: usize) -> Result<FundFlow, InvalidBill> {
    let &[
        booked_at,
        business_number,
        flow_number,
        business_name,
        business_kind,
        direction,
        amount,
        balance,
        applicant,
        remark,
        voucher_number,
    ] = values
    else {
        return Err(InvalidBill::Columns {
            line,
            columns: values.len(),
        });
    };
    Ok(FundFlow {
        line,
        booked_at: instant(booked_at).ok_or_else(|| value_error(line, "记账时间", booked_at))?,
        business_number: business_number.to_owned(),
        flow_number: flow_number.to_owned(),
        business_name: business_name.to_owned(),
        business_kind: business_kind.to_owned(),
        direction: match direction {
            "收入" => FlowDirection::Income,
            "支出" => FlowDirection::Expense,
            other => return Err(value_error(line, "收支类型", other)),
        },
        amount_fen: fen(amount).ok_or_else(|| value_error(line, "收支金额(元)", amount))?,
        balance_fen: fen(balance).ok_or_else(|| value_error(line, "账户结余(元)", balance))?,
        applicant: applicant.to_owned(),
        remark: remark.to_owned(),
        voucher_number: voucher_number.to_owned(),
    })
}

fn sums(values: &[&str], line: usize) -> Result<FundFlowSums, InvalidBill> {
    let &[all, incomes, income, expenses, expense] = values else {
        return Err(InvalidBill::Columns {
            line,
            columns: values.len(),
        });
    };
    let count = |column, text: &str| -> Result<u64, InvalidBill> {
        text.parse().map_err(|_| value_error(line, column, text))
    };
    let amount = |column, text: &str| fen(text).ok_or_else(|| value_error(line, column, text));
    let sums = FundFlowSums {
        incomes: count("收入笔数", incomes)?,
        income_fen: amount("收入金额", income)?,
        expenses: count("支出笔数", expenses)?,
        expense_fen: amount("支出金额", expense)?,
    };
    if sums.incomes.checked_add(sums.expenses) == Some(count("资金流水总笔数", all)?) {
        Ok(sums)
    } else {
        Err(value_error(line, "资金流水总笔数", all))
    }
}

/// Beijing wall-clock time.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    let local = NaiveDateTime::parse_from_str(text.trim(), "%Y-%m-%d %H:%M:%S").ok()?;
    let zone = FixedOffset::east_opt(CHINA_STANDARD_TIME_SECONDS)?;
    Some(local.and_local_timezone(zone).single()?.to_utc())
}

/// Yuan with at most two decimals as fen; no sign, no exponent, no rounding.
fn fen(text: &str) -> Option<u64> {
    let text = text.trim();
    let (yuan, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(yuan) || !digits(decimals) || decimals.len() > 2 {
        return None;
    }
    let fraction: u64 = decimals.parse().ok()?;
    let fraction = if decimals.len() == 1 {
        fraction.checked_mul(10)?
    } else {
        fraction
    };
    yuan.parse::<u64>()
        .ok()?
        .checked_mul(100)?
        .checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yuan_become_fen_without_rounding() {
        for (text, expected) in [
            ("0", Some(0)),
            ("0.1", Some(10)),
            ("0.01", Some(1)),
            ("123.45", Some(12_345)),
            ("0.001", None),
            ("-1", None),
            ("1e2", None),
            ("1.", None),
            (".5", None),
            ("184467440737095516.16", None),
        ] {
            assert_eq!(fen(text), expected, "{text}");
        }
    }

    #[test]
    fn a_comma_within_a_remark_does_not_split_it() {
        assert_eq!(values("`a,`b,c,`d"), ["a", "b,c", "d"]);
        assert_eq!(values("\"`a\",\"`b,c\",\"`d\""), ["a", "b,c", "d"]);
    }
}
