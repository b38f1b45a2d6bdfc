//! The owner's calls for a forwarder: a host that answers for every address.

use synfin_wire::Instant;

use crate::event::{EchoRequest, OpenRequest, Refusal, RequestId, TcpHandle, Unreachable};
use crate::host::Host;

impl Host {
    /// Makes a request of every SYN to an address and port where nobody listens. On from the start where
    /// `any_address` is set.
    pub fn set_forwarder(&mut self, on: bool) {
        let _ = on;
        todo!()
    }

    /// The next request that was not seen yet. Each is to be decided by [`Host::accept_request`] or
    /// [`Host::refuse_request`] before `limits.request_timeout` is over; the client's repeated SYNs are
    /// dropped meanwhile.
    pub fn poll_request(&mut self) -> Option<OpenRequest> {
        todo!()
    }

    /// Answers a request: the SYN-ACK goes out now. The handle can be used at once. `None` when the
    /// request was withdrawn.
    pub fn accept_request(&mut self, id: RequestId, now: Instant) -> Option<TcpHandle> {
        let _ = (id, now);
        todo!()
    }

    /// Refuses a request. Nothing happens when it was withdrawn.
    pub fn refuse_request(&mut self, id: RequestId, refusal: Refusal, now: Instant) {
        let _ = (id, refusal, now);
        todo!()
    }

    /// The next echo request to an address that is not the host's own.
    pub fn poll_echo(&mut self) -> Option<EchoRequest> {
        todo!()
    }

    /// Answers an echo request in the name of the one who was asked.
    pub fn send_echo_reply(&mut self, request: &EchoRequest, now: Instant) {
        let _ = (request, now);
        todo!()
    }

    /// Tells the one who asked that the one who was asked cannot be reached.
    pub fn echo_unreachable(&mut self, request: &EchoRequest, kind: Unreachable, now: Instant) {
        let _ = (request, kind, now);
        todo!()
    }
}
