//! Where a PostgreSQL server is, and how the line to it is protected.
//!
//! An address may ask for encryption in several ways; none of them is left to it. Without
//! certificates the line is plain, and only to this machine unless the operator says that it is
//! protected otherwise; with them it is TLS to a proven name, or there is no line.

use std::{fmt, net::IpAddr, path::Path, sync::Arc, time::Duration};

use postgres::{
    Client, Config, NoTls,
    config::{Host, SslMode, TargetSessionAttrs},
};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::words;
use crate::store::{
    StoreError,
    engine::{Line, NotCopied, engine_error},
};

/// How long a server may take to be reached, unless its address says otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long sent bytes may stay unacknowledged before the connection counts as lost.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(10);

/// A server's address with everything that must not be left to chance filled in.
#[derive(Clone)]
pub(in crate::store::engine) struct Target {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    /// The certificates that prove the server, for its own programs.
    authorities: Option<String>,
}

impl fmt::Debug for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Target")
            .field("is_encrypted", &self.tls.is_some())
            .finish_non_exhaustive()
    }
}

impl Target {
    /// Reads a server's address.
    pub(in crate::store::engine) fn new(
        address: &str,
        password: Option<&str>,
        line: &Line,
    ) -> Result<Self, StoreError> {
        let mut config: Config = address.parse().map_err(|error: postgres::Error| {
            engine_error(format_args!("the database's address: {}", words(&error)))
        })?;
        if let Some(password) = password {
            config.password(password);
        }
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(TCP_USER_TIMEOUT);
        }
        if config.get_application_name().is_none() {
            config.application_name("contest");
        }
        let tls = match line {
            Line::Local if !is_local(&config) => {
                return Err(engine_error(
                    "the database is on another machine, and the line to it is not protected: \
                     name the authority of its certificate, or say that the line is unprotected",
                ));
            }
            Line::Local | Line::Unprotected => {
                if config.get_ssl_mode() == SslMode::Require {
                    return Err(engine_error(
                        "the database's address asks for encryption, and no authority is named \
                         that could prove the server",
                    ));
                }
                config.ssl_mode(SslMode::Disable);
                None
            }
            Line::Verified { authorities } => {
                if config.get_ssl_mode() == SslMode::Disable || has_socket(&config) {
                    return Err(engine_error(
                        "an authority is named, and the database's address asks for no encryption",
                    ));
                }
                config.ssl_mode(SslMode::Require);
                Some(MakeRustlsConnect::new(client(authorities)?))
            }
        };
        let authorities = match line {
            Line::Verified { authorities } => Some(authorities.clone()),
            Line::Local | Line::Unprotected => None,
        };
        Ok(Self {
            config,
            tls,
            authorities,
        })
    }

    /// The same for the engine's own programs, as variables of their environment; a certificate goes to a file in
    /// `aside`.
    pub(super) fn environment(
        &self,
        aside: &Path,
    ) -> Result<Vec<(&'static str, String)>, NotCopied> {
        let config = &self.config;
        let hosts = config.get_hosts().iter().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(folder) => folder.display().to_string(),
        });
        let ports: Vec<String> = config.get_ports().iter().map(u16::to_string).collect();
        let mut found = vec![
            ("PGHOST", hosts.collect::<Vec<_>>().join(",")),
            ("PGPORT", ports.join(",")),
            ("PGUSER", config.get_user().unwrap_or_default().to_owned()),
            (
                "PGDATABASE",
                config.get_dbname().unwrap_or_default().to_owned(),
            ),
            ("PGCONNECT_TIMEOUT", "10".to_owned()),
        ];
        found.retain(|(_name, value)| !value.is_empty());
        if let Some(password) = config.get_password() {
            found.push(("PGPASSWORD", String::from_utf8_lossy(password).into_owned()));
        }
        match &self.authorities {
            Some(authorities) => {
                let path = aside.join("authority.pem");
                std::fs::write(&path, authorities)
                    .map_err(|error| NotCopied::file(&path, error))?;
                found.push(("PGSSLMODE", "verify-full".to_owned()));
                found.push(("PGSSLROOTCERT", path.display().to_string()));
            }
            None => found.push(("PGSSLMODE", "disable".to_owned())),
        }
        Ok(found)
    }

    /// The same database of a server on a socket of this machine.
    pub(super) fn at_socket(&self, folder: &Path, port: u16) -> Self {
        let mut config = Config::new();
        config
            .host(&folder.display().to_string())
            .port(port)
            .application_name("contest")
            .connect_timeout(CONNECT_TIMEOUT)
            .target_session_attrs(TargetSessionAttrs::ReadWrite)
            .ssl_mode(SslMode::Disable);
        if let Some(user) = self.config.get_user() {
            config.user(user);
        }
        if let Some(name) = self.config.get_dbname() {
            config.dbname(name);
        }
        if let Some(options) = self.config.get_options() {
            config.options(options);
        }
        Self {
            config,
            tls: None,
            authorities: None,
        }
    }

    /// The same server, asked with this password.
    pub(in crate::store::engine) fn set_password(&mut self, password: &str) {
        self.config.password(password);
    }

    /// The same server, seen by another user.
    pub(in crate::store::engine) fn set_user(&mut self, name: &str) {
        self.config.user(name);
    }

    /// The same server, with this schema before all others.
    pub(in crate::store::engine) fn within(&self, schema: &str) -> Self {
        let mut target = self.clone();
        let path = format!("-csearch_path={schema}");
        let options = match target.config.get_options() {
            Some(given) => format!("{given} {path}"),
            None => path,
        };
        target.config.options(&options);
        target
    }

    pub(super) fn connect(&self) -> Result<Client, postgres::Error> {
        match &self.tls {
            None => self.config.connect(NoTls),
            Some(tls) => self.config.connect(tls.clone()),
        }
    }
}

/// A client that believes these authorities and no other, not even the system's.
fn client(authorities: &str) -> Result<ClientConfig, StoreError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(authorities.as_bytes()) {
        let certificate = certificate.map_err(unusable)?;
        roots.add(certificate).map_err(unusable)?;
    }
    if roots.is_empty() {
        return Err(unusable("there is none in the file"));
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

fn unusable(error: impl fmt::Display) -> StoreError {
    engine_error(format_args!(
        "the authority of the database's certificate: {error}"
    ))
}

fn has_socket(config: &Config) -> bool {
    !config
        .get_hosts()
        .iter()
        .all(|host| matches!(host, Host::Tcp(_)))
}

/// Whether every way to the server stays on this machine.
fn is_local(config: &Config) -> bool {
    let is_here = |name: &str| {
        name == "localhost"
            || name
                .parse()
                .is_ok_and(|address: IpAddr| address.is_loopback())
    };
    if config.get_hostaddrs().is_empty() {
        config.get_hosts().iter().all(|host| match host {
            Host::Tcp(name) => is_here(name),
            #[cfg(unix)]
            Host::Unix(_) => true,
        })
    } else {
        config.get_hostaddrs().iter().all(IpAddr::is_loopback)
    }
}
