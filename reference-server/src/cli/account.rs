//! `account`: who may use the console, for a province that is locked out or just begins.

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use anyhow::bail;
use comfy_table::Table;

use crate::{
    app::App,
    config::Config,
    contest::organiser::{
        Error, Refused, Role, Roles,
        roster::{self, Newcomer},
    },
};

/// Who stands in the audit chain for what is done here.
const ACTOR: &str = "command-line";

/// What is done with accounts.
#[derive(Debug, clap::Subcommand)]
pub(super) enum AccountCommand {
    /// Make an account and print the link that sets it up, once, within 24 hours.
    #[command(
        after_help = "Example:\n  reference-server account new wang.fang --display-name 王芳 --role finance_operator --config contest.toml\n  reference-server account new li.lei --display-name 李雷 --role city_editor --city nanjing --config contest.toml\n\nRoles: province_admin, city_editor, content_approver, finance_operator, finance_approver, auditor, security_admin.\nA city editor and an auditor are nothing else; nobody is both of finance."
    )]
    New {
        /// The name: 2 to 32 small letters, digits, dots and hyphens. It is never given to anybody else.
        name: String,
        /// What people call them.
        #[arg(long, value_name = "TEXT")]
        display_name: String,
        /// A role; may be given several times.
        #[arg(long = "role", value_name = "ROLE", required = true, value_parser = role)]
        roles: Vec<Role>,
        /// The one city of a city editor.
        #[arg(long, value_name = "SLUG")]
        city: Option<String>,
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Print every account.
    List {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Switch an account off: its sessions and links end at once.
    Disable {
        /// The account.
        name: String,
        /// Why; it stands in the audit log.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Take password and second factor away and print a new link; also lets a switched-off account in again.
    Reset {
        /// The account.
        name: String,
        /// Why; it stands in the audit log.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
}

fn role(name: &str) -> Result<Role, String> {
    let names: Vec<&str> = Role::ALL.into_iter().map(Role::name).collect();
    Role::of_name(name).ok_or_else(|| format!("one of {}", names.join(", ")))
}

pub(super) fn run(command: AccountCommand) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(obey(command))?;
    Ok(ExitCode::SUCCESS)
}

async fn obey(command: AccountCommand) -> anyhow::Result<()> {
    let (AccountCommand::New { config, .. }
    | AccountCommand::List { config }
    | AccountCommand::Disable { config, .. }
    | AccountCommand::Reset { config, .. }) = &command;
    let app = super::configured(&Config::read(config)?).await?;
    let done = match command {
        AccountCommand::New {
            name,
            display_name,
            roles,
            city,
            config: _,
        } => make(&app, name, display_name, roles, city).await,
        AccountCommand::List { config: _ } => list(&app).await,
        AccountCommand::Disable { name, reason, .. } => disable(&app, &name, &reason).await,
        AccountCommand::Reset { name, reason, .. } => reset(&app, &name, &reason).await,
    };
    match done {
        Ok(text) => {
            let mut out = std::io::stdout().lock();
            writeln!(out, "{}", text.trim_end())?;
            Ok(())
        }
        Err(Error::Refused(refused)) => bail!("{}", in_words(&refused)),
        Err(Error::Failed(failure)) => Err(failure.into()),
    }
}

async fn make(
    app: &App,
    name: String,
    display_name: String,
    roles: Vec<Role>,
    city: Option<String>,
) -> Result<String, Error> {
    let newcomer = Newcomer {
        roles: Roles::new(roles, city.as_deref())?,
        name: name.clone(),
        display_name,
        city,
    };
    let link = roster::create(app, newcomer, ACTOR).await?;
    Ok(invitation(&name, &link.address(&app.public_url)))
}

async fn list(app: &App) -> Result<String, Error> {
    let accounts = roster::accounts(app).await?;
    if accounts.is_empty() {
        return Ok(
            "no accounts yet: `serve` prints the first link, `account new` makes others".to_owned(),
        );
    }
    let mut table = Table::new();
    table.set_header(["name", "display name", "roles", "city", "state"]);
    for account in accounts {
        table.add_row([
            account.name,
            account.display_name,
            account.roles.to_string(),
            account.city.unwrap_or_else(|| "-".to_owned()),
            account.state.name().to_owned(),
        ]);
    }
    Ok(table.to_string())
}

async fn disable(app: &App, name: &str, reason: &str) -> Result<String, Error> {
    roster::disable(app, name, reason, ACTOR).await?;
    Ok(format!("{name} is switched off; its sessions have ended"))
}

async fn reset(app: &App, name: &str, reason: &str) -> Result<String, Error> {
    let link = roster::reset(app, name, reason, ACTOR).await?;
    Ok(invitation(name, &link.address(&app.public_url)))
}

fn invitation(name: &str, address: &str) -> String {
    format!(
        "{address}\n\nWhoever opens this link sets the password and the second factor of {name}. It leads there once, within 24 hours."
    )
}

fn in_words(refused: &Refused) -> &'static str {
    match refused {
        Refused::NameTaken => "the name is taken; names are never given to anybody else",
        Refused::NameForm => {
            "a name has 2 to 32 small letters, digits, dots and hyphens and begins with a letter; a display name has 1 to 40 characters"
        }
        Refused::RolesClash => {
            "these roles do not go together: a city editor needs --city and is nothing else, an auditor is nothing else, nobody is finance operator and approver"
        }
        Refused::ReasonMissing => "the reason has 1 to 500 characters",
        Refused::NotFound => "there is no such account or city, or it is switched off already",
        _ => "refused",
    }
}
