//! `person`: one person's data given out, or erased, when the person asks for it.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::Context as _;
use clap::Subcommand;

use super::EXIT_FINDINGS;
use crate::{
    app::App,
    config::{self, Config},
    contest::{
        Error, PersonId, Refusal, edition,
        personal::{self, Eraser},
    },
    privacy, setup, web,
};

/// Who is meant.
#[derive(Debug, clap::Args)]
pub(super) struct Whom {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// A file with the person's openid; an argument would stay in the shell's history.
    #[arg(long, value_name = "FILE", conflicts_with = "person")]
    openid_file: Option<PathBuf>,
    /// The person's identifier in our own rows.
    #[arg(long, value_name = "ID", required_unless_present = "openid_file")]
    person: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum PersonCommand {
    /// Write everything that is kept about a person into a file that only its owner can read.
    #[command(
        after_help = "Example:\n  reference-server person export --config contest.toml --openid-file who --out person.json\n\nExit code 3: there is no such person."
    )]
    Export {
        #[command(flatten)]
        whom: Whom,
        /// The file to write, as JSON; it must not be there yet.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Remove what tells who a person is; accounts and attempts stay, without the person.
    #[command(
        after_help = "Example:\n  reference-server person erase --config contest.toml --openid-file who\n\nExit code 3: there is no such person, or a packet is still under way."
    )]
    Erase {
        #[command(flatten)]
        whom: Whom,
    },
}

pub(super) fn run(command: PersonCommand) -> anyhow::Result<ExitCode> {
    let (whom, export_to) = match command {
        PersonCommand::Export { whom, out } => (whom, Some(out)),
        PersonCommand::Erase { whom } => (whom, None),
    };
    let config = Config::read(&whom.config)?;
    let app = setup::real(&config, std::env::current_exe()?)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let outcome = runtime.block_on(async {
        edition::refresh(&app).await?;
        let person = find(&app, &whom).await?;
        match &export_to {
            Some(path) => export(&app, &person, path).await,
            None => Ok(personal::erase(&app, &person, Eraser::Operator).await?),
        }
    });
    let mut out = std::io::stdout().lock();
    match outcome {
        Ok(()) => {
            writeln!(out, "done")?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => match error.downcast_ref::<Error>() {
            Some(Error::Refused(refusal)) => {
                writeln!(out, "refused: {}", refusal.code())?;
                Ok(ExitCode::from(EXIT_FINDINGS))
            }
            _ => Err(error),
        },
    }
}

async fn find(app: &App, whom: &Whom) -> anyhow::Result<PersonId> {
    if let Some(path) = &whom.openid_file {
        let openid = config::secret(path)?;
        let found = personal::of_openid(app, &openid).await?;
        return Ok(found.ok_or(Error::Refused(Refusal::NotFound))?);
    }
    Ok(PersonId::new(whom.person.clone().unwrap_or_default()))
}

async fn export(app: &Arc<App>, person: &PersonId, path: &Path) -> anyhow::Result<()> {
    let body = web::export_of(app, person).await?;
    let text = serde_json::to_vec_pretty(&body)?;
    privacy::put(path, &text, false).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(())
}
