//! What a program calls, and when.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use super::Planner;
use crate::script::{ScriptError, Words};

/// When a program calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cue {
    At(Duration),
    When(Event, Duration),
}

/// What happens to one of a program's connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The handshake of an active open is over.
    Established,
    /// `accept` has given it.
    Accepted,
    /// So many octets have been read.
    Data(u64),
    /// The peer's end was read.
    End,
    /// It is CLOSED.
    Closed,
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Listen {
        port: u16,
    },
    Unlisten,
    Connect {
        to: SocketAddr,
        from: Option<u16>,
        text: u64,
    },
    Send {
        octets: u64,
        urgent: bool,
    },
    StopReading,
    Read {
        octets: u64,
    },
    ReadOn,
    /// This direction ends.
    Shutdown,
    /// The program lets go of the connection.
    Close,
    Abort,
}

/// As a trace has it.
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { port } => write!(f, "listen {port}"),
            Self::Unlisten => f.write_str("unlisten"),
            Self::Connect { to, .. } => write!(f, "connect {to}"),
            Self::Send { octets, urgent: false } => write!(f, "send {octets}"),
            Self::Send { octets, urgent: true } => write!(f, "send {octets} urgent"),
            Self::StopReading => f.write_str("stop-reading"),
            Self::Read { octets } => write!(f, "read {octets}"),
            Self::ReadOn => f.write_str("read-on"),
            Self::Shutdown => f.write_str("shutdown"),
            Self::Close => f.write_str("close"),
            Self::Abort => f.write_str("abort"),
        }
    }
}

impl Planner<'_> {
    pub(super) fn event(&self, words: &mut Words<'_>) -> Result<Event, ScriptError> {
        let word = words.need("what happens: established, accepted, data, end or closed")?;
        match word.text.as_str() {
            "established" => Ok(Event::Established),
            "accepted" => Ok(Event::Accepted),
            "end" => Ok(Event::End),
            "closed" => Ok(Event::Closed),
            "data" => {
                let octets = words.need("how many octets")?;
                Ok(Event::Data(self.values.number(octets, 1, 1 << 40)?))
            }
            _ => Err(word.wrong("no event", "write established, accepted, data N, end or closed")),
        }
    }

    pub(super) fn call(&self, words: &mut Words<'_>) -> Result<Call, ScriptError> {
        let values = self.values;
        let word = words.need("a call, like connect B:80")?;
        let call = match word.text.as_str() {
            "listen" => Call::Listen { port: values.number(words.need("a port")?, 1, 65_535)? as u16 },
            "unlisten" => Call::Unlisten,
            "connect" => {
                let to = self.socket_address(words.need("where to, like B:80")?)?;
                let (mut from, mut text) = (None, 0);
                while let Some(option) = words.next() {
                    let value = words.need(&format!("a value for '{}'", option.text))?;
                    match option.text.as_str() {
                        "from" => from = Some(values.number(value, 1, 65_535)? as u16),
                        "text" => text = values.number(value, 1, 1_000)?,
                        _ => {
                            return Err(
                                option.wrong("connect has no such option", "write from PORT or text OCTETS")
                            );
                        }
                    }
                }
                Call::Connect { to, from, text }
            }
            "send" => {
                let octets = values.number(words.need("how many octets")?, 1, 100 << 20)?;
                Call::Send { octets, urgent: words.take("urgent") }
            }
            "stop-reading" => Call::StopReading,
            "read" => Call::Read { octets: values.number(words.need("how many octets")?, 1, 100 << 20)? },
            "read-on" => Call::ReadOn,
            "shutdown" => Call::Shutdown,
            "close" => Call::Close,
            "abort" => Call::Abort,
            _ => {
                let fix = "there are listen, unlisten, connect, send, read, read-on, stop-reading, shutdown, close and \
                    abort, and at a time crash and reboot";
                return Err(word.wrong("no call", fix));
            }
        };
        words.end()?;
        Ok(call)
    }
}
