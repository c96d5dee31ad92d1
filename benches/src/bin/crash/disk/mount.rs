//! The disk mounted: every call of a program becomes one of the model's.

use std::{
    ffi::OsStr,
    io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, UNIX_EPOCH},
};

use fuser::{
    BackgroundSession, BsdFileFlags, Config, Errno, FileAttr, FileHandle, FileType, Filesystem,
    FopenFlags, Generation, INodeNo, LockOwner, MountOption, OpenFlags, RenameFlags, ReplyAttr,
    ReplyCreate, ReplyData, ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyStatfs, ReplyWrite,
    Request, Session, TimeOrNow, WriteFlags,
};

use super::model::{Disk, Fate};

/// How long the kernel may believe what it was told; nobody else changes anything.
const BELIEVED: Duration = Duration::from_secs(60);
const SECTOR_BYTES: u32 = 512;
const BLOCK_BYTES: u32 = 4096;
/// More blocks than any test fills.
const N_BLOCKS: u64 = 1 << 24;

/// The disk, between the mount and whoever cuts its power.
#[derive(Debug, Clone)]
pub(crate) struct Shared(Arc<Mutex<Disk>>);

impl Shared {
    pub(crate) fn new(disk: Disk) -> Self {
        Self(Arc::new(Mutex::new(disk)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A mounted disk.
#[derive(Debug)]
pub(crate) struct Mount(BackgroundSession);

impl Mount {
    /// Mounts the disk on a folder; needs `/dev/fuse` and the right to mount.
    pub(crate) fn on(folder: &Path, disk: &Shared) -> io::Result<Self> {
        let mut config = Config::default();
        config.mount_options = vec![MountOption::FSName("forgetful".to_owned())];
        let session = Session::new(Served(disk.clone()), folder, &config)?;
        Ok(Self(session.spawn()?))
    }

    /// Takes it away; nothing that is open on it can be used from then on.
    pub(crate) fn remove(self) -> io::Result<()> {
        self.0.umount_and_join()
    }
}

#[derive(Debug)]
struct Served(Shared);

fn attributes(node: u64, length: Option<usize>) -> FileAttr {
    let size = length
        .and_then(|length| u64::try_from(length).ok())
        .unwrap_or(0);
    FileAttr {
        ino: INodeNo(node),
        size,
        blocks: size.div_ceil(u64::from(SECTOR_BYTES)),
        atime: UNIX_EPOCH,
        mtime: UNIX_EPOCH,
        ctime: UNIX_EPOCH,
        crtime: UNIX_EPOCH,
        kind: if length.is_some() {
            FileType::RegularFile
        } else {
            FileType::Directory
        },
        perm: if length.is_some() { 0o600 } else { 0o700 },
        nlink: 1,
        uid: rustix::process::getuid().as_raw(),
        gid: rustix::process::getgid().as_raw(),
        rdev: 0,
        blksize: BLOCK_BYTES,
        flags: 0,
    }
}

fn size(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

impl Served {
    fn attributes(disk: &Disk, node: u64) -> Result<FileAttr, Errno> {
        if disk.is_dead() {
            return Err(Errno::EIO);
        }
        let length = disk.length(node).ok_or(Errno::ENOENT)?;
        Ok(attributes(node, length))
    }

    /// Does what changes something, if nothing goes wrong with it.
    fn change(
        &self,
        node: INodeNo,
        needs_room: bool,
        work: impl FnOnce(&mut Disk) -> Option<()>,
    ) -> Result<(), Errno> {
        let mut disk = self.0.lock();
        match disk.fate(node.0, needs_room) {
            // What cannot be done by half is done.
            Fate::Done | Fate::Short => work(&mut disk).ok_or(Errno::ENOENT),
            Fate::Io => Err(Errno::EIO),
            Fate::Full => Err(Errno::ENOSPC),
        }
    }
}

fn answer(reply: ReplyEmpty, outcome: Result<(), Errno>) {
    match outcome {
        Ok(()) => reply.ok(),
        Err(error) => reply.error(error),
    }
}

impl Filesystem for Served {
    fn lookup(&self, _request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let disk = self.0.lock();
        let found = disk.look_up(parent.0, name).ok_or(Errno::ENOENT);
        match found.and_then(|node| Self::attributes(&disk, node)) {
            Ok(attributes) => reply.entry(&BELIEVED, &attributes, Generation(0)),
            Err(error) => reply.error(error),
        }
    }

    fn getattr(
        &self,
        _request: &Request,
        node: INodeNo,
        _file: Option<FileHandle>,
        reply: ReplyAttr,
    ) {
        match Self::attributes(&self.0.lock(), node.0) {
            Ok(attributes) => reply.attr(&BELIEVED, &attributes),
            Err(error) => reply.error(error),
        }
    }

    fn setattr(
        &self,
        _request: &Request,
        node: INodeNo,
        _mode: Option<u32>,
        _uid: Option<u32>,
        _gid: Option<u32>,
        length: Option<u64>,
        _atime: Option<TimeOrNow>,
        _mtime: Option<TimeOrNow>,
        _ctime: Option<std::time::SystemTime>,
        _file: Option<FileHandle>,
        _crtime: Option<std::time::SystemTime>,
        _chgtime: Option<std::time::SystemTime>,
        _bkuptime: Option<std::time::SystemTime>,
        _flags: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let outcome = match length {
            None => Ok(()),
            Some(length) => self.change(node, true, |disk| disk.resize(node.0, size(length))),
        };
        match outcome.and_then(|()| Self::attributes(&self.0.lock(), node.0)) {
            Ok(attributes) => reply.attr(&BELIEVED, &attributes),
            Err(error) => reply.error(error),
        }
    }

    fn create(
        &self,
        _request: &Request,
        parent: INodeNo,
        name: &OsStr,
        _mode: u32,
        _umask: u32,
        _flags: i32,
        reply: ReplyCreate,
    ) {
        let mut made = None;
        let outcome = self.change(parent, true, |disk| {
            made = Some(disk.create(parent.0, name)?);
            Some(())
        });
        match outcome.and(made.ok_or(Errno::EIO)) {
            Ok(node) => reply.created(
                &BELIEVED,
                &attributes(node, Some(0)),
                Generation(0),
                FileHandle(0),
                FopenFlags::empty(),
            ),
            Err(error) => reply.error(error),
        }
    }

    fn unlink(&self, _request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        answer(
            reply,
            self.change(parent, false, |disk| disk.unlink(parent.0, name)),
        );
    }

    fn rename(
        &self,
        _request: &Request,
        parent: INodeNo,
        name: &OsStr,
        new_parent: INodeNo,
        new_name: &OsStr,
        _flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        if parent != new_parent {
            return reply.error(Errno::EXDEV);
        }
        answer(
            reply,
            self.change(parent, false, |disk| disk.rename(parent.0, name, new_name)),
        );
    }

    fn read(
        &self,
        _request: &Request,
        node: INodeNo,
        _file: FileHandle,
        offset: u64,
        length: u32,
        _flags: OpenFlags,
        _owner: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let disk = self.0.lock();
        if disk.is_dead() {
            return reply.error(Errno::EIO);
        }
        match disk.read(node.0, size(offset), size(u64::from(length))) {
            Some(bytes) => reply.data(bytes),
            None => reply.error(Errno::EISDIR),
        }
    }

    fn write(
        &self,
        _request: &Request,
        node: INodeNo,
        _file: FileHandle,
        offset: u64,
        bytes: &[u8],
        _write_flags: WriteFlags,
        _flags: OpenFlags,
        _owner: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let mut disk = self.0.lock();
        let n_bytes = match disk.fate(node.0, true) {
            Fate::Done => bytes.len(),
            Fate::Short => bytes.len() / 2,
            Fate::Io => return reply.error(Errno::EIO),
            Fate::Full => return reply.error(Errno::ENOSPC),
        };
        let bytes = bytes.get(..n_bytes).unwrap_or_default();
        match disk.write(node.0, size(offset), bytes) {
            Some(()) => reply.written(u32::try_from(n_bytes).unwrap_or(u32::MAX)),
            None => reply.error(Errno::EISDIR),
        }
    }

    fn flush(
        &self,
        _request: &Request,
        _node: INodeNo,
        _file: FileHandle,
        _owner: LockOwner,
        reply: ReplyEmpty,
    ) {
        // Closing a file keeps nothing.
        reply.ok();
    }

    fn fsync(
        &self,
        _request: &Request,
        node: INodeNo,
        _file: FileHandle,
        _data_only: bool,
        reply: ReplyEmpty,
    ) {
        answer(reply, self.change(node, false, |disk| disk.sync(node.0)));
    }

    fn fsyncdir(
        &self,
        _request: &Request,
        node: INodeNo,
        _file: FileHandle,
        _data_only: bool,
        reply: ReplyEmpty,
    ) {
        answer(reply, self.change(node, false, |disk| disk.sync(node.0)));
    }

    fn readdir(
        &self,
        _request: &Request,
        node: INodeNo,
        _file: FileHandle,
        offset: u64,
        mut reply: ReplyDirectory,
    ) {
        let names = self.0.lock().names(node.0);
        for (nth, (name, child)) in (1_u64..).zip(names).skip(size(offset)) {
            if reply.add(INodeNo(child), nth, FileType::RegularFile, name) {
                break;
            }
        }
        reply.ok();
    }

    fn statfs(&self, _request: &Request, _node: INodeNo, reply: ReplyStatfs) {
        let (block, name_bytes) = (BLOCK_BYTES, 255);
        reply.statfs(
            N_BLOCKS, N_BLOCKS, N_BLOCKS, N_BLOCKS, N_BLOCKS, block, name_bytes, block,
        );
    }
}
