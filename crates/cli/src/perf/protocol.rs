//! iperf3's protocol: cookies, signals, and JSON behind its length.
//!
//! What comes in: octets of a peer that may be anybody. What goes out: what they mean, or why they mean nothing. What is
//! taken in is bounded before room is made for it.

use std::fmt;
use std::io;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use synfin::CongestionAlgorithm;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Where iperf3 listens.
pub(super) const PORT: u16 = 5201;
/// The most streams of a test, as iperf3 has it.
pub(super) const MAX_STREAMS: u32 = 128;
/// The most octets that are written or read at once, as iperf3 has it.
pub(super) const MAX_BLOCK: u32 = 1 << 20;
/// The longest test, seconds, as iperf3 has it.
pub(super) const MAX_TIME: u32 = 86_400;
/// The longest beginning that does not count, seconds, as iperf3 has it.
pub(super) const MAX_OMIT: u32 = 600;

/// The longest settings that are taken, octets; iperf3's are some hundreds, and a title.
pub(super) const MAX_PARAMETERS: u32 = 64 << 10;
/// The longest results that are taken, octets; iperf3's are some hundreds a stream, and may hold its own report.
const MAX_RESULTS: u32 = 4 << 20;

/// What each connection of a test begins with, with the zero at its end.
pub(super) const COOKIE_LEN: usize = 37;
const COOKIE_LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Says which test a connection belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Cookie([u8; COOKIE_LEN]);

impl Cookie {
    /// A new one.
    pub(super) fn draw() -> io::Result<Self> {
        let mut cookie = [0; COOKIE_LEN];
        let letters = &mut cookie[..COOKIE_LEN - 1];
        getrandom::fill(letters).map_err(|error| io::Error::other(error.to_string()))?;
        letters.iter_mut().for_each(|octet| *octet = COOKIE_LETTERS[usize::from(*octet % 32)]);
        Ok(Self(cookie))
    }

    /// # Errors
    /// When what comes is none: printable letters, and zeros behind them.
    pub(super) async fn read(from: &mut (impl AsyncRead + Unpin)) -> Result<Self, ProtocolError> {
        let mut cookie = [0; COOKIE_LEN];
        from.read_exact(&mut cookie).await?;
        let end = cookie.iter().position(|octet| *octet == 0).unwrap_or(COOKIE_LEN);
        let (text, rest) = cookie.split_at(end);
        let is_one = !text.is_empty() && !rest.is_empty() && text.iter().all(u8::is_ascii_graphic);
        if is_one && rest.iter().all(|octet| *octet == 0) {
            Ok(Self(cookie))
        } else {
            Err(ProtocolError::Cookie)
        }
    }

    pub(super) async fn write(&self, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        to.write_all(&self.0).await
    }

    /// Without what follows the text.
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.0).map_or("", |text| text.trim_end_matches('\0'))
    }
}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cookie").field(&self.text()).finish()
    }
}

/// What one octet on the control connection says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// The server has every stream.
    TestStart,
    /// From now on it counts.
    TestRunning,
    /// The client has enough.
    TestEnd,
    /// The client is to send its settings.
    ParamExchange,
    /// The client is to connect its streams.
    CreateStreams,
    /// The server is ended by its user.
    ServerTerminate,
    /// The client is ended by its user.
    ClientTerminate,
    /// The client is to send its results, and gets the server's.
    ExchangeResults,
    /// All is said.
    DisplayResults,
    /// The client has heard it.
    IperfDone,
    /// There is a test already.
    AccessDenied,
    /// Two numbers follow: what is wrong, and what the system says to it.
    ServerError,
}

/// Each signal and its octet.
const SIGNALS: [(Signal, i8); 12] = [
    (Signal::TestStart, 1),
    (Signal::TestRunning, 2),
    (Signal::TestEnd, 4),
    (Signal::ParamExchange, 9),
    (Signal::CreateStreams, 10),
    (Signal::ServerTerminate, 11),
    (Signal::ClientTerminate, 12),
    (Signal::ExchangeResults, 13),
    (Signal::DisplayResults, 14),
    (Signal::IperfDone, 16),
    (Signal::AccessDenied, -1),
    (Signal::ServerError, -2),
];

impl Signal {
    /// May be given up while it waits: nothing is lost.
    pub(super) async fn read(from: &mut (impl AsyncRead + Unpin)) -> Result<Self, ProtocolError> {
        let code = from.read_i8().await?;
        let known = SIGNALS.iter().find(|(_, octet)| *octet == code);
        known.map(|(signal, _)| *signal).ok_or(ProtocolError::Signal(code))
    }

    pub(super) async fn write(self, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        let code = SIGNALS.iter().find(|(signal, _)| *signal == self).map_or(0, |(_, code)| *code);
        to.write_i8(code).await
    }
}

/// Why a server refuses a test: iperf3's number for it, which the client turns into a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal(i32);

impl Refusal {
    const STREAMS: Self = Self(6);
    const BLOCK: Self = Self(7);
    const OMIT: Self = Self(12);
    const UNIMPLEMENTED: Self = Self(13);
    const END: Self = Self(16);
    pub(super) const PARAMETERS: Self = Self(114);
    const CONGESTION: Self = Self(134);
    const BUFFER: Self = Self(141);

    /// What a client has asked for that gets this answer.
    pub(super) fn asked(self) -> &'static str {
        match self {
            Self::STREAMS => "more streams than 128, or none",
            Self::BLOCK => "blocks over a megabyte, or of nothing",
            Self::OMIT => "more than 600 seconds left out",
            Self::UNIMPLEMENTED => "UDP, SCTP, both directions at once, or a rate for the server to keep to",
            Self::END => "no end, or two",
            Self::CONGESTION => "another congestion control than reno, cubic and bbr",
            Self::BUFFER => "buffers of a certain size",
            _ => "something else",
        }
    }

    pub(super) async fn write(self, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        Signal::ServerError.write(to).await?;
        to.write_i32(self.0).await?;
        to.write_i32(0).await
    }

    /// What follows [`Signal::ServerError`].
    pub(super) async fn read(from: &mut (impl AsyncRead + Unpin)) -> Result<Self, ProtocolError> {
        let code = from.read_i32().await?;
        from.read_i32().await?;
        Ok(Self(code))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::STREAMS => write!(f, "it takes no more than {MAX_STREAMS} streams"),
            Self::BLOCK => write!(f, "it takes no blocks of that length"),
            Self::OMIT => write!(f, "it leaves no more than {MAX_OMIT} seconds out"),
            Self::UNIMPLEMENTED => write!(f, "it does not do what an option asks for"),
            Self::END => write!(f, "it takes one end of a test: a time or a number of octets"),
            Self::PARAMETERS => write!(f, "it does not understand the settings"),
            Self::CONGESTION => write!(f, "it has no such congestion control"),
            Self::BUFFER => write!(f, "it cannot set its buffers"),
            Self(119) => write!(f, "the client has been ended"),
            Self(120) => write!(f, "it has been ended"),
            Self(142) => write!(f, "it wants a user name and a password"),
            Self(code) => write!(f, "error {code} of iperf3"),
        }
    }
}

/// The settings that a client asks for, by iperf3's names. What is not named here makes no difference to synfin.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Parameters {
    pub(super) tcp: bool,
    #[serde(skip_serializing)]
    pub(super) udp: bool,
    #[serde(skip_serializing)]
    pub(super) sctp: bool,
    #[serde(deserialize_with = "count")]
    pub(super) omit: i64,
    /// Seconds; 0: octets or blocks end the test.
    #[serde(deserialize_with = "count")]
    pub(super) time: i64,
    /// Octets; 0: no such end.
    #[serde(deserialize_with = "count")]
    pub(super) num: i64,
    #[serde(deserialize_with = "count")]
    pub(super) blockcount: i64,
    #[serde(deserialize_with = "count")]
    pub(super) parallel: i64,
    #[serde(skip_serializing_if = "is_not")]
    pub(super) reverse: bool,
    #[serde(skip_serializing)]
    pub(super) bidirectional: bool,
    #[serde(deserialize_with = "count")]
    pub(super) len: i64,
    #[serde(skip_serializing_if = "is_not")]
    pub(super) nodelay: bool,
    #[serde(skip_serializing, deserialize_with = "count")]
    pub(super) window: i64,
    #[serde(skip_serializing, deserialize_with = "count")]
    pub(super) bandwidth: i64,
    #[serde(skip_serializing, deserialize_with = "count")]
    pub(super) fqrate: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) congestion: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_version: Option<String>,
}

fn is_not(flag: &bool) -> bool {
    !flag
}

/// A number as cJSON writes it: whole, but possibly as a fraction, and beyond what fits for "not known".
fn count<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    let number = f64::deserialize(from)?;
    Ok(if number >= i64::MAX as f64 { -1 } else { number as i64 })
}

/// A test that synfin can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) streams: u32,
    pub(super) reverse: bool,
    pub(super) omit: u32,
    pub(super) end: TestEnd,
    /// What is written or read at once, octets.
    pub(super) block: u32,
    pub(super) nodelay: bool,
    pub(super) congestion: Option<CongestionAlgorithm>,
}

/// What ends a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TestEnd {
    /// After so many seconds.
    Seconds(u32),
    /// After so many octets on all streams together.
    Octets(u64),
}

impl Parameters {
    /// The test that they ask for.
    ///
    /// # Errors
    /// What the client is to be told when it is none that synfin can do.
    pub(super) fn plan(&self) -> Result<Plan, Refusal> {
        let within = |value: i64, least: u32, most: u32| {
            u32::try_from(value).ok().filter(|value| (least..=most).contains(value))
        };
        // In the other direction it is the client that keeps to a rate.
        let is_held_back = self.reverse && (self.bandwidth > 0 || self.fqrate > 0);
        if !self.tcp || self.udp || self.sctp || self.bidirectional || is_held_back {
            return Err(Refusal::UNIMPLEMENTED);
        }
        if self.window > 0 {
            return Err(Refusal::BUFFER);
        }
        let block = within(self.len, 1, MAX_BLOCK).ok_or(Refusal::BLOCK)?;
        let end = match (self.time, self.num, self.blockcount) {
            (time, 0, 0) => within(time, 1, MAX_TIME).map(TestEnd::Seconds),
            (_, octets @ 1.., 0) => Some(TestEnd::Octets(octets.unsigned_abs())),
            (_, 0, blocks @ 1..) => blocks.unsigned_abs().checked_mul(block.into()).map(TestEnd::Octets),
            _ => None,
        };
        let congestion = self.congestion.as_deref().map(str::parse).transpose();
        Ok(Plan {
            streams: within(self.parallel, 1, MAX_STREAMS).ok_or(Refusal::STREAMS)?,
            reverse: self.reverse,
            omit: within(self.omit, 0, MAX_OMIT).ok_or(Refusal::OMIT)?,
            end: end.ok_or(Refusal::END)?,
            block,
            nodelay: self.nodelay,
            congestion: congestion.map_err(|_| Refusal::CONGESTION)?,
        })
    }
}

impl Plan {
    /// How a client asks for it. The congestion control is the sender's, and named to nobody else: he might not have
    /// it.
    pub(super) fn parameters(&self) -> Parameters {
        let (time, num) = match self.end {
            TestEnd::Seconds(seconds) => (seconds.into(), 0),
            TestEnd::Octets(octets) => (0, i64::try_from(octets).unwrap_or(i64::MAX)),
        };
        let congestion = self.congestion.filter(|_| self.reverse);
        Parameters {
            tcp: true,
            omit: self.omit.into(),
            time,
            num,
            parallel: self.streams.into(),
            reverse: self.reverse,
            len: self.block.into(),
            nodelay: self.nodelay,
            congestion: congestion.map(|algorithm| name(algorithm).to_owned()),
            client_version: Some(concat!("synfin ", env!("CARGO_PKG_VERSION")).to_owned()),
            ..Parameters::default()
        }
    }
}

/// As Linux calls it.
pub(super) fn name(algorithm: CongestionAlgorithm) -> &'static str {
    let is_it = |name: &&str| name.parse() == Ok(algorithm);
    ["reno", "cubic", "bbr"].into_iter().find(is_it).unwrap_or("unnamed")
}

/// What one end has measured, by iperf3's names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Results {
    /// Per cent of one processor.
    pub(super) cpu_util_total: f64,
    pub(super) cpu_util_user: f64,
    pub(super) cpu_util_system: f64,
    /// 1 where the sender counts retransmissions; -1 from a receiver.
    #[serde(deserialize_with = "count")]
    pub(super) sender_has_retransmits: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) congestion_used: Option<String>,
    pub(super) streams: Vec<StreamResults>,
}

impl Results {
    /// Reads a peer's, which are to be of so many streams.
    pub(super) async fn read(
        from: &mut (impl AsyncRead + Unpin),
        streams: usize,
    ) -> Result<Self, ProtocolError> {
        let results: Self = read_message(from, MAX_RESULTS).await?;
        let told = results.streams.len();
        if told == streams { Ok(results) } else { Err(ProtocolError::Streams { told, streams }) }
    }
}

/// Of one stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct StreamResults {
    #[serde(deserialize_with = "count")]
    pub(super) id: i64,
    #[serde(deserialize_with = "count")]
    pub(super) bytes: i64,
    /// -1: not known.
    #[serde(deserialize_with = "count")]
    pub(super) retransmits: i64,
    pub(super) jitter: f64,
    #[serde(deserialize_with = "count")]
    pub(super) errors: i64,
    #[serde(deserialize_with = "count")]
    pub(super) packets: i64,
    /// Seconds.
    pub(super) start_time: f64,
    pub(super) end_time: f64,
}

/// The number of a stream: iperf3 counts 1, 3, 4, 5.
pub(super) fn stream_id(index: usize) -> i64 {
    let index = i64::try_from(index).unwrap_or(i64::MAX);
    if index == 0 { 1 } else { index + 2 }
}

/// Reads JSON behind its length of four octets; more than `max` octets are not taken.
pub(super) async fn read_message<T: DeserializeOwned>(
    from: &mut (impl AsyncRead + Unpin),
    max: u32,
) -> Result<T, ProtocolError> {
    let length = from.read_u32().await?;
    if length > max {
        return Err(ProtocolError::TooLong { length, max });
    }
    // Room is made as octets come, not as they are promised.
    let mut text = Vec::new();
    from.take(length.into()).read_to_end(&mut text).await?;
    if text.len() < length as usize {
        return Err(ProtocolError::Ended);
    }
    serde_json::from_slice(&text).map_err(|error| ProtocolError::Json(error.to_string()))
}

pub(super) async fn write_message(
    to: &mut (impl AsyncWrite + Unpin),
    message: &impl Serialize,
) -> io::Result<()> {
    let text = serde_json::to_vec(message)?;
    let length = u32::try_from(text.len()).map_err(io::Error::other)?;
    to.write_all(&[&length.to_be_bytes()[..], &text].concat()).await
}

/// What a peer has said that is not in the protocol, or how it went.
#[derive(Debug)]
pub(super) enum ProtocolError {
    /// It has ended the connection.
    Ended,
    /// The connection is lost.
    Io(io::Error),
    /// The first octets are no cookie.
    Cookie,
    /// There is no such signal.
    Signal(i8),
    /// Not what comes next.
    Unexpected(Signal),
    /// More than is taken.
    TooLong { length: u32, max: u32 },
    /// No JSON, or not of the kind that was due.
    Json(String),
    /// Results of another number of streams than there were.
    Streams { told: usize, streams: usize },
    /// It says nothing.
    Silent,
}

impl From<io::Error> for ProtocolError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Ended,
            _ => Self::Io(error),
        }
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended => write!(f, "it has closed the control connection"),
            Self::Io(error) => write!(f, "the control connection is lost: {error}"),
            Self::Cookie => {
                write!(f, "it does not speak the protocol of iperf3 (iperf 2 is another program)")
            }
            Self::Signal(code) => write!(f, "it says {code}, which is no state of iperf3's: is it iperf3?"),
            Self::Unexpected(signal) => write!(f, "it says {signal:?} out of turn"),
            Self::TooLong { length, max } => write!(f, "its message of {length} octets is over {max}"),
            Self::Json(error) => write!(f, "its message makes no sense: {error}"),
            Self::Streams { told, streams } => {
                write!(f, "its results are of {told} streams where there were {streams}")
            }
            Self::Silent => write!(f, "it says nothing any more"),
        }
    }
}

#[cfg(test)]
mod tests;
