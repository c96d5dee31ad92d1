//! Days, incidents and seals as tables that a finance office reads.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};
use reward_core::BillClass;
use schedule_core::ShanghaiDay;
use serde_json::{Value, json};

use super::news;
use crate::{
    contest::{
        bills::Day,
        books::Reconciled,
        books_seal::SealedBooks,
        reconcile::{AccountMirror, DayOfBooks},
    },
    store::incidents::{CorrectionRow, Ended, IncidentRow},
};

/// The days of the books, the merchant's account, and what is missing.
pub(super) fn days(reconciled: &Reconciled, only: Option<ShanghaiDay>) -> String {
    let mut text = String::new();
    for imported in &reconciled.imported {
        let (day, version, n_lines) = (imported.day, imported.version, imported.n_lines);
        let news = news(imported);
        text += &format!("{day} 第 {version} 版，{n_lines} 笔：{news}\n");
    }
    for (day, problem) in &reconciled.unfetched {
        text += &format!("{day} 未取得账单：{problem}\n");
    }
    let mut table = table(&[
        "日期",
        "账单",
        "支付",
        "退回",
        "充值提现",
        "相符",
        "补记",
        "缺失",
        "矛盾",
        "无主",
        "不符",
        "重复",
        "待账单",
        "已说明",
        "差额（元）",
    ]);
    for day in of_day(reconciled, only) {
        table.add_row(day_cells(day));
    }
    align_numbers(&mut table, 2..15);
    text += &format!("{table}\n");
    text += "相符 R0，补记 R1、R2，缺失 R3，矛盾 R4，无主 R5，不符 R6，重复 R7\n";
    for day in &reconciled.comparison.unbilled_days {
        text += &format!("{} 没有账单\n", Day::of_column(*day));
    }
    if let Some(account) = reconciled.comparison.account {
        text += &account_line(&account);
    }
    let changes = reconciled.changes;
    text += &format!(
        "查询 {} 笔，新开事项 {} 件，自行了结 {} 件，未说明差额 {} 元\n",
        reconciled.n_asked,
        changes.n_opened,
        changes.n_settled,
        yuan(reconciled.comparison.difference_fen())
    );
    text
}

/// The same for programs.
pub(super) fn json(
    reconciled: &Reconciled,
    only: Option<ShanghaiDay>,
) -> serde_json::Result<String> {
    let days: Vec<Value> = of_day(reconciled, only)
        .map(|day| {
            let classes: serde_json::Map<String, Value> = BillClass::ALL
                .into_iter()
                .zip(day.n_by_class)
                .map(|(class, n)| (class.code().to_owned(), n.into()))
                .collect();
            json!({
                "day": Day::of_column(day.day).to_string(),
                "bill_version": day.bill.map(|(version, _)| version),
                "n_lines": day.bill.map(|(_, n_lines)| n_lines),
                "paid_fen": day.paid_fen,
                "returned_fen": day.returned_fen,
                "own_income_fen": day.own_income_fen,
                "own_expense_fen": day.own_expense_fen,
                "classes": classes,
                "n_waiting": day.n_waiting,
                "n_explained": day.n_explained,
                "difference_fen": day.difference_fen,
            })
        })
        .collect();
    let missing = reconciled.comparison.unbilled_days.iter();
    let unfetched = reconciled.unfetched.iter();
    serde_json::to_string_pretty(&json!({
        "days": days,
        "days_without_bill": missing.map(|day| Day::of_column(*day).to_string()).collect::<Vec<_>>(),
        "unfetched": unfetched.map(|(day, problem)| format!("{day}: {problem}")).collect::<Vec<_>>(),
        "account_difference_fen": reconciled.comparison.account.map(|account| account.difference_fen()),
        "n_findings": reconciled.n_findings(),
        "difference_fen": reconciled.comparison.difference_fen(),
    }))
}

/// Incidents, and proposals that wait for a second person.
pub(super) fn incidents(
    incidents: &[IncidentRow],
    proposals: &[CorrectionRow],
    with_ended: bool,
) -> String {
    let mut table = table(&[
        "事项",
        "类别",
        "单号",
        "城市",
        "日期",
        "我方（元）",
        "账单（元）",
        "负责人",
        "状态",
    ]);
    for row in incidents
        .iter()
        .filter(|row| with_ended || row.ended.is_none())
    {
        table.add_row([
            row.incident.to_string(),
            row.class.clone(),
            row.bill_number.clone(),
            row.city.clone().unwrap_or_default(),
            Day::of_column(row.day).to_string(),
            yuan(row.ours_fen),
            yuan(row.bill_fen),
            row.owner.clone().unwrap_or_default(),
            match row.ended {
                None => "未了结",
                Some(Ended::Settled) => "自行了结",
                Some(Ended::Explained) => "两人核定",
            }
            .to_owned(),
        ]);
    }
    align_numbers(&mut table, 5..7);
    let mut text = format!("{table}\n");
    for row in proposals {
        let transfer = row.transfer.as_ref().map_or_else(String::new, |transfer| {
            format!(
                " {} {} → {} {} 元",
                transfer.city,
                transfer.debit,
                transfer.credit,
                yuan(transfer.amount_fen)
            )
        });
        text += &format!(
            "提议 {}（事项 {}，{} 提出）：{}{transfer}；理由：{}；依据：{}\n",
            row.correction, row.incident, row.maker, row.action, row.reason, row.evidence
        );
    }
    text
}

/// A seal with its totals.
pub(super) fn seal(sealed: &SealedBooks) -> String {
    let seal = &sealed.seal;
    let mut table = table(&["项目", "元"]);
    for (name, fen) in [
        ("资金池", seal.pool_fen),
        ("未发放", seal.undrawn_fen),
        ("已领取", seal.received_fen),
        ("未领回收", seal.left_fen),
        ("存疑", seal.suspense_fen),
    ] {
        table.add_row([name.to_owned(), yuan(fen)]);
    }
    align_numbers(&mut table, 1..2);
    let at = crate::contest::season::instant(seal.sealed_ms)
        .with_timezone(&schedule_core::CHINA_STANDARD_TIME);
    format!(
        "{} 已封账，{}，{}\n{table}\n红包 {} 个，流水 {} 笔，封账后更正 {} 笔\n账簿摘要 {}\n审计链 {} {}\n",
        seal.city,
        at.format("%Y-%m-%d %H:%M"),
        seal.checked_by
            .iter()
            .fold(seal.sealed_by.clone(), |all, checker| all + "、" + checker),
        seal.n_awards,
        seal.n_transfers,
        sealed.n_later,
        seal.ledger_sha256,
        seal.audit_number,
        seal.audit_hash
    )
}

fn of_day(reconciled: &Reconciled, only: Option<ShanghaiDay>) -> impl Iterator<Item = &DayOfBooks> {
    let only = only.map(|day| i64::from(day.number()));
    let days = reconciled.comparison.days.iter();
    days.filter(move |day| only.is_none_or(|only| only == day.day))
}

fn day_cells(day: &DayOfBooks) -> Vec<String> {
    let [agrees, behind, recovered, others @ ..] = day.n_by_class;
    let own_fen = day.own_income_fen.saturating_sub(day.own_expense_fen);
    let mut cells = vec![
        Day::of_column(day.day).to_string(),
        day.bill.map_or_else(
            || "无".to_owned(),
            |(version, n_lines)| format!("第 {version} 版 {n_lines} 笔"),
        ),
        yuan(day.paid_fen),
        yuan(day.returned_fen),
        yuan(own_fen),
        agrees.to_string(),
        behind.saturating_add(recovered).to_string(),
    ];
    cells.extend(others.iter().map(usize::to_string));
    cells.extend([
        day.n_waiting.to_string(),
        day.n_explained.to_string(),
        yuan(day.difference_fen),
    ]);
    cells
}

fn account_line(account: &AccountMirror) -> String {
    format!(
        "账户（至 {}）：期初 {} + 充值提现 {} − 净支付 {}；微信余额 {}；差额 {} 元\n",
        Day::of_column(account.day),
        yuan(account.first_fen),
        yuan(account.own_fen),
        yuan(account.paid_fen),
        yuan(account.stated_fen),
        yuan(account.difference_fen())
    )
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(header.iter().copied());
    table
}

fn align_numbers(table: &mut Table, columns: std::ops::Range<usize>) {
    for index in columns {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// Yuan with two decimals.
pub(in crate::cli) fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let fen = fen.unsigned_abs();
    format!("{sign}{}.{:02}", fen / 100, fen % 100)
}
