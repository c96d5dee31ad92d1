//! An [`App`] from a configuration file, for a demo, or for a rehearsal.

mod keyring;
mod wechat;

pub use keyring::make_keys;

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono::{DateTime, TimeDelta, Utc};
use quiz_core::{BankSize, DrawRule, PassMark};
use reward_core::{
    ChannelProfile, ClaimScope, Fen, ReferralPolicy, RewardRules, RewardTerms, RulesError,
};
use schedule_core::{Edition, published};
use wechat_adapter::{
    ClientError, HttpClient, InvalidBaseUrl, InvalidId, InvalidSecret, WeChatHttp,
    official::CallbackConfigError,
    pay::v3::{InvalidApiV3Key, InvalidMerchantKey, InvalidSerial, InvalidWeChatKey},
};
use zeroize::Zeroizing;

use crate::{
    app::{self, App, Memory, Sealing, Season, SimulatorHost},
    clock::{Clock, ShiftedClock, SimulatedClock, SystemClock},
    config::{self, Config, ConfigError, DatabaseConfig, EditionName, RedPacketConfig, ScopeName},
    content::{Content, ContentError},
    contest::{self, edition::Editions, season::MoneyShown, secrets},
    entropy::{Entropy, SeededEntropy, SystemEntropy},
    journal::{InProcessWeChat, JournalError, JournaledSimulator},
    office::OfficeReader,
    password::{PasswordCost, Passwords},
    privacy::{KeyFileError, Keys},
    rail::Rail,
    settings::{Given, Settings},
    store::{Database, DecisionClock, Durability, Line, Store, StoreError},
    trial,
};

/// The database within the data folder, unless another is named.
pub(crate) const DATABASE: &str = "contest.db";

/// Why an [`App`] could not be put together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The configuration file, or a secret it names.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The cities' content.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The simulator.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The reward rules of a rehearsal.
    #[error("the reward rules: {0}")]
    Rules(#[from] RulesError),
    /// So many packets do not go into a day's money, or only below what the merchant can pay.
    #[error(
        "season.packets_per_day: {packets} packets a day do not go with {floor} yuan, the least that can be paid: {error}"
    )]
    Packets {
        /// Packets of a day.
        packets: u32,
        /// The least that can be paid, in yuan.
        floor: Fen,
        /// What the rules say.
        error: RulesError,
    },
    /// An identifier of the account or the merchant.
    #[error(transparent)]
    Id(#[from] InvalidId),
    /// A secret.
    #[error(transparent)]
    Secret(#[from] InvalidSecret),
    /// A key of version 3 that is the merchant's own.
    #[error("merchant.v3.key_file: {0}")]
    MerchantKey(#[from] InvalidMerchantKey),
    /// The serial number of the merchant's certificate.
    #[error("merchant.v3.serial: {0}")]
    Serial(#[from] InvalidSerial),
    /// The key that notifications are encrypted with.
    #[error("merchant.v3.api_key_file: {0}")]
    ApiKey(#[from] InvalidApiV3Key),
    /// A key of version 3 that is WeChat's.
    #[error("{}: {source}", path.display())]
    WeChatKey {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: InvalidWeChatKey,
    },
    /// The callback's key.
    #[error(transparent)]
    Callback(#[from] CallbackConfigError),
    /// An address.
    #[error(transparent)]
    Address(#[from] InvalidBaseUrl),
    /// The HTTP client, or the merchant's certificate.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The data folder.
    #[error("the data folder {}: {source}", path.display())]
    DataDir {
        /// The folder or a file in it.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is a database, but a key its values are sealed with is gone.
    #[error(
        "there is a database but no {}: restore the key that belongs to it", path.display()
    )]
    KeyLost {
        /// Where the key should be.
        path: PathBuf,
    },
    /// The database is on a server, and this instance was not given a key that all of them share.
    #[error(
        "there is no {}: every instance of a season needs the same keys; make them once with \
         `keys new`, and copy them", path.display()
    )]
    KeyNotShared {
        /// Where the key should be.
        path: PathBuf,
    },
    /// The secrets that were given at the console.
    #[error("the secrets given at the console: {0}")]
    Given(#[from] Box<contest::Error>),
    /// Secrets are put in place before anybody works with the app.
    #[error("the app is in use already")]
    InUse,
    /// A key file.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// The file of the master key does not hold one.
    #[error("{} does not hold a master key of 64 hexadecimal digits", path.display())]
    MasterKey {
        /// The file.
        path: PathBuf,
    },
}

/// How the simulated WeChat is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// Over loopback HTTP, through the server's own listener.
    Loopback,
    /// Within the process.
    InProcess,
}

/// What a demo or a rehearsal is made of.
#[derive(Debug, Clone)]
pub struct Simulated {
    /// Folder of the database, the key and the simulator's journal.
    pub data_dir: PathBuf,
    /// The database; a file in the folder unless stated.
    pub database: Option<Database>,
    /// Whether commits and the simulator's journal outlive the process.
    pub lasting: bool,
    /// Where the clock starts; a later instant found in the data wins.
    pub start: DateTime<Utc>,
    /// Whether the clock runs by itself.
    pub clock_runs: bool,
    /// The timetable.
    pub edition: EditionName,
    /// When cities are sealed.
    pub sealing: Sealing,
    /// How awards are paid.
    pub rail: Rail,
    /// The address people and the simulator reach the server at.
    pub public_url: String,
    /// Seeds everything, so that the same seed gives the same run; the operating system's generator when absent.
    pub seed: Option<u64>,
    /// How the simulated WeChat is reached.
    pub wire: Wire,
    /// The program that opens office files.
    pub office_program: PathBuf,
}

/// Packets of a day's deck unless an organiser states another number.
///
/// Enough for 20,000 persons in a city, so that nobody gains by being quick (`DESIGN.md`, "Why 4,000 packets a day?").
/// Where nothing below 1.00 yuan can be paid, a day's money does not make so many.
fn usual_packets(floor: Fen) -> u32 {
    if floor < Fen::new(100) { 4_000 } else { 1_000 }
}

/// The terms of the founding document on one of its timetables.
///
/// # Errors
/// [`SetupError::Packets`] when so many packets do not go into a day's money above the channel's floor.
pub fn jiangsu_2020(
    name: &str,
    edition: EditionName,
    scope: ScopeName,
    strict: bool,
    packets_per_day: Option<u32>,
    (rail, channel): (Rail, ChannelProfile),
) -> Result<Season, SetupError> {
    let (floor, packets) = (channel.floor, packets_per_day);
    let packets = packets.unwrap_or_else(|| usual_packets(floor));
    let rules = RewardRules::new(RewardTerms {
        claim_scope: match scope {
            ScopeName::Season => ClaimScope::Season,
            ScopeName::City => ClaimScope::City,
        },
        referral: if strict {
            ReferralPolicy::Off
        } else {
            ReferralPolicy::OnePerNewFollower
        },
        packets_per_day: packets,
        ..RewardRules::JIANGSU_2020.terms()
    })
    .and_then(|rules| rules.effective_for(floor))
    .map_err(|error| SetupError::Packets {
        packets,
        floor,
        error,
    })?;
    let edition = edition_of(edition);
    Ok(Season {
        name: name.to_owned(),
        province: edition.province().clone(),
        editions: Editions::new(edition),
        sealing: Sealing::AtStart,
        link_hosts: config::link_hosts(),
        rules,
        bank_size: BankSize::JIANGSU_2020,
        draw: DrawRule::JIANGSU_2020,
        pass_mark: PassMark::JIANGSU_2020,
        money_shown: MoneyShown::default(),
        rail,
        channel,
        payout: rail.policy(),
    })
}

/// The terms that a configuration states.
fn season_of(config: &Config) -> Result<Season, SetupError> {
    let stated = &config.season;
    let season = jiangsu_2020(
        &trial::season_name(config)?,
        stated.edition,
        stated.claim_scope,
        stated.strict,
        stated.packets_per_day,
        (config.merchant.rail, channel(config)),
    )?;
    Ok(Season {
        money_shown: stated.money_shown,
        sealing: Sealing::DaysBefore(stated.sealed_days_before),
        link_hosts: stated.link_hosts.clone(),
        ..season
    })
}

/// A published timetable.
#[must_use]
pub fn edition_of(name: EditionName) -> Edition {
    match name {
        EditionName::Original => published::original_2020(),
        EditionName::Postponed => published::postponed_2020(),
    }
}

/// An app of its own world: simulated WeChat, simulated clock, sample content.
///
/// # Errors
/// [`SetupError`] naming the part that is missing.
pub fn simulated(options: &Simulated) -> Result<Arc<App>, SetupError> {
    create_dir(&options.data_dir)?;
    let entropy: Arc<dyn Entropy> = match options.seed {
        Some(seed) if options.lasting => Arc::new(SeededEntropy::of_start(
            seed,
            count_start(&options.data_dir)?,
        )),
        Some(seed) => Arc::new(SeededEntropy::new(seed)),
        None => Arc::new(SystemEntropy),
    };
    let season = jiangsu_2020(
        "jiangsu-2020",
        options.edition,
        ScopeName::Season,
        false,
        None,
        (options.rail, options.rail.channel()),
    )?;
    let season = Season {
        sealing: options.sealing,
        ..season
    };
    let config = wechat::simulator_config(options);
    let (simulator, latest) = if options.lasting {
        let journal = options.data_dir.join("simulated-wechat.jsonl");
        JournaledSimulator::remembering(config.clone(), &journal)?
    } else {
        (JournaledSimulator::forgetful(config.clone())?, None)
    };
    let simulator = Arc::new(simulator);
    let start = latest.map_or(options.start, |latest| latest.max(options.start));
    let clock = Arc::new(match options.clock_runs {
        true => SimulatedClock::running_from(start),
        false => SimulatedClock::standing_at(start),
    });
    let http: Arc<dyn HttpClient> = match options.wire {
        Wire::Loopback => Arc::new(WeChatHttp::new()?),
        Wire::InProcess => {
            let clock: Arc<dyn Clock> = Arc::<SimulatedClock>::clone(&clock);
            Arc::new(InProcessWeChat::new(Arc::clone(&simulator), clock))
        }
    };
    let durability = match options.lasting {
        true => Durability::Full,
        false => Durability::None,
    };
    let in_folder = || Database::file(&options.data_dir.join(DATABASE));
    let database = options.database.clone().unwrap_or_else(in_folder);
    // The clock is simulated, whatever the database's own says.
    let store = Store::open(&database, durability, DecisionClock::Caller)?;
    let master = match options.seed {
        Some(seed) => seeded_master(seed),
        None => keyring::master(&options.data_dir, entropy.as_ref())?,
    };
    Ok(Arc::new(App {
        store,
        clock: Arc::<SimulatedClock>::clone(&clock),
        wall: wall_beside(&clock, options.clock_runs),
        passwords: Passwords::new(PasswordCost::Least),
        proxies: Vec::new(),
        worker: app::worker_id(entropy.as_ref()),
        entropy,
        keys: Arc::new(Keys::derive(&master)),
        season: Arc::new(season),
        settings: Arc::default(),
        content: Content::sample()?,
        office: OfficeReader::new(options.office_program.clone()),
        wechat: Arc::new(wechat::simulated(&config, options, http)?),
        public_url: options.public_url.clone(),
        simulator: Some(SimulatorHost { simulator, clock }),
        memory: Memory::default(),
    }))
}

/// The time of day beside a simulated clock: the machine's while that runs, and with it when it stands.
fn wall_beside(clock: &Arc<SimulatedClock>, runs: bool) -> Arc<dyn Clock> {
    if runs {
        Arc::new(SystemClock::new())
    } else {
        Arc::<SimulatedClock>::clone(clock)
    }
}

/// The app of a real season, with the secrets of the files.
///
/// # Errors
/// [`SetupError`] naming the file or the value that is wrong.
pub fn real(config: &Config, office_program: PathBuf) -> Result<Arc<App>, SetupError> {
    let clock = Arc::new(SystemClock::new());
    let database = database_of(config)?;
    let decides = DecisionClock::Database;
    let app = configured(config, office_program, (clock, decides), &database)?;
    Ok(Arc::new(app))
}

/// The app of a configuration on another database than its own: one out of a backup.
///
/// `ahead` is how far a trial's clock is ahead of this machine's, when it is a trial.
///
/// # Errors
/// As [`real`]; [`SetupError::KeyLost`] when a key is missing: none is made for a database that has been.
pub fn on_copy(
    config: &Config,
    office_program: PathBuf,
    database: &Database,
    ahead: Option<TimeDelta>,
) -> Result<Arc<App>, SetupError> {
    keyring::expect_all(config)?;
    let clock: Arc<dyn Clock> = match ahead {
        Some(ahead) => Arc::new(ShiftedClock::new(SystemClock::new(), ahead)),
        None => Arc::new(SystemClock::new()),
    };
    // Nobody else decides on it, so there is no other clock to agree with.
    let decides = DecisionClock::Caller;
    let app = configured(config, office_program, (clock, decides), database)?;
    Ok(Arc::new(app))
}

/// The app of a trial, whose clock is so far ahead of this machine's.
///
/// # Errors
/// As [`real`]; [`ConfigError::Value`] when it could be taken for a season.
pub fn trial(
    config: &Config,
    office_program: PathBuf,
    ahead: TimeDelta,
) -> Result<Arc<App>, SetupError> {
    let clock = Arc::new(ShiftedClock::new(SystemClock::new(), ahead));
    let ahead_ms = ahead.num_milliseconds();
    let decides = DecisionClock::Shifted { ahead_ms };
    let database = database_of(config)?;
    let app = configured(config, office_program, (clock, decides), &database)?;
    Ok(Arc::new(app))
}

fn configured(
    config: &Config,
    office_program: PathBuf,
    (clock, decides): (Arc<dyn Clock>, DecisionClock),
    database: &Database,
) -> Result<App, SetupError> {
    create_dir(&config.data_dir)?;
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let season = season_of(config)?;
    let keys = keyring::load(config, entropy.as_ref())?;
    Ok(App {
        store: Store::open(database, Durability::Full, decides)?,
        clock,
        wall: Arc::new(SystemClock::new()),
        passwords: Passwords::new(PasswordCost::Season),
        proxies: config.proxies.clone(),
        worker: app::worker_id(entropy.as_ref()),
        entropy,
        season: Arc::new(season),
        settings: Arc::new(settings_of(config, &keys, &Given::new())),
        content: content(config)?,
        office: OfficeReader::new(office_program),
        wechat: Arc::new(wechat::real(config, &keys, &Given::new())?),
        public_url: config.public_url.trim_end_matches('/').to_owned(),
        simulator: None,
        memory: Memory::default(),
        keys: Arc::new(keys),
    })
}

fn settings_of(config: &Config, keys: &Keys, given: &Given) -> Settings {
    let master = config.data_dir.join(keyring::MASTER_KEY);
    Settings::of(config, master, keys, given)
}

/// The same app with the secrets that were given at the console in place of the files': for whoever speaks with WeChat.
///
/// # Errors
/// [`SetupError::Given`] when one cannot be opened, [`SetupError::InUse`] when somebody works with the app already,
/// and as [`real`] for a value that is wrong.
pub async fn with_given(app: Arc<App>, config: &Config) -> Result<Arc<App>, SetupError> {
    let given = secrets::given(&app).await.map_err(Box::new)?;
    if given.is_empty() {
        return Ok(app);
    }
    let app = Arc::into_inner(app).ok_or(SetupError::InUse)?;
    Ok(Arc::new(App {
        settings: Arc::new(settings_of(config, &app.keys, &given)),
        wechat: Arc::new(wechat::real(config, &app.keys, &given)?),
        ..app
    }))
}

/// Brings the schema of a configuration's database up to date, as `user` when one is named.
///
/// # Errors
/// [`SetupError::Store`] when the user may not, or the database cannot be opened.
pub fn migrate(
    config: &Config,
    user: Option<&str>,
    password_file: Option<&Path>,
) -> Result<(), SetupError> {
    create_dir(&config.data_dir)?;
    let database = match &config.database {
        None => {
            // The keys of a file are made before it, and never beside it.
            keyring::load(config, &SystemEntropy)?;
            Database::file(&config.data_dir.join(DATABASE))
        }
        Some(server) => {
            // Another user's password is another one.
            let own = server.password_file.as_deref().filter(|_| user.is_none());
            let password = password_file.or(own).map(config::secret).transpose()?;
            let line = line_of(server)?;
            let database = Database::server_over(&server.url, password.as_deref(), &line)?;
            match user {
                Some(user) => database.as_user(user),
                None => database,
            }
        }
    };
    Store::open(&database, Durability::Full, DecisionClock::Caller)?;
    Ok(())
}

/// Tries whether a configuration could start a season, without a database and without a connection.
///
/// # Errors
/// As [`real`], for everything but the data folder.
pub fn try_config(config: &Config) -> Result<(), SetupError> {
    season_of(config)?;
    content(config)?;
    database_of(config)?;
    // What is given at the console is in the database, which is not opened here.
    wechat::real(config, &Keys::derive(&[0; 32]), &Given::new())?;
    Ok(())
}

fn content(config: &Config) -> Result<Content, SetupError> {
    match (&config.content_dir, &config.trial) {
        (Some(folder), _) => Ok(Content::from_dir(folder)?),
        (None, Some(_)) => Ok(Content::sample()?),
        (None, None) => Err(ConfigError::Value {
            field: "content_dir",
            problem: "a season needs the cities' own pages and questions; only a trial has samples"
                .to_owned(),
        }
        .into()),
    }
}

/// What the season's rail allows with the merchant's switches as they are configured.
fn channel(config: &Config) -> ChannelProfile {
    let rail = config.merchant.rail;
    let has_scene = |packets: &RedPacketConfig| packets.scene_id.is_some();
    match (rail, &config.merchant.red_packet) {
        (Rail::RedPacket, Some(packets)) if !has_scene(packets) => {
            ChannelProfile::red_packet_default()
        }
        _ => rail.channel(),
    }
}

/// The database of a real season.
///
/// # Errors
/// [`SetupError`] when its address, its password or its authority cannot be read.
pub fn database_of(config: &Config) -> Result<Database, SetupError> {
    let Some(server) = &config.database else {
        return Ok(Database::file(&config.data_dir.join(DATABASE)));
    };
    let password = server.password_file.as_deref().map(config::secret);
    let password = password.transpose()?;
    Ok(Database::server_over(
        &server.url,
        password.as_deref(),
        &line_of(server)?,
    )?)
}

/// How the line to a database server is protected.
fn line_of(server: &DatabaseConfig) -> Result<Line, SetupError> {
    match (&server.ca_file, server.unprotected) {
        (Some(path), false) => Ok(Line::Verified {
            authorities: config::secret(path)?,
        }),
        (None, true) => Ok(Line::Unprotected),
        (None, false) => Ok(Line::Local),
        (Some(_), true) => Err(SetupError::Config(ConfigError::Value {
            field: "database.unprotected",
            problem: "a line with a ca_file is protected".to_owned(),
        })),
    }
}

/// A rehearsal's key follows from its seed, so that the same seed gives the same numbers.
fn seeded_master(seed: u64) -> Zeroizing<[u8; 32]> {
    use sha2::{Digest as _, Sha256};
    let mut hasher = Sha256::new();
    hasher.update(b"rehearsal master key\0");
    hasher.update(seed.to_be_bytes());
    Zeroizing::new(hasher.finalize().into())
}

/// How often the folder was opened before; counted in the folder itself.
fn count_start(data_dir: &Path) -> Result<u64, SetupError> {
    let path = data_dir.join("starts");
    let n_before = match fs::read_to_string(&path) {
        Ok(text) => text.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(source) => return Err(SetupError::DataDir { path, source }),
    };
    // One letter a start: an append is never half done.
    fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .and_then(|mut file| file.write_all(b"|"))
        .map_err(|source| SetupError::DataDir { path, source })?;
    Ok(u64::try_from(n_before).unwrap_or(u64::MAX))
}

fn create_dir(path: &Path) -> Result<(), SetupError> {
    fs::create_dir_all(path).map_err(|source| SetupError::DataDir {
        path: path.to_owned(),
        source,
    })
}
