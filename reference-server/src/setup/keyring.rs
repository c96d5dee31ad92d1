//! The season's keys from their files; made at the first start, and never beside a database.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::{DATABASE, SetupError};
use crate::{
    config::{Config, ConfigError},
    entropy::{Entropy, SystemEntropy},
    privacy::{self, BackupKey, KeyFile, Keys, SeasonSecret, Suite},
};

/// The file of the master key within the data folder.
pub(super) const MASTER_KEY: &str = "master.key";

/// The keys of a configuration; before there is a database in a file, those that are missing are made.
pub(super) fn load(config: &Config, entropy: &dyn Entropy) -> Result<Keys, SetupError> {
    let files = config.key_files();
    for (field, ring) in [
        ("keys.contest", &files.contest),
        ("keys.people", &files.people),
    ] {
        if ring.is_empty() {
            return Err(SetupError::Config(ConfigError::Value {
                field,
                problem: "names no key".to_owned(),
            }));
        }
    }
    let is_new = config.database.is_none() && !config.data_dir.join(DATABASE).exists();
    if is_new {
        make(config, Suite::AesSha2, entropy)?;
    } else if let Some(path) = missing(config).into_iter().next() {
        return Err(lost(config, path));
    }
    let season = SeasonSecret::new(&*master(&config.data_dir, entropy)?);
    let read = |path: &PathBuf| KeyFile::read(path, &season);
    let ring = |paths: &[PathBuf]| paths.iter().map(read).collect::<Result<Vec<_>, _>>();
    Ok(Keys::new(
        &season,
        ring(&files.contest)?,
        ring(&files.people)?,
        read(&files.index)?,
    )?)
}

/// Makes every key file that a configuration names and that is not there, and tells which.
///
/// # Errors
/// [`SetupError::KeyLost`] when the master key is missing beside a database or beside other
/// keys: a new one would open nothing. [`SetupError::KeyFile`] naming a file.
pub fn make_keys(config: &Config, suite: Suite) -> Result<Vec<PathBuf>, SetupError> {
    super::create_dir(&config.data_dir)?;
    let mut made = make(config, suite, &SystemEntropy)?;
    // The key of backups belongs to no season: with it alone nothing of a backup's sealed values opens.
    if let Some(backup) = &config.backup
        && !backup.key_file.exists()
    {
        BackupKey::generate(&backup.key_file, &SystemEntropy)?;
        made.push(backup.key_file.clone());
    }
    Ok(made)
}

fn make(config: &Config, suite: Suite, entropy: &dyn Entropy) -> Result<Vec<PathBuf>, SetupError> {
    let made = missing(config);
    let path = config.data_dir.join(MASTER_KEY);
    if !path.exists() {
        let files = config.key_files();
        let is_used =
            config.data_dir.join(DATABASE).exists() || files.files().any(|file| file.exists());
        if is_used {
            return Err(SetupError::KeyLost { path });
        }
    }
    let season = SeasonSecret::new(&*master(&config.data_dir, entropy)?);
    for path in made.iter().filter(|made| **made != path) {
        match KeyFile::generate(path, suite, entropy)?.write(path, &season, entropy) {
            // Another instance that started at the same time was faster.
            Err(_exists) if path.exists() => {}
            outcome => outcome?,
        }
    }
    Ok(made)
}

/// Fails when a key is missing.
pub(super) fn expect_all(config: &Config) -> Result<(), SetupError> {
    match missing(config).into_iter().next() {
        Some(path) => Err(lost(config, path)),
        None => Ok(()),
    }
}

/// The files of keys that are not there, the master key's first.
fn missing(config: &Config) -> Vec<PathBuf> {
    let mut paths = vec![config.data_dir.join(MASTER_KEY)];
    paths.extend(config.key_files().files().cloned());
    paths.retain(|path| !path.exists());
    paths
}

fn lost(config: &Config, path: PathBuf) -> SetupError {
    if config.database.is_some() {
        SetupError::KeyNotShared { path }
    } else {
        SetupError::KeyLost { path }
    }
}

/// The master key of a data folder, made at first use and readable by its owner only.
pub(super) fn master(
    data_dir: &Path,
    entropy: &dyn Entropy,
) -> Result<Zeroizing<[u8; 32]>, SetupError> {
    let path = data_dir.join(MASTER_KEY);
    let failed = |source| SetupError::DataDir {
        path: path.clone(),
        source,
    };
    if !path.exists() {
        let key: Zeroizing<[u8; 32]> = Zeroizing::new(entropy.bytes());
        let text = Zeroizing::new(hex::encode(*key));
        match privacy::put(&path, text.as_bytes(), false) {
            // Another instance that started at the same time was faster.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            outcome => outcome.map_err(failed)?,
        }
    }
    privacy::expect_private(&path)?;
    let text = Zeroizing::new(fs::read_to_string(&path).map_err(failed)?);
    let mut key = Zeroizing::new([0; 32]);
    match hex::decode_to_slice(text.trim(), key.as_mut_slice()) {
        Ok(()) => Ok(key),
        Err(_malformed) => Err(SetupError::MasterKey { path }),
    }
}
