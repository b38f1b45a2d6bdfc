//! The form of what is said of a capture as a whole.

use serde::Serialize;

use super::span;
use crate::json::Capture;
use crate::model::pattern::Pattern;

/// The capture as a whole.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub(in crate::json) struct CaptureShape<'a> {
    /// Its name, as its reader was given it.
    name: Option<&'a str>,
    /// When its first frame was captured, nanoseconds since 1970-01-01 00:00 UTC. All other times count from here.
    start: Option<i64>,
    /// Frames that were read.
    frames: u64,
    /// The link types that are not known: what frames of them carry was not seen.
    unknown_links: Vec<LinkShape>,
    /// How many frames end before their headers do.
    cut_frames: u64,
    /// What several connections have in common, the worst first.
    patterns: Vec<PatternShape<'a>>,
}

/// What several connections have in common.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
struct PatternShape<'a> {
    /// The stable code of what it says.
    code: &'static str,
    /// How much it matters: `error`, `warning` or `note`.
    severity: &'static str,
    /// Whom it is about: an IP address.
    host: String,
    /// The port of its service, where it is about one.
    port: Option<u16>,
    /// The other end, where it is always the same: an IP address.
    peer: Option<String>,
    /// The connections that show it, by their numbers: the first of them.
    connections: &'a [u64],
    /// How many there are.
    count: u64,
    /// Out of how many.
    of: u64,
    /// How long the shortest silence was before connections broke, nanoseconds.
    quiet: Option<u64>,
    /// The clause that is about it.
    clause: &'static str,
}

impl<'a> PatternShape<'a> {
    fn of(pattern: &'a Pattern) -> Self {
        Self {
            code: pattern.kind.code(),
            severity: pattern.kind.severity().code(),
            host: pattern.host.to_string(),
            port: pattern.port,
            peer: pattern.peer.map(|peer| peer.to_string()),
            connections: &pattern.connections,
            count: pattern.count,
            of: pattern.of,
            quiet: pattern.quiet.map(span),
            clause: pattern.kind.clause(),
        }
    }
}

/// A link type that is not known.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
struct LinkShape {
    /// Its number, as <https://www.tcpdump.org/linktypes.html> has it.
    link_type: u16,
    /// How many frames are of it.
    frames: u64,
}

impl<'a> CaptureShape<'a> {
    pub(in crate::json) fn of(capture: &'a Capture) -> Self {
        let links = capture.unknown_links.iter();
        Self {
            name: capture.name.as_deref(),
            start: capture.start,
            frames: capture.frames,
            unknown_links: links
                .map(|(link_type, frames)| LinkShape { link_type: *link_type, frames: *frames })
                .collect(),
            cut_frames: capture.cut_frames,
            patterns: capture.patterns.iter().map(PatternShape::of).collect(),
        }
    }
}
