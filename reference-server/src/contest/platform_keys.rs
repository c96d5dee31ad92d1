//! The keys by which WeChat Pay signs: those of the configuration, and the platform certificates that are downloaded.
//!
//! A certificate ends, and WeChat signs by the next one some days before; whoever does not know
//! it by then can believe no answer. So they are asked for twice a day, by one instance for all,
//! kept in the database, and all that are valid are believed side by side. A merchant with
//! WeChat's public key alone needs none and asks for none.

use std::sync::PoisonError;

use chrono::{DateTime, TimeDelta, Utc};
use wechat_adapter::{
    TransportError,
    pay::{
        PayError,
        v3::{DownloadCertificates, Freshness, RequestError, WeChatKeys},
    },
};

use super::{Error, payout};
use crate::{
    app::{App, PayV3},
    privacy::Field,
    store::{
        audit,
        certificates::{self as rows, CertificateRow, DownloadRow},
    },
};

/// WeChat asks merchants to download no more often.
const ASKED_EVERY: TimeDelta = TimeDelta::hours(12);
/// When a download failed, or whoever began it never came back, it is tried again after this time.
const TRIED_AGAIN_AFTER: TimeDelta = TimeDelta::minutes(10);

/// What became of looking after the certificates.
#[derive(Debug)]
pub enum Renewed {
    /// The merchant has none to download.
    NotWanted,
    /// They were asked for a short while ago, by whichever instance.
    NotDue,
    /// WeChat gave them; so many were new.
    Downloaded {
        /// How many nobody had yet.
        n_new: usize,
    },
    /// They could not be had; those there are go on.
    Failed(DownloadError),
}

/// Why certificates could not be downloaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadError {
    /// The request cannot be made.
    #[error("they cannot be asked for: {0}")]
    Request(#[from] RequestError),
    /// WeChat could not be reached.
    #[error("WeChat: {0}")]
    Transport(#[from] TransportError),
    /// WeChat refused, or its answer is not believed.
    #[error("WeChat: {0}")]
    Pay(#[from] PayError),
}

/// Until when WeChat's signatures can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outlook {
    /// Certificates that are valid now.
    pub n_valid: usize,
    /// When the last of them ends.
    pub ends: Option<DateTime<Utc>>,
    /// When WeChat last gave them, over all instances.
    pub downloaded: Option<DateTime<Utc>>,
}

/// Every key that this process believes, naming in requests the one to be asked for at this instant.
pub(crate) fn ring(app: &App, v3: &PayV3) -> WeChatKeys {
    let memory = &app.memory.platform_keys;
    let downloaded = memory.read().unwrap_or_else(PoisonError::into_inner);
    let joined = match downloaded.as_ref() {
        Some(downloaded) => v3.keys.joined(downloaded),
        None => v3.keys.clone(),
    };
    joined.preferring_valid(app.now())
}

/// Takes over what any instance has downloaded, and downloads when it is time to.
///
/// One instance at a time asks WeChat: the turn is a row.
///
/// # Errors
/// Fails when the database does; WeChat's failures are [`Renewed::Failed`].
pub async fn keep_up(app: &App) -> Result<Renewed, Error> {
    let v3 = app.wechat.pay_v3.as_ref();
    let Some(v3) = v3.filter(|v3| v3.downloads_certificates) else {
        return Ok(Renewed::NotWanted);
    };
    load(app).await?;
    let asked = app.now();
    if !take_turn(app, asked).await? {
        return Ok(Renewed::NotDue);
    }
    let downloaded = match download(app, v3).await? {
        Ok(downloaded) => downloaded,
        Err(problem) => return Ok(Renewed::Failed(problem)),
    };
    let n_new = keep(app, &downloaded, asked).await?;
    load(app).await?;
    Ok(Renewed::Downloaded { n_new })
}

/// The same for whoever only needs the keys: what went wrong is logged.
///
/// # Errors
/// Fails when the database does.
pub async fn refresh(app: &App) -> Result<(), Error> {
    match keep_up(app).await? {
        Renewed::Downloaded { n_new } if n_new > 0 => {
            tracing::info!(n_new, "WeChat Pay has new platform certificates");
        }
        Renewed::Failed(problem) => {
            let n_valid = outlook(app).await?.map_or(0, |outlook| outlook.n_valid);
            tracing::error!(%problem, n_valid, "platform certificates could not be downloaded");
        }
        Renewed::NotWanted | Renewed::NotDue | Renewed::Downloaded { .. } => {}
    }
    Ok(())
}

/// Until when signatures can be believed; `None` when no certificate plays a part.
///
/// # Errors
/// Fails when the database does.
pub async fn outlook(app: &App) -> Result<Option<Outlook>, Error> {
    let Some(v3) = &app.wechat.pay_v3 else {
        return Ok(None);
    };
    let (ring, now) = (ring(app, v3), app.now());
    if !v3.downloads_certificates && ring.certificates().next().is_none() {
        return Ok(None);
    }
    let merchant_id = app.wechat.merchant_id.clone();
    let row = app
        .store
        .read(move |read| Ok::<_, Error>(rows::download(read, merchant_id.as_str())?))
        .await?;
    let valid = ring
        .certificates()
        .filter(|held| held.valid_from <= now && now < held.valid_until)
        .map(|held| held.valid_until);
    let (n_valid, ends) = valid.fold((0_usize, None), |(n, ends), until| {
        (n.saturating_add(1), ends.max(Some(until)))
    });
    Ok(Some(Outlook {
        n_valid,
        ends,
        downloaded: row
            .and_then(|row| row.answered_ms)
            .map(super::season::instant),
    }))
}

/// Reads the certificates that are kept into this process's memory.
///
/// One that was not sealed by this season's keys is nobody's certificate.
async fn load(app: &App) -> Result<(), Error> {
    let kept = app
        .store
        .read(|read| Ok::<_, Error>(rows::certificates(read)?))
        .await?;
    let mut ring = WeChatKeys::empty();
    for row in kept {
        let place = Field::PlatformCertificate.of(&row.serial);
        let opened = app.keys.open(&place, &row.pem_sealed).ok();
        let pem = opened.and_then(|pem| String::from_utf8(pem).ok());
        match pem.map(|pem| ring.clone().with_certificate(&pem)) {
            Some(Ok(longer)) => ring = longer,
            Some(Err(_)) | None => {
                let serial = row.serial;
                tracing::error!(
                    serial,
                    "a kept certificate cannot be read; it is passed over"
                );
            }
        }
    }
    let memory = &app.memory.platform_keys;
    *memory.write().unwrap_or_else(PoisonError::into_inner) = Some(ring);
    Ok(())
}

/// Whether it is time to ask, and nobody else has begun to.
async fn take_turn(app: &App, now: DateTime<Utc>) -> Result<bool, Error> {
    let merchant_id = app.wechat.merchant_id.clone();
    let now_ms = now.timestamp_millis();
    app.store
        .write(move |tx| {
            let before = rows::download(&tx.read(), merchant_id.as_str())?;
            let answered_ms = before.and_then(|row| row.answered_ms);
            let has_passed = |since_ms: Option<i64>, span: TimeDelta| {
                since_ms.is_none_or(|since_ms| {
                    now_ms.saturating_sub(since_ms) >= span.num_milliseconds()
                })
            };
            let asked_ms = before.map(|row| row.asked_ms);
            if !has_passed(answered_ms, ASKED_EVERY) || !has_passed(asked_ms, TRIED_AGAIN_AFTER) {
                return Ok(false);
            }
            let row = DownloadRow {
                asked_ms: now_ms,
                answered_ms,
            };
            rows::set_download(tx, merchant_id.as_str(), &row)?;
            Ok::<_, Error>(true)
        })
        .await
}

/// Asks WeChat; the answer must be signed by a key of the ring, or by one that it brings and the `APIv3` key opens.
async fn download(app: &App, v3: &PayV3) -> Result<Result<WeChatKeys, DownloadError>, Error> {
    let freshness = Freshness {
        now: app.now(),
        nonce: payout::nonce(app)?,
    };
    let ring = ring(app, v3);
    let asked = async {
        let call = DownloadCertificates::new();
        let request = call.request(&v3.credentials, Some(&ring), &freshness)?;
        let response = app.wechat.pay_http.send(request).await?;
        let known = (ring.serials().next().is_some()).then_some(&ring);
        let downloaded = DownloadCertificates::parse(&response, known, &v3.api_key, app.now())?;
        Ok(downloaded)
    };
    Ok(asked.await)
}

/// Keeps what is new, with an event for each; how many there were.
async fn keep(app: &App, downloaded: &WeChatKeys, asked: DateTime<Utc>) -> Result<usize, Error> {
    let mut certificates = Vec::new();
    for held in downloaded.certificates() {
        let place = Field::PlatformCertificate.of(held.serial);
        let sealed = app
            .keys
            .seal(&place, held.pem.as_bytes(), app.entropy.as_ref())?;
        let row = CertificateRow {
            serial: held.serial.to_owned(),
            pem_sealed: sealed,
        };
        certificates.push((
            row,
            format!("serial={} ends={}", held.serial, held.valid_until),
        ));
    }
    let merchant_id = app.wechat.merchant_id.clone();
    let now_ms = app.now().timestamp_millis();
    app.store
        .write(move |tx| {
            let mut n_new = 0_usize;
            for (row, detail) in &certificates {
                if rows::insert(tx, row, now_ms)? {
                    audit::append(tx, now_ms, "server", "certificate.added", detail)?;
                    n_new = n_new.saturating_add(1);
                }
            }
            let row = DownloadRow {
                asked_ms: asked.timestamp_millis(),
                answered_ms: Some(now_ms),
            };
            rows::set_download(tx, merchant_id.as_str(), &row)?;
            Ok::<_, Error>(n_new)
        })
        .await
}
