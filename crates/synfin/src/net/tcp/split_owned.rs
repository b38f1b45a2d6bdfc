//! Halves that own their stream together.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{BufMut, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};

use super::TcpStream;
use super::split::{reading_half, writing_half};

/// The reading half of a stream; see [`TcpStream::into_split`].
#[derive(Debug)]
pub struct OwnedReadHalf(Arc<TcpStream>);

/// The writing half of a stream; see [`TcpStream::into_split`]. Dropping it ends that direction.
#[derive(Debug)]
pub struct OwnedWriteHalf(Arc<TcpStream>, OnDrop);

/// What becomes of the direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnDrop {
    End,
    Keep,
}

pub(super) fn split(stream: TcpStream) -> (OwnedReadHalf, OwnedWriteHalf) {
    let stream = Arc::new(stream);
    (OwnedReadHalf(Arc::clone(&stream)), OwnedWriteHalf(stream, OnDrop::End))
}

reading_half!(OwnedReadHalf);
writing_half!(OwnedWriteHalf);

impl OwnedReadHalf {
    /// The stream in one piece again.
    ///
    /// # Errors
    /// When the halves are of different streams: both of them.
    pub fn reunite(self, other: OwnedWriteHalf) -> Result<TcpStream, ReuniteError> {
        if !Arc::ptr_eq(&self.0, &other.0) {
            return Err(ReuniteError(self, other));
        }
        other.forget();
        Ok(Arc::into_inner(self.0).expect("a stream has two halves, and the other is gone"))
    }
}

impl OwnedWriteHalf {
    /// The stream in one piece again.
    ///
    /// # Errors
    /// When the halves are of different streams: both of them.
    pub fn reunite(self, other: OwnedReadHalf) -> Result<TcpStream, ReuniteError> {
        other.reunite(self)
    }

    /// Drops this half without ending its direction.
    pub fn forget(mut self) {
        self.1 = OnDrop::Keep;
    }
}

impl Drop for OwnedWriteHalf {
    fn drop(&mut self) {
        if self.1 == OnDrop::End {
            // Of a stack that has stopped, all is over.
            let _ = self.0.shut_down();
        }
    }
}

impl AsRef<TcpStream> for OwnedReadHalf {
    fn as_ref(&self) -> &TcpStream {
        &self.0
    }
}

impl AsRef<TcpStream> for OwnedWriteHalf {
    fn as_ref(&self) -> &TcpStream {
        &self.0
    }
}

/// Two halves that are not of one stream.
#[derive(Debug)]
pub struct ReuniteError(pub OwnedReadHalf, pub OwnedWriteHalf);

impl fmt::Display for ReuniteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the halves are of different streams")
    }
}

impl std::error::Error for ReuniteError {}
