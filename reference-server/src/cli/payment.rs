//! `payment`: payments that stopped for a person, and what may be done about them.
//!
//! The program takes a name at its word: whoever may run it on the host answers for the names he gives.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::{Args, Subcommand};
use comfy_table::{ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};
use schedule_core::CHINA_STANDARD_TIME;
use serde_json::json;

use super::{EXIT_FINDINGS, Format, books::yuan};
use crate::{
    app::App,
    config::Config,
    contest::dead_letter::{self, Act, DeadLetter},
    store::renewals::RenewalRow,
    web,
};

#[derive(Debug, Subcommand)]
pub(crate) enum PaymentCommand {
    /// Print every payment that stopped: why, what comes next, and what may be done.
    #[command(
        after_help = "Example:\n  reference-server payment list --config contest.toml\n\nExit code 0: nothing has stopped; 3: something has."
    )]
    List {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// How it is printed.
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Ask WeChat about a payment now; what its answer proves is booked.
    Query {
        #[command(flatten)]
        payment: OnePayment,
    },
    /// Stop a payment: nothing is sent or asked until two persons decide.
    Hold {
        #[command(flatten)]
        payment: OnePayment,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Propose that a held payment goes out again under the same number; somebody else approves with `incident approve`.
    Resend {
        #[command(flatten)]
        payment: OnePayment,
        /// Why.
        #[arg(long)]
        reason: String,
        /// What it rests on.
        #[arg(long)]
        evidence: String,
    },
    /// Propose a new number for an award whose payment is dead; somebody else approves with `payment approve`.
    Renew {
        #[command(flatten)]
        payment: OnePayment,
        /// Why.
        #[arg(long)]
        reason: String,
        /// What it rests on.
        #[arg(long)]
        evidence: String,
    },
    /// Approve a new number that somebody else proposed; it is made at once.
    Approve {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// The proposal's number.
        proposal: i64,
        /// Who approves.
        #[arg(long, value_name = "NAME")]
        by: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct OnePayment {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The order number.
    number: String,
    /// Who acts.
    #[arg(long, value_name = "NAME")]
    by: String,
}

pub(super) fn run(command: PaymentCommand) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(obey(command))
}

async fn open(config: &Path) -> anyhow::Result<Arc<App>> {
    let config = Config::read(config)?;
    super::log("error", config.log);
    super::configured(&config).await
}

async fn obey(command: PaymentCommand) -> anyhow::Result<ExitCode> {
    let said = match command {
        PaymentCommand::List { config, format } => {
            let app = open(&config).await?;
            let (letters, waiting) = dead_letter::list(&app).await?;
            let text = match format {
                Format::Json => as_json(&letters, &waiting)?,
                Format::Table => as_text(&letters, &waiting, |slug| app.season.city_name(slug)),
            };
            io::stdout().lock().write_all(text.as_bytes())?;
            return Ok(match letters.is_empty() {
                true => ExitCode::SUCCESS,
                false => ExitCode::from(EXIT_FINDINGS),
            });
        }
        PaymentCommand::Query { payment } => {
            let app = open(&payment.config).await?;
            let (state, is_answered) = dead_letter::ask(&app, &payment.number, &payment.by).await?;
            let words = web::payment_state(&state).0;
            match is_answered {
                true => format!("微信已答复，此笔现为{words}（{state}）"),
                false => format!("微信没有可用的答复，此笔仍为{words}（{state}）"),
            }
        }
        PaymentCommand::Hold { payment, reason } => {
            let app = open(&payment.config).await?;
            dead_letter::hold(&app, &payment.number, &reason, &payment.by).await?;
            "已扣住：不再发出、不再查单，直到两人决定".to_owned()
        }
        PaymentCommand::Resend {
            payment,
            reason,
            evidence,
        } => {
            let app = open(&payment.config).await?;
            let (number, by) = (payment.number.as_str(), payment.by.as_str());
            let proposed = dead_letter::propose_sending_again(&app, number, &reason, &evidence, by);
            let proposal = proposed.await?;
            format!("提议 {proposal} 已记录，须由另一人批准：incident approve {proposal} --by ...")
        }
        PaymentCommand::Renew {
            payment,
            reason,
            evidence,
        } => {
            let app = open(&payment.config).await?;
            let (number, by) = (payment.number.as_str(), payment.by.as_str());
            let proposed = dead_letter::propose_renewal(&app, number, &reason, &evidence, by);
            let proposal = proposed.await?;
            format!(
                "换号提议 {proposal} 已记录，须由另一人批准：payment approve {proposal} --by ..."
            )
        }
        PaymentCommand::Approve {
            config,
            proposal,
            by,
        } => {
            let app = open(&config).await?;
            dead_letter::approve_renewal(&app, proposal, &by).await?;
            format!("换号提议 {proposal} 已由 {by} 批准，新单号随即发出")
        }
    };
    writeln!(io::stdout().lock(), "{said}")?;
    Ok(ExitCode::SUCCESS)
}

fn as_json(letters: &[DeadLetter], waiting: &[RenewalRow]) -> serde_json::Result<String> {
    let letters: Vec<_> = letters
        .iter()
        .map(|letter| {
            json!({
                "bill_number": letter.bill_number,
                "award": letter.award,
                "city": letter.city,
                "amount_fen": letter.amount_fen,
                "attempt": letter.attempt_number,
                "rail": letter.rail,
                "state": letter.state,
                "decided_at": letter.decided,
                "since": letter.since,
                "reason": letter.reason,
                "next_step": letter.next_step,
                "acts": letter.acts.iter().map(|act| act.name()).collect::<Vec<_>>(),
            })
        })
        .collect();
    let waiting: Vec<_> = waiting
        .iter()
        .map(|row| {
            json!({
                "proposal": row.proposal,
                "bill_number": row.bill_number,
                "reason": row.reason,
                "evidence": row.evidence,
                "maker": row.maker,
            })
        })
        .collect();
    let all = json!({ "payments": letters, "renewals_waiting": waiting });
    serde_json::to_string_pretty(&all).map(|text| text + "\n")
}

fn as_text(
    letters: &[DeadLetter],
    waiting: &[RenewalRow],
    city_name: impl Fn(&str) -> String,
) -> String {
    if letters.is_empty() {
        return "没有停下的付款\n".to_owned();
    }
    let sum_fen: i64 = letters.iter().map(|letter| letter.amount_fen).sum();
    let mut text = format!("停下的付款 {} 笔，共 {} 元\n", letters.len(), yuan(sum_fen));
    for letter in letters {
        let mut table = Table::new();
        table
            .load_style(UTF8_FULL_CONDENSED)
            .set_content_arrangement(ContentArrangement::Disabled);
        let day = |instant: chrono::DateTime<chrono::Utc>| {
            let local = instant.with_timezone(&CHINA_STANDARD_TIME);
            local.format("%Y-%m-%d %H:%M").to_string()
        };
        let acts: Vec<String> = letter.acts.iter().map(|act| act_words(*act)).collect();
        for (name, value) in [
            ("单号", letter.bill_number.clone()),
            (
                "金额",
                format!(
                    "{} 元，{}，第 {} 个单号，{}",
                    yuan(letter.amount_fen),
                    city_name(&letter.city),
                    letter.attempt_number,
                    web::rail_words(&letter.rail)
                ),
            ),
            (
                "状态",
                format!(
                    "{}，{} 起；{} 中奖",
                    web::payment_state(&letter.state).0,
                    day(letter.since),
                    day(letter.decided)
                ),
            ),
            ("原因", letter.reason.to_owned()),
            ("下一步", letter.next_step.to_owned()),
            ("可做", acts.join("，")),
        ] {
            table.add_row([name.to_owned(), value]);
        }
        text += &format!("{table}\n");
    }
    for row in waiting {
        let (proposal, number, maker, reason) =
            (row.proposal, &row.bill_number, &row.maker, &row.reason);
        text += &format!("换号提议 {proposal}：{number}，{maker} 提出，待另一人批准：{reason}\n");
    }
    text
}

fn act_words(act: Act) -> String {
    let (words, name) = (web::act_words(act), act.name());
    let two = if act.takes_two() { "，须两人" } else { "" };
    format!("{words}（{name}{two}）")
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_stopped_payment_is_told_with_its_reason_and_every_way_on() {
        let letter = DeadLetter {
            bill_number: "0123456789ABCDEFGHJKMNPQRSTV".to_owned(),
            award: "A1".to_owned(),
            city: "nanjing".to_owned(),
            amount_fen: 142,
            attempt_number: 1,
            rail: "transfer".to_owned(),
            state: "dead".to_owned(),
            decided: DateTime::UNIX_EPOCH,
            since: DateTime::UNIX_EPOCH,
            reason: "此人尚未在微信支付实名",
            next_step: "与本人联系",
            acts: vec![Act::Ask, Act::Renew],
        };
        let waiting = RenewalRow {
            proposal: 3,
            bill_number: letter.bill_number.clone(),
            reason: "已实名".to_owned(),
            evidence: "ticket 4711".to_owned(),
            maker: "Wang".to_owned(),
            proposed_ms: 0,
        };
        let (letters, renewals) = ([letter], [waiting]);
        let text = as_text(&letters, &renewals, |_| "南京市".to_owned());
        for words in [
            "停下的付款 1 笔，共 1.42 元",
            letters[0].bill_number.as_str(),
            "1.42 元，南京市，第 1 个单号，商家转账",
            "此单号已作废，1970-01-01 08:00 起",
            letters[0].reason,
            letters[0].next_step,
            "立即查单（query），换新单号（renew，须两人）",
            "换号提议 3",
        ] {
            assert!(text.contains(words), "no {words} in\n{text}");
        }
        let json: serde_json::Value =
            serde_json::from_str(&as_json(&letters, &renewals).expect("it is JSON"))
                .expect("it is JSON");
        assert_eq!(json["payments"][0]["acts"][1], "renew");
        assert_eq!(json["renewals_waiting"][0]["proposal"], 3);
        assert_eq!(as_text(&[], &[], |_| String::new()), "没有停下的付款\n");
    }
}
