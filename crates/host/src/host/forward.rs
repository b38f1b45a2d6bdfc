//! The owner's calls for a forwarder: a host that answers for every address.

use synfin_tcp::{HalfOpen, SendReason, no_connection};
use synfin_wire::icmp::{Echo, IcmpMessage};
use synfin_wire::ip::{IpHeader, IpPacket};
use synfin_wire::{Instant, IpProtocol};

use super::Host;
use crate::event::{EchoRequest, OpenRequest, Refusal, RequestId, TcpHandle, Unreachable};
use crate::forwarder::{entry_handle, request_id};
use crate::packet::PacketNote;
use crate::table::{HalfOpenPhase, Owner, Phase, Request, Wishes};

impl Host {
    /// Makes a request of every SYN to an address and port where nobody listens. On from the start where
    /// `any_address` is set.
    pub fn set_forwarder(&mut self, on: bool) {
        self.forwarder.on = on;
    }

    /// The next request that was not seen yet. Each is to be decided by [`Host::accept_request`] or
    /// [`Host::refuse_request`] before `limits.request_timeout` is over; the client's repeated SYNs are
    /// dropped meanwhile.
    pub fn poll_request(&mut self) -> Option<OpenRequest> {
        while let Some(handle) = self.forwarder.next_unseen() {
            let Some(entry) = self.table.get_mut(handle) else { continue };
            let (local, remote) = (entry.pair.local, entry.pair.remote);
            if let Phase::Request(request) = &mut entry.phase {
                request.seen = true;
                return Some(OpenRequest { id: request_id(handle), local, remote });
            }
        }
        None
    }

    /// Answers a request: the SYN-ACK goes out now. The handle can be used at once. `None` when the
    /// request was withdrawn.
    pub fn accept_request(&mut self, id: RequestId, now: Instant) -> Option<TcpHandle> {
        let handle = entry_handle(id);
        let (pair, minimum_iss) = match self.table.get(handle).map(|entry| (entry.pair, &entry.phase)) {
            Some((pair, Phase::Request(request))) => (pair, request.minimum_iss),
            _ => return None,
        };
        let identity = self.identify(pair, minimum_iss, now);
        let entry = self.table.get_mut(handle)?;
        let Phase::Request(request) = &mut entry.phase else { return None };
        request.syn.arrived = now;
        entry.phase = Phase::HalfOpen(Box::new(HalfOpenPhase {
            half_open: HalfOpen::from_syn(&entry.config, &request.syn, identity),
            iss: identity.iss,
            irs: request.syn.segment.header.seq,
            wishes: Wishes::default(),
        }));
        entry.owner = Owner::User;
        self.ready.mark(handle, entry);
        self.forwarder.ended();
        Some(handle)
    }

    /// Refuses a request. Nothing happens when it was withdrawn.
    pub fn refuse_request(&mut self, id: RequestId, refusal: Refusal, now: Instant) {
        let handle = entry_handle(id);
        if !matches!(self.table.get(handle).map(|entry| &entry.phase), Some(Phase::Request(_))) {
            return;
        }
        let Some(entry) = self.forget(handle) else { return };
        let Phase::Request(request) = entry.phase else { return };
        let Request { syn, quote, .. } = *request;
        match refusal {
            Refusal::Silent => {}
            Refusal::Reset => {
                if let Some(reset) = no_connection(&syn.segment) {
                    self.send_reply(reset, Some(SendReason::ResetRefused), entry.pair, None, now);
                }
            }
            Refusal::Unreachable(kind) => {
                let header = IpHeader::new(entry.pair.remote.ip(), entry.pair.local.ip(), IpProtocol::TCP);
                self.send_unreachable(&header, quote, kind.into(), now);
            }
        }
    }

    /// The next echo request to an address that is not the host's own.
    pub fn poll_echo(&mut self) -> Option<EchoRequest> {
        self.echoes.pop()
    }

    /// Answers an echo request in the name of the one who was asked.
    pub fn send_echo_reply(&mut self, request: &EchoRequest, now: Instant) {
        let reply = IcmpMessage::EchoReply(echo_of(request));
        self.send_message(&reply, request.destination, request.source, PacketNote::EchoReply, now);
    }

    /// Tells the one who asked that the one who was asked cannot be reached.
    pub fn echo_unreachable(&mut self, request: &EchoRequest, kind: Unreachable, now: Instant) {
        let (source, destination) = (request.source, request.destination);
        let protocol = if source.is_ipv4() { IpProtocol::ICMP } else { IpProtocol::ICMPV6 };
        let header = IpHeader::new(source, destination, protocol);
        let payload = IcmpMessage::EchoRequest(echo_of(request)).to_bytes(source, destination);
        let packet = IpPacket { header_len: header.len(), header, payload };
        self.report_error(&packet, kind.into(), now);
    }
}

fn echo_of(request: &EchoRequest) -> Echo {
    Echo { identifier: request.identifier, sequence: request.sequence, payload: request.payload.clone() }
}
