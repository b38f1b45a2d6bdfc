//! The files behind `synfin serve`, read without leaving the thread where that takes no waiting.
//!
//! What comes in: paths from tower-http's [`ServeDir`](tower_http::services::ServeDir), which knows HTTP. What goes
//! out: what a file is, and its octets. A path that the kernel knows is opened at once (`RESOLVE_CACHED` of openat2(2)),
//! and what is in the page cache is read at once (`RWF_NOWAIT` of preadv2(2)); for all else a thread may wait. Each
//! request opens its file anew, so that what is served is what is there.
//!
//! Left out on purpose: keeping contents, which the page cache does; whatever is neither a file nor a directory.

use std::fs::{File, Metadata};
use std::future::Future;
use std::io::{self, IoSliceMut, SeekFrom};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, fstatfs, openat2};
use rustix::io::{Errno, ReadWriteFlags, preadv2};
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};
use tokio::task::{JoinHandle, spawn_blocking};
use tower_http::services::fs::{self, Backend};

/// The most that is read in one go where the file system cannot say whether that takes waiting, octets.
const SMALL: u64 = 64 * 1024;

/// File systems that do not know `RWF_NOWAIT` and hardly ever wait: memory, and layers over what is this machine's own;
/// <linux/magic.h>.
const TMPFS: i64 = 0x0102_1994;
const OVERLAYFS: i64 = 0x794c_7630;

/// This machine's files, as one request sees them: each has a clone of its own.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// What was opened to be asked what it is, and is most likely wanted next.
    asked: Mutex<Option<(PathBuf, Opened)>>,
}

impl Files {
    fn asked(&self) -> MutexGuard<'_, Option<(PathBuf, Opened)>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clone for Files {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Backend for Files {
    type File = Opened;
    type Metadata = Metadata;
    type OpenFuture = Answer<Opened>;
    type MetadataFuture = Answer<Metadata>;

    fn open(&self, path: PathBuf) -> Answer<Opened> {
        if let Some((_, opened)) = self.asked().take_if(|(asked, _)| *asked == path) {
            return Answer::Now(Some(Ok(opened)));
        }
        match open_cached(&path) {
            Some(file) => Answer::Now(Some(file.and_then(Opened::new))),
            None => Answer::Later(spawn_blocking(move || {
                regular(&path.metadata()?)?;
                Opened::new(File::open(path)?)
            })),
        }
    }

    fn metadata(&self, path: PathBuf) -> Answer<Metadata> {
        let Some(file) = open_cached(&path) else {
            return Answer::Later(spawn_blocking(move || path.metadata()));
        };
        let answer = file.and_then(|file| {
            let metadata = file.metadata()?;
            if metadata.is_file() {
                *self.asked() = Some((path, Opened::of(file, metadata.clone())));
            }
            Ok(metadata)
        });
        Answer::Now(Some(answer))
    }
}

/// `None` where it takes waiting, or a thread that may wait has to find out.
fn open_cached(path: &Path) -> Option<io::Result<File>> {
    // Not blocking, or a FIFO would wait for somebody who writes.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    match openat2(CWD, path, flags, Mode::empty(), ResolveFlags::CACHED) {
        Ok(fd) => Some(Ok(fd.into())),
        Err(Errno::NOENT) => Some(Err(io::ErrorKind::NotFound.into())),
        Err(_) => None,
    }
}

/// Whatever else there is under a name, it is no page.
fn regular(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_file() { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
}

/// What is known already, or what a thread will tell.
pub(super) enum Answer<T> {
    Now(Option<io::Result<T>>),
    Later(JoinHandle<io::Result<T>>),
}

impl<T> Unpin for Answer<T> {}

impl<T> Future for Answer<T> {
    type Output = io::Result<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        match self.get_mut() {
            Self::Now(answer) => Poll::Ready(answer.take().expect("polled once, for it is ready at once")),
            Self::Later(thread) => Pin::new(thread).poll(cx).map(|ended| ended.map_err(io::Error::other)?),
        }
    }
}

/// A file that is read from front to end, as long as it was when it was opened.
#[derive(Debug)]
pub(super) struct Opened {
    file: Arc<File>,
    metadata: Metadata,
    position: u64,
    /// What a thread reads, from `position` on.
    pending: Option<JoinHandle<io::Result<Vec<u8>>>>,
    #[cfg(test)]
    only_threads: bool,
}

impl Opened {
    fn new(file: File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        regular(&metadata)?;
        Ok(Self::of(file, metadata))
    }

    fn of(file: File, metadata: Metadata) -> Self {
        Self {
            file: Arc::new(file),
            metadata,
            position: 0,
            pending: None,
            #[cfg(test)]
            only_threads: false,
        }
    }

    /// Reads what is to be had without waiting; `None` where nothing is.
    fn read_cached(&self, room: &mut [u8]) -> Option<io::Result<usize>> {
        #[cfg(test)]
        if self.only_threads {
            return None;
        }
        match preadv2(&*self.file, &mut [IoSliceMut::new(room)], self.position, ReadWriteFlags::NOWAIT) {
            Ok(read) => Some(Ok(read)),
            Err(Errno::OPNOTSUPP) if self.hardly_waits() => Some(self.file.read_at(room, self.position)),
            Err(_) => None,
        }
    }

    /// Whether the file is small, and near though its file system cannot say what is in memory.
    fn hardly_waits(&self) -> bool {
        let is_near = |kind| matches!(kind, TMPFS | OVERLAYFS);
        self.metadata.len() <= SMALL && fstatfs(&*self.file).is_ok_and(|system| is_near(system.f_type))
    }
}

impl fs::File for Opened {
    type Metadata = Metadata;
    type MetadataFuture<'a> = std::future::Ready<io::Result<Metadata>>;

    fn metadata(&self) -> Self::MetadataFuture<'_> {
        std::future::ready(Ok(self.metadata.clone()))
    }
}

impl AsyncRead for Opened {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // What a file has gained since is not what was promised.
        let left = this.metadata.len().saturating_sub(this.position);
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(buf.remaining());
        if length == 0 {
            return Poll::Ready(Ok(()));
        }
        if this.pending.is_none() {
            if let Some(read) = this.read_cached(buf.initialize_unfilled_to(length)) {
                let read = read?;
                buf.advance(read);
                this.position += read as u64;
                return Poll::Ready(Ok(()));
            }
            let (file, position) = (Arc::clone(&this.file), this.position);
            this.pending = Some(spawn_blocking(move || {
                let mut octets = vec![0; length];
                let read = file.read_at(&mut octets, position)?;
                octets.truncate(read);
                Ok(octets)
            }));
        }
        let Some(thread) = &mut this.pending else { return Poll::Ready(Ok(())) };
        let ended = ready!(Pin::new(thread).poll(cx));
        this.pending = None;
        let octets = ended.map_err(io::Error::other)??;
        // The room may have become less since the thread was asked; what does not fit is read again.
        let fitting = octets.len().min(buf.remaining());
        buf.put_slice(&octets[..fitting]);
        this.position += fitting as u64;
        Poll::Ready(Ok(()))
    }
}

impl AsyncSeek for Opened {
    fn start_seek(self: Pin<&mut Self>, to: SeekFrom) -> io::Result<()> {
        let this = self.get_mut();
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(by) => this.position.checked_add_signed(by),
            SeekFrom::End(by) => this.metadata.len().checked_add_signed(by),
        };
        this.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        // What was read elsewhere is not wanted any more.
        this.pending = None;
        Ok(())
    }

    fn poll_complete(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Poll::Ready(Ok(self.position))
    }
}

#[cfg(test)]
mod tests;
