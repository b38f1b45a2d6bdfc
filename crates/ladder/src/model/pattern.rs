//! What several connections of a capture have in common, and none of them shows by itself.

use std::net::IpAddr;
use std::time::Duration;

use super::finding::kinds;

kinds! {
    /// What a pattern says.
    PatternKind:
    /// A server refuses connections, again and again.
    ServiceRefuses = "service-refuses", Error, "RFC 9293 3.10.7.1";
    /// A server answers none.
    ServiceSilent = "service-silent", Error, "RFC 9293 3.8.3 MUST-23";
    /// A server opens some connections and takes no notice of others.
    ListenQueue = "listen-queue", Warning, "RFC 4987 2";
    /// SYNs from many that never go on.
    SynFlood = "syn-flood", Error, "RFC 4987 2";
    /// A host tries ports, or hosts, one after the other.
    PortScan = "port-scan", Warning, "RFC 9293 3.10.7.1";
    /// Nobody answers a host, whomever it asks.
    HostIsolated = "host-isolated", Error, "RFC 9293 3.8.3 MUST-23";
    /// Most connections of a host, or between two, lose segments.
    LossyPath = "lossy-path", Warning, "RFC 5681 3.1";
    /// Several connections between two hosts were given up.
    PathBroke = "path-broke", Error, "RFC 9293 3.8.3 MUST-20";
    /// Connections break once they were quiet.
    IdleTimeout = "idle-timeout", Warning, "RFC 5382 5 REQ-5";
    /// A client comes back to the same few ports.
    PortsShort = "ports-short", Note, "RFC 6191 2";
}

/// Something that several connections show together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// What it says.
    pub kind: PatternKind,
    /// Whom it is about.
    pub host: IpAddr,
    /// The port of its service, where it is about one.
    pub port: Option<u16>,
    /// The other end, where it is always the same.
    pub peer: Option<IpAddr>,
    /// The connections that show it, by their numbers: the first of them at most twenty.
    pub connections: Vec<u64>,
    /// How many there are.
    pub count: u64,
    /// Out of how many.
    pub of: u64,
    /// How long the shortest silence was before connections broke.
    pub quiet: Option<Duration>,
}
