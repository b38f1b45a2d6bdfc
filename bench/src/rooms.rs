//! Which part of the house an instruction belongs to, and what the part is for.

use crate::callgrind::Cost;

/// A part of what runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Room {
    /// The folder, file or crate.
    pub name: &'static str,
    /// What it is for.
    pub purpose: &'static str,
}

const fn room(name: &'static str, purpose: &'static str) -> Room {
    Room { name, purpose }
}

/// By the beginning of a path in `crates/`; the first that fits counts.
const OWN: &[(&str, Room)] = &[
    ("wire/src/checksum", room("wire/checksum", "the Internet checksum, made and verified")),
    ("wire/src/tcp", room("wire/tcp", "TCP headers and options, read and written")),
    ("wire/src/ip", room("wire/ip", "IP headers, read and written")),
    ("wire/", room("wire", "sequence numbers, time, sizes")),
    ("tcp/src/connection", room("tcp/connection", "orchestration, deadlines, the user's calls")),
    ("tcp/src/input", room("tcp/input", "the eight checks of RFC 9293 section 3.10.7.4")),
    ("tcp/src/receive", room("tcp/receive", "what has arrived, the window, when to acknowledge")),
    (
        "tcp/src/send",
        room("tcp/send", "the user's octets and their transmissions, until they are acknowledged"),
    ),
    (
        "tcp/src/recovery",
        room("tcp/recovery", "what is lost: round trips, RACK, probes, PRR, retransmission timeout"),
    ),
    ("tcp/src/congestion", room("tcp/congestion", "how much may fly")),
    ("tcp/src/output", room("tcp/output", "what is sent next and why; its header")),
    ("tcp/", room("tcp", "timers, events, settings")),
    ("host/src/emit", room("host/emit", "packets from segments: IP header and checksum")),
    ("host/src/packet", room("host/packet", "packets as they cross the border to a device")),
    ("host/src/host/segment", room("host/segment", "whose a segment is, and what becomes of it")),
    (
        "host/src/host/settle",
        room("host/settle", "after each call: events, deadlines, who has something to send"),
    ),
    ("host/src/host/receive", room("host/receive", "a packet's way in, down to its transport")),
    ("host/src/host/socket", room("host/socket", "the owner's calls")),
    ("host/src/table", room("host/table", "connections by their two ends")),
    ("host/src/keyed", room("host/table", "connections by their two ends")),
    ("host/src/timers", room("host/timers", "which connection is to be looked at when")),
    ("device/src/segment/cut", room("device/cut", "segments from super-segments: their headers")),
    (
        "device/src/segment/join",
        room("device/join", "super-segments from segments that follow on one another"),
    ),
    ("device/src/segment", room("device/segment", "where headers lie, and what of them changes")),
    ("device/", room("device", "what passes to the link and from it")),
    ("host/", room("host", "routes, queues, counters, limits")),
];

/// By the name of a published crate.
const PUBLISHED: &[(&str, Room)] = &[
    ("fearless_simd", room("wire/checksum", "the Internet checksum, made and verified")),
    ("bytes", room("bytes", "shared buffers: slices, reference counts")),
    ("smallvec", room("smallvec", "short lists without an allocation")),
    ("siphasher", room("siphasher", "the keyed hash of two ends")),
    ("hashbrown", room("hashbrown", "hash tables")),
    ("slotmap", room("slotmap", "handles")),
];

const BENCH: Room = room("bench", "the two programs and the link between the ends");
const COPY: Room =
    room("memcpy", "copies: user to buffer, buffer to packet, packet to user; moves of large values");
const ALLOCATE: Room = room("malloc", "the C library's allocator");
const LIBRARY: Room = room("std", "the standard library, where it was not inlined");
const OTHER: Room = room("other", "the rest");

/// The part that a cost belongs to. What the standard library has inlined into a function belongs to the function.
#[must_use]
pub fn room_of(cost: &Cost) -> Room {
    let function = cost.stack.first().map_or("", String::as_str);
    if cost.object.contains("libc.so") || cost.object.contains("libc-") {
        let copies = ["mem", "bcmp"].iter().any(|start| function.trim_start_matches('_').starts_with(start));
        return if copies { COPY } else { ALLOCATE };
    }
    if is_library(&cost.inlined_from) && !is_library(&cost.file) {
        return room_of_file(&cost.file);
    }
    room_of_file(&cost.inlined_from)
}

fn is_library(file: &str) -> bool {
    file.contains("/library/") || file == "???"
}

fn room_of_file(file: &str) -> Room {
    if let Some((_, published)) = file.split_once("/registry/src/") {
        let name = published.split('/').nth(1).unwrap_or_default();
        let found = PUBLISHED
            .iter()
            .find(|(start, _)| name.strip_prefix(start).is_some_and(|rest| rest.starts_with('-')));
        return found.map_or(OTHER, |(_, room)| *room);
    }
    if is_library(file) {
        return LIBRARY;
    }
    if let Some(at) = file.find("crates/") {
        let path = &file[at + "crates/".len()..];
        return OWN.iter().find(|(start, _)| path.starts_with(start)).map_or(OTHER, |(_, room)| *room);
    }
    if file.contains("bench/src") { BENCH } else { OTHER }
}

#[cfg(test)]
mod tests;
