//! `announcement`: what is said to every follower when a city opens, drafted by the server and released by a person.

use std::{io::Write as _, path::Path, process::ExitCode};

use anyhow::bail;

use super::EXIT_FINDINGS;
use crate::{
    app::App,
    config::Config,
    contest::{
        Error,
        outreach::announcement::{self, Announcement, AnnouncementState},
        season,
    },
};

/// What is done with an announcement.
#[derive(Debug, clap::Subcommand)]
pub(super) enum AnnouncementCommand {
    /// Print the open city's announcement; it is drafted ten minutes after the opening, and never sent by itself.
    #[command(
        after_help = "Example:\n  reference-server announcement draft --config contest.toml\n\nExit code 0: there is one; 3: there is none yet."
    )]
    Draft {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: std::path::PathBuf,
    },
    /// Release the draft: the running server sends it to every follower, at night in the morning.
    #[command(
        after_help = "Example:\n  reference-server announcement release nanjing --by \"Wang Fang\" --config contest.toml\n\nWeChat allows four messages to everyone in a calendar month. The name stands in the audit log."
    )]
    Release {
        /// The city, which must be open.
        #[arg(value_name = "SLUG")]
        city: String,
        /// The name of the person who answers for it.
        #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
        by: String,
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: std::path::PathBuf,
    },
}

pub(super) fn run(command: &AnnouncementCommand) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new()?;
    match command {
        AnnouncementCommand::Draft { config } => runtime.block_on(draft(config)),
        AnnouncementCommand::Release { city, by, config } => {
            runtime.block_on(release(config, city, by))
        }
    }
}

async fn draft(path: &Path) -> anyhow::Result<ExitCode> {
    let app = super::configured(&Config::read(path)?).await?;
    announcement::draft_due(&app).await?;
    let city = season::open_slug(&app);
    let found = match &city {
        Some(city) => announcement::of_city(&app, city).await?,
        None => None,
    };
    let mut out = std::io::stdout().lock();
    let Some(found) = found else {
        writeln!(
            out,
            "no draft: no city is open, or it opened less than ten minutes ago"
        )?;
        return Ok(ExitCode::from(EXIT_FINDINGS));
    };
    print(&mut out, &app, &found)?;
    Ok(ExitCode::SUCCESS)
}

async fn release(path: &Path, city: &str, by: &str) -> anyhow::Result<ExitCode> {
    let app = super::configured(&Config::read(path)?).await?;
    match announcement::release(&app, city, by.trim()).await {
        Ok(()) => {}
        Err(Error::Refused(_)) => {
            bail!("{city} is not open, or its announcement is not a draft (any more)")
        }
        Err(error) => return Err(error.into()),
    }
    let mut out = std::io::stdout().lock();
    if let Some(released) = announcement::of_city(&app, city).await? {
        print(&mut out, &app, &released)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print(out: &mut impl std::io::Write, app: &App, found: &Announcement) -> anyhow::Result<()> {
    let state = match found.state {
        AnnouncementState::Draft => "draft, not released",
        AnnouncementState::Released => "released, waiting to be sent",
        AnnouncementState::Sent => "sent",
        AnnouncementState::Refused => "refused by WeChat",
    };
    writeln!(out, "city:     {}", app.season.city_name(&found.city))?;
    writeln!(out, "state:    {state}")?;
    if let Some(by) = &found.released_by {
        writeln!(out, "released: {by}")?;
    }
    if let Some(outcome) = &found.outcome {
        writeln!(out, "outcome:  {outcome}")?;
    }
    writeln!(out, "\n{}", found.content)?;
    Ok(())
}
