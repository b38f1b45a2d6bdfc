//! A script, read.

use std::net::IpAddr;

use crate::span::Position;

/// A whole script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// The settings at its head, in order.
    pub flags: Vec<Flag>,
    /// The command that is run before the first event.
    pub prepare: Option<Command>,
    /// What happens, in order.
    pub events: Vec<Event>,
    /// The command that is run after the last event, whatever came of it.
    pub clean_up: Option<Command>,
}

/// A setting such as `--tolerance_usecs=10000`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Where it stands.
    pub at: Position,
    /// The name without its dashes.
    pub name: String,
    /// What stands behind the equals sign.
    pub value: Option<String>,
}

/// Something that happens, or that must be seen to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Where its time stands.
    pub at: Position,
    /// When.
    pub time: Time,
    /// What.
    pub action: Action,
}

/// When an event is due. All values are microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// `1.2`: since the start of the script.
    Absolute(u64),
    /// `+.2`: since the event before.
    Relative(u64),
    /// `*`: at any time; for packets that are expected.
    Any,
    /// `1.2~1.4`.
    AbsoluteRange(u64, u64),
    /// `+.2~+.4`.
    RelativeRange(u64, u64),
}

/// What an event does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A packet arrives, or is expected to leave.
    Packet(Packet),
    /// A system call is made.
    Call(Call),
    /// A shell command is run.
    Command(Command),
    /// A snippet looks at the connection.
    Code(Code),
}

/// A shell command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Where it stands.
    pub at: Position,
    /// What stands between the backticks.
    pub text: String,
}

/// A code snippet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// Where it stands.
    pub at: Position,
    /// What stands between `%{` and `}%`.
    pub text: String,
}

/// Which way a packet goes, as the host under test sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `<`: the script sends it.
    Inbound,
    /// `>`: the host must send it.
    Outbound,
}

/// A packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Which way it goes.
    pub direction: Direction,
    /// The headers around it, outermost first.
    pub outer: Vec<Outer>,
    /// What the IP header must say beside the addresses.
    pub ip: IpFields,
    /// The security parameter index of the PSP header around the segment.
    pub psp: Option<u32>,
    /// What it carries.
    pub body: Body,
}

/// A header around a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outer {
    /// IPv4 or IPv6.
    Ip {
        /// What it says beside the addresses.
        fields: IpFields,
        /// Source and destination, of one family.
        addresses: (IpAddr, IpAddr),
    },
    /// GRE (RFC 2784, RFC 2890).
    Gre(Gre),
    /// A stack of MPLS labels (RFC 3032), the first one first.
    Mpls(Vec<MplsLabel>),
}

/// A GRE header. Of the fields those are there that the flags name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Gre {
    /// The first 16 bits.
    pub flags: u16,
    /// Checksum and offset.
    pub checksum: (u16, u16),
    /// The key.
    pub key: u32,
    /// The sequence number.
    pub sequence: u32,
}

/// One entry of an MPLS label stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MplsLabel {
    /// 20 bits.
    pub label: u32,
    /// The traffic class, three bits.
    pub class: u8,
    /// It is the last.
    pub is_bottom: bool,
    /// Time to live.
    pub ttl: u8,
}

/// Fields of the IP header. What is `None` is not checked, and zero or the default when it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct IpFields {
    /// ECN or the whole TOS octet.
    pub tos: Option<Tos>,
    /// The flow label, up to renaming.
    pub flow_label: Option<u32>,
    /// TTL or hop limit.
    pub hop_limit: Option<u8>,
}

/// How much of the TOS octet is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tos {
    /// The two ECN bits.
    Ecn(u8),
    /// `ect01`: one of ECT(0) and ECT(1).
    EitherEct,
    /// All eight bits.
    Octet(u8),
}

/// What a packet carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A TCP segment.
    Tcp(Tcp),
    /// A UDP datagram with as many octets of payload.
    Udp {
        /// Source and destination port, where given.
        ports: Option<(u16, u16)>,
        /// Octets of payload.
        payload: u16,
    },
    /// An ICMP message.
    Icmp(Icmp),
}

/// A TCP segment in the numbers of the script: the SYN has number 0, or whatever the script gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tcp {
    /// Source and destination port, where given.
    pub ports: Option<(u16, u16)>,
    /// The control bits.
    pub flags: FlagBits,
    /// The number of the first octet.
    pub seq: u32,
    /// Octets of text.
    pub payload: u16,
    /// The acknowledgment number.
    pub ack: u32,
    /// The window field; not checked when absent.
    pub window: Option<u16>,
    /// The urgent pointer.
    pub urgent: u16,
    /// The options, in order; `None` is `<...>`, which checks none.
    pub options: Option<Vec<TcpOption>>,
}

/// The control bits of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct FlagBits {
    /// The octet of the header, FIN lowest and CWR highest.
    pub octet: u8,
    /// AE, the bit above CWR (RFC 9768).
    pub ae: bool,
    /// They were written as an ACE count.
    pub counter: bool,
}

/// A TCP option, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TcpOption {
    /// Kind 1.
    Nop,
    /// Kind 0.
    End,
    /// Kind 2.
    Mss(u16),
    /// Kind 3.
    WindowScale(u8),
    /// Kind 4.
    SackPermitted,
    /// Kind 5: `start..end`, in order.
    Sack(Vec<(u32, u32)>),
    /// Kind 8.
    Timestamps {
        /// TSval.
        value: u32,
        /// TSecr.
        echo: u32,
    },
    /// Kind 19: the digest.
    Md5(Vec<u8>),
    /// Kind 34, or 254 with its own magic number (RFC 7413).
    FastOpen {
        /// The cookie; empty asks for one.
        cookie: Vec<u8>,
        /// In the experimental kind.
        experimental: bool,
    },
    /// Kinds 172 and 174 (RFC 9768): up to three counters.
    AccEcn {
        /// ECT(1) first.
        ect1_first: bool,
        /// The counters, 24 bits each, in the order of the wire.
        counters: Vec<u32>,
    },
    /// Anything else; only seen, never written.
    Unknown {
        /// The kind.
        kind: u8,
        /// What follows its length.
        body: Vec<u8>,
    },
}

/// An ICMP message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Icmp {
    /// Where its type stands.
    pub at: Position,
    /// The type, by name.
    pub kind: String,
    /// The code, by name.
    pub code: Option<String>,
    /// The next link's MTU.
    pub mtu: Option<u32>,
    /// The identifier of an echo.
    pub identifier: Option<u16>,
    /// What it quotes.
    pub quote: Quote,
}

/// What an ICMP message quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quote {
    /// A segment of the connection that begins at this number and has as many octets.
    Tcp {
        /// The number.
        seq: u32,
        /// Octets of text.
        payload: u16,
    },
    /// A datagram with as many octets.
    Udp(u16),
    /// Nothing: as many zeros.
    Raw(u16),
}

/// A system call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Where its name stands.
    pub at: Position,
    /// Its name.
    pub name: String,
    /// Its arguments.
    pub arguments: Vec<Expression>,
    /// What it must return.
    pub result: Expression,
    /// The name of the error that it must set.
    pub errno: Option<String>,
    /// When it must return, if it is to block: microseconds, counted as the start is.
    pub end: Option<u64>,
}

/// An argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// `...`: whatever serves.
    Ellipsis,
    /// A number.
    Integer(i64),
    /// A name that stands for a number.
    Word(String),
    /// A string.
    Text(Vec<u8>),
    /// `"prefix"...`.
    TextPrefix(Vec<u8>),
    /// `a | b`.
    Or(Box<Expression>, Box<Expression>),
    /// `name(a, b)`.
    Function(String, Vec<Expression>),
    /// `name = value`, or `name(count) = value`.
    Named {
        /// The name.
        name: String,
        /// What stands in parentheses behind it.
        count: Option<Box<Expression>>,
        /// The value.
        value: Box<Expression>,
    },
    /// `[a, b]`.
    List(Vec<Expression>),
    /// `{a, b}`: a structure.
    Structure(Vec<Expression>),
    /// `{flags 0, sum 0, off 0, key 0, seq 0}`.
    Gre(Gre),
    /// `{(label 1,tc 0,[S],ttl 64)}`.
    Mpls(Vec<MplsLabel>),
}
