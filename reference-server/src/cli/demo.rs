//! `demo`: the whole contest on this machine, with a simulated WeChat.

use std::{io::Write as _, net::SocketAddr, process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use super::{
    DemoArguments,
    place::Place,
    serve::{Signals, until_stopped},
};
use crate::{
    app::{App, Sealing},
    config::{EditionName, LogFormat},
    contest::{
        organiser::{
            self, Role, Roles,
            roster::{self, Newcomer},
        },
        planning::{self, Prepared},
        season,
    },
    setup::{self, Simulated, Wire},
    web,
};

/// So long before its turn a city of a demo is sealed: further ahead than the clock is moved at
/// once, and late enough that there are weeks left to move.
const SEALED_DAYS_BEFORE: u16 = 21;

pub(super) fn run(arguments: DemoArguments) -> anyhow::Result<ExitCode> {
    super::log("warn", LogFormat::Text);
    let runtime = tokio::runtime::Runtime::new()?;
    let place = Place::open(&arguments.place)?;
    let outcome = runtime.block_on(demo(arguments, &place));
    place.close()?;
    outcome.map(|()| ExitCode::SUCCESS)
}

async fn demo(arguments: DemoArguments, place: &Place) -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind(arguments.listen)
        .await
        .with_context(|| {
            format!(
                "cannot listen on {}; another program may be using it, try --listen 127.0.0.1:0",
                arguments.listen
            )
        })?;
    let public_url = arguments
        .public_url
        .unwrap_or_else(|| local_url(listener.local_addr().unwrap_or(arguments.listen)));
    let app = setup::simulated(&Simulated {
        data_dir: place.folder().to_owned(),
        database: place.database(),
        lasting: place.is_lasting(),
        start: arguments
            .now
            .map_or_else(|| middle_of_nanjing(arguments.edition), |now| now.to_utc()),
        clock_runs: true,
        edition: arguments.edition,
        sealing: Sealing::DaysBefore(SEALED_DAYS_BEFORE),
        rail: arguments.rail,
        public_url,
        seed: None,
        wire: Wire::Loopback,
        office_program: std::env::current_exe()?,
    })?;
    let prepared = planning::prepare(&app).await?;
    // A demo that was moved ahead goes on from there.
    if let (Some(host), Some(latest)) = (&app.simulator, season::latest_decision(&app).await?) {
        host.clock.advance_to(latest);
    }
    let accounts = accounts_for_show(&app).await?;
    let router = web::router(Arc::clone(&app));
    let signals = Signals::listen()?;
    welcome(&app, &prepared, &accounts, place)?;
    until_stopped(app, router, listener, signals, Duration::ZERO).await
}

/// The address a browser on this machine uses.
pub(super) fn local_url(listening: SocketAddr) -> String {
    if listening.ip().is_unspecified() {
        format!("http://127.0.0.1:{}", listening.port())
    } else {
        format!("http://{listening}")
    }
}

/// Half past nine in the evening on the fourth day of 南京's week.
fn middle_of_nanjing(edition: EditionName) -> DateTime<Utc> {
    let day = match edition {
        EditionName::Original => "2020-03-10T21:30:00+08:00",
        EditionName::Postponed => "2020-05-09T21:30:00+08:00",
    };
    day.parse::<DateTime<Utc>>()
        .expect("the two instants above are well formed")
}

/// An account of each role with a password of its own at every start: name, what it is, password.
async fn accounts_for_show(
    app: &App,
) -> anyhow::Result<Vec<(&'static str, &'static str, Zeroizing<String>)>> {
    let shown = [
        ("admin", "省级管理员", Role::ProvinceAdmin),
        ("nanjing", "南京城市编辑", Role::CityEditor),
        ("content", "内容审核人", Role::ContentApprover),
        ("money-1", "财务经办", Role::FinanceOperator),
        ("money-2", "财务复核", Role::FinanceApprover),
        ("audit", "审计（只读）", Role::Auditor),
        ("security", "安全管理员", Role::SecurityAdmin),
    ];
    let mut accounts = Vec::with_capacity(shown.len());
    for (name, display_name, role) in shown {
        let city = (role == Role::CityEditor).then(|| "nanjing".to_owned());
        let newcomer = Newcomer {
            name: name.to_owned(),
            display_name: display_name.to_owned(),
            roles: Roles::new([role], city.as_deref()).map_err(organiser::Error::from)?,
            city,
        };
        let password = roster::demonstrate(app, newcomer).await?;
        accounts.push((name, display_name, password));
    }
    Ok(accounts)
}

fn welcome(
    app: &App,
    prepared: &Prepared,
    accounts: &[(&str, &str, Zeroizing<String>)],
    place: &Place,
) -> anyhow::Result<()> {
    let url = &app.public_url;
    let now = app.now().with_timezone(&schedule_core::CHINA_STANDARD_TIME);
    let city = app.season.edition().contest_at(app.now()).map_or_else(
        || "现在没有城市在竞赛".to_owned(),
        |round| format!("正在竞赛：{}", round.city().name()),
    );
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n  信用知识有奖竞答 · 演示（模拟微信，不会真实付款）")?;
    writeln!(out, "  竞赛时钟 {}，{city}\n", now.format("%Y-%m-%d %H:%M"))?;
    writeln!(out, "  参赛页面   {url}/")?;
    writeln!(out, "             答 10 题，对 5 题，拆一个红包")?;
    writeln!(out, "  模拟手机   {url}/simulator")?;
    writeln!(
        out,
        "             换人、关注、扫码、打开红包、拨动时钟、制造故障"
    )?;
    writeln!(out, "  管理台     {url}/console")?;
    writeln!(
        out,
        "             验证码显示在登录页上；密码每次启动都不同："
    )?;
    for (name, display_name, password) in accounts {
        writeln!(
            out,
            "             {name:<9} {}  {display_name}",
            password.as_str()
        )?;
    }
    writeln!(out, "  开放接口   {url}/api/v1/openapi.json")?;
    writeln!(
        out,
        "             同一竞赛的 JSON 接口，供小程序和脚本使用\n"
    )?;
    for (city, problem) in &prepared.missing {
        writeln!(out, "  {} 不能开赛：{problem}", app.season.city_name(city))?;
    }
    if let Some(schema) = place.schema_in_chinese() {
        writeln!(out, "  {schema}")?;
    }
    writeln!(out, "  按 Ctrl-C 结束。\n")?;
    out.flush()?;
    Ok(())
}
