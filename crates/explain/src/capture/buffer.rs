//! The octets in work: a window that moves over the file.

use std::io;

use super::CaptureError;
use super::decode::Source;

/// How much is asked for at once.
const CHUNK: usize = 256 << 10;

/// What was read of a source and not yet taken.
#[derive(Debug)]
pub(super) struct Buffer<S> {
    source: S,
    octets: Vec<u8>,
    start: usize,
    end: usize,
    /// Where `start` is in the file.
    offset: u64,
}

impl<S: Source> Buffer<S> {
    pub(super) fn new(source: S) -> Self {
        Self { source, octets: vec![0; CHUNK], start: 0, end: 0, offset: 0 }
    }

    /// What is there.
    pub(super) fn available(&self) -> &[u8] {
        &self.octets[self.start..self.end]
    }

    /// Sees to it that `len` octets are there. `false` when the source ends before.
    #[inline]
    pub(super) fn fill(&mut self, len: usize) -> Result<bool, CaptureError> {
        if self.end - self.start >= len { Ok(true) } else { self.read_up_to(len) }
    }

    /// Takes `len` octets, which must be there.
    pub(super) fn take(&mut self, len: usize) -> &[u8] {
        let taken = &self.octets[self.start..self.end][..len];
        self.start += len;
        self.offset += len as u64;
        taken
    }

    /// Passes over `len` octets, however many that are. `false` when the source ends before.
    pub(super) fn skip(&mut self, mut len: u64) -> Result<bool, CaptureError> {
        while len > 0 {
            if !self.fill(1)? {
                return Ok(false);
            }
            let step = self.available().len().min(usize::try_from(len).unwrap_or(usize::MAX));
            self.take(step);
            len -= step as u64;
        }
        Ok(true)
    }

    /// That the file ends in the middle of what begins at the front of the buffer.
    pub(super) fn cut(&self) -> CaptureError {
        CaptureError::Cut { offset: self.offset, left: self.available().len() as u64 }
    }

    /// What does not fit at the front of the buffer.
    pub(super) fn malformed(&self, what: impl Into<String>) -> CaptureError {
        CaptureError::Malformed { offset: self.offset, what: what.into() }
    }

    #[cold]
    fn read_up_to(&mut self, len: usize) -> Result<bool, CaptureError> {
        self.octets.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.octets.len() < len {
            self.octets.resize(len.next_multiple_of(CHUNK), 0);
        }
        while self.end < len {
            match self.source.read(&mut self.octets[self.end..]) {
                Ok(0) => return Ok(false),
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
        Ok(true)
    }

    fn failed(&self, error: io::Error) -> CaptureError {
        let offset = self.offset;
        match error.kind() {
            _ if !self.source.is_compressed() => CaptureError::Read(error),
            io::ErrorKind::UnexpectedEof => self.cut(),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
                CaptureError::Compressed { offset, error }
            }
            _ => CaptureError::Read(error),
        }
    }
}

impl<S> Buffer<S> {
    /// How far into the file everything has been taken.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }
}
