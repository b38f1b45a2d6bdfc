//! Captures behind gzip (RFC 1952) and Zstandard (RFC 8878), told by their first octets.

use std::fmt;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// How much compressed data is asked for at once.
const CHUNK: usize = 64 << 10;
/// The largest window that a Zstandard frame may ask for, octets: what its own program grants.
const LARGEST_WINDOW: u64 = 128 << 20;

/// Where a capture's octets come from.
pub(super) trait Source: Read {
    /// Whether they are made from others, which may be at fault.
    fn is_compressed(&self) -> bool;
}

/// The first octets, which were read to be looked at, and the others.
type Whole<R> = Chain<Cursor<Vec<u8>>, R>;

/// A source, decompressed if need be.
pub(super) enum Decoded<R> {
    Plain(Whole<R>),
    Gzip(Box<MultiGzDecoder<BufReader<Whole<R>>>>),
    Zstd(Box<Zstd<Whole<R>>>),
}

impl<R: Read> Decoded<R> {
    pub(super) fn new(mut source: R) -> io::Result<Self> {
        let mut first = Vec::new();
        source.by_ref().take(4).read_to_end(&mut first)?;
        let magic = first.clone();
        let whole = Cursor::new(first).chain(source);
        Ok(match magic[..] {
            [0x1f, 0x8b, ..] => {
                Self::Gzip(Box::new(MultiGzDecoder::new(BufReader::with_capacity(CHUNK, whole))))
            }
            // A frame, or one that says of itself that it is to be skipped.
            [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => {
                Self::Zstd(Box::new(Zstd::new(whole)))
            }
            _ => Self::Plain(whole),
        })
    }
}

impl<R: Read> Source for Decoded<R> {
    fn is_compressed(&self) -> bool {
        !matches!(self, Self::Plain(_))
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(source) => source.read(into),
            Self::Gzip(source) => source.read(into),
            Self::Zstd(source) => source.read(into),
        }
    }
}

impl<R> fmt::Debug for Decoded<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain(_) => "Plain",
            Self::Gzip(_) => "Gzip",
            Self::Zstd(_) => "Zstd",
        })
    }
}

/// Any number of Zstandard frames, one behind the other.
pub(super) struct Zstd<R> {
    source: BufReader<R>,
    decoder: FrameDecoder,
    within_frame: bool,
}

impl<R: Read> Zstd<R> {
    fn new(source: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(LARGEST_WINDOW);
        Self { source: BufReader::with_capacity(CHUNK, source), decoder, within_frame: false }
    }

    /// Begins the next frame that is not to be skipped; `false` when there is none.
    fn begin_frame(&mut self) -> io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let length = u64::from(length);
                    if io::copy(&mut self.source.by_ref().take(length), &mut io::sink())? < length {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(self.failed(error)),
            }
        }
        Ok(false)
    }

    fn end_frame(&mut self) -> io::Result<()> {
        self.within_frame = false;
        match self.decoder.get_checksum_from_data() {
            Some(checksum) if self.decoder.get_calculated_checksum() != Some(checksum) => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "the checksum of a frame does not match"))
            }
            _ => Ok(()),
        }
    }

    /// The decoder does not tell a frame that is cut off from one that is damaged: whether there is more does.
    fn failed(&mut self, error: FrameDecoderError) -> io::Error {
        match self.source.fill_buf() {
            Ok([]) => io::ErrorKind::UnexpectedEof.into(),
            Ok(_) => io::Error::new(io::ErrorKind::InvalidData, error),
            Err(error) => error,
        }
    }
}

impl<R: Read> Read for Zstd<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.within_frame {
                if !self.begin_frame()? {
                    return Ok(0);
                }
                self.within_frame = true;
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(|error| self.failed(error))?;
            }
            match self.decoder.read(into)? {
                0 if !into.is_empty() => self.end_frame()?,
                read => return Ok(read),
            }
        }
    }
}
