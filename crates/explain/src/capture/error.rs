//! What may stand in the way of reading a capture.

use std::{error, fmt, io};

use super::LONGEST_RECORD;

/// Why there are no more frames. Offsets are octets from the start of the file, decompressed.
#[derive(Debug)]
pub enum CaptureError {
    /// The file could not be read.
    Read(io::Error),
    /// What was compressed is damaged.
    Compressed {
        /// How far it could be read.
        offset: u64,
        /// What the decoder says.
        error: io::Error,
    },
    /// There is nothing in it.
    Empty,
    /// It is not a capture, or one of another format.
    NotACapture {
        /// What it begins with, as far as it is there.
        magic: [u8; 4],
        /// What begins so.
        looks_like: Option<&'static str>,
    },
    /// A version of its format that came after this program.
    Version {
        /// The format.
        format: &'static str,
        /// The major version.
        major: u16,
        /// The minor version.
        minor: u16,
    },
    /// The file was cut off. All whole frames before were handed out.
    Cut {
        /// Where the header, record or block begins that is not whole.
        offset: u64,
        /// How many octets of it are there.
        left: u64,
    },
    /// A record claims to be longer than [`LONGEST_RECORD`].
    TooLong {
        /// Where it begins.
        offset: u64,
        /// How long it claims to be, octets.
        len: u64,
    },
    /// Something is not as the format has it.
    Malformed {
        /// Where the header, record or block begins that it is in.
        offset: u64,
        /// What it is.
        what: String,
    },
}

impl CaptureError {
    /// The file was cut off, and that is all: what was read of it is good.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        matches!(self, Self::Cut { .. })
    }

    pub(super) fn not_a_capture(first: &[u8]) -> Self {
        let mut magic = [0; 4];
        for (to, from) in magic.iter_mut().zip(first) {
            *to = *from;
        }
        Self::NotACapture { magic, looks_like: looks_like(magic) }
    }
}

const TEXT: &str = "text";

/// What people take for a capture, or have captures in.
fn looks_like(magic: [u8; 4]) -> Option<&'static str> {
    Some(match magic {
        [b's', b'n', b'o', b'o'] => "a capture in snoop's format",
        [b'G', b'M', b'B', b'U'] | [b'R', b'T', b'S', b'S'] => "a capture of Microsoft Network Monitor",
        [b'X', b'C', b'P', 0] => "a capture of Sniffer or NetXray",
        [0xfd, b'7', b'z', b'X'] => "a file compressed with xz",
        [b'B', b'Z', b'h', _] => "a file compressed with bzip2",
        [0x04, 0x22, 0x4d, 0x18] => "a file compressed with lz4",
        [b'P', b'K', 3, 4] => "a ZIP archive",
        [b'7', b'z', 0xbc, 0xaf] => "a 7z archive",
        [0x7f, b'E', b'L', b'F'] => "a program",
        [b'{' | b'[', ..] => "JSON",
        [b'<', ..] => "HTML or XML",
        _ if magic.iter().all(|octet| octet.is_ascii_graphic() || octet.is_ascii_whitespace()) => TEXT,
        _ => return None,
    })
}

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => write!(f, "the capture cannot be read: {error}"),
            Self::Compressed { offset, error } => write!(
                f,
                "the compressed capture is damaged behind octet {offset} of what is in it: {error}; fetch it again, or \
                 decompress it by hand as far as it goes"
            ),
            Self::Empty => f.write_str("the capture is empty: not even a file header is in it"),
            Self::NotACapture { magic, looks_like } => {
                let [a, b, c, d] = magic;
                write!(f, "this is neither pcap nor pcapng: it begins with {a:02x} {b:02x} {c:02x} {d:02x}")?;
                if let Some(kind) = looks_like {
                    write!(f, ", as {kind} does")?;
                }
                f.write_str(match magic {
                    [0xfd, b'7', ..] => "; decompress it first, as with `xz -d`",
                    [b'B', b'Z', b'h', _] => "; decompress it first, as with `bzip2 -d`",
                    [0x04, 0x22, 0x4d, 0x18] => "; decompress it first, as with `lz4 -d`",
                    [b'P', b'K', ..] | [b'7', b'z', ..] => "; take the capture out of it first",
                    _ if *looks_like == Some(TEXT) => {
                        "; what tcpdump prints is no capture: have it write one with `tcpdump -w FILE`"
                    }
                    _ => "; Wireshark's `editcap -F pcapng IN OUT` turns captures of most other formats into pcapng",
                })
            }
            Self::Version { format, major, minor } => write!(
                f,
                "version {major}.{minor} of {format} is not known here; Wireshark's `editcap -F pcapng IN OUT` may help"
            ),
            Self::Cut { offset, left } => write!(
                f,
                "the capture is cut off: of what begins at octet {offset} only {left} octets are there; everything before \
                 was read"
            ),
            Self::TooLong { offset, len } => write!(
                f,
                "at octet {offset} the capture has a record that claims {len} octets, more than the {LONGEST_RECORD} that \
                 are taken: the file is damaged there; everything before was read"
            ),
            Self::Malformed { offset, what } => {
                write!(f, "the capture is damaged at octet {offset}: {what}; everything before was read")
            }
        }
    }
}

impl error::Error for CaptureError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Read(error) | Self::Compressed { error, .. } => Some(error),
            Self::Empty
            | Self::NotACapture { .. }
            | Self::Version { .. }
            | Self::Cut { .. }
            | Self::TooLong { .. }
            | Self::Malformed { .. } => None,
        }
    }
}
