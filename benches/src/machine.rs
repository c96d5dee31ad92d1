//! The machine as it is meanwhile: processor time, pressure, the disk.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
    time::{Duration, Instant},
};

/// Bytes that one commit of a few rows may write.
const PROBE: [u8; 4_096] = [7; 4_096];
const N_PROBES: usize = 100;

/// Processor time that all threads of a process have used.
///
/// # Errors
/// When there is no such process.
pub fn cpu_of(process: u32) -> io::Result<Duration> {
    let mut used = Duration::ZERO;
    for task in fs::read_dir(format!("/proc/{process}/task"))? {
        // A thread may end while the folder is read.
        if let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) {
            let first = text.split(' ').next().unwrap_or_default();
            used += Duration::from_nanos(first.parse().map_err(io::Error::other)?);
        }
    }
    Ok(used)
}

/// The processes whose parent this is.
///
/// # Errors
/// When the list of processes cannot be read.
pub fn children_of(parent: u32) -> io::Result<Vec<u32>> {
    let mut children = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(process) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else {
            continue;
        };
        // The name in brackets may hold anything; the parent is the second word after it.
        let after = stat.rsplit_once(')').map_or("", |(_name, after)| after);
        if after.split_whitespace().nth(1) == Some(parent.to_string().as_str()) {
            children.push(process);
        }
    }
    Ok(children)
}

/// How busy the machine is: load average, and the share of time in which work waited for a processor.
#[must_use]
pub fn pressure() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<&str> = load.split(' ').take(3).collect();
    let waiting = fs::read_to_string("/proc/pressure/cpu").unwrap_or_default();
    let waiting = waiting.split(' ').nth(1).unwrap_or("unknown");
    format!(
        "load {}, waiting for a processor {waiting} %",
        load.join(" ")
    )
}

/// Half of all small appends to a file in this folder are durable within this time.
///
/// # Errors
/// When the folder cannot be written.
pub fn sync_probe(folder: &Path) -> io::Result<Duration> {
    let path = folder.join("probe");
    let mut file = File::create(&path)?;
    let mut waits = Vec::with_capacity(N_PROBES);
    for _ in 0..N_PROBES {
        let began = Instant::now();
        file.write_all(&PROBE)?;
        file.sync_data()?;
        waits.push(began.elapsed());
    }
    fs::remove_file(path)?;
    waits.sort_unstable();
    Ok(waits.get(N_PROBES / 2).copied().unwrap_or_default())
}

/// Where a text first stands in another.
#[must_use]
pub fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len())
        .position(|window| window == wanted)
}
