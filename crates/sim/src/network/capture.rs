//! What passes a point of the network, as a file.

use std::fmt::Write as _;

use bytes::Bytes;
use synfin_host::Fate;
use synfin_wire::pcapng::{Direction, Interface, LinkType, Writer};
use synfin_wire::{Instant, Note};

use super::id::{CapturePoint, End, NodeId, Way};
use crate::link::{LinkDrop, Treatment};

/// A capture in the making.
#[derive(Debug)]
pub(super) struct Capture {
    point: CapturePoint,
    writer: Writer<Vec<u8>>,
    comment: String,
}

impl Capture {
    pub(super) fn new(point: CapturePoint) -> Self {
        let name = match point {
            CapturePoint::Node(NodeId::Host(host)) => format!("host{}", host.0),
            CapturePoint::Node(NodeId::Router(router)) => format!("router{}", router.0),
            CapturePoint::Cable(cable) => format!("cable{}", cable.0),
        };
        let interface = Interface { link_type: LinkType::Ip, name: &name, snap_len: 0 };
        let Ok(writer) = Writer::new(Vec::new(), interface);
        Self { point, writer, comment: String::new() }
    }

    pub(super) fn file(&self) -> &[u8] {
        self.writer.sink()
    }

    pub(super) fn watches(&self, point: impl Into<CapturePoint>) -> bool {
        self.point == point.into()
    }

    /// A node has sent a packet.
    pub(super) fn sent(&mut self, node: NodeId, packet: &Bytes, note: Note, now: Instant) {
        if self.watches(node) {
            self.begin_comment(note);
            self.write(packet, Direction::Outbound, now);
        }
    }

    /// A packet has come to a node; a host has done this with it.
    pub(super) fn arrived(
        &mut self,
        node: NodeId,
        packet: &Bytes,
        note: Note,
        fate: Option<Fate>,
        now: Instant,
    ) {
        if !self.watches(node) {
            return;
        }
        self.begin_comment(note);
        if let Some(Fate::Dropped(reason)) = fate {
            self.add(&format!("dropped by the host: {reason}"));
        }
        self.write(packet, Direction::Inbound, now);
    }

    /// A packet has entered a cable, which does this to it.
    pub(super) fn carried(
        &mut self,
        end: End,
        packet: &Bytes,
        note: Note,
        treatment: Treatment,
        now: Instant,
    ) {
        if !self.watches(end.cable) {
            return;
        }
        self.begin_comment(note);
        let Treatment { dropped, duplicated, corrupted, rewritten, marked, reordered, arrives: _ } =
            treatment;
        let happenings = [
            (duplicated, "duplicated"),
            (corrupted, "corrupted"),
            (rewritten, "rewritten by a rule"),
            (marked, "marked"),
            (reordered, "overtakes"),
        ];
        happenings.into_iter().filter(|(happens, _)| *happens).for_each(|(_, word)| self.add(word));
        if let Some(reason) = dropped {
            self.add(match reason {
                LinkDrop::Lost => "lost",
                LinkDrop::Rule => "lost by a rule",
                LinkDrop::Queue => "dropped by the queue",
                LinkDrop::TooLong => "dropped: longer than the MTU",
                LinkDrop::Cut => "lost: the cable is cut",
            });
        }
        let direction = match end.way {
            Way::There => Direction::Outbound,
            Way::Back => Direction::Inbound,
        };
        self.write(packet, direction, now);
    }

    fn begin_comment(&mut self, note: Note) {
        self.comment.clear();
        // Writing to a string cannot fail.
        let _ = write!(self.comment, "{note}");
    }

    fn add(&mut self, words: &str) {
        if !self.comment.is_empty() {
            self.comment.push_str("; ");
        }
        self.comment.push_str(words);
    }

    fn write(&mut self, packet: &Bytes, direction: Direction, now: Instant) {
        let comment = (!self.comment.is_empty()).then_some(self.comment.as_str());
        let Ok(()) = self.writer.packet(&[packet], direction, now.as_nanos(), comment);
    }
}
